//! A point in time.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01T00:00:00Z. Stored as a number, shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// `ms` since the epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch: the unit of DynamoDB's TTL and of JWT claims.
    #[must_use]
    pub const fn as_s(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time `ms` later, or earlier when negative. Saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Reads RFC 3339, as lomi writes it (`2026-06-20T09:14:07.512Z`). `None` also after the year 9999 in UTC, which
    /// RFC 3339 cannot express.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.format(&Rfc3339).ok()?;
        i64::try_from(nanos.div_euclid(1_000_000)).ok().map(Self)
    }

    /// RFC 3339 in UTC; the epoch for a time outside the years 0-9999.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_survives_being_written_and_read() {
        let moment = Timestamp::from_ms(1_781_946_847_512);
        assert_eq!(moment.to_rfc3339(), "2026-06-20T09:14:07.512Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-06-20T09:14:07.512Z"), Some(moment));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
