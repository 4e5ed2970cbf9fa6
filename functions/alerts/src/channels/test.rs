//! `POST /api/v1/channels/{id}/test`.

use axum::{Extension, Json, extract::State};
use valpero_channels::{Context, Message};
use valpero_dispatch::{Meaning, Sent, Stamp, dispatch};
use valpero_domain::{
    AuditAction, ChannelId, DeliveryId, Timestamp, alerting::Content, channel::TestOutcome, delivery::DeliveryStatus,
};
use valpero_http::{Auth, NoBody, ObjectId, Problem, need, within_channel_quota};
use valpero_runtime::{App, entropy};
use valpero_storage::{Channel, ChannelHealth, Delivery};
use valpero_views::{ChannelTest, schema};

use crate::Alerts;

/// Send a test message to a channel, and wait for the receiver's answer. The message says that it is a test; also a channel that is not
/// enabled, or is disabled, is sent it, and one that is disabled is open again when it arrives. At most 20 tests a minute and account, then
/// 429 `channel_quota_reached`.
#[utoipa::path(
    post,
    path = "/api/v1/channels/{id}/test",
    operation_id = "test_channel",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::ChannelId, Path, description = "ID of the channel")),
    responses((status = 200, description = "What came of it, whether it arrived or not", body = ChannelTest))
)]
pub async fn test(
    State(app): State<App>,
    Extension(alerts): Extension<Alerts>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<ChannelId>,
    _: NoBody,
) -> Result<Json<ChannelTest>, Problem> {
    let now = app.now();
    let channel = app.store.channel(caller.account(), id).await?;
    within_channel_quota(&app, caller.account(), now).await?;
    app.store.append_audit_row(&caller.audit(now, AuditAction::ChannelTested, Some(id.to_string()))).await?;
    let delivery_id = DeliveryId::new(now, entropy());
    let delivery = delivery_id.to_string();
    let mail_domain = alerts.mailer.domain().to_owned();
    let context = Context { delivery: delivery.clone(), mail_domain, ..Context::default() };
    let message = Message::test(channel.spec.name.as_str(), now, &context);
    let stamp = Stamp { delivery: &delivery, kind: message.kind.as_str(), redelivered: false };
    let sent = dispatch(&alerts.outbound, &alerts.mailer, &channel, &message, None, stamp, now).await;
    app.store.note_attempt(&channel, Some(&health(&channel, &sent, app.now())), None).await?;
    let record = record(&channel, delivery_id, &sent, now);
    let answer = answer(delivery_id, sent);
    // In the delivery log, where the test can also be sent again.
    app.store.add_delivery(&record).await?;
    Ok(Json(answer))
}

/// The test as a delivery that is done with.
fn record(channel: &Channel, id: DeliveryId, sent: &Sent, now: Timestamp) -> Delivery {
    let arrived = matches!(sent.meaning, Meaning::Delivered { .. });
    let delivery = Delivery::to_channel(channel.account_id, channel.id, Content::Test, &id, now);
    Delivery {
        id,
        status: if arrived { DeliveryStatus::Succeeded } else { DeliveryStatus::Dead },
        attempts: 1,
        gave_up: (!arrived).then(|| "A test is sent once.".to_owned()),
        attempt_log: vec![sent.logged(now)],
        ..delivery
    }
}

fn health(channel: &Channel, sent: &Sent, now: Timestamp) -> ChannelHealth {
    let old = channel.health.clone();
    match &sent.meaning {
        Meaning::Delivered { .. } => ChannelHealth { last_success_at: Some(now), disabled_at: None, ..old },
        // They say nothing about the receiver.
        Meaning::OurFault { .. } | Meaning::Nothing { .. } => old,
        Meaning::Retry { why, .. } | Meaning::Undeliverable { why } | Meaning::Refused { why } => {
            ChannelHealth { last_error_at: Some(now), last_error: Some(why.clone()), ..old }
        }
    }
}

fn answer(delivery_id: DeliveryId, sent: Sent) -> ChannelTest {
    let error = sent.meaning.why().map(str::to_owned);
    let outcome = match sent.meaning {
        Meaning::Delivered { .. } => TestOutcome::Delivered,
        Meaning::Retry { .. } | Meaning::OurFault { .. } => TestOutcome::Failed,
        Meaning::Nothing { .. } | Meaning::Undeliverable { .. } | Meaning::Refused { .. } => TestOutcome::Refused,
    };
    ChannelTest {
        delivery_id,
        outcome,
        error,
        http_status: sent.http_status,
        latency_ms: sent.latency_ms,
        receiver_says: sent.receiver_says,
    }
}
