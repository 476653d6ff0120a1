//! The clock that retries, expiry, rate limits and stored instants read.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

const NANOS_PER_MS: i128 = 1_000_000;

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

    /// Moved by `ms`, which may be negative. Saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Moved by `s` seconds. Saturates.
    #[must_use]
    pub const fn plus_s(self, s: u64) -> Self {
        Self(self.0.saturating_add_unsigned(s.saturating_mul(1000)))
    }

    /// Reads a date, or a date and a time in UTC: `2026-06-20`, `2026-06-20T09:14:07`, `2026-06-20T09:14:07.512Z`, also with
    /// `+00:00` in place of the `Z`. Refuses impossible dates, other offsets and instants before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rfc_3339 = match text.split_once('T') {
            None => format!("{text}T00:00:00Z"),
            Some((_, time)) if time.ends_with('Z') || time.ends_with("+00:00") => text.to_owned(),
            Some(_) => format!("{text}Z"),
        };
        let instant = OffsetDateTime::parse(&rfc_3339, &Rfc3339).ok()?;
        let ms = i64::try_from(instant.unix_timestamp_nanos() / NANOS_PER_MS).ok()?;
        (ms >= 0).then_some(Self(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * NANOS_PER_MS);
        // Only a clock that was advanced by thousands of years leaves the calendar.
        let instant = instant.unwrap_or(PrimitiveDateTime::MAX.assume_utc());
        let (hour, minute, second, ms) = instant.to_hms_milli();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z", instant.date())
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

/// The source of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's clock, plus what the control API advanced.
    Real,
    /// Stays at `start` until it is advanced.
    Virtual {
        /// The first instant.
        start: Timestamp,
    },
}

/// A clock that can be advanced.
#[derive(Debug)]
pub struct Clock {
    is_real: bool,
    /// Real: the distance from the machine's clock. Virtual: the instant.
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

    /// Whether time passes without [`Self::advance_to`].
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
    fn a_written_instant_reads_back_unchanged() {
        for text in ["1970-01-01T00:00:00.000Z", "2026-06-20T09:14:07.512Z", "2024-02-29T23:59:59.999Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "2026-06-20T09:14:07Z",
            "2026-06-20T09:14:07+00:00",
            "2026-06-20T09:14:07.000+00:00",
            "2026-06-20T09:14:07",
        ] {
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
    fn a_date_that_is_in_no_calendar_is_not_an_instant() {
        for date in ["2026-02-31", "2026-02-29", "2026-04-31", "2026-06-00", "2100-02-29"] {
            for text in [date.to_owned(), format!("{date}T09:14:07Z"), format!("{date}T09:14:07.512+00:00")] {
                assert_eq!(Timestamp::parse(&text), None, "{text}");
            }
        }
    }

    #[test]
    fn a_time_of_day_or_an_offset_that_is_not_utc_is_refused() {
        for time in ["09:60:00Z", "24:00:00Z", "09:14:07+01:00", "09:14:07-00:30", "9:14:07Z"] {
            assert_eq!(Timestamp::parse(&format!("2026-06-20T{time}")), None, "{time}");
        }
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_still_written() {
        assert_eq!(Timestamp::from_unix_ms(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
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
