//! `POST /api/v1/incidents/{id}/acknowledge`.

use axum::{Json, extract::State};
use valpero_domain::{
    AuditAction, IncidentId,
    id::CommentId,
    incident::{IncidentStatus, TimelineEntry, TimelineType},
};
use valpero_http::{Auth, Caller, Code, ObjectId, OptionalBody, Problem, need, retry_on_conflict};
use valpero_monitoring::notify;
use valpero_runtime::{App, entropy};
use valpero_views::{Incident, schema};

use crate::NoteBody;

/// Acknowledge an incident. Records who is working on it; its status stays `ongoing`. Idempotent. A resolved incident is 409
/// `incident_resolved`.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{id}/acknowledge",
    operation_id = "acknowledge_incident",
    tag = "incidents",
    security(("key" = ["incidents:write"])),
    params(("id" = schema::IncidentId, Path, description = "ID of the incident")),
    request_body = Option<NoteBody>,
    responses((status = 200, description = "The incident with its timeline", body = Incident))
)]
pub async fn acknowledge(
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
    let mut incident = app.store.incident(caller.account(), id).await?;
    if incident.status == IncidentStatus::Resolved {
        return Err(Problem::conflict(
            Code::IncidentResolved,
            "The incident is resolved; there is nothing left to take.",
        ));
    }
    if incident.acknowledged_at.is_some() {
        return Ok(());
    }
    let monitor = app.store.monitor(caller.account(), incident.monitor_id).await?;
    incident.acknowledged_at = Some(now);
    incident.acknowledged_by = Some(caller.author.actor);
    let by = caller.author.clone();
    let entry =
        TimelineEntry { id: CommentId::new(now, entropy()), at: now, kind: TimelineType::Acknowledged, by, note };
    let event = notify::incident_event(&monitor, monitor.status, incident, &entry);
    let audit = caller.audit(now, AuditAction::IncidentAcknowledged, Some(id.to_string()));
    app.store.acknowledge_incident(caller.account(), id, &entry, Some(&event), &audit).await?;
    notify::announce(app, Some(&event)).await;
    Ok(())
}
