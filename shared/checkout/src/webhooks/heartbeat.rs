//! When lomi last delivered an event: recorded by the webhook handler, measured by the reconciler.
//!
//! It informs the operator and decides nothing, so a write that fails is not repeated.

use crate::Context;
use domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::StoreError;
use tokio::time::{Instant, timeout_at};

/// The shortest time between two writes of one process.
const INTERVAL_MS: i64 = 60 * 1000;
/// The longest time that the write may delay an answer.
const TIMEOUT: Duration = Duration::from_millis(150);

/// When this process last tried to write, in milliseconds since the epoch; 0 when it never did.
#[derive(Debug, Default)]
pub struct Heartbeat(AtomicI64);

impl Heartbeat {
    /// Records that an authentic event was processed just now. The caller does so after the event is durable, because
    /// only then its answer is known. It takes 150 ms at most, never goes beyond `deadline`, and may fail.
    pub async fn record_webhook_received(&self, context: &Context, deadline: Instant) {
        let now = context.clock.now();
        if !self.is_due(now) {
            return;
        }
        let _ = timeout_at(deadline.min(Instant::now() + TIMEOUT), context.store.record_heartbeat(now)).await;
    }

    /// Whether the next write is due. A clock that was set back does not stop the writes.
    fn is_due(&self, now: Timestamp) -> bool {
        let written_at_ms = self.0.load(Ordering::Relaxed);
        let is_early = (0..INTERVAL_MS).contains(&now.as_ms().saturating_sub(written_at_ms));
        if !is_early {
            self.0.store(now.as_ms(), Ordering::Relaxed);
        }
        !is_early
    }
}

/// The seconds since the last event, 0 or more. `None` when no event was ever received.
pub async fn seconds_since_last_webhook(context: &Context) -> Result<Option<i64>, StoreError> {
    let seen_at = context.store.heartbeat().await?;
    Ok(seen_at.map(|seen_at| seconds_between(seen_at, context.clock.now())))
}

/// Whether no event was received from `since` on. A process that has just written skips later events, so the heartbeat
/// may be late.
pub(crate) async fn is_silent_since(context: &Context, since: Timestamp) -> Result<bool, StoreError> {
    let seen_at = context.store.heartbeat().await?;
    Ok(seen_at.is_none_or(|seen_at| seen_at < since.plus_ms(-2 * INTERVAL_MS)))
}

/// The seconds from `seen_at` to `now`; 0 when a clock was set back.
#[must_use]
pub fn seconds_between(seen_at: Timestamp, now: Timestamp) -> i64 {
    now.as_s().saturating_sub(seen_at.as_s()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_written_at_a_bounded_rate() {
        let heartbeat = Heartbeat::default();
        let start_ms = 1_795_167_600_000;
        let steps = [(0, true), (1, false), (59_999, false), (60_000, true), (119_999, false), (3_600_000, true)];
        for (after_ms, is_due) in steps {
            assert_eq!(heartbeat.is_due(Timestamp::from_ms(start_ms + after_ms)), is_due, "{after_ms}");
        }
        assert!(heartbeat.is_due(Timestamp::from_ms(start_ms)), "the clock was set back");
    }
}
