//! The part of a run that is about payments which name no order.

use super::{MAX_SINGLE_CALLS, Report, Stop, count_calls, counted, tell};
use crate::World;
use crate::inquiry::{Findings, InquiryError};
use crate::question::LinkPages;
use lomi_client::Client;
use store::Due;
use tokio::time::Instant;

/// `false` when the run should end.
pub(super) async fn look_into_all(
    world: &World,
    lomi: &Client,
    due: &[Due],
    deadline: Instant,
    report: &mut Report,
) -> bool {
    let mut pages = LinkPages::default();
    // The watch may take long: it comes last.
    let (watch, questions): (Vec<_>, Vec<_>) = due.iter().partition(|due| matches!(due, Due::Links));
    for due in questions.into_iter().filter(|due| !matches!(due, Due::Order(_))).chain(watch) {
        if Instant::now() >= deadline || report.single_calls >= MAX_SINGLE_CALLS {
            report.skipped += 1;
            continue;
        }
        let looked = match due {
            Due::Question(name) => look_into(world, lomi, name, &mut pages, deadline, report).await,
            Due::Order(_) | Due::Links => self::watch(world, lomi, deadline, report).await,
        };
        match looked {
            Ok(()) => report.due += 1,
            Err(Stop::Order) => report.failed += 1,
            Err(Stop::Lomi) => {
                report.failed += 1;
                return false;
            }
        }
    }
    true
}

async fn look_into(
    world: &World,
    lomi: &Client,
    name: &str,
    pages: &mut LinkPages,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), Stop> {
    let question = world.store.question(name).await.map_err(|_| Stop::Order)?;
    // The index lags behind: the question itself says whether it is due.
    let Some(question) = question.filter(|question| question.due_at.is_some_and(|due| due <= world.clock.now())) else {
        return Ok(());
    };
    let mut findings = Findings::default();
    let looked = world.look_into(lomi, &question, pages, deadline, &mut findings).await;
    count_calls(findings.calls, report);
    tell(&findings.settled, report);
    let Err(error) = looked else { return Ok(()) };
    // To the end of the line, or it would be the first of every run. If that fails, it stays where it is.
    let _ = world.store.put_question(&question.deferred(world.clock.now())).await;
    Err(Stop::after(&error))
}

async fn watch(world: &World, lomi: &Client, deadline: Instant, report: &mut Report) -> Result<(), Stop> {
    let watched = world.watch_links(lomi, deadline).await;
    let watched =
        counted(watched, |watched| watched.calls, report).map_err(|error: InquiryError| Stop::after(&error))?;
    if watched.is_cut_short { Err(Stop::Order) } else { Ok(()) }
}
