//! `POST /api/v1/deliveries/{id}/redeliver`, and the same below `/api/v1/webhooks` for webhooks alone.

use axum::{Json, extract::State, http::StatusCode};
use tokio::sync::OnceCell;
use valpero_domain::{
    AuditAction, ChannelId, DeliveryId, Timestamp,
    delivery::{DeliveryStatus, is_due},
};
use valpero_http::{Auth, Caller, Code, NoBody, ObjectId, Problem, need, retry_on_conflict, within_channel_quota};
use valpero_monitoring::notify;
use valpero_runtime::App;
use valpero_storage::{self as storage, Optional, StoreError};
use valpero_views::{Delivery, schema};

/// Send a webhook delivery again now. Sends the same event and body to the monitor's current `webhook_url`, whatever the earlier
/// result; retries follow as for a new delivery. It has no effect while an attempt is in progress. At most 60 test and repeated
/// webhooks a minute per monitor, then 429 `webhook_quota_reached`. Without a webhook 409 `no_webhook`, `webhook_disabled` or
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
pub async fn redeliver_webhook(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<DeliveryId>,
    _: NoBody,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    again(&app, &caller, id, true).await
}

/// Send a delivery again now, to its channel or webhook as it is set up now, whatever the earlier result; retries follow as for a new
/// delivery. It has no effect while an attempt is in progress. At most 20 test and repeated messages to channels a minute and account,
/// then 429 `channel_quota_reached`, and 60 test and repeated webhooks a minute and monitor, then 429 `webhook_quota_reached`. A channel
/// that is deleted is 409 `channel_deleted`, one that is disabled 409 `channel_disabled`; a message that is part of a digest is 409
/// `delivery_digested`: send the digest again. Without a webhook 409 `no_webhook`, `webhook_disabled` or `monitor_deleted`.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/{id}/redeliver",
    operation_id = "redeliver",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::DeliveryId, Path, description = "ID of the delivery")),
    responses((status = 202, description = "The delivery, due now", body = Delivery))
)]
pub async fn redeliver(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<DeliveryId>,
    _: NoBody,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    again(&app, &caller, id, false).await
}

async fn again(
    app: &App,
    caller: &Caller,
    id: DeliveryId,
    webhooks_only: bool,
) -> Result<(StatusCode, Json<Delivery>), Problem> {
    // Counted once, however often it collides with others.
    let counted = OnceCell::new();
    let delivery = retry_on_conflict(|| apply(app, caller, id, webhooks_only, &counted)).await?;
    notify::announce_delivery(app, &delivery).await;
    Ok((StatusCode::ACCEPTED, Json(Delivery::of(&delivery))))
}

async fn apply(
    app: &App,
    caller: &Caller,
    id: DeliveryId,
    webhooks_only: bool,
    counted: &OnceCell<()>,
) -> Result<storage::Delivery, Problem> {
    let now = app.now();
    let seen = app.store.delivery(caller.account(), id).await?;
    if webhooks_only && seen.channel_id.is_some() {
        return Err(StoreError::NotFound.into());
    }
    // To send now would send twice.
    if seen.status == DeliveryStatus::Pending && seen.claimed_until.is_some_and(|until| !is_due(until, now)) {
        return Ok(seen);
    }
    let action = match seen.channel_id {
        Some(channel) => {
            channel_takes_it(app, caller, &seen, channel).await?;
            counted.get_or_try_init(|| within_channel_quota(app, caller.account(), now)).await?;
            AuditAction::ChannelRedelivered
        }
        None => {
            webhook_takes_it(app, caller, &seen, now, counted).await?;
            AuditAction::WebhookRedelivered
        }
    };
    let audit = caller.audit(now, action, Some(id.to_string()));
    Ok(app.store.redeliver(&seen, now, &audit).await?)
}

async fn channel_takes_it(
    app: &App,
    caller: &Caller,
    seen: &storage::Delivery,
    channel: ChannelId,
) -> Result<(), Problem> {
    if seen.status == DeliveryStatus::Digested {
        let detail = "The message is part of a digest. Send the delivery of its digest_id again.";
        return Err(Problem::conflict(Code::DeliveryDigested, detail));
    }
    let channel = app.store.channel(caller.account(), channel).await.optional()?;
    let deleted = || Problem::conflict(Code::ChannelDeleted, "The channel is deleted.");
    if channel.ok_or_else(deleted)?.is_open() {
        return Ok(());
    }
    let detail = "The channel is disabled. Enable it, or test it once its receiver is set up again.";
    Err(Problem::conflict(Code::ChannelDisabled, detail))
}

async fn webhook_takes_it(
    app: &App,
    caller: &Caller,
    seen: &storage::Delivery,
    now: Timestamp,
    counted: &OnceCell<()>,
) -> Result<(), Problem> {
    let monitor = match seen.monitor_id {
        Some(monitor) => app.store.monitor(caller.account(), monitor).await.optional()?,
        None => None,
    };
    let deleted = || Problem::conflict(Code::MonitorDeleted, "The monitor is deleted, and its webhook with it.");
    let monitor = monitor.ok_or_else(deleted)?;
    match &monitor.webhook {
        None => Err(crate::no_webhook()),
        Some(webhook) if webhook.disabled_at.is_some() => Err(crate::webhook_disabled()),
        Some(_) => counted.get_or_try_init(|| crate::within_quota(app, &monitor, now)).await.copied(),
    }
}
