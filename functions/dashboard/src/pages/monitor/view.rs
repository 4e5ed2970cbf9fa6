//! The top of the page of a monitor: what it is, the sentence that matters, and its uptime.

use valpero_domain::{Status, Timestamp, status::DegradedReason};
use valpero_views::{Incident, Monitor};

use crate::parts::State;
use crate::words::Words;

/// A certificate that is good for fewer days is spoken of.
const CERTIFICATE_DAYS: i64 = 30;

const DAY_S: i64 = 86_400;

/// What a monitor is.
#[derive(Debug)]
pub struct Head {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What is checked.
    pub target: String,
    /// The same as a link, where it is one.
    pub url: Option<String>,
    /// Type, interval and regions.
    pub says: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Until when its channels are silent.
    pub muted: Option<String>,
}

/// The head of the page.
pub fn head(words: &Words, monitor: &Monitor) -> Head {
    let m = &words.t.monitor;
    let regions = monitor.regions.iter().map(|region| region.as_str()).collect::<Vec<_>>().join(", ");
    let interval = words.exact_span(i64::from(monitor.check_interval));
    Head {
        path: format!("/monitors/{}", monitor.id),
        name: monitor.name.as_str().to_owned(),
        target: monitor.target.clone(),
        url: monitor.url.as_ref().map(|url| url.as_str().to_owned()),
        says: (m.checked)(monitor.check_type.as_str(), &interval, &regions),
        tags: monitor.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
        is_paused: monitor.status == Status::Paused,
        muted: monitor.muted_until.map(|until| (m.muted_until)(&words.exact(&until))),
    }
}

/// The sentence that matters.
#[derive(Debug)]
pub struct Banner {
    /// The state, in words, with its shape.
    pub state: State,
    /// What else is to be said.
    pub says: Vec<String>,
    /// Path of the open incident.
    pub incident: Option<String>,
}

/// The banner. `open` is the open incident, where the person may see it.
pub fn banner(words: &Words, monitor: &Monitor, open: Option<&Incident>) -> Banner {
    let m = &words.t.monitor;
    let span = words.since(&monitor.status_since);
    let mut says: Vec<String> = Vec::new();
    let word = match monitor.status {
        Status::Up => (m.up_for)(&span),
        Status::Down => {
            says.extend(open.map(|incident| words.t.cause(&incident.cause)));
            (m.down_for)(&span)
        }
        Status::Degraded => {
            says.push(why_degraded(words, monitor));
            (m.degraded_for)(&span)
        }
        Status::Pending => {
            says.push(m.first_check_within.to_owned());
            m.no_result_yet.to_owned()
        }
        Status::Paused => (m.paused_for)(&span),
    };
    let state = match &monitor.unwatched {
        Some(unwatched) if monitor.status != Status::Paused => {
            says = vec![words.t.cause(&unwatched.cause)];
            State::pending((m.unwatched_for)(&words.since(&unwatched.since)))
        }
        _ => State::of_status(monitor.status, word),
    };
    if let Some(at) = monitor.last_check_at {
        says.push((m.last_check)(&words.ago(&at)));
    }
    if let Some(ends) = monitor.ssl_expires_at
        && ends.ms_since(words.now) < CERTIFICATE_DAYS * DAY_S * 1000
    {
        says.push(certificate(words, ends));
    }
    let incident = monitor.current_incident_id.map(|id| format!("/incidents/{id}"));
    Banner { state, says, incident }
}

fn why_degraded(words: &Words, monitor: &Monitor) -> String {
    let m = &words.t.monitor;
    let regions = monitor.degraded_regions.iter().map(|region| region.as_str()).collect::<Vec<_>>().join(", ");
    match monitor.degraded_reason {
        Some(DegradedReason::Slow) => (m.slow_from)(&regions),
        Some(DegradedReason::Regions) | None => (m.down_from)(&regions),
    }
}

/// When a certificate expires, in a sentence.
pub fn certificate(words: &Words, ends: Timestamp) -> String {
    let m = &words.t.monitor;
    if ends > words.now { (m.certificate_ends)(&words.until(&ends)) } else { (m.certificate_ended)(&words.ago(&ends)) }
}

/// A number with what it is.
#[derive(Debug)]
pub struct Figure {
    /// What it is.
    pub label: &'static str,
    /// The number.
    pub value: String,
    /// What it means.
    pub note: String,
}

/// Uptime of four windows, and the response time.
pub fn figures(words: &Words, monitor: &Monitor) -> Vec<Figure> {
    let m = &words.t.monitor;
    let age_s = words.now.ms_since(monitor.created_at).max(0) / 1000;
    let uptime = |label: &'static str, ratio: Option<f64>, days: i64| {
        let note = match ratio.map(|ratio| down_seconds(ratio, days * DAY_S, age_s)) {
            None => m.no_data.to_owned(),
            Some(0) => m.no_downtime.to_owned(),
            Some(seconds) => (m.down_in_all)(&words.exact_span(seconds)),
        };
        // A ratio of a window that is longer than the monitor is old is of its age.
        let note = match ratio {
            Some(_) if age_s < days * DAY_S => (m.known_for)(&note, &words.since(&monitor.created_at)),
            _ => note,
        };
        Figure { label, value: words.percent(&ratio), note }
    };
    vec![
        uptime(m.last_day, monitor.uptime.day, 1),
        uptime(m.last_week, monitor.uptime.week, 7),
        uptime(m.last_month, monitor.uptime.month, 30),
        uptime(m.last_quarter, monitor.uptime.quarter, 90),
        Figure { label: m.response_time, value: words.ms(&monitor.response_time_ms), note: m.median_now.to_owned() },
    ]
}

/// Seconds down within a window, which is no longer than the monitor is old.
fn down_seconds(ratio: f64, window_s: i64, age_s: i64) -> i64 {
    let window = window_s.min(age_s) as f64;
    ((1.0 - ratio).max(0.0) * window).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_monitor_was_down_for_no_longer_than_it_is_old() {
        assert_eq!(down_seconds(1.0, DAY_S, 60), 0);
        assert_eq!(down_seconds(0.5, DAY_S, 600), 300);
        assert_eq!(down_seconds(0.0, DAY_S, 90 * DAY_S), DAY_S);
    }
}
