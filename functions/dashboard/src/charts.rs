//! Charts, strips and bars: what is measured as the numbers of SVG elements. Templates write the elements.

use std::collections::BTreeMap;

use valpero_domain::{
    Timestamp,
    rollup::{Span, Window},
    time_zone::LocalDay,
};
use valpero_views::{BucketView, HourView, PhasesView, ResponseTimes};

use crate::words::Words;

/// Edges of the plot within a chart of 900 by 220 units.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 890.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 190.0;

/// Colours of lines, after which they begin anew.
const COLOURS: usize = 8;

/// Days of a strip.
const DAYS: u16 = 90;

/// A time in which a target was down.
#[derive(Debug, Clone)]
pub struct Downtime {
    /// Its start.
    pub from: Timestamp,
    /// Its end, or the present.
    pub to: Timestamp,
}

/// A chart of response times.
#[derive(Debug)]
pub struct Chart {
    /// Horizontal lines.
    pub grid: Vec<Grid>,
    /// Times below it.
    pub ticks: Vec<Tick>,
    /// Shaded times.
    pub outages: Vec<Outage>,
    /// One line a region.
    pub lines: Vec<Line>,
}

/// A horizontal line with its value.
#[derive(Debug)]
pub struct Grid {
    /// Path of the line.
    pub d: String,
    /// Height of its label.
    pub y: String,
    /// Its value.
    pub label: String,
}

/// A time below a chart.
#[derive(Debug)]
pub struct Tick {
    /// Its place.
    pub x: String,
    /// Which end of its text is there.
    pub anchor: &'static str,
    /// Its text.
    pub label: String,
}

/// A shaded time of a chart.
#[derive(Debug)]
pub struct Outage {
    /// Its left edge.
    pub x: String,
    /// Its width.
    pub width: String,
    /// What it is.
    pub says: String,
}

/// The line of a region.
#[derive(Debug)]
pub struct Line {
    /// Class of its colour: `r1` to `r8`.
    pub class: String,
    /// The region's code.
    pub region: String,
    /// Its path.
    pub d: String,
}

/// What a chart shows, from its left to its right edge.
#[derive(Debug, Clone, Copy)]
struct Period {
    from: Timestamp,
    to: Timestamp,
}

impl Period {
    /// The buckets of a window: to the end of the present hour or day, so that the chart stays the same within it.
    fn of(window: Window, now: Timestamp) -> Self {
        let (span, count) = window.buckets();
        let to = span.start(now).plus_seconds(span.seconds());
        Self { from: to.plus_seconds(-span.seconds() * count), to }
    }

    fn x(self, at: Timestamp) -> f64 {
        let whole = self.to.ms_since(self.from).max(1) as f64;
        let part = at.ms_since(self.from) as f64 / whole;
        LEFT + (RIGHT - LEFT) * part.clamp(0.0, 1.0)
    }
}

/// The chart of a monitor's response times, with the times in which it was down.
pub fn chart(words: &Words, times: &ResponseTimes, down: &[Downtime]) -> Chart {
    let period = Period::of(times.window, words.now);
    let most = times.data.iter().filter_map(|bucket| bucket.p50_ms).fold(0.0, f64::max);
    let step = nice_step(most);
    let count = (most / step).ceil().max(1.0);
    let top = step * count;
    let mut regions: BTreeMap<&'static str, Vec<&BucketView>> = BTreeMap::new();
    for bucket in &times.data {
        regions.entry(bucket.region.as_str()).or_default().push(bucket);
    }
    let lines = regions.into_iter().enumerate().map(|(place, (region, buckets))| Line {
        class: format!("r{}", place % COLOURS + 1),
        region: region.to_owned(),
        d: line(period, &buckets, times.bucket_seconds * 1000, top),
    });
    Chart {
        grid: grid(words, step, top),
        ticks: ticks(words, times.window, period),
        outages: outages(words, period, down),
        lines: lines.collect(),
    }
}

/// Hours of a small line; its drawing is so many units wide, less one.
const SPARK_HOURS: i64 = 24;

/// Height of a small line's drawing.
const SPARK_HEIGHT: f64 = 30.0;

/// Response times of 24 hours as one small line, in a drawing of 23 by 30 units.
#[derive(Debug, PartialEq, Eq)]
pub struct Spark {
    /// Path of the line, in steps from point to point, since those are short. Empty where no hour is known.
    pub line: String,
    /// Path of a stroke for each hour with failures; may be empty.
    pub failures: String,
}

/// The line of the hours of the last 24 that are known. The scale begins at 0 ms, so that small changes look small.
pub fn spark(now: Timestamp, hours: &[HourView]) -> Spark {
    let from = Span::Hour.start(now).plus_seconds(-Span::Hour.seconds() * SPARK_HOURS);
    let most = hours.iter().filter_map(|hour| hour.p50_ms).fold(0.0, f64::max);
    let mut spark = Spark { line: String::new(), failures: String::new() };
    let mut last: Option<(i64, i64)> = None;
    for hour in hours {
        let x = hour.at.ms_since(from) / 3_600_000;
        if !(0..SPARK_HOURS).contains(&x) {
            continue;
        }
        if hour.failures > 0 {
            spark.failures.push_str(&format!("M{x} 0v30"));
        }
        let Some(ms) = hour.p50_ms else { continue };
        // A quarter stays free above the slowest.
        let y = (SPARK_HEIGHT - SPARK_HEIGHT * 0.75 * ms / most.max(f64::MIN_POSITIVE)).round() as i64;
        match last {
            Some((before, height)) if before + 1 == x => {
                spark.line.push_str(&match y - height {
                    0 => "h1".to_owned(),
                    step @ ..0 => format!("l1{step}"),
                    step => format!("l1 {step}"),
                });
            }
            // With round ends, a stroke of length 0 is a dot: an hour without a neighbour stays visible.
            _ => spark.line.push_str(&format!("M{x} {y}h0")),
        }
        last = Some((x, y));
    }
    spark
}

/// The distance of horizontal lines: 1, 2 or 5 times a power of ten, for five lines at most.
fn nice_step(most: f64) -> f64 {
    let rough = (most / 4.0).max(0.25);
    let power = 10.0_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(10.0 * power)
}

fn y(ms: f64, top: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * (ms / top).clamp(0.0, 1.0)
}

fn grid(words: &Words, step: f64, top: f64) -> Vec<Grid> {
    let mut lines = Vec::new();
    let mut value = 0.0;
    while value <= top + step / 2.0 {
        let y = y(value, top);
        let label = if value > 0.0 { words.ms(&Some(value)) } else { "0\u{202f}ms".to_owned() };
        lines.push(Grid { d: format!("M{LEFT:.0},{y:.1}H{RIGHT:.0}"), y: format!("{:.1}", y + 4.0), label });
        value += step;
    }
    lines
}

fn ticks(words: &Words, window: Window, period: Period) -> Vec<Tick> {
    let (count, is_clock) = match window {
        Window::Day => (6, true),
        Window::Week => (7, false),
        Window::Month | Window::Quarter => (6, false),
    };
    let whole = period.to.ms_since(period.from);
    let tick = |place: i64| {
        let at = period.from.plus_ms(whole * place / count);
        let day = words.day(&at);
        let label = if is_clock { words.clock(&at) } else { day.get(5..).unwrap_or_default().to_owned() };
        let anchor = if place == 0 {
            "start"
        } else if place == count {
            "end"
        } else {
            "middle"
        };
        Tick { x: format!("{:.1}", period.x(at)), anchor, label }
    };
    (0..=count).map(tick).collect()
}

fn outages(words: &Words, period: Period, down: &[Downtime]) -> Vec<Outage> {
    let within = down.iter().filter(|one| one.to > period.from && one.from < period.to);
    let outage = |one: &Downtime| {
        let (from, to) = (period.x(one.from), period.x(one.to));
        let span = words.exact_span(one.to.ms_since(one.from).max(0) / 1000);
        let says = format!("{}: {}", words.exact(&one.from), (words.t.monitor.down_in_all)(&span));
        Outage { x: format!("{from:.1}"), width: format!("{:.1}", (to - from).max(4.0)), says }
    };
    within.map(outage).collect()
}

/// The path through the medians of a region, broken where an hour or day has none.
fn line(period: Period, buckets: &[&BucketView], bucket_ms: i64, top: f64) -> String {
    let mut d = String::new();
    let mut before: Option<Timestamp> = None;
    for bucket in buckets {
        let Some(ms) = bucket.p50_ms else { continue };
        let x = period.x(bucket.at.plus_ms(bucket_ms / 2));
        let y = y(ms, top);
        let is_next = before.is_some_and(|before| bucket.at.ms_since(before) <= bucket_ms);
        let part = if is_next {
            format!("L{x:.1},{y:.1}")
        } else {
            // A stroke of its own, so that one alone is seen.
            format!("M{:.1},{y:.1}H{:.1}", x - 1.0, x + 1.0)
        };
        d.push_str(&part);
        before = Some(bucket.at);
    }
    d
}

/// A day of a strip.
#[derive(Debug)]
pub struct Day {
    /// Its left edge; a day is one unit wide.
    pub x: usize,
    /// Its date.
    pub name: String,
    /// `u` up, `x` down, `n` no data.
    pub class: &'static str,
    /// The day and what was.
    pub says: String,
}

/// The last 90 days, the present one last. Before `known_from` nothing is known. Days are those of the account's clock as it is now.
pub fn strip(words: &Words, known_from: Timestamp, down: &[Downtime]) -> Vec<Day> {
    let m = &words.t.monitor;
    let day = |(x, LocalDay { name, from, to }): (usize, LocalDay)| {
        let seconds: i64 = down.iter().map(|one| shared_seconds(one, from, to)).sum();
        let (class, what) = if seconds > 0 {
            ("x", (m.down_in_all)(&words.exact_span(seconds)))
        } else if to <= known_from {
            ("n", m.no_data.to_owned())
        } else {
            ("u", m.no_downtime.to_owned())
        };
        Day { x, class, says: format!("{name}: {what}"), name }
    };
    words.zone.days(words.now, DAYS).into_iter().enumerate().map(day).collect()
}

/// Seconds of a downtime within a day, rounded up.
fn shared_seconds(one: &Downtime, from: Timestamp, to: Timestamp) -> i64 {
    let ms = one.to.min(to).ms_since(one.from.max(from)).max(0);
    (ms + 999) / 1000
}

/// Where the time of a check went, as a bar of 100 units.
#[derive(Debug)]
pub struct Bar {
    /// Its parts, from the left.
    pub parts: Vec<Part>,
    /// The phases in words, each with its time.
    pub legend: Vec<Phase>,
    /// The same in one line.
    pub says: String,
}

/// A part of a bar.
#[derive(Debug)]
pub struct Part {
    /// `dns`, `connect`, `tls` or `wait`.
    pub class: &'static str,
    /// Its left edge.
    pub x: String,
    /// Its width.
    pub width: String,
}

/// A phase in words.
#[derive(Debug)]
pub struct Phase {
    /// `dns`, `connect`, `tls` or `wait`.
    pub class: &'static str,
    /// Its name and time.
    pub says: String,
}

/// The bar of a check's phases; none where no phase took time.
pub fn bar(words: &Words, phases: &PhasesView) -> Option<Bar> {
    let m = &words.t.monitor;
    let all = [
        ("dns", m.phase_dns, phases.dns_ms),
        ("connect", m.phase_connect, phases.connect_ms),
        ("tls", m.phase_tls, phases.tls_ms),
        ("wait", m.phase_wait, phases.first_byte_ms),
    ];
    let total: f64 = all.iter().filter_map(|(_, _, ms)| *ms).sum();
    if total <= 0.0 {
        return None;
    }
    let (mut parts, mut legend) = (Vec::new(), Vec::new());
    let mut x = 0.0;
    for (class, name, ms) in all {
        let Some(ms) = ms else { continue };
        let width = ms / total * 100.0;
        parts.push(Part { class, x: format!("{x:.1}"), width: format!("{width:.1}") });
        legend.push(Phase { class, says: format!("{name} {}", words.ms(&Some(ms))) });
        x += width;
    }
    let says = legend.iter().map(|phase| phase.says.as_str()).collect::<Vec<_>>().join(", ");
    Some(Bar { parts, legend, says })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds of a day.
    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn lines_of_a_chart_are_at_round_numbers() {
        for (most, step) in [(0.0, 0.5), (1.0, 0.5), (71.0, 20.0), (400.0, 100.0), (401.0, 200.0), (9_000.0, 5_000.0)] {
            assert!((nice_step(most) - step).abs() < 1e-9, "{most}: {}", nice_step(most));
        }
    }

    #[test]
    fn a_small_line_shows_the_hours_at_their_places_and_what_failed() {
        let now = Timestamp::from_seconds(100 * 3_600 + 1_234);
        let hour = |at: i64, p50_ms: Option<f64>, failures: u32| HourView {
            at: Timestamp::from_seconds(at * 3_600),
            count: 60,
            failures,
            p50_ms,
        };
        let hours = [
            hour(75, Some(900.0), 1),
            hour(76, Some(50.0), 0),
            hour(77, Some(100.0), 2),
            hour(78, Some(0.0), 0),
            hour(79, None, 60),
            hour(80, Some(25.0), 0),
            hour(98, Some(100.0), 0),
            hour(99, Some(100.0), 0),
            hour(100, Some(100.0), 1),
        ];
        let spark = spark(now, &hours[1..]);
        assert_eq!(spark.line, "M0 19h0l1-11l1 22M4 24h0M22 8h0h1");
        assert_eq!(spark.failures, "M1 0v30M3 0v30");
        let old = super::spark(now, &hours[..1]);
        assert_eq!((old.line.as_str(), old.failures.as_str()), ("", ""));
    }

    #[test]
    fn a_downtime_counts_on_each_day_that_it_touches() {
        let day = Timestamp::from_seconds(86_400);
        let one = Downtime { from: day.plus_seconds(-60), to: day.plus_seconds(30) };
        assert_eq!(shared_seconds(&one, day.plus_ms(-DAY_MS), day), 60);
        assert_eq!(shared_seconds(&one, day, day.plus_ms(DAY_MS)), 30);
        assert_eq!(shared_seconds(&one, day.plus_ms(DAY_MS), day.plus_ms(2 * DAY_MS)), 0);
    }
}
