//! `POST /api/v1/channels/{id}/rotate-secret`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_auth::WebhookSecret;
use valpero_domain::{AuditAction, ChannelId, Faults, Field, Fields, Literal, Object};
use valpero_http::{
    Answer, Auth, Caller, Code, Idempotency, IdempotencyParam, ObjectId, OptionalBody, Problem, Ticket, need,
    retry_on_conflict,
};
use valpero_runtime::App;
use valpero_storage::Channel;
use valpero_views::{RotatedChannelSecret, Shown, body, schema};

const GRACE_SECONDS: Field = Field::seconds("grace_seconds", 604_800)
    .says("Seconds for which the old secret signs beside the new one, up to a week.")
    .default(Literal::Int(86_400))
    .example(Literal::Int(86_400));

/// The body of a rotation.
const OBJECT: Object = Object {
    name: "ChannelSecretRotation",
    patch_name: "",
    says: "How the secret of a channel is rotated.",
    fields: &[GRACE_SECONDS],
};

body!(ChannelSecretRotation, OBJECT, Whole);

/// Rotate a channel's secret. The new secret is shown only in this response. During the grace period `webhook-signature` has a
/// signature by each secret; `X-Valpero-Signature` is by the new one. A channel of another type than `webhook` signs nothing: 409
/// `no_webhook`.
#[utoipa::path(
    post,
    path = "/api/v1/channels/{id}/rotate-secret",
    operation_id = "rotate_channel_secret",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::ChannelId, Path, description = "ID of the channel"), IdempotencyParam),
    request_body = Option<ChannelSecretRotation>,
    responses((status = 200, description = "The new secret", body = RotatedChannelSecret))
)]
pub async fn rotate_secret(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<ChannelId>,
    idempotency: Idempotency,
    OptionalBody(body): OptionalBody,
) -> Result<Response, Problem> {
    let rotate = async |ticket: Ticket| {
        let grace_s = grace_seconds(&body)?;
        retry_on_conflict(|| apply(&app, &caller, &ticket, id, grace_s)).await
    };
    idempotency.once(&app, &caller, &body, rotate).await
}

async fn apply(app: &App, caller: &Caller, ticket: &Ticket, id: ChannelId, grace_s: i64) -> Result<Answer, Problem> {
    let old = app.store.channel(caller.account(), id).await?;
    let Some(previous) = &old.secret else {
        return Err(Problem::conflict(Code::NoWebhook, "A channel of this type signs nothing, so it has no secret."));
    };
    // Each version has a moment of its own.
    let now = app.now().max(old.updated_at.plus_ms(1));
    let (secret, until) = (WebhookSecret::generate(), now.plus_seconds(grace_s));
    let new = Channel {
        secret: Some(secret.clone()),
        previous_secret: (grace_s > 0).then(|| previous.clone()),
        previous_until: (grace_s > 0).then_some(until),
        updated_at: now,
        ..old.clone()
    };
    let answer = Answer::done(&RotatedChannelSecret {
        channel_id: id,
        webhook_secret: Shown::from(secret.reveal()),
        previous_valid_until: until,
    });
    let trail = ticket.clone().trail(AuditAction::ChannelSecretRotated, &id, &answer, now)?;
    app.store.rotate_channel_secret(&old, &new, &trail).await?;
    Ok(answer)
}

fn grace_seconds(body: &Value) -> Result<i64, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let grace_s = fields.read(&GRACE_SECONDS, &mut faults);
    fields.finish(&mut faults);
    faults.finish(grace_s)
}
