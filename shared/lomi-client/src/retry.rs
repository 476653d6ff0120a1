//! Whether and when a failed attempt is retried.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// Upper bound of the first pause; each later one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Upper bound of any pause without `Retry-After`.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Exponential backoff with full jitter, inside the caller's deadline.
pub(crate) struct RetryPolicy {
    max_attempts: u32,
    jitter: Mutex<fastrand::Rng>,
}

impl RetryPolicy {
    pub(crate) fn new(max_attempts: u32, jitter_seed: Option<u64>) -> Self {
        let jitter = jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { max_attempts, jitter: Mutex::new(jitter) }
    }

    /// The pause before the next attempt; `None` when no attempt is left or the pause would reach the deadline, because
    /// waiting would only use up the caller's time.
    pub(crate) fn pause(&self, error: &Error, attempts: u32, deadline: Instant) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let retry_after = error.retry_after().unwrap_or_default();
        let pause = self.backoff(attempts).max(retry_after);
        let resumes_at = Instant::now().checked_add(pause)?;
        (resumes_at < deadline).then_some(pause)
    }

    fn backoff(&self, attempts: u32) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(10));
        let bound_ms = u64::try_from(doubled.min(LONGEST_PAUSE).as_millis()).unwrap_or(u64::MAX);
        let mut jitter = self.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(jitter.u64(0..=bound_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_under_a_bound_that_doubles_and_then_holds() {
        let policy = RetryPolicy::new(10, Some(7));
        for attempts in 1..=10 {
            let bound = Duration::from_millis(100 << (attempts - 1)).min(LONGEST_PAUSE);
            for _ in 0..100 {
                assert!(policy.backoff(attempts) <= bound);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses() {
        let pauses = |seed| {
            let policy = RetryPolicy::new(3, Some(seed));
            (0..8).map(|_| policy.backoff(5)).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }
}
