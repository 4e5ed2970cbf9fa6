//! What each receiver gets, whether it would take it, and what its answers mean.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

mod kinds;
mod limits;
mod markup;
mod nasty;
mod receivers;
mod refusals;
mod threads;
mod verdicts;

use serde_json::{Value, json};
use valpero_channels::{Context, Kind, Message, Outgoing, Request, Thread, Zone, render, sample};
use valpero_domain::channel::{Allowance, ChannelSpec, Settings};

/// The settings of a type, and `slack_bot` for Slack by a bot.
fn settings(kind: &str) -> Settings {
    let hook = |kind: &str| json!({"type": kind, "webhook_url": "https://hooks.example.com/T1/B1/key"});
    let body = match kind {
        "email" => json!({"type": "email", "to": ["ops@example.com", "jo@bücher.example"]}),
        "slack_bot" => json!({"type": "slack", "bot_token": "xoxb-1", "channel": "C024BE91L"}),
        "teams" => json!({"type": "teams", "workflow_url": "https://flow.example.com/workflows/1?sig=key"}),
        "telegram" => json!({"type": "telegram", "bot_token": "123456:ABC-def", "chat_id": "-1001234567890"}),
        "pagerduty" => json!({"type": "pagerduty", "routing_key": "R0123456789012345678901234567890"}),
        "jsm" => json!({
            "type": "jsm", "cloud_id": "11223344-a1b2-3b33-c444-def123456789", "email": "ops@example.com", "api_token": "ATATT1",
        }),
        "ntfy" => json!({"type": "ntfy", "topic": "shop-alerts", "token": "tk_1"}),
        "pushover" => {
            json!({"type": "pushover", "token": "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "user": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"})
        }
        "webhook" => json!({"type": "webhook", "url": "https://example.com/hook", "headers": {"X-Key": "1"}}),
        other => hook(other),
    };
    read(&body)
}

fn read(body: &Value) -> Settings {
    let allowance = Allowance { private_targets: false, blocked_ports: &[] };
    ChannelSpec::read_preview(body, &allowance).unwrap_or_else(|faults| panic!("{body}: {faults:?}")).0
}

/// Every type, and Slack by a bot.
const KINDS: [&str; 13] = [
    "email",
    "slack",
    "slack_bot",
    "discord",
    "teams",
    "telegram",
    "pagerduty",
    "jsm",
    "ntfy",
    "pushover",
    "google_chat",
    "mattermost",
    "webhook",
];

fn context() -> Context {
    Context {
        delivery: "dlv_01M82PJFFSY9XKXCV0WRMX4C7M".to_owned(),
        zone: Zone { name: "EET".to_owned(), offset_minutes: 120 },
        view_url: Some("https://valpero.example.com/incidents/inc_1".to_owned()),
        acknowledge_url: Some("https://valpero.example.com/ack/a1b2".to_owned()),
        mail_domain: "valpero.example.com".to_owned(),
        ..Context::default()
    }
}

fn message(kind: Kind) -> Message {
    sample::message(kind, &context()).expect("a sample")
}

/// The one request of a message.
fn request(settings: &Settings, message: &Message, thread: Option<&Thread>) -> Request {
    match render(settings, message, thread).expect("rendered") {
        Outgoing::Http(request) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::Null)
}

/// What the receiver called the first message of an incident.
fn thread(id: &str) -> Thread {
    serde_json::from_value(json!({"id": id, "place": "C024BE91L"})).expect("a thread")
}
