//! `POST /api/v1/webhooks/deliveries/{id}/redeliver`.

use axum::{Json, extract::State, http::StatusCode};
use tokio::sync::OnceCell;
use valpero_domain::{
    AuditAction, DeliveryId,
    delivery::{DeliveryStatus, is_due},
};
use valpero_http::{Auth, Caller, Code, NoBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_monitoring::notify;
use valpero_runtime::App;
use valpero_storage::{self as storage, Optional};
use valpero_views::{Delivery, schema};

/// Send a delivery again now. Sends the same event and body to the monitor's current `webhook_url`, whatever the earlier result;
/// retries follow as for a new delivery. It has no effect while an attempt is in progress. At most 60 test and repeated webhooks
/// a minute per monitor, then 429 `webhook_quota_reached`. Without a webhook 409 `no_webhook`, `webhook_disabled` or
/// `monitor_deleted`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/deliveries/{id}/redeliver",
    operation_id = "redeliver_webhook",
    tag = "webhooks",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::DeliveryId, Path, description = "ID of the delivery")),
    responses((status = 202, description = "The delivery, due now", body = Delivery))
)]
pub async fn redeliver(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<DeliveryId>,
    _: NoBody,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    // Counted once, however often it collides with others.
    let counted = OnceCell::new();
    let delivery = retry_on_conflict(|| apply(&app, &caller, id, &counted)).await?;
    notify::announce_delivery(&app, &delivery).await;
    Ok((StatusCode::ACCEPTED, Json(Delivery::of(&delivery))))
}

async fn apply(
    app: &App,
    caller: &Caller,
    id: DeliveryId,
    counted: &OnceCell<()>,
) -> Result<storage::Delivery, Problem> {
    let now = app.now();
    let seen = app.store.delivery(caller.account(), id).await?;
    // To send now would send twice.
    if seen.status == DeliveryStatus::Pending && seen.claimed_until.is_some_and(|until| !is_due(until, now)) {
        return Ok(seen);
    }
    let monitor = app.store.monitor(caller.account(), seen.monitor_id).await.optional()?;
    let deleted = || Problem::conflict(Code::MonitorDeleted, "The monitor is deleted, and its webhook with it.");
    let monitor = monitor.ok_or_else(deleted)?;
    match &monitor.webhook {
        None => return Err(crate::no_webhook()),
        Some(webhook) if webhook.disabled_at.is_some() => return Err(crate::webhook_disabled()),
        Some(_) => {
            counted.get_or_try_init(|| crate::within_quota(app, &monitor, now)).await?;
        }
    }
    let audit = caller.audit(now, AuditAction::WebhookRedelivered, Some(id.to_string()));
    Ok(app.store.redeliver(&seen, now, &audit).await?)
}
