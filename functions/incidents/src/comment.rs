//! `POST /api/v1/incidents/{id}/comments`.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::Value;
use valpero_app::{
    App, entropy,
    http::{Auth, JsonBody, ObjectId, Problem, need},
    notify::{self, News},
    views,
};
use valpero_domain::{
    Faults, Fields, IncidentId,
    delivery::EventType,
    id::CommentId,
    incident::{Note, TimelineEntry, TimelineType},
};
use valpero_storage::StoreError;

/// Adds a person's words to an incident, ongoing or resolved.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{id}/comments",
    tag = "incidents",
    security(("key" = ["incidents:write"])),
    params(("id" = String, Path, description = "The incident's id")),
    responses((status = 201, description = "The comment, as a line of the timeline"))
)]
pub async fn comment(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsWrite>,
    ObjectId(id): ObjectId<IncidentId>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let now = app.now();
    let text = text(&body)?;
    let incident = app.store.incident(caller.account(), id).await?;
    let entry = TimelineEntry {
        id: CommentId::new(now, entropy()?),
        at: now,
        kind: TimelineType::Commented,
        actor: caller.key.id.to_string(),
        note: Some(text.into()),
    };
    let delivery = match app.store.monitor(caller.account(), incident.monitor_id).await {
        Ok(monitor) => notify::delivery(&News {
            event: EventType::IncidentCommented,
            monitor: &monitor,
            status: monitor.status,
            incident: Some(&incident),
            entry: Some(&entry),
            at: now,
        })?,
        // The incident outlives its monitor; the webhook does not.
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let audit = caller.audit(now, "incident.commented", Some(id.to_string()))?;
    app.store.comment_on_incident(caller.account(), id, &entry, delivery.as_ref(), &audit).await?;
    notify::announce(&app, delivery.as_ref()).await;
    Ok((StatusCode::CREATED, Json(views::timeline_entry(&entry))))
}

fn text(body: &Value) -> Result<Note, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let text = fields.required("body", &mut faults);
    fields.finish(&mut faults);
    faults.finish(text)
}
