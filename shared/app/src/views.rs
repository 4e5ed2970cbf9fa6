//! Objects as clients and webhook receivers see them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use valpero_domain::{
    RegionCode, Status, Timestamp,
    incident::{Incident, TimelineEntry},
    probe::Outcome,
    status::Verdict,
};
use valpero_storage::{LatestCheck, Monitor};

/// The newest check of each region.
pub type Latest = BTreeMap<RegionCode, LatestCheck>;

/// A monitor, with what its newest checks say.
pub fn monitor(monitor: &Monitor, latest: &Latest) -> Value {
    let mut view = monitor.spec.public();
    let down = |(region, vote): (&RegionCode, &valpero_domain::status::Vote)| {
        (vote.verdict == Verdict::Down).then_some(*region)
    };
    let degraded: Vec<RegionCode> = monitor.votes.iter().filter_map(down).collect();
    let last_check_at: Option<Timestamp> = latest.values().map(|check| check.at).max();
    view["id"] = json!(monitor.id);
    view["status"] = json!(monitor.status);
    view["status_since"] = json!(monitor.status_since);
    view["degraded_regions"] = json!(degraded);
    view["last_check_at"] = json!(last_check_at);
    view["response_time_ms"] = json!(median_ms(latest));
    view["ssl_expires_at"] = json!(monitor.ssl_expires_at);
    view["current_incident_id"] = json!(monitor.current_incident_id);
    view["webhook_disabled_at"] = json!(monitor.webhook.as_ref().and_then(|webhook| webhook.disabled_at));
    view["created_at"] = json!(monitor.created_at);
    view["updated_at"] = json!(monitor.updated_at);
    view
}

/// A monitor as a webhook tells of it: what it is and where it stands.
pub fn monitor_in_event(monitor: &Monitor, status: Status) -> Value {
    json!({
        "id": monitor.id,
        "name": monitor.spec.name,
        "url": monitor.spec.url,
        "check_type": monitor.spec.check_type,
        "status": status,
        "tags": monitor.spec.tags,
    })
}

/// An incident without its story.
pub fn incident(incident: &Incident) -> Value {
    json!({
        "id": incident.id,
        "monitor_id": incident.monitor_id,
        "status": incident.status,
        "started_at": incident.started_at,
        "resolved_at": incident.resolved_at,
        "duration_seconds": incident.duration_seconds(),
        "cause": incident.cause,
        "regions": incident.regions,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by,
        "resolved_by": incident.resolved_by,
    })
}

/// A line of an incident's story.
pub fn timeline_entry(entry: &TimelineEntry) -> Value {
    json!({"id": entry.id, "at": entry.at, "type": entry.kind, "actor": entry.actor, "note": entry.note})
}

/// Microseconds as the API's milliseconds, to a hundredth.
pub fn ms(us: u32) -> f64 {
    f64::from((us + 5) / 10) / 100.0
}

fn median_ms(latest: &Latest) -> Option<f64> {
    let answered = latest.values().filter(|check| check.record.outcome == Outcome::Up);
    let mut times: Vec<u32> = answered.map(|check| check.record.phases.total_us()).collect();
    times.sort_unstable();
    let middle = times.len() / 2;
    match times.len() {
        0 => None,
        count if count % 2 == 1 => Some(ms(times[middle])),
        _ => Some(ms(times[middle - 1].midpoint(times[middle]))),
    }
}
