//! One line of the list of monitors, and the order of the lines.

use valpero_domain::{Status, status::DegradedReason};
use valpero_views::Monitor;

use crate::{
    charts::{Spark, spark},
    parts::State,
    words::Words,
};

/// 30 days, in seconds.
const MONTH_S: i64 = 30 * 86_400;

/// Every status, in the order in which the list shows them.
pub const ORDER: [Status; 5] = [Status::Down, Status::Degraded, Status::Pending, Status::Up, Status::Paused];

/// What is down first; then by name, whatever its case.
pub fn sort(monitors: &mut [Monitor]) {
    monitors.sort_by_cached_key(|monitor| (rank(monitor.status), monitor.name.as_str().to_lowercase(), monitor.id));
}

fn rank(status: Status) -> usize {
    ORDER.iter().position(|known| *known == status).unwrap_or(ORDER.len())
}

/// One line of the list.
#[derive(Debug)]
pub struct Row {
    /// ID of the monitor.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is checked.
    pub target: String,
    /// The status as the API spells it.
    pub state: &'static str,
    /// Path data of the status's shape.
    pub shape: &'static str,
    /// The status in a word; of one that is amiss, with the time since.
    pub word: String,
    /// Why it is amiss; may be empty.
    pub note: String,
    /// Time since which it is amiss, in RFC 3339; empty where it is not.
    pub at: String,
    /// The same in the account's time zone.
    pub exact: String,
    /// The line of the last 24 hours.
    pub line: Spark,
    /// Uptime of the last 24 hours.
    pub day: String,
    /// Uptime of the last 30 days.
    pub month: String,
    /// That it is of 30 days or, of a monitor that is younger, for how long it is known.
    pub month_label: String,
    /// Median response time.
    pub median: String,
    /// What the box that selects it is called.
    pub select: String,
    /// Whether it is down.
    pub is_down: bool,
}

impl Row {
    /// The line of a monitor.
    pub fn of(words: &Words, monitor: &Monitor) -> Self {
        let t = words.t;
        let status = monitor.status;
        let is_amiss = matches!(status, Status::Down | Status::Degraded);
        let word = t.common.status(&status);
        let (word, at, exact) = if is_amiss {
            let since = words.since(&monitor.status_since);
            (format!("{word} {since}"), monitor.status_since.to_string(), words.exact(&monitor.status_since))
        } else {
            (word.to_owned(), String::new(), String::new())
        };
        let name = monitor.name.as_str().to_owned();
        Self {
            id: monitor.id.to_string(),
            target: monitor.target.clone(),
            state: status.as_str(),
            shape: State::shape_of(status),
            word,
            note: note(words, monitor),
            at,
            exact,
            line: spark(words.now, monitor.hours.as_deref().unwrap_or_default()),
            day: (t.monitors.in_24_hours)(&words.percent(&monitor.uptime.day)),
            month: words.percent(&monitor.uptime.month),
            month_label: month_label(words, monitor),
            median: words.ms(&monitor.response_time_ms),
            select: (t.monitors.select)(&name),
            is_down: status == Status::Down,
            name,
        }
    }
}

fn month_label(words: &Words, monitor: &Monitor) -> String {
    let m = &words.t.monitors;
    match monitor.created_at <= words.now.plus_seconds(-MONTH_S) {
        true => m.days_30.to_owned(),
        false => (m.last_span)(&words.since(&monitor.created_at)),
    }
}

fn note(words: &Words, monitor: &Monitor) -> String {
    let m = &words.t.monitors;
    if monitor.unwatched.is_some() {
        return m.unwatched.to_owned();
    }
    match monitor.degraded_reason {
        Some(DegradedReason::Slow) => m.slow.to_owned(),
        Some(DegradedReason::Regions) => {
            (m.regions_down)(number(monitor.degraded_regions.len()), number(monitor.regions.len()))
        }
        None => String::new(),
    }
}

/// A count for a text.
pub fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_place_and_shape() {
        assert!(Status::ALL.iter().all(|status| ORDER.contains(status)));
        assert!(rank(Status::Down) < rank(Status::Degraded) && rank(Status::Up) < rank(Status::Paused));
    }
}
