//! Virtual time: it advances only when everything waits, and then at once.

use domain::Timestamp;
use tokio::time::Instant;

/// The start of every schedule: 20 June 2026, 09:00 UTC.
pub(crate) const START_MS: i64 = 1_781_946_000_000;

/// Runs `work` in virtual time. Create the stack inside it, or its start is read from the machine's clock.
///
/// # Panics
/// When the runtime cannot be built.
pub fn in_virtual_time<T>(work: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work())
}

/// The time of day of one schedule, on tokio's paused clock.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    start: Instant,
}

impl Time {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn elapsed_ms(self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// The time of day.
    #[must_use]
    pub fn now(self) -> Timestamp {
        Timestamp::from_ms(START_MS.saturating_add(self.elapsed_ms()))
    }
}
