//! What every invocation has: a deadline that holds, and panics caught.

use crate::telemetry::Outcome;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The time that a response needs to reach Lambda before Lambda ends the process.
const PLATFORM_MARGIN: Duration = Duration::from_millis(300);

/// The use case stops this much before the hard deadline, because it can say what it knows; the hard deadline cannot.
const USE_CASE_MARGIN: Duration = Duration::from_millis(150);

static COLD: AtomicBool = AtomicBool::new(true);

/// Whether this is the first invocation of the process. True once.
pub(crate) fn is_cold_start() -> bool {
    COLD.swap(false, Ordering::Relaxed)
}

/// The two deadlines of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    /// When the use case stops.
    pub(crate) use_case: Instant,
    /// When it is cut off.
    pub(crate) hard: Instant,
}

impl Deadlines {
    /// The budget, or the time until Lambda's own deadline when that is shorter.
    pub(crate) fn new(budget: Duration, platform_deadline_ms: u64) -> Self {
        let now = Instant::now();
        let platform = crate::system::instant_at(platform_deadline_ms);
        let hard = platform.checked_sub(PLATFORM_MARGIN).unwrap_or(now).min(now + budget);
        let use_case = hard.checked_sub(USE_CASE_MARGIN).unwrap_or(now);
        Self { use_case, hard }
    }
}

/// Runs `work` until it ends, panics or reaches its deadline.
pub(crate) async fn run_with_deadline<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, Outcome> {
    // Boxed, because the type of a use case with the SDK inside exceeds rustc's recursion limit.
    let work: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(work);
    // Unwind safe: only the clients outlive a panicked invocation, and they hold no state of a request.
    match timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_panic)) => Err(Outcome::Panicked),
        Err(_elapsed) => Err(Outcome::TimedOut),
    }
}
