//! What every invocation has, whatever started it: a deadline that holds and a wall against panics.

use crate::telemetry::Outcome;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What the answer needs to get back to the platform before the platform ends the process.
const PLATFORM_MARGIN: Duration = Duration::from_millis(300);

/// What a flow has less than the edge: it gives up first and says what it knows; the edge only knows the time.
const FLOW_MARGIN: Duration = Duration::from_millis(150);

static COLD: AtomicBool = AtomicBool::new(true);

/// Whether this is the first invocation of the process. True once.
pub(crate) fn is_cold_start() -> bool {
    COLD.swap(false, Ordering::Relaxed)
}

/// The two deadlines of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    /// When the flow stops by itself.
    pub(crate) flow: Instant,
    /// When the edge stops it.
    pub(crate) edge: Instant,
}

impl Deadlines {
    /// The route's budget, or what the platform leaves of it.
    pub(crate) fn new(budget: Duration, platform_deadline_ms: u64) -> Self {
        let now = Instant::now();
        let platform = crate::system::instant_at(platform_deadline_ms);
        let edge = platform.checked_sub(PLATFORM_MARGIN).unwrap_or(now).min(now + budget);
        let flow = edge.checked_sub(FLOW_MARGIN).unwrap_or(now);
        Self { flow, edge }
    }
}

/// Runs `work` to its end, to its deadline or to its panic, whichever comes first.
pub(crate) async fn run_with_deadline<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, Outcome> {
    // Boxed, because the type of a whole use case, with the SDK at its bottom, is deeper than rustc likes to look.
    let work: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(work);
    // Nothing of a panicked invocation is used again but the clients, which hold no state of a request.
    match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_panic)) => Err(Outcome::Panicked),
        Err(_elapsed) => Err(Outcome::TimedOut),
    }
}
