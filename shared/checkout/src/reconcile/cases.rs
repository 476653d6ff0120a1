//! The part of a run that is about payments which name no order.

use super::{Report, RunError, count_calls, counted, has_calls_left, tell};
use crate::Context;
use crate::attribution::LinkPages;
use crate::lookup::{LookupError, LookupResult};
use lomi_client::Client;
use store::Due;
use tokio::time::Instant;

/// `false` when the run should end.
pub(super) async fn resolve_cases(
    context: &Context,
    lomi: &Client,
    due: &[Due],
    deadline: Instant,
    report: &mut Report,
) -> bool {
    let mut pages = LinkPages::default();
    for due in due {
        let Due::Attribution(name) = due else { continue };
        if has_room(deadline, report) {
            let looked = resolve_case(context, lomi, name, &mut pages, deadline, report).await;
            if !should_continue(&looked, report) {
                return false;
            }
        }
    }
    // The watch may take long: it comes last.
    if due.contains(&Due::Links) && has_room(deadline, report) {
        let watched = watch(context, lomi, deadline, report).await;
        return should_continue(&watched, report);
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
const fn should_continue(looked: &Result<(), RunError>, report: &mut Report) -> bool {
    match looked {
        Ok(()) => report.due += 1,
        Err(stop) => stop.count(report),
    }
    !matches!(looked, Err(RunError::Lomi))
}

async fn resolve_case(
    context: &Context,
    lomi: &Client,
    name: &str,
    pages: &mut LinkPages,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), RunError> {
    let case = context.store.case(name).await?;
    // The index lags behind: the case itself says whether it is due.
    let Some(case) = case.filter(|case| case.is_due(context.clock.now())) else { return Ok(()) };
    let mut found = LookupResult::default();
    let looked = context.resolve_case(lomi, &case, pages, deadline, &mut found).await;
    count_calls(found.calls, report);
    tell(&found.settled, report);
    let Err(error) = looked else { return Ok(()) };
    // To the end of the line, or it would be the first of every run. If that fails, it stays where it is.
    let _ = context.store.save_case(&case.deferred(context.clock.now())).await;
    Err(RunError::after(&error))
}

async fn watch(context: &Context, lomi: &Client, deadline: Instant, report: &mut Report) -> Result<(), RunError> {
    let watched = context.poll_native_links(lomi, deadline).await;
    let watched =
        counted(watched, |watched| watched.calls, report).map_err(|error: LookupError| RunError::after(&error))?;
    if watched.is_cut_short { Err(RunError::Order) } else { Ok(()) }
}
