//! `POST /api/v1/incidents/{id}/comments`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_domain::{
    AuditAction, Faults, Field, Fields, IncidentId, Literal, Object,
    event::Event,
    id::CommentId,
    incident::{Incident, Note, TimelineEntry, TimelineType},
    text_spec,
};
use valpero_http::{Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, ObjectId, Problem, Ticket, need};
use valpero_monitoring::notify;
use valpero_runtime::{App, entropy};
use valpero_storage::Optional;
use valpero_views::{self as views, body, schema};

const BODY: Field = Field::text("body", &text_spec::NOTE)
    .required()
    .says("1 to 2,000 characters. White space around them is removed.")
    .example(Literal::Str("The disk was full."));

const PUBLIC: Field = Field::boolean("public")
    .says("Whether status pages show it: as an update of the incident's post. Where a page publishes incidents by itself and has not yet published this one, it does so at once.")
    .default(Literal::Bool(false));

/// The body of a comment.
const COMMENT: Object =
    Object { name: "CommentCreate", patch_name: "", says: "A comment on an incident.", fields: &[BODY, PUBLIC] };

body!(CommentCreate, COMMENT, Whole);

/// Comment on an incident. Works for ongoing and resolved incidents.
#[utoipa::path(
    post,
    path = "/api/v1/incidents/{id}/comments",
    operation_id = "comment_on_incident",
    tag = "incidents",
    security(("key" = ["incidents:write"])),
    params(("id" = schema::IncidentId, Path, description = "ID of the incident"), IdempotencyParam),
    request_body = CommentCreate,
    responses((status = 201, description = "The comment as a timeline entry", body = views::TimelineEntry))
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
        let (text, public) = read(&body)?;
        let incident = app.store.incident(caller.account(), id).await?;
        let entry = TimelineEntry {
            id: CommentId::new(now, entropy()),
            at: now,
            kind: TimelineType::Commented,
            by: caller.author.clone(),
            note: Some(text.into()),
            public,
        };
        let event = event(&app, incident, &entry, &caller).await?;
        let answer = Answer::created(None, &views::TimelineEntry::from(&entry));
        let trail = ticket.trail(AuditAction::IncidentCommented, &id, &answer, now)?;
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
) -> Result<Option<Event>, Problem> {
    // The incident outlives its monitor; whom the monitor told does not.
    let monitor = app.store.monitor(caller.account(), incident.monitor_id).await.optional()?;
    let Some(monitor) = monitor else { return Ok(None) };
    Ok(Some(notify::incident_event(&monitor, monitor.status, incident, entry)))
}

fn read(body: &Value) -> Result<(Note, bool), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let text = fields.read(&BODY, &mut faults);
    let public = fields.read(&PUBLIC, &mut faults).unwrap_or_default();
    fields.finish(&mut faults);
    faults.finish(text.map(|text| (text, public)))
}
