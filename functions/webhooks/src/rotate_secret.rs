//! `POST /api/v1/webhooks/rotate-secret`.

use axum::{extract::State, response::Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use valpero_auth::WebhookSecret;
use valpero_domain::{Faults, Fields, MonitorId, Timestamp};
use valpero_http::{
    Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need, retry_on_conflict,
};
use valpero_runtime::App;
use valpero_storage::Webhook;
use valpero_views::{Shown, schema};

/// Seconds that the old secret signs beside the new one, unless told otherwise: a day.
const GRACE_S: i64 = 86_400;

/// And at most: a week.
const GRACE_MAX_S: i64 = 604_800;

/// Whose secret is rotated, and how.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct SecretRotation {
    /// The monitor whose webhook it is.
    #[schema(value_type = schema::MonitorId)]
    monitor_id: String,
    /// Seconds in which the old secret signs beside the new one, up to a week: a day unless told otherwise.
    #[schema(minimum = 0, maximum = 604800, example = 86400)]
    grace_seconds: Option<i64>,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct RotatedSecret {
    /// The monitor whose webhook it is.
    #[schema(value_type = schema::MonitorId)]
    monitor_id: MonitorId,
    /// The secret: in this answer and in no other.
    #[schema(value_type = schema::WebhookSecret)]
    webhook_secret: Shown,
    /// Until then the old one signs, too.
    #[schema(value_type = schema::Time)]
    previous_valid_until: Timestamp,
}

/// Rotates a webhook's secret. The new one is shown this once. During the grace both secrets sign.
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
    let secret = WebhookSecret::generate()?;
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
    let trail = ticket.clone().trail("webhook.secret_rotated", &id, &answer, now)?;
    app.store.save_webhook(&monitor, &webhook, &trail).await?;
    Ok(answer)
}

fn asked(body: &Value) -> Result<(MonitorId, i64), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let monitor_id: Option<MonitorId> = fields.required("monitor_id", &mut faults);
    let grace_s: i64 = fields.optional("grace_seconds", &mut faults).unwrap_or(GRACE_S);
    if !(0..=GRACE_MAX_S).contains(&grace_s) {
        faults.add("/grace_seconds", format!("must be 0 to {GRACE_MAX_S}"));
    }
    fields.finish(&mut faults);
    faults.finish(monitor_id.map(|id| (id, grace_s)))
}
