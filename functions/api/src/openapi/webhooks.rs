//! The events that are sent to webhooks.

use serde_json::{Value, json};
use valpero_domain::delivery::EventType;

use super::{KEY, MONITOR, unions};

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
    let redelivered = json!({
        "name": "X-Valpero-Redelivered",
        "in": "header",
        "required": false,
        "description": "`true` if somebody asked for the delivery to be sent again. It may arrive after newer events.",
        "schema": {"type": "string"},
        "example": "true",
    });
    let parameters: Vec<Value> = parameters.as_array().into_iter().flatten().cloned().chain([redelivered]).collect();
    let of_event = |event: EventType| {
        let means = match event {
            EventType::IncidentOpened => "A monitor went down",
            EventType::IncidentAcknowledged => "An incident was acknowledged",
            EventType::IncidentCommented => "An incident was commented on",
            EventType::IncidentResolved => {
                "A monitor recovered, its incident was resolved by hand, or it was paused or deleted"
            }
            EventType::MonitorDegraded => "A minority of regions reports a monitor down",
            EventType::MonitorRecovered => {
                "No region reports the monitor down any more, or a region can probe it again"
            }
            EventType::MonitorUnwatched => "No region can probe the monitor, so its state is unknown",
            EventType::SslExpiring => {
                "A certificate is about to expire; `threshold_days` lists when it is sent, each time once"
            }
            EventType::WebhookTest => "A test event was requested",
        };
        // A test goes to the receiver of all events, and is described by the type of all.
        let kind = if event == EventType::WebhookTest { unions::EVENT } else { unions::of_event(event).0 };
        let post = json!({
            "summary": means,
            "operationId": format!("on_{}", event.as_str().replace('.', "_")),
            // A tag of their own: generators of clients write a file a tag, and would put these in place of the operations on webhooks.
            "tags": ["events"],
            // Receivers check the signature.
            "security": [],
            "parameters": parameters,
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": unions::reference(kind)}, "example": example(event)}},
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

const STARTED: &str = "2026-11-18T09:46:00.000Z";
const LATER: &str = "2026-11-18T09:52:00.000Z";

/// An event as it is sent.
fn example(event: EventType) -> Value {
    let status = match event {
        EventType::IncidentOpened | EventType::IncidentAcknowledged | EventType::IncidentCommented => "down",
        EventType::MonitorDegraded => "degraded",
        _ => "up",
    };
    let mut data = json!({
        "monitor": {
            "id": MONITOR,
            "name": "Shop",
            "target": "https://example.com/health",
            "url": "https://example.com/health",
            "check_type": "http",
            "status": status,
            "degraded_reason": (event == EventType::MonitorDegraded).then_some("regions"),
            "tags": ["production"],
        },
        "incident": incident(event),
    });
    if event == EventType::MonitorUnwatched {
        data["unwatched"] = json!({"since": STARTED, "cause": cause()});
    }
    if event == EventType::SslExpiring {
        data["certificate"] =
            json!({"expires_at": "2026-11-25T10:46:00.000Z", "days_remaining": 7, "threshold_days": 7});
    }
    json!({"id": "evt_01M82PJFFSY9XKXCV0WRMX4C7M", "type": event.as_str(), "created_at": LATER, "data": data})
}

fn cause() -> Value {
    json!({"code": "connect_refused", "detail": "192.0.2.7:443 refused the connection."})
}

/// The incident of an event, null if it is about none.
fn incident(event: EventType) -> Value {
    let key = json!({"type": "key", "id": KEY, "name": "laptop"});
    let (entry, actor, note) = match event {
        EventType::IncidentOpened => ("opened", json!({"type": "checker", "id": null, "name": null}), Value::Null),
        EventType::IncidentAcknowledged => ("acknowledged", key, json!("On it.")),
        EventType::IncidentCommented => ("commented", key, json!("The disk was full.")),
        EventType::IncidentResolved => ("resolved", json!({"type": "recovery", "id": null, "name": null}), Value::Null),
        _ => return Value::Null,
    };
    let only = |when: EventType, value: Value| if event == when { value } else { Value::Null };
    json!({
        "id": "inc_01M82PJFFSY9XKXCV0WRMX4C7M",
        "monitor_id": MONITOR,
        "status": if event == EventType::IncidentResolved { "resolved" } else { "ongoing" },
        "started_at": STARTED,
        "resolved_at": only(EventType::IncidentResolved, json!(LATER)),
        "duration_seconds": only(EventType::IncidentResolved, json!(360)),
        "cause": cause(),
        "regions": ["hel"],
        "acknowledged_at": only(EventType::IncidentAcknowledged, json!(LATER)),
        "acknowledged_by": only(EventType::IncidentAcknowledged, json!(KEY)),
        "resolved_by": only(EventType::IncidentResolved, json!("recovery")),
        "latest_entry": {
            "id": "cmt_01M82PJFFSY9XKXCV0WRMX4C7M",
            "at": LATER,
            "type": entry,
            "actor": actor,
            "note": note,
        },
    })
}
