//! Times and dates as a page writes them, in its language and time zone. The script writes them again in the reader's zone.

use valpero_domain::{TimeZone, Timestamp, pages::PageLanguage, time_zone::Local};

use crate::texts::texts;

/// A month of a page's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl Month {
    /// The month of a text such as 2026-11.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let is_plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let parsed = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        (is_plain && (1..=12).contains(&parsed.month) && (2000..=9998).contains(&parsed.year)).then_some(parsed)
    }

    /// The month so many months later.
    pub fn plus(self, months: i32) -> Self {
        let months = i32::from(self.year) * 12 + i32::from(self.month) - 1 + months;
        Self { year: months.div_euclid(12) as i16, month: months.rem_euclid(12) as i8 + 1 }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A moment: as a program reads it, and in words.
#[derive(Debug, Clone)]
pub struct Time {
    /// RFC 3339.
    pub machine: String,
    /// In words.
    pub words: String,
}

/// Writes times of one page.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The language.
    pub language: PageLanguage,
    /// The zone.
    pub zone: TimeZone,
}

impl Times {
    /// A moment with its date and zone.
    pub fn time(self, at: Timestamp) -> Time {
        let before = match self.language {
            PageLanguage::Fi => " klo",
            PageLanguage::Fr => " à",
            _ => ",",
        };
        Time { machine: at.to_string(), words: format!("{}{before} {}", self.date(at), self.clock(at)) }
    }

    /// End of a time range. Without the date if the range ends on the day on which it begins.
    pub fn end(self, from: Timestamp, until: Timestamp) -> Time {
        if self.date(from) != self.date(until) {
            return self.time(until);
        }
        Time { machine: until.to_string(), words: self.clock(until) }
    }

    /// The time of day, with its zone.
    fn clock(self, at: Timestamp) -> String {
        let Local { hour, minute, zone, .. } = self.zone.local(at);
        match self.language {
            PageLanguage::Fi => format!("{hour}.{minute:02} {zone}"),
            PageLanguage::Fr => format!("{hour}:{minute:02} {zone}"),
            _ => format!("{hour:02}:{minute:02} {zone}"),
        }
    }

    /// A date.
    pub fn date(self, at: Timestamp) -> String {
        let Local { year, month, day, .. } = self.zone.local(at);
        self.date_of(year, month, day)
    }

    /// A date that is given as 2026-11-29; the text itself where it is none.
    pub fn day(self, name: &str) -> String {
        let parts: Vec<i16> = name.split('-').filter_map(|part| part.parse().ok()).collect();
        match parts.as_slice() {
            [year, month, day] => self.date_of(*year, *month as i8, *day as i8),
            _ => name.to_owned(),
        }
    }

    fn date_of(self, year: i16, month: i8, day: i8) -> String {
        let name = month_name(self.language, month);
        match self.language {
            PageLanguage::En => format!("{name} {day}, {year}"),
            PageLanguage::Fi => format!("{day}.{month}.{year}"),
            PageLanguage::De => format!("{day}. {name} {year}"),
            PageLanguage::Es => format!("{day} de {name} de {year}"),
            PageLanguage::Fr => format!("{day} {name} {year}"),
        }
    }

    /// A month's name with its year.
    pub fn month(self, month: Month) -> String {
        let name = month_name(self.language, month.month);
        let of = if self.language == PageLanguage::Es { " de" } else { "" };
        format!("{name}{of} {}", month.year)
    }

    /// The month in which a moment lies.
    pub fn month_of(self, at: Timestamp) -> Month {
        let Local { year, month, .. } = self.zone.local(at);
        Month { year, month }
    }

    /// The begin of a month, and that of the next; none where there is no such month.
    pub fn span(self, month: Month) -> Option<(Timestamp, Timestamp)> {
        let next = month.plus(1);
        self.zone.begin_of_month(month.year, month.month).zip(self.zone.begin_of_month(next.year, next.month))
    }
}

fn month_name(language: PageLanguage, month: i8) -> &'static str {
    let place = usize::try_from(month - 1).unwrap_or_default();
    texts(language).months.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(language: PageLanguage) -> Times {
        Times { language, zone: "Europe/Helsinki".parse().expect("a zone") }
    }

    #[test]
    fn a_time_is_written_as_its_language_does() {
        let at: Timestamp = "2026-11-28T22:05:00Z".parse().expect("a time");
        for (language, words) in [
            (PageLanguage::En, "November 29, 2026, 00:05 EET"),
            (PageLanguage::Fi, "29.11.2026 klo 0.05 EET"),
            (PageLanguage::De, "29. November 2026, 00:05 EET"),
            (PageLanguage::Es, "29 de noviembre de 2026, 00:05 EET"),
            (PageLanguage::Fr, "29 novembre 2026 à 0:05 EET"),
        ] {
            assert_eq!(times(language).time(at).words, words);
        }
        assert_eq!(times(PageLanguage::Fi).day("2026-02-03"), "3.2.2026");
    }

    #[test]
    fn the_end_of_a_span_has_a_date_only_where_it_is_another() {
        let from: Timestamp = "2026-11-28T20:00:00Z".parse().expect("a time");
        let ends = [from.plus_seconds(3_600), from.plus_seconds(2 * 3_600)];
        let words = |language| ends.map(|until| times(language).end(from, until).words);
        assert_eq!(words(PageLanguage::En), ["23:00 EET", "November 29, 2026, 00:00 EET"]);
        assert_eq!(words(PageLanguage::Fi), ["23.00 EET", "29.11.2026 klo 0.00 EET"]);
    }

    #[test]
    fn a_month_begins_where_its_zone_says() {
        let en = times(PageLanguage::En);
        let (from, until) = en.span(Month { year: 2026, month: 10 }).expect("a month");
        assert_eq!(
            (from.to_string(), until.to_string()),
            ("2026-09-30T21:00:00.000Z".into(), "2026-10-31T22:00:00.000Z".into())
        );
        assert_eq!(en.month_of(from), Month { year: 2026, month: 10 });
        assert_eq!(en.month(Month { year: 2026, month: 2 }), "February 2026");
    }
}
