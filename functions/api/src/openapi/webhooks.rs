//! The events that are sent to webhooks.

use serde_json::{Value, json};
use valpero_domain::delivery::EventType;

/// What is sent to receivers, by event.
pub(super) fn webhooks() -> Value {
    let header = |name: &str, says: &str, example: &str| json!({"name": name, "in": "header", "required": true, "description": says, "schema": {"type": "string"}, "example": example});
    let parameters = json!([
        header(
            "X-Valpero-Signature",
            "`sha256=` and the HMAC-SHA-256 of the raw body in hexadecimal. The key is the secret exactly as shown.",
            "sha256=…"
        ),
        header("X-Valpero-Event", "Event type.", "incident.opened"),
        header("X-Valpero-Delivery", "ID of the delivery.", "dlv_01M82PJFFSY9XKXCV0WRMX4C7M"),
        header("webhook-id", "ID of the event. The same on every attempt.", "evt_01M82PJFFSY9XKXCV0WRMX4C7M"),
        header("webhook-timestamp", "Time of this attempt, in seconds since 1970.", "1795000020"),
        header(
            "webhook-signature",
            "Signature as in Standard Webhooks. Two of them, separated by a space, during the grace period of a rotated secret.",
            "v1,…"
        ),
    ]);
    let of_event = |event: EventType| {
        let means = match event {
            EventType::IncidentOpened => "A monitor went down",
            EventType::IncidentAcknowledged => "An incident was acknowledged",
            EventType::IncidentCommented => "An incident was commented on",
            EventType::IncidentResolved => "A monitor recovered, or its incident was resolved by hand",
            EventType::MonitorDegraded => "A minority of regions reports a monitor down",
            EventType::MonitorRecovered => {
                "No region reports the monitor down any more, or a region can probe it again"
            }
            EventType::MonitorUnwatched => "No region can probe the monitor, so its state is unknown",
            EventType::SslExpiring => "A certificate expires in 30, 14, 7 or 1 days; each is sent once",
            EventType::WebhookTest => "A test event was requested",
        };
        let post = json!({
            "summary": means,
            "operationId": format!("on_{}", event.as_str().replace('.', "_")),
            "tags": ["webhooks"],
            // Receivers check the signature.
            "security": [],
            "parameters": parameters,
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookEvent"}}},
            },
            "responses": {
                "2XX": {"description": "The event was received."},
                "410": {"description": "The receiver is gone. The webhook is switched off."},
                "default": {"description": "The delivery is retried."},
            },
        });
        (event.as_str().to_owned(), json!({"post": post}))
    };
    Value::Object(EventType::ALL.into_iter().map(of_event).collect())
}
