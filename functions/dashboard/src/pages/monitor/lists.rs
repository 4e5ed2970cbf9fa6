//! The lists on the page of a monitor: its checks, those that somebody asked for, its incidents and deliveries.

use url::form_urlencoded;
use valpero_domain::{
    delivery::{DeliveryStatus, EventType},
    incident::IncidentStatus,
};
use valpero_views::{CheckRequest, CheckView, Delivery, Incident, Monitor, RequestStatus, ResultStatus};

use crate::{
    charts::{Bar, Downtime, bar},
    parts::{Moment, State},
    texts::Texts,
    words::Words,
};

/// Incidents that the page lists; the strip and the chart show more.
const INCIDENTS: usize = 10;

/// A check.
#[derive(Debug)]
pub struct CheckRow {
    /// Its time.
    pub at: Moment,
    /// Its region.
    pub region: &'static str,
    /// Its result.
    pub state: State,
    /// The HTTP status, and why it is not up.
    pub says: String,
    /// Where the time went.
    pub bar: Option<Bar>,
    /// The response time.
    pub total: String,
}

/// Checks, newest first.
pub fn checks(words: &Words, checks: &[CheckView]) -> Vec<CheckRow> {
    let row = |check: &CheckView| CheckRow {
        at: Moment::past(words, check.at),
        region: check.region.as_str(),
        state: State::of_outcome(words.t, check.outcome),
        says: seen(words.t, check),
        bar: bar(words, &check.phases),
        total: words.ms(&check.response_time_ms),
    };
    checks.iter().map(row).collect()
}

/// The HTTP status, and why a check is not up.
fn seen(t: &Texts, check: &CheckView) -> String {
    let status = check.http_status.map(|status| status.to_string());
    let error = check.error.as_ref().map(|cause| t.cause(cause));
    status.into_iter().chain(error).collect::<Vec<_>>().join(" · ")
}

/// A check that somebody asked for.
#[derive(Debug)]
pub struct Requested {
    /// Whether a region is still to report.
    pub is_pending: bool,
    /// What is known so far.
    pub says: &'static str,
    /// The page once more.
    pub again: String,
    /// Its regions.
    pub regions: Vec<RegionRow>,
}

/// What a region found.
#[derive(Debug)]
pub struct RegionRow {
    /// The region.
    pub region: &'static str,
    /// The result, or that it is to come.
    pub state: State,
    /// The HTTP status, and why it is not up.
    pub says: String,
    /// Where the time went.
    pub bar: Option<Bar>,
    /// The response time.
    pub total: String,
}

/// A check that somebody asked for, with what its regions found so far.
pub fn requested(words: &Words, path: &str, request: &CheckRequest) -> Requested {
    let m = &words.t.monitor;
    let is_pending = request.status == RequestStatus::Pending;
    let regions = request.regions.iter().map(|found| {
        let region = found.region.as_str();
        match (&found.check, found.status) {
            (Some(check), _) => RegionRow {
                region,
                state: State::of_outcome(words.t, check.outcome),
                says: seen(words.t, check),
                bar: bar(words, &check.phases),
                total: words.ms(&check.response_time_ms),
            },
            (None, status) => {
                let word = if status == ResultStatus::Pending { m.waiting } else { m.no_answer };
                RegionRow { region, state: State::pending(word), says: String::new(), bar: None, total: String::new() }
            }
        }
    });
    Requested {
        is_pending,
        says: if is_pending { m.regions_check_now } else { m.regions_have_checked },
        again: format!("{path}?check={}", request.check_id),
        regions: regions.collect(),
    }
}

/// An incident.
#[derive(Debug)]
pub struct IncidentRow {
    /// Its path.
    pub path: String,
    /// Whether it is over.
    pub state: State,
    /// Its start.
    pub started: Moment,
    /// How long it lasted, or lasts.
    pub lasted: String,
    /// Its cause.
    pub cause: String,
}

/// The newest incidents.
pub fn incidents(words: &Words, incidents: &[Incident]) -> Vec<IncidentRow> {
    let m = &words.t.monitor;
    let row = |incident: &Incident| IncidentRow {
        path: format!("/incidents/{}", incident.id),
        state: match incident.status {
            IncidentStatus::Ongoing => State::down(m.ongoing),
            IncidentStatus::Resolved => State::up(m.resolved),
        },
        started: Moment::past(words, incident.started_at),
        lasted: match incident.duration_seconds {
            Some(seconds) => words.exact_span(seconds),
            None => words.since(&incident.started_at),
        },
        cause: words.t.cause(&incident.cause),
    };
    incidents.iter().take(INCIDENTS).map(row).collect()
}

/// The times of incidents. An open one lasts until this minute, so that the page stays the same within it.
pub fn downtimes(words: &Words, incidents: &[Incident]) -> Vec<Downtime> {
    let until = words.now.start_of_minute();
    let time = |incident: &Incident| Downtime {
        from: incident.started_at,
        to: incident.resolved_at.unwrap_or(until).max(incident.started_at),
    };
    incidents.iter().map(time).collect()
}

/// The webhook of a monitor.
#[derive(Debug)]
pub struct Webhook {
    /// Its URL.
    pub url: String,
    /// Since when it is disabled.
    pub disabled: Option<String>,
    /// Its newest deliveries.
    pub deliveries: Vec<DeliveryRow>,
}

/// A delivery.
#[derive(Debug)]
pub struct DeliveryRow {
    /// Time of the event.
    pub at: Moment,
    /// The event as the API spells it.
    pub event: &'static str,
    /// Where it is on its way.
    pub state: State,
    /// What its last attempt met.
    pub says: String,
    /// Where a form leads that sends it again.
    pub again: String,
}

/// The webhook of a monitor, where it has one.
pub fn webhook(words: &Words, monitor: &Monitor, deliveries: &[Delivery]) -> Option<Webhook> {
    let url = monitor.webhook_url.as_ref()?;
    let row = |delivery: &Delivery| DeliveryRow {
        at: Moment::past(words, delivery.created_at),
        event: delivery.event.map_or("", EventType::as_str),
        state: State::of_delivery(words.t, delivery.status),
        says: met(words, delivery),
        again: again(delivery, &format!("/monitors/{}", monitor.id)),
    };
    let disabled = monitor.webhook_disabled_at.map(|at| (words.t.monitor.webhook_disabled)(&words.ago(&at)));
    Some(Webhook { url: url.as_given().to_owned(), disabled, deliveries: deliveries.iter().map(row).collect() })
}

/// What the last attempt met, and what comes next.
fn met(words: &Words, delivery: &Delivery) -> String {
    let m = &words.t.monitor;
    let mut says: Vec<String> = Vec::new();
    if let Some(attempt) = delivery.attempts.last() {
        says.extend(attempt.http_status.map(|status| status.to_string()));
        says.extend(attempt.error.clone());
        says.push(words.ms(&Some(f64::from(attempt.latency_ms))));
    }
    says.extend(delivery.gave_up.clone());
    if delivery.status == DeliveryStatus::Pending
        && let Some(next) = delivery.next_attempt_at
    {
        says.push((m.next_attempt)(&words.until(&next)));
    }
    says.join(" · ")
}

/// Where a form leads that sends a delivery again, and then back.
fn again(delivery: &Delivery, back: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    format!("/deliveries/{}/redeliver?{query}", delivery.id)
}
