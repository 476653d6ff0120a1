//! The crate's access to clock, randomness and environment variables.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time since 1970-01-01 UTC.
#[expect(clippy::disallowed_methods, reason = "this is the crate's one clock")]
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// An environment variable of `dev` itself.
#[expect(clippy::disallowed_methods, reason = "this is the crate's one look at its environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// `bytes` random bytes as lower-case hexadecimal, good enough for a local admin token.
#[expect(clippy::disallowed_methods, reason = "this is the crate's one source of entropy")]
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    if getrandom::getrandom(&mut buffer).is_err() {
        fastrand::fill(&mut buffer);
    }
    buffer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A random id in UUID form, as Lambda and API Gateway use.
pub(crate) fn request_id() -> String {
    let id = fastrand::u128(..);
    let parts = [(96, 8), (80, 4), (64, 4), (48, 4), (0, 12)];
    let part = |(shift, width): (u32, u32)| {
        let value = (id >> shift) & ((1_u128 << (width * 4)) - 1);
        format!("{value:0width$x}", width = width as usize)
    };
    parts.map(part).join("-")
}

/// `2026-06-20T09:14:07Z`
pub(crate) fn rfc3339(epoch_s: u64) -> String {
    let (year, month, day) = civil_date(epoch_s / 86_400);
    let (hour, minute, second) = (epoch_s / 3_600 % 24, epoch_s / 60 % 60, epoch_s % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days since 1970-01-01 -> year, month and day from 1.
pub(crate) fn civil_date(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970, days);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

/// Locks a mutex whose content stays valid even if a holder panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn a_request_id_has_the_form_of_a_uuid() {
        let id = request_id();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(random_hex(16).len(), 32);
    }
}
