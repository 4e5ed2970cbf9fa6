//! `POST /api/v1/webhooks/rotate-secret`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_auth::WebhookSecret;
use valpero_domain::{AuditAction, Faults, Field, Fields, Literal, MonitorId, Object};
use valpero_http::{
    Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need, retry_on_conflict,
};
use valpero_runtime::App;
use valpero_storage::Webhook;
use valpero_views::{RotatedSecret, Shown, body};

const GRACE_SECONDS: Field = Field::seconds("grace_seconds", 604_800)
    .says("Seconds for which the old secret signs beside the new one, up to a week.")
    .default(Literal::Int(86_400))
    .example(Literal::Int(86_400));

/// The body of a rotation.
const OBJECT: Object = Object {
    name: "SecretRotation",
    patch_name: "",
    says: "The webhook whose secret is rotated.",
    fields: &[crate::MONITOR_ID, GRACE_SECONDS],
};

body!(SecretRotation, OBJECT, Whole);

/// Rotate a webhook's secret. The new secret is shown only in this response. During the grace period `webhook-signature` has a
/// signature by each secret; `X-Valpero-Signature` is by the new one. A monitor without a webhook is 409
/// `no_webhook`; a monitor that the account does not have is 404 `not_found`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/rotate-secret",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    security(("key" = ["monitors:write"])),
    params(IdempotencyParam),
    request_body = SecretRotation,
    responses((status = 200, description = "The new secret", body = RotatedSecret))
)]
pub async fn rotate_secret(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let rotate = async |ticket: Ticket| {
        let (monitor_id, grace_s) = asked(&body)?;
        retry_on_conflict(|| apply(&app, &caller, &ticket, monitor_id, grace_s)).await
    };
    idempotency.once(&app, &caller, &body, rotate).await
}

async fn apply(app: &App, caller: &Caller, ticket: &Ticket, id: MonitorId, grace_s: i64) -> Result<Answer, Problem> {
    let now = app.now();
    let monitor = app.store.monitor(caller.account(), id).await?;
    let Some(old) = &monitor.webhook else {
        return Err(crate::no_webhook());
    };
    let secret = WebhookSecret::generate();
    let previous_until = now.plus_seconds(grace_s);
    let webhook = Webhook {
        secret: secret.clone(),
        previous: (grace_s > 0).then(|| old.secret.clone()),
        previous_until: (grace_s > 0).then_some(previous_until),
        disabled_at: old.disabled_at,
    };
    let answer = Answer::done(&RotatedSecret {
        monitor_id: id,
        webhook_secret: Shown::from(secret.reveal()),
        previous_valid_until: previous_until,
    });
    let trail = ticket.clone().trail(AuditAction::WebhookSecretRotated, &id, &answer, now)?;
    app.store.save_webhook(&monitor, &webhook, &trail).await?;
    Ok(answer)
}

fn asked(body: &Value) -> Result<(MonitorId, i64), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let monitor_id = fields.read(&crate::MONITOR_ID, &mut faults);
    let grace_s = fields.read(&GRACE_SECONDS, &mut faults);
    fields.finish(&mut faults);
    faults.finish(monitor_id.zip(grace_s))
}
