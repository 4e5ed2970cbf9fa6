//! A moment: milliseconds since the Unix epoch, written as RFC 3339 in UTC.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::Invalid;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The last moment that has a four-digit year: 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

/// Milliseconds since 1970-01-01T00:00:00Z, never negative, never past the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many milliseconds after the epoch; what lies outside the range is moved to its nearest end.
    pub const fn from_ms(ms: i64) -> Self {
        if ms < 0 {
            Self(0)
        } else if ms > LAST_MS {
            Self(LAST_MS)
        } else {
            Self(ms)
        }
    }

    /// The moment so many seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_ms(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// Whole minutes since the epoch: the number of a rate-limit window and of a tick.
    pub const fn minute(self) -> i64 {
        self.0 / 60_000
    }

    /// The start of this moment's minute.
    pub const fn start_of_minute(self) -> Self {
        Self(self.0 - self.0 % 60_000)
    }

    /// Whole days since the epoch (UTC).
    pub const fn day(self) -> i64 {
        self.0 / 86_400_000
    }

    /// This moment moved by `ms` milliseconds, back where it is negative.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::from_ms(self.0.saturating_add(ms))
    }

    /// This moment moved by `seconds`.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_ms(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this moment; negative where `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(FORMAT).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fault = || Invalid::new("must be a time such as 2026-01-31T09:30:00Z (RFC 3339)");
        let moment =
            OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).map_err(|_| fault())?;
        let ms = i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).map_err(|_| fault())?;
        if (0..=LAST_MS).contains(&ms) { Ok(Self(ms)) } else { Err(fault()) }
    }
}

as_text!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp::from_ms(1_700_000_000_007).to_string(), "2023-11-14T22:13:20.007Z");
        assert_eq!(Timestamp::from_ms(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn an_offset_is_understood_and_nonsense_refused() {
        assert_eq!("2023-11-14T23:13:20+01:00".parse(), Ok(Timestamp::from_seconds(1_700_000_000)));
        for bad in ["", "2023-11-14", "1969-12-31T23:59:59Z", "yesterday"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_moment_survives_its_text(ms in 0..=LAST_MS) {
            let moment = Timestamp::from_ms(ms);
            proptest::prop_assert_eq!(moment.to_string().parse::<Timestamp>(), Ok(moment));
        }
    }
}
