//! `POST /api/v1/webhooks/test`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_domain::{AuditAction, Faults, Fields, MonitorId, Object, delivery::EventType, event::Destination};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_monitoring::notify;
use valpero_runtime::App;
use valpero_storage::Delivery;
use valpero_views as views;
use valpero_views::body;

/// The body of a test.
const OBJECT: Object =
    Object { name: "WebhookTest", patch_name: "", says: "The webhook to test.", fields: &[crate::MONITOR_ID] };

body!(WebhookTest, OBJECT, Whole);

/// Send a test event to a monitor's webhook. It is a `webhook.test`, signed and retried like any other event; get the delivery
/// for the result. At most 60 test and repeated webhooks a minute per monitor, then 429 `webhook_quota_reached`. Without a
/// webhook 409 `no_webhook` or `webhook_disabled`; a monitor that the account does not have is 404 `not_found`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    security(("key" = ["monitors:write"])),
    params(IdempotencyParam),
    request_body = WebhookTest,
    responses((status = 202, description = "The delivery", body = views::Delivery))
)]
pub async fn test(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let send = async |ticket: Ticket| {
        let now = app.now();
        let monitor = app.store.monitor(caller.account(), asked(&body)?).await?;
        match &monitor.webhook {
            None => return Err(crate::no_webhook()),
            Some(webhook) if webhook.disabled_at.is_some() => return Err(crate::webhook_disabled()),
            Some(_) => {}
        }
        let event = notify::event(&monitor, EventType::WebhookTest, monitor.status, now);
        let delivery = Delivery::new(&event, Destination::MonitorWebhook(monitor.id));
        crate::within_quota(&app, &monitor, now).await?;
        let answer = Answer::accepted(&views::Delivery::of(&delivery));
        let trail = ticket.trail(AuditAction::WebhookTested, &monitor.id, &answer, now)?;
        app.store.create_delivery(&event, &delivery, &trail).await?;
        notify::announce_delivery(&app, &delivery).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, send).await
}

fn asked(body: &Value) -> Result<MonitorId, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let monitor_id = fields.read(&crate::MONITOR_ID, &mut faults);
    fields.finish(&mut faults);
    faults.finish(monitor_id)
}
