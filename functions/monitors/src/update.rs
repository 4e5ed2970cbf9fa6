//! `PATCH /api/v1/monitors/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use serde_json::Value;
use valpero_auth::WebhookSecret;
use valpero_domain::{AuditAction, MonitorId, MonitorSpec};
use valpero_http::{
    Auth, Caller, ETag, IfMatch, IfMatchParam, JsonBody, ObjectId, Problem, latest::latest_of, need, retry_on_conflict,
};
use valpero_runtime::App;
use valpero_storage::{Monitor, Webhook};
use valpero_views as views;
use valpero_views::{Shown, schema};

use crate::{bodies::MonitorPatch, depends_on};

/// Update a monitor. The body is a JSON Merge Patch (RFC 7396): fields in it change, `null` restores the default; a patch that
/// changes nothing is not recorded. If the monitor had no `webhook_url` before, setting one returns the webhook's secret, shown only once. If `If-Match` names another version of the settings, 412
/// `precondition_failed`.
#[utoipa::path(
    patch,
    path = "/api/v1/monitors/{id}",
    operation_id = "update_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor"), IfMatchParam),
    request_body = MonitorPatch,
    responses((
        status = 200,
        description = "The updated monitor",
        body = views::Monitor,
    ))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    if_match: IfMatch,
    JsonBody(patch): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let (monitor, new_secret) = retry_on_conflict(|| apply(&app, &caller, id, &if_match, &patch)).await?;
    let view = views::Monitor::of(&monitor, &latest_of(&app, &monitor).await?, app.now());
    let webhook_secret = new_secret.map(|secret| Shown::from(secret.reveal()));
    Ok((ETag::of(monitor.updated_at).header(), Json(views::Monitor { webhook_secret, ..view })))
}

async fn apply(
    app: &App,
    caller: &Caller,
    id: MonitorId,
    if_match: &IfMatch,
    patch: &Value,
) -> Result<(Monitor, Option<WebhookSecret>), Problem> {
    let old = app.store.monitor(caller.account(), id).await?;
    if_match.holds(&ETag::of(old.updated_at))?;
    // Each version has a moment of its own.
    let now = app.now().max(old.updated_at.plus_ms(1));
    let (account, regions) = tokio::try_join!(app.store.account(caller.account()), app.store.deployed_regions())?;
    let allowance = crate::allowance(app, account.plan, Some(id), &regions, &old.spec.regions);
    let spec = old.spec.patched(patch, &allowance)?;
    if spec == old.spec {
        return Ok((old, None));
    }
    depends_on::check(app, caller.account(), Some(id), &old.spec.depends_on, &spec.depends_on).await?;
    let (webhook, new_secret) = webhook(&old, &spec)?;
    let audit = caller.audit(now, AuditAction::MonitorUpdated, Some(id.to_string()));
    let monitor = app.store.update_monitor(&old, spec, webhook, now, &audit).await?;
    Ok((monitor, new_secret))
}

/// The webhook that goes with the new description, and its secret where it is new.
fn webhook(old: &Monitor, spec: &MonitorSpec) -> Result<(Option<Webhook>, Option<WebhookSecret>), Problem> {
    if spec.webhook_url.is_none() {
        return Ok((None, None));
    }
    if let Some(webhook) = &old.webhook {
        // Another receiver is not the one that said it is gone.
        let receiver = |spec: &MonitorSpec| spec.webhook_url.as_ref().map(|url| url.as_url().clone());
        let same = receiver(spec) == receiver(&old.spec);
        let disabled_at = webhook.disabled_at.filter(|_| same);
        return Ok((Some(Webhook { disabled_at, ..webhook.clone() }), None));
    }
    let secret = WebhookSecret::generate();
    Ok((Some(Webhook::new(secret.clone())), Some(secret)))
}
