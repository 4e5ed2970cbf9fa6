//! The days of a component as bars, and its response times as a line, drawn as SVG.

use std::fmt::Write;

use valpero_domain::pages::{days::ComponentDay, view::HourMs};

use valpero_statuspage::{Texts, Times};

/// A day on which less than this was up is drawn as an outage: 99 %.
const OUTAGE: u32 = 9_900;

/// What is drawn of a component's days.
#[derive(Debug)]
pub struct Bars {
    /// Path of the days without downtime.
    pub good: String,
    /// Path of the days of which nothing is known.
    pub unknown: String,
    /// Each day with downtime.
    pub bad: Vec<BadDay>,
    /// Days that are drawn.
    pub count: usize,
    /// What they say in words.
    pub says: String,
}

/// A day with downtime.
#[derive(Debug)]
pub struct BadDay {
    /// From the left, in days.
    pub x: usize,
    /// `d` or `x`: a little, or an outage.
    pub class: &'static str,
    /// Date and uptime.
    pub says: String,
}

impl Bars {
    /// The bars of these days.
    pub fn of(days: &[ComponentDay], texts: &Texts, times: Times) -> Self {
        let (mut good, mut unknown, mut bad) = (String::new(), String::new(), Vec::new());
        for (x, day) in days.iter().enumerate() {
            match day.looked.hundredths() {
                None => bar(&mut unknown, x),
                Some(10_000) => bar(&mut good, x),
                Some(uptime) => bad.push(BadDay {
                    x,
                    class: if uptime < OUTAGE { "x" } else { "d" },
                    says: format!("{}: {}", times.day(&day.name), texts.percent(uptime)),
                }),
            }
        }
        let count = days.len();
        let says = (texts.bars)(u16::try_from(count).unwrap_or_default(), bad.len());
        Self { good, unknown, bad, count, says }
    }
}

fn bar(path: &mut String, x: usize) {
    // Writing to a text never fails.
    let _written = write!(path, "M{x} 0h.7v20h-.7z");
}

/// Points of the line of response times, and the largest; none where nothing was measured.
pub fn line(hours: &[HourMs]) -> Option<(String, u32)> {
    let most = hours.iter().flatten().copied().max()?;
    let mut path = String::new();
    let mut pen_is_up = true;
    for (x, ms) in hours.iter().enumerate() {
        let Some(ms) = ms else {
            pen_is_up = true;
            continue;
        };
        let y = 20.0 - f64::from(*ms) / f64::from(most.max(1)) * 18.0;
        let _written = write!(path, "{}{x} {y:.1}", if pen_is_up { 'M' } else { 'L' });
        pen_is_up = false;
    }
    Some((path, most))
}

#[cfg(test)]
mod tests {
    use valpero_domain::{TimeZone, downtime::Looked, pages::PageLanguage};

    use super::*;
    use valpero_statuspage::texts;

    #[test]
    fn a_day_with_any_downtime_is_never_green() {
        let day =
            |name: &str, ms: i64, down_ms: i64| ComponentDay { name: name.into(), looked: Looked { ms, down_ms } };
        let days = [
            day("2026-11-27", 0, 0),
            day("2026-11-28", 1000, 0),
            day("2026-11-29", 86_400_000, 1),
            day("2026-11-30", 10, 5),
        ];
        let times = Times { language: PageLanguage::En, zone: TimeZone::default() };
        let bars = Bars::of(&days, texts(PageLanguage::En), times);
        assert_eq!((bars.unknown.as_str(), bars.good.as_str()), ("M0 0h.7v20h-.7z", "M1 0h.7v20h-.7z"));
        let bad: Vec<(usize, &str, &str)> = bars.bad.iter().map(|day| (day.x, day.class, day.says.as_str())).collect();
        assert_eq!(bad, [(2, "d", "November 29, 2026: 99.99 %"), (3, "x", "November 30, 2026: 50.00 %")]);
        assert_eq!(bars.says, "Last 4 days: 2 days with downtime.");
    }

    #[test]
    fn a_line_breaks_where_nothing_was_measured() {
        assert_eq!(line(&[None, None]), None);
        assert_eq!(line(&[Some(10), Some(20), None, Some(0)]), Some(("M0 11.0L1 2.0M3 20.0".to_owned(), 20)));
    }
}
