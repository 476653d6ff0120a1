//! The only place that reads the clock and the entropy of the operating system.

use checkout::system::{Clock, Entropy};
use domain::Timestamp;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The machine's clock.
#[must_use]
pub fn clock() -> Clock {
    Clock::new(now)
}

/// The operating system's entropy.
///
/// If it fails, the process aborts: guessable ids and tokens are worse than a lost invocation, which Lambda answers
/// with a 5xx and every use case tolerates. A panic would not suffice, because it is caught.
#[must_use]
pub fn entropy() -> Entropy {
    Entropy::new(|| {
        let mut bytes = [0; 32];
        #[expect(clippy::disallowed_methods, reason = "the one place that draws entropy")]
        if getrandom::getrandom(&mut bytes).is_err() {
            crate::start::report("entropy_unavailable", &());
            std::process::abort();
        }
        bytes
    })
}

/// The current time; the epoch when the clock shows a time before it.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time of day")]
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// The instant at which the clock will show `epoch_ms`; now when that has passed.
pub(crate) fn instant_at(epoch_ms: u64) -> Instant {
    let now_ms = u64::try_from(now().as_ms()).unwrap_or_default();
    // Lambda's deadline is at most 15 minutes ahead; a year bounds an absurd one.
    let ahead_ms = epoch_ms.saturating_sub(now_ms).min(31_536_000_000);
    Instant::now() + Duration::from_millis(ahead_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_random_values_differ() {
        let entropy = entropy();
        assert_ne!(entropy.bytes(), entropy.bytes());
    }

    #[test]
    fn extreme_deadlines_saturate() {
        assert!(instant_at(0) <= Instant::now());
        assert!(instant_at(u64::MAX) > Instant::now() + Duration::from_secs(3600));
    }
}
