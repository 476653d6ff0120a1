//! The part of a run that is about payments which name no order.

use super::{Report, Stop, count_calls, counted, has_calls_left, tell};
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
    for due in due {
        let Due::Question(name) = due else { continue };
        if has_room(deadline, report) {
            let looked = look_into(world, lomi, name, &mut pages, deadline, report).await;
            if !goes_on(&looked, report) {
                return false;
            }
        }
    }
    // The watch may take long: it comes last.
    if due.contains(&Due::Links) && has_room(deadline, report) {
        let watched = watch(world, lomi, deadline, report).await;
        return goes_on(&watched, report);
    }
    true
}

fn has_room(deadline: Instant, report: &mut Report) -> bool {
    if Instant::now() >= deadline {
        report.skipped += 1;
        return false;
    }
    has_calls_left(report)
}

/// Counts what became of a look. `false` when the run should end.
const fn goes_on(looked: &Result<(), Stop>, report: &mut Report) -> bool {
    match looked {
        Ok(()) => report.due += 1,
        Err(stop) => stop.count(report),
    }
    !matches!(looked, Err(Stop::Lomi))
}

async fn look_into(
    world: &World,
    lomi: &Client,
    name: &str,
    pages: &mut LinkPages,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), Stop> {
    let question = world.store.question(name).await?;
    // The index lags behind: the question itself says whether it is due.
    let Some(question) = question.filter(|question| question.is_due(world.clock.now())) else { return Ok(()) };
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
