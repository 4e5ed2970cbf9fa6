//! The least that a channel of each type needs, and which type has a field: channels are objects whose fields depend on one of them.

use serde_json::{Value, json};

/// Where a channel's settings are sent to be rendered.
pub const PREVIEW: &str = "/api/v1/channels/preview";

/// Whether this path takes the settings of a channel.
pub fn takes_settings(path: &str) -> bool {
    path.starts_with("/api/v1/channels") && !path.ends_with("/rotate-secret")
}

/// The settings of a channel of this type, and no more than it requires; of a type that does not exist, the type alone.
pub fn settings(kind: &str) -> Value {
    let hook = "http://127.0.0.1:9/hook";
    let own = match kind {
        "email" => json!({"to": ["ops@example.com"]}),
        "slack" | "discord" | "google_chat" | "mattermost" => json!({"webhook_url": hook}),
        "teams" => json!({"workflow_url": hook}),
        "telegram" => json!({"bot_token": "123456:ABC-DEF", "chat_id": "-100"}),
        "pagerduty" => json!({"routing_key": "r".repeat(32)}),
        "jsm" => {
            json!({"cloud_id": "11223344-a1b2-3b33-c444-def123456789", "email": "me@example.com", "api_token": "t"})
        }
        "ntfy" => json!({"topic": "ops"}),
        "pushover" => json!({"token": "t".repeat(30), "user": "u".repeat(30)}),
        "webhook" => json!({"url": hook}),
        _ => json!({}),
    };
    let mut settings = json!({"type": kind});
    settings.as_object_mut().expect("an object").extend(own.as_object().expect("an object").clone());
    settings
}

/// The settings of a Slack bot, which no other field tells from a hook.
fn slack_bot() -> Value {
    json!({"type": "slack", "bot_token": "xoxb-1", "channel": "C024BE91L"})
}

/// The settings of a type that has this field, by the reference alone: no rule of the type's own narrows it.
pub fn with_field(field: &str) -> Value {
    match field {
        "to" => settings("email"),
        "webhook_url" => settings("discord"),
        "workflow_url" => settings("teams"),
        "bot_token" | "channel" | "api_url" => slack_bot(),
        "chat_id" | "thread_id" => settings("telegram"),
        "routing_key" | "eu" => settings("pagerduty"),
        "cloud_id" | "email" | "api_token" => settings("jsm"),
        "server" | "topic" | "token" => settings("ntfy"),
        "user" => settings("pushover"),
        "url" | "headers" | "template" => settings("webhook"),
        _ => settings("mattermost"),
    }
}

/// What a new channel says, to try this value of this field in.
pub fn whole(path: &str, field: &str, value: &Value) -> Value {
    let mut body = if field == "type" { settings(value.as_str().unwrap_or_default()) } else { with_field(field) };
    if path != PREVIEW {
        body["name"] = json!("Ops");
    }
    body
}

/// What a patch says beside this value of this field, of a channel that has it.
pub fn patch(field: &str, value: &Value) -> Value {
    match field {
        "type" => settings(value.as_str().unwrap_or_default()),
        "to" => json!({"type": "email"}),
        // Secrets stay where they were given for.
        "api_url" => json!({"bot_token": "xoxb-2"}),
        _ => json!({}),
    }
}

/// The channel to send such a patch to: one that has the field, or is of another type than it is to be.
pub fn created(field: &str, value: &Value) -> Value {
    let mut body = match field {
        "type" if value == "ntfy" => settings("mattermost"),
        "type" => settings("ntfy"),
        // Mail may not be sent here; the settings of another type come with the patch.
        "to" => settings("ntfy"),
        field => with_field(field),
    };
    body["name"] = json!("Ops");
    body
}
