//! `POST /api/v1/incidents/{id}/comments`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_app::{
    App, body, entropy,
    http::{Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, ObjectId, Problem, Ticket, need},
    notify::{self, News},
    schema, views,
};
use valpero_domain::{
    Faults, Field, Fields, IncidentId, Literal, Object, Timestamp,
    delivery::EventType,
    id::CommentId,
    incident::{Incident, Note, TimelineEntry, TimelineType},
    text_spec,
};
use valpero_storage::{Delivery, StoreError, Trail};

const BODY: Field = Field::text("body", &text_spec::NOTE)
    .required()
    .says("1 to 2,000 characters. White space around them is removed.")
    .example(Literal::Str("The disk was full."));

/// The body of a comment.
const COMMENT: Object =
    Object { name: "NewComment", patch_name: "", says: "A comment on an incident.", fields: &[BODY] };

body!(NewComment, COMMENT, Whole);

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
            actor: caller.key.id.to_string(),
            note: Some(text.into()),
        };
        let delivery = delivery(&app, &caller, &incident, &entry, now).await?;
        let answer = Answer::created(None, &views::TimelineEntry::from(&entry));
        let audit = caller.audit(now, "incident.commented", Some(id.to_string()))?;
        let receipt = ticket.receipt(&answer, now)?;
        let trail = Trail { audit: &audit, receipt: receipt.as_ref() };
        app.store.comment_on_incident(caller.account(), id, &entry, delivery.as_ref(), &trail).await?;
        notify::announce(&app, delivery.as_ref()).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, comment).await
}

async fn delivery(
    app: &App,
    caller: &Caller,
    incident: &Incident,
    entry: &TimelineEntry,
    at: Timestamp,
) -> Result<Option<Delivery>, Problem> {
    let monitor = match app.store.monitor(caller.account(), incident.monitor_id).await {
        Ok(monitor) => monitor,
        // The incident outlives its monitor; the webhook does not.
        Err(StoreError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(notify::delivery(&News {
        incident: Some(incident),
        entry: Some(entry),
        ..News::of(EventType::IncidentCommented, &monitor, at)
    })?)
}

fn text(body: &Value) -> Result<Note, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let text = fields.read(&BODY, &mut faults);
    fields.finish(&mut faults);
    faults.finish(text)
}
