//! The one source of time: retries, expiry, limits and stored instants all read this clock.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MS_PER_DAY: i64 = 86_400_000;

/// An instant in milliseconds since the Unix epoch, UTC. Written as ISO 8601 with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn unix_s(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by `ms`, which may be negative; saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// This instant moved by `s` seconds; saturates.
    #[must_use]
    pub const fn plus_s(self, s: u64) -> Self {
        Self(self.0.saturating_add_unsigned(s.saturating_mul(1000)))
    }

    /// Reads `2026-06-20`, `2026-06-20T09:14:07Z` or `2026-06-20T09:14:07.512Z`, also with `+00:00` in place of the `Z`;
    /// anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00.000Z"));
        let mut date = date.splitn(3, '-').map(digits);
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut clock = clock.splitn(3, ':').map(digits);
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        let ms = digits(&format!("{fraction:0<3}").chars().take(3).collect::<String>())?;
        let in_day = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
        (in_day < MS_PER_DAY).then(|| Self(days_from_civil(year, month, day) * MS_PER_DAY + in_day))
    }
}

fn digits(text: &str) -> Option<i64> {
    let sane = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    sane.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01 of a proleptic Gregorian date, counting in years that begin in March.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MS_PER_DAY));
        let in_day = self.0.rem_euclid(MS_PER_DAY);
        let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
        let (second, ms) = (in_day / 1000 % 60, in_day % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("expected an ISO 8601 instant"))
    }
}

/// Where the time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's time of day, plus whatever the control API advanced.
    Real,
    /// Stands still at `start` until it is advanced.
    Virtual {
        /// The first instant.
        start: Timestamp,
    },
}

/// A clock that can be advanced and never goes back by itself.
#[derive(Debug)]
pub struct Clock {
    is_real: bool,
    /// Real: distance from the machine's time. Virtual: the instant itself.
    offset_ms: AtomicI64,
}

impl Clock {
    pub(crate) const fn new(mode: ClockMode) -> Self {
        let (is_real, offset_ms) = match mode {
            ClockMode::Real => (true, 0),
            ClockMode::Virtual { start } => (false, start.unix_ms()),
        };
        Self { is_real, offset_ms: AtomicI64::new(offset_ms) }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let offset_ms = self.offset_ms.load(Ordering::SeqCst);
        if self.is_real { machine_time().plus_ms(offset_ms) } else { Timestamp(offset_ms) }
    }

    /// Moves to `instant`; an instant in the past changes nothing.
    pub fn advance_to(&self, instant: Timestamp) {
        let step_ms = instant.0.saturating_sub(self.now().0);
        if step_ms > 0 {
            self.offset_ms.fetch_add(step_ms, Ordering::SeqCst);
        }
    }

    /// Whether time passes by itself.
    #[must_use]
    pub const fn is_real(&self) -> bool {
        self.is_real
    }
}

#[expect(clippy::disallowed_methods, reason = "the simulator's one reading of the machine's time")]
fn machine_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_as_it_was_written() {
        for text in ["1970-01-01T00:00:00.000Z", "2026-06-20T09:14:07.512Z", "2024-02-29T23:59:59.999Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        for text in ["2026-06-20T09:14:07Z", "2026-06-20T09:14:07+00:00", "2026-06-20T09:14:07.000+00:00"] {
            assert_eq!(Timestamp::parse(text).unwrap().unix_s(), 1_781_946_847, "{text}");
        }
    }

    #[test]
    fn nonsense_is_not_an_instant() {
        for text in ["", "2026", "2026-13-01", "2026-06-20T25:00:00Z", "2026-06-20T09:14", "yesterday"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_virtual_clock_moves_only_when_it_is_advanced() {
        let start = Timestamp::from_unix_ms(5_000);
        let clock = Clock::new(ClockMode::Virtual { start });
        clock.advance_to(start.plus_s(10));
        clock.advance_to(start);
        assert_eq!(clock.now(), start.plus_s(10));
    }
}
