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
    let down = |region: &&RegionCode| monitor.votes.get(region).is_some_and(|vote| vote.verdict == Verdict::Down);
    let degraded: Vec<RegionCode> = monitor.spec.regions.iter().filter(down).copied().collect();
    let last_check_at: Option<Timestamp> = latest.values().map(|check| check.at).max();
    let mut view = json!({
        "id": monitor.id,
        "status": monitor.status,
        "status_since": monitor.status_since,
        "degraded_regions": degraded,
        "last_check_at": last_check_at,
        "response_time_ms": median_ms(latest),
        "ssl_expires_at": monitor.ssl_expires_at,
        "current_incident_id": monitor.current_incident_id,
        "webhook_disabled_at": monitor.webhook.as_ref().and_then(|webhook| webhook.disabled_at),
        "created_at": monitor.created_at,
        "updated_at": monitor.updated_at,
    });
    for (name, value) in monitor.spec.public().as_object_mut().into_iter().flat_map(std::mem::take) {
        view[name] = value;
    }
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
