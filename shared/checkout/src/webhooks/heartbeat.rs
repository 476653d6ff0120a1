//! Whether lomi. still delivers: when it was last heard of, noted by whoever takes its events, measured by the reconciler.
//!
//! It is a help for people and decides nothing, so it may be lost: a note that fails is not made again before its time.

use crate::Context;
use domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::StoreError;
use tokio::time::{Instant, timeout_at};

/// One process notes at most so often.
const NOTE_EVERY_MS: i64 = 60 * 1000;
/// What a note may cost an answer.
const PATIENCE: Duration = Duration::from_millis(150);

/// When this process last tried to note, in milliseconds since the epoch; 0 when it never did.
#[derive(Debug, Default)]
pub struct Heartbeat(AtomicI64);

impl Heartbeat {
    /// Notes that an authentic event was dealt with just now. It comes after the event is durable, because before nobody
    /// knows how the event will be answered; it waits 150 ms at most, never beyond `deadline`, and what becomes of it is
    /// nobody's concern.
    pub async fn note(&self, context: &Context, deadline: Instant) {
        let now = context.clock.now();
        if !self.takes_its_turn(now) {
            return;
        }
        let _ = timeout_at(deadline.min(Instant::now() + PATIENCE), context.store.record_heartbeat(now)).await;
    }

    /// Whether it is time to note again. A clock that was set back must not silence the note.
    fn takes_its_turn(&self, now: Timestamp) -> bool {
        let noted_at_ms = self.0.load(Ordering::Relaxed);
        let is_early = (0..NOTE_EVERY_MS).contains(&now.as_ms().saturating_sub(noted_at_ms));
        if !is_early {
            self.0.store(now.as_ms(), Ordering::Relaxed);
        }
        !is_early
    }
}

/// For how many seconds lomi. has not been heard of, 0 or more. `None` when it never was.
///
/// # Errors
/// When DynamoDB does not answer.
pub async fn seconds_since_last_webhook(context: &Context) -> Result<Option<i64>, StoreError> {
    let seen_at = context.store.heartbeat().await?;
    Ok(seen_at.map(|seen_at| seconds_between(seen_at, context.clock.now())))
}

/// Whether no event was dealt with from `since` on, as far as notes tell: a process that has just noted notes no other.
pub(crate) async fn is_silent_since(context: &Context, since: Timestamp) -> Result<bool, StoreError> {
    let seen_at = context.store.heartbeat().await?;
    Ok(seen_at.is_none_or(|seen_at| seen_at < since.plus_ms(-2 * NOTE_EVERY_MS)))
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
        let began_ms = 1_795_167_600_000;
        let turns = [(0, true), (1, false), (59_999, false), (60_000, true), (119_999, false), (3_600_000, true)];
        for (after_ms, takes) in turns {
            assert_eq!(heartbeat.takes_its_turn(Timestamp::from_ms(began_ms + after_ms)), takes, "{after_ms}");
        }
        assert!(heartbeat.takes_its_turn(Timestamp::from_ms(began_ms)), "the clock was set back");
    }
}
