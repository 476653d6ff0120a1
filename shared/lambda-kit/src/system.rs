//! The only place that asks the machine for the time of day and for entropy.

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
/// Should it ever fail, the process ends: an id or a token from bytes that somebody could guess is worse than a lost
/// invocation, which the platform answers with a 5xx and every flow survives. A panic would not do, it could be caught.
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

/// Milliseconds since the epoch by the machine's clock; 0 when that stands before 1970.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time of day")]
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// The instant at which the machine's clock will show `epoch_ms`; now when that has passed.
pub(crate) fn instant_at(epoch_ms: u64) -> Instant {
    let now_ms = u64::try_from(now().as_ms()).unwrap_or_default();
    // A platform deadline lies at most 15 minutes ahead; a year bounds a nonsensical one.
    let ahead_ms = epoch_ms.saturating_sub(now_ms).min(31_536_000_000);
    Instant::now() + Duration::from_millis(ahead_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_of_entropy_differ() {
        let entropy = entropy();
        assert_ne!(entropy.bytes(), entropy.bytes());
    }

    #[test]
    fn a_deadline_in_the_past_is_now_and_one_at_the_end_of_time_is_not_beyond_it() {
        assert!(instant_at(0) <= Instant::now());
        assert!(instant_at(u64::MAX) > Instant::now() + Duration::from_secs(3600));
    }
}
