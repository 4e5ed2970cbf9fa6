//! `POST /api/v1/incidents/{id}/acknowledge`.

use axum::{Json, extract::State};
use valpero_domain::{
    AccountId, AuditAction, Author, IncidentId, Timestamp,
    id::CommentId,
    incident::{IncidentStatus, TimelineEntry, TimelineType},
};
use valpero_http::{Auth, Code, ObjectId, OptionalBody, Problem, need, retry_on_conflict};
use valpero_monitoring::notify;
use valpero_runtime::{App, entropy};
use valpero_storage::AuditRow;
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
    let account = caller.account();
    let audit = |at| caller.audit(at, AuditAction::IncidentAcknowledged, Some(id.to_string()));
    retry_on_conflict(|| apply(&app, &caller.author, account, id, note.clone(), &audit)).await?;
    crate::view(&app, account, id).await.map(Json)
}

/// Acknowledges an incident in the name of `by`; `audit` makes the row of the audit log.
pub(crate) async fn apply(
    app: &App,
    by: &Author,
    account: AccountId,
    id: IncidentId,
    note: Option<String>,
    audit: &impl Fn(Timestamp) -> AuditRow,
) -> Result<(), Problem> {
    let now = app.now();
    let mut incident = app.store.incident(account, id).await?;
    if incident.status == IncidentStatus::Resolved {
        return Err(Problem::conflict(
            Code::IncidentResolved,
            "The incident is resolved; there is nothing left to take.",
        ));
    }
    if incident.acknowledged_at.is_some() {
        return Ok(());
    }
    let monitor = app.store.monitor(account, incident.monitor_id).await?;
    incident.acknowledged_at = Some(now);
    incident.acknowledged_by = Some(by.actor);
    let by = by.clone();
    let entry = TimelineEntry {
        id: CommentId::new(now, entropy()),
        at: now,
        kind: TimelineType::Acknowledged,
        by,
        note,
        public: false,
    };
    let event = notify::incident_event(&monitor, monitor.status, incident, &entry);
    app.store.acknowledge_incident(account, id, &entry, Some(&event), &audit(now)).await?;
    notify::announce(app, Some(&event)).await;
    Ok(())
}
