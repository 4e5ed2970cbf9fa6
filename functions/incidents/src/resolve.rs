//! `POST /api/v1/incidents/{id}/resolve`.

use axum::{Json, extract::State};
use valpero_domain::{AuditAction, IncidentId, Status, incident::IncidentStatus};
use valpero_http::{Auth, Caller, ObjectId, OptionalBody, Problem, need, retry_on_conflict};
use valpero_monitoring::{notify, resolution::resolution};
use valpero_runtime::App;
use valpero_storage::{StatusChange, StoreError};
use valpero_views::{Incident, schema};

use crate::NoteBody;

/// Resolve an incident by hand. The monitor becomes `pending` until its regions have checked it again; the next confirmed failure
/// opens a new incident. Idempotent.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{id}/resolve",
    operation_id = "resolve_incident",
    tag = "incidents",
    security(("key" = ["incidents:write"])),
    params(("id" = schema::IncidentId, Path, description = "ID of the incident")),
    request_body = Option<NoteBody>,
    responses((status = 200, description = "The incident with its timeline", body = Incident))
)]
pub async fn resolve(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsWrite>,
    ObjectId(id): ObjectId<IncidentId>,
    OptionalBody(body): OptionalBody,
) -> Result<Json<Incident>, Problem> {
    let note = crate::note(&body)?;
    retry_on_conflict(|| apply(&app, &caller, id, note.clone())).await?;
    crate::view(&app, caller.account(), id).await.map(Json)
}

async fn apply(app: &App, caller: &Caller, id: IncidentId, note: Option<String>) -> Result<(), Problem> {
    let now = app.now();
    let incident = app.store.incident(caller.account(), id).await?;
    if incident.status == IncidentStatus::Resolved {
        return Ok(());
    }
    let monitor = app.store.monitor(caller.account(), incident.monitor_id).await?;
    if monitor.current_incident_id != Some(id) {
        // Read between the two writes of somebody who is ending it: the next look sees it resolved.
        return Err(StoreError::Conflict.into());
    }
    let end = resolution(app, &monitor, Status::Pending, &caller.author, note, now).await?;
    let audit = caller.audit(now, AuditAction::IncidentResolved, Some(id.to_string()));
    let change = StatusChange {
        monitor: &monitor,
        to: Status::Pending,
        reason: None,
        at: now,
        forget_votes: true,
        incident: end.incident,
        event: end.event.as_ref(),
        audit: &audit,
    };
    notify::change_status(app, &change).await?;
    Ok(())
}
