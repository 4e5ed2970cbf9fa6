//! Ending a monitor's open incident: the same whether it recovered, or a person resolved, paused or deleted it.

use valpero_domain::{
    Author, Status, Timestamp,
    event::Event,
    id::CommentId,
    incident::{IncidentStatus, TimelineEntry, TimelineType},
};
use valpero_storage::{IncidentWrite, Monitor};

use crate::notify;
use valpero_runtime::{App, WorkError, entropy};

/// What goes with a change of a monitor's status.
#[derive(Debug)]
pub struct Consequences {
    /// What happens to the incident.
    pub incident: IncidentWrite,
    /// Event to hand out, if there is one.
    pub event: Option<Event>,
}

/// Prepares the end of the monitor's open incident; nothing where none is open. `by` is who ends it; `status` is
/// what the monitor becomes.
///
/// # Errors
/// Where the store fails.
pub async fn resolution(
    app: &App,
    monitor: &Monitor,
    status: Status,
    by: &Author,
    note: Option<String>,
    at: Timestamp,
) -> Result<Consequences, WorkError> {
    let Some(id) = monitor.current_incident_id else {
        return Ok(Consequences { incident: IncidentWrite::None, event: None });
    };
    let mut incident = app.store.incident(monitor.account_id, id).await?;
    incident.status = IncidentStatus::Resolved;
    incident.resolved_at = Some(at);
    incident.resolved_by = Some(by.actor);
    let entry = TimelineEntry {
        id: CommentId::new(at, entropy()),
        at,
        kind: TimelineType::Resolved,
        by: by.clone(),
        note,
        public: false,
    };
    let event = Some(notify::incident_event(monitor, status, incident, &entry));
    Ok(Consequences { incident: IncidentWrite::Resolve { id, at, by: by.actor, entry }, event })
}
