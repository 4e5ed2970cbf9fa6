//! Times and numbers as people read them.

use valpero_domain::{TimeZone, Timestamp};

use crate::texts::Texts;

/// Times and numbers in the words of one account.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The texts.
    pub t: &'static Texts,
    /// The zone of clock times.
    pub zone: TimeZone,
    /// The present.
    pub now: Timestamp,
}

/// A space that neither breaks nor is as wide as others, between a number and its unit.
const THIN: char = '\u{202f}';

impl Words {
    /// Time since `at`, to the minute: "4 min ago". To the minute, so that a page that is looked at again says the same.
    pub fn ago(&self, at: &Timestamp) -> String {
        let seconds = self.now.ms_since(*at).max(0) / 1000;
        if seconds < 60 { self.t.common.just_now.to_owned() } else { (self.t.common.ago)(&self.span(seconds)) }
    }

    /// Time until `at`: "in 4 min".
    pub fn until(&self, at: &Timestamp) -> String {
        let seconds = at.ms_since(self.now).max(0) / 1000;
        (self.t.common.in_time)(&self.span(seconds))
    }

    /// Time since `at` as a span, to the minute: "4 min".
    pub fn since(&self, at: &Timestamp) -> String {
        let seconds = self.now.ms_since(*at).max(0) / 1000;
        if seconds < 60 { format!("<{THIN}1{THIN}{}", self.t.common.minutes) } else { self.span(seconds) }
    }

    /// A span in its largest unit: "12 days".
    pub fn span(&self, seconds: i64) -> String {
        let c = &self.t.common;
        let (count, unit) = match seconds {
            ..60 => (seconds, c.seconds),
            60..3_600 => (seconds / 60, c.minutes),
            3_600..86_400 => (seconds / 3_600, c.hours),
            86_400..172_800 => (1, c.day),
            _ => (seconds / 86_400, c.days),
        };
        format!("{count}{THIN}{unit}")
    }

    /// A span in two units: "4 min 12 s".
    pub fn exact_span(&self, seconds: i64) -> String {
        let c = &self.t.common;
        let two = |first: i64, one: &str, rest: i64, other: &str| {
            let head = format!("{first}{THIN}{one}");
            if rest == 0 { head } else { format!("{head} {rest}{THIN}{other}") }
        };
        match seconds {
            ..60 => format!("{seconds}{THIN}{}", c.seconds),
            60..3_600 => two(seconds / 60, c.minutes, seconds % 60, c.seconds),
            3_600..86_400 => two(seconds / 3_600, c.hours, seconds % 3_600 / 60, c.minutes),
            _ => {
                two(seconds / 86_400, if seconds < 172_800 { c.day } else { c.days }, seconds % 86_400 / 3_600, c.hours)
            }
        }
    }

    /// A day and a clock time in the account's zone: "2026-11-29 14:05:09".
    pub fn moment(&self, at: &Timestamp) -> String {
        let local = self.local(at);
        format!("{} {}", &local[..10], &local[11..19])
    }

    /// A moment with the zone's name: "2026-11-29 14:05:09 EET".
    pub fn exact(&self, at: &Timestamp) -> String {
        format!("{} {}", self.moment(at), self.zone.offset(*at).name)
    }

    /// The clock time in the account's zone: "14:05".
    pub fn clock(&self, at: &Timestamp) -> String {
        self.local(at)[11..16].to_owned()
    }

    /// The day in the account's zone: "2026-11-29".
    pub fn day(&self, at: &Timestamp) -> String {
        self.local(at)[..10].to_owned()
    }

    /// The moment as UTC would write the account's clock: RFC 3339 without its offset.
    fn local(&self, at: &Timestamp) -> String {
        let shifted = at.plus_seconds(i64::from(self.zone.offset(*at).minutes) * 60);
        shifted.to_string()
    }

    /// A ratio in percent, to two decimals, never rounded up: "99.98 %". A dash where there is none.
    pub fn percent(&self, ratio: &Option<f64>) -> String {
        let Some(ratio) = ratio else { return "–".to_owned() };
        // One part in a million more, since 0.9998 is stored as a little less.
        let hundredths = (ratio * 10_000.0 + 1e-6).floor();
        let text = if hundredths >= 10_000.0 { "100".to_owned() } else { format!("{:.2}", hundredths / 100.0) };
        format!("{}{THIN}%", self.decimal(&text))
    }

    /// Milliseconds: "86 ms", "0.4 ms", "1.25 s". A dash where there are none.
    pub fn ms(&self, ms: &Option<f64>) -> String {
        match ms {
            None => "–".to_owned(),
            Some(ms) if *ms < 10.0 => format!("{}{THIN}ms", self.decimal(&format!("{ms:.1}"))),
            Some(ms) if *ms < 10_000.0 => format!("{ms:.0}{THIN}ms"),
            Some(ms) => format!("{}{THIN}{}", self.decimal(&format!("{:.1}", ms / 1000.0)), self.t.common.seconds),
        }
    }

    fn decimal(&self, number: &str) -> String {
        number.replace('.', self.t.common.decimal)
    }
}

#[cfg(test)]
mod tests {
    use valpero_domain::Language;

    use super::*;

    fn words(language: Language, zone: &str) -> Words {
        let zone = zone.parse().expect("a zone");
        Words { t: Texts::of(language), zone, now: Timestamp::from_seconds(1_795_000_000) }
    }

    /// The same with plain spaces.
    fn plain(text: &str) -> String {
        text.replace(THIN, " ")
    }

    #[test]
    fn percents_are_never_rounded_up() {
        let w = words(Language::En, "UTC");
        for (ratio, text) in
            [(1.0, "100 %"), (0.999_999, "99.99 %"), (0.9998, "99.98 %"), (0.5, "50.00 %"), (0.0, "0.00 %")]
        {
            assert_eq!(plain(&w.percent(&Some(ratio))), text);
        }
        assert_eq!(w.percent(&None), "–");
        assert_eq!(plain(&words(Language::Fi, "UTC").percent(&Some(0.9998))), "99,98 %");
    }

    #[test]
    fn spans_and_times_are_in_words_and_in_the_zone() {
        let w = words(Language::En, "Europe/Helsinki");
        let ago = |seconds: i64| w.now.plus_seconds(-seconds);
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (7_199, "1 h ago"),
            (90_000, "1 day ago"),
            (200_000, "2 days ago"),
            (-5, "just now"),
        ] {
            assert_eq!(plain(&w.ago(&ago(seconds))), text, "{seconds}");
        }
        for (seconds, text) in [(5, "5 s"), (252, "4 min 12 s"), (3_600, "1 h"), (90_061, "1 day 1 h")] {
            assert_eq!(plain(&w.exact_span(seconds)), text);
        }
        assert_eq!((plain(&w.since(&ago(5))).as_str(), plain(&w.since(&ago(65))).as_str()), ("< 1 min", "1 min"));
        assert_eq!(w.exact(&w.now), "2026-11-18 13:06:40 EET");
        assert_eq!((w.clock(&w.now).as_str(), w.day(&w.now).as_str()), ("13:06", "2026-11-18"));
        assert_eq!(plain(&w.ms(&Some(0.42))), "0.4 ms");
        assert_eq!(
            (plain(&w.ms(&Some(86.4))), plain(&w.ms(&Some(12_340.0)))),
            ("86 ms".to_owned(), "12.3 s".to_owned())
        );
    }
}
