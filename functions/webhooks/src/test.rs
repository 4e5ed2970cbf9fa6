//! `POST /api/v1/webhooks/test`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_app::{
    App, body,
    http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need},
    notify::{self, News},
    views,
};
use valpero_domain::{Faults, Fields, MonitorId, Object, delivery::EventType};
use valpero_storage::Trail;

/// The body of a test.
const OBJECT: Object =
    Object { name: "WebhookTest", patch_name: "", says: "The webhook to test.", fields: &[crate::MONITOR_ID] };

body!(WebhookTest, OBJECT, Whole);

/// Tries a monitor's webhook. It gets a `webhook.test`, signed and tried again like any other. What came of it is in the delivery.
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
        let news = News::of(EventType::WebhookTest, &monitor, now);
        if monitor.webhook.is_none() {
            return Err(crate::no_webhook());
        }
        let delivery = notify::delivery(&news)?.ok_or_else(crate::webhook_disabled)?;
        crate::within_quota(&app, &monitor, now).await?;
        let answer = Answer::accepted(&views::Delivery::of(&delivery));
        let audit = caller.audit(now, "webhook.tested", Some(monitor.id.to_string()))?;
        let receipt = ticket.receipt(&answer, now)?;
        app.store.create_delivery(&delivery, &Trail { audit: &audit, receipt: receipt.as_ref() }).await?;
        notify::announce(&app, Some(&delivery)).await;
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
