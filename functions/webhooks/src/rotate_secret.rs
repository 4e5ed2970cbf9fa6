//! `POST /api/v1/webhooks/rotate-secret`.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use valpero_app::{
    App,
    http::{Auth, Caller, JsonBody, Problem, need, settled},
};
use valpero_auth::WebhookSecret;
use valpero_domain::{Faults, Fields, MonitorId};
use valpero_storage::Webhook;

/// Seconds that the old secret signs beside the new one, unless told otherwise: a day.
const GRACE_S: i64 = 86_400;

/// And at most: a week.
const GRACE_MAX_S: i64 = 604_800;

/// Gives a monitor's webhook a new secret, shown this once. During the grace both secrets sign.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/rotate-secret",
    tag = "webhooks",
    security(("key" = ["monitors:write"])),
    responses((status = 200, description = "The new secret"))
)]
pub async fn rotate_secret(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let (monitor_id, grace_s) = asked(&body)?;
    settled(|| apply(&app, &caller, monitor_id, grace_s)).await.map(Json)
}

async fn apply(app: &App, caller: &Caller, id: MonitorId, grace_s: i64) -> Result<Value, Problem> {
    let now = app.now();
    let monitor = app.store.monitor(caller.account(), id).await?;
    let Some(old) = &monitor.webhook else {
        return Err(Problem::conflict(
            "no_webhook",
            "The monitor has no webhook_url, so there is no secret to rotate.",
        ));
    };
    let secret = WebhookSecret::generate()?;
    let previous_until = now.plus_seconds(grace_s);
    let webhook = Webhook {
        secret: secret.clone(),
        previous: (grace_s > 0).then(|| old.secret.clone()),
        previous_until: (grace_s > 0).then_some(previous_until),
        disabled_at: old.disabled_at,
    };
    let audit = caller.audit(now, "webhook.secret_rotated", Some(id.to_string()))?;
    app.store.save_webhook(&monitor, &webhook, &audit).await?;
    Ok(json!({"monitor_id": id, "webhook_secret": secret.reveal(), "previous_valid_until": previous_until}))
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
