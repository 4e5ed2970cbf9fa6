//! `POST /api/v1/incidents/{id}/comments`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use utoipa::ToSchema;
use valpero_domain::{
    Faults, Fields, IncidentId, Timestamp,
    delivery::EventType,
    event::Event,
    id::CommentId,
    incident::{Incident, Note, TimelineEntry, TimelineType},
};
use valpero_http::{Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, ObjectId, Problem, Ticket, need};
use valpero_monitoring::notify;
use valpero_runtime::{App, entropy};
use valpero_storage::Optional;
use valpero_views as views;
use valpero_views::schema;

/// A person's words on an incident.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct NewComment {
    /// 1 to 2,000 characters, spaces around them not counted.
    #[schema(min_length = 1, max_length = 2000, pattern = "\\S", example = "The disk was full.")]
    body: String,
}

/// Comments on an incident. It may be ongoing or resolved.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{id}/comments",
    operation_id = "comment_on_incident",
    tag = "incidents",
    security(("key" = ["incidents:write"])),
    params(("id" = schema::IncidentId, Path, description = "The incident's id"), IdempotencyParam),
    request_body = NewComment,
    responses((status = 201, description = "The comment, as a line of the timeline", body = views::TimelineEntry))
)]
pub async fn comment(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsWrite>,
    ObjectId(id): ObjectId<IncidentId>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let comment = async |ticket: Ticket| {
        let now = app.now();
        let text = text(&body)?;
        let incident = app.store.incident(caller.account(), id).await?;
        let entry = TimelineEntry {
            id: CommentId::new(now, entropy()?),
            at: now,
            kind: TimelineType::Commented,
            by: caller.author.clone(),
            note: Some(text.into()),
        };
        let event = event(&app, incident, &entry, &caller, now).await?;
        let answer = Answer::created(None, &views::TimelineEntry::from(&entry));
        let trail = ticket.trail("incident.commented", &id, &answer, now)?;
        app.store.comment_on_incident(caller.account(), id, &entry, event.as_ref(), &trail).await?;
        notify::announce(&app, event.as_ref()).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, comment).await
}

async fn event(
    app: &App,
    incident: Incident,
    entry: &TimelineEntry,
    caller: &Caller,
    at: Timestamp,
) -> Result<Option<Event>, Problem> {
    // The incident outlives its monitor; whom the monitor told does not.
    let monitor = app.store.monitor(caller.account(), incident.monitor_id).await.optional()?;
    let Some(monitor) = monitor else { return Ok(None) };
    let event = notify::event(&monitor, EventType::IncidentCommented, monitor.status, at)?;
    Ok(event.map(|event| event.with_incident(incident, entry.clone())))
}

fn text(body: &Value) -> Result<Note, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let text = fields.required("body", &mut faults);
    fields.finish(&mut faults);
    faults.finish(text)
}
