//! What each receiver's answers mean.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use valpero_channels::{Answer, Kind, Verdict, check, judge, pace, takes_digests};
use valpero_domain::channel::{ChannelType, Settings, Telegram};

use super::{KINDS, message, read, request, settings};

/// Name of the verdict, and the wait that the receiver asked for.
fn verdict(receiver: &str, status: u16, retry_after_s: Option<i64>, body: &str) -> (&'static str, Option<i64>) {
    let settings = settings(receiver);
    let sent = match receiver {
        // Mail is no request.
        "email" => request(&super::settings("webhook"), &message(Kind::Opened), None),
        _ => request(&settings, &message(Kind::Opened), None),
    };
    match judge(&settings, &sent, &Answer { status, retry_after_s, body: body.as_bytes() }) {
        Verdict::Delivered { .. } => ("delivered", None),
        Verdict::Next { .. } => ("next", None),
        Verdict::Retry { after_s, why } => {
            assert!(why.starts_with(&format!("HTTP {status}")), "{why}");
            ("retry", after_s)
        }
        Verdict::Undeliverable { .. } => ("undeliverable", None),
        Verdict::Refused { .. } => ("refused", None),
        Verdict::Moved { .. } => ("moved", None),
    }
}

#[test]
fn each_answer_has_its_verdict() {
    let slack = |error: &str| json!({"ok": false, "error": error}).to_string();
    let telegram = |text: &str| json!({"ok": false, "description": text}).to_string();
    let cases: Vec<(&str, u16, String, &str)> = vec![
        ("slack", 200, "ok".to_owned(), "delivered"),
        ("slack", 400, "invalid_token".to_owned(), "refused"),
        ("slack", 400, "invalid_payload".to_owned(), "undeliverable"),
        ("slack", 403, "action_prohibited".to_owned(), "refused"),
        ("slack", 404, "no_service".to_owned(), "refused"),
        ("slack", 410, "channel_is_archived".to_owned(), "refused"),
        ("slack", 500, "rollup_error".to_owned(), "retry"),
        ("slack", 302, String::new(), "retry"),
        ("slack_bot", 200, json!({"ok": true, "ts": "1.2", "channel": "C1"}).to_string(), "delivered"),
        ("slack_bot", 200, slack("invalid_auth"), "refused"),
        ("slack_bot", 200, slack("account_inactive"), "refused"),
        ("slack_bot", 200, slack("token_revoked"), "refused"),
        ("slack_bot", 200, slack("channel_not_found"), "refused"),
        ("slack_bot", 200, slack("not_in_channel"), "refused"),
        ("slack_bot", 200, slack("is_archived"), "refused"),
        ("slack_bot", 200, slack("missing_scope"), "refused"),
        ("slack_bot", 200, slack("ratelimited"), "retry"),
        ("slack_bot", 200, slack("internal_error"), "retry"),
        ("slack_bot", 200, slack("invalid_blocks"), "undeliverable"),
        ("slack_bot", 200, "<html>".to_owned(), "retry"),
        ("slack_bot", 503, String::new(), "retry"),
        ("discord", 200, json!({"id": "1"}).to_string(), "delivered"),
        ("discord", 204, String::new(), "delivered"),
        ("discord", 400, json!({"message": "Invalid Form Body"}).to_string(), "undeliverable"),
        ("discord", 401, String::new(), "refused"),
        ("discord", 403, String::new(), "refused"),
        ("discord", 404, json!({"message": "Unknown Webhook", "code": 10015}).to_string(), "refused"),
        ("discord", 502, String::new(), "retry"),
        ("teams", 202, String::new(), "delivered"),
        ("teams", 400, json!({"error": {"code": "WorkflowTriggerIsNotEnabled"}}).to_string(), "refused"),
        ("teams", 400, json!({"error": {"code": "InvalidRequestContent"}}).to_string(), "undeliverable"),
        ("teams", 404, String::new(), "refused"),
        ("teams", 413, String::new(), "undeliverable"),
        ("telegram", 200, json!({"ok": true, "result": {"message_id": 1}}).to_string(), "delivered"),
        ("telegram", 401, telegram("Unauthorized"), "refused"),
        ("telegram", 403, telegram("Forbidden: bot was blocked by the user"), "refused"),
        ("telegram", 403, telegram("Forbidden: bot was kicked from the supergroup chat"), "refused"),
        ("telegram", 403, telegram("Forbidden: user is deactivated"), "refused"),
        ("telegram", 400, telegram("Bad Request: chat not found"), "refused"),
        ("telegram", 400, telegram("Bad Request: message thread not found"), "refused"),
        ("telegram", 400, telegram("Bad Request: can't parse entities"), "undeliverable"),
        ("telegram", 400, json!({"parameters": {"migrate_to_chat_id": -1009}}).to_string(), "moved"),
        ("telegram", 500, String::new(), "retry"),
        ("pagerduty", 202, json!({"status": "success"}).to_string(), "delivered"),
        ("pagerduty", 400, json!({"errors": ["Length of 'routing_key' is incorrect"]}).to_string(), "refused"),
        ("pagerduty", 400, json!({"errors": ["'payload.severity' is invalid"]}).to_string(), "undeliverable"),
        ("pagerduty", 500, String::new(), "retry"),
        ("jsm", 202, json!({"requestId": "1"}).to_string(), "delivered"),
        ("jsm", 401, String::new(), "refused"),
        ("jsm", 403, String::new(), "refused"),
        ("jsm", 404, String::new(), "refused"),
        ("jsm", 422, String::new(), "undeliverable"),
        ("ntfy", 200, json!({"id": "x"}).to_string(), "delivered"),
        ("ntfy", 401, String::new(), "refused"),
        ("ntfy", 403, json!({"code": 40301, "error": "forbidden"}).to_string(), "refused"),
        ("ntfy", 413, String::new(), "undeliverable"),
        ("ntfy", 507, String::new(), "retry"),
        ("pushover", 200, json!({"status": 1, "receipt": "r"}).to_string(), "delivered"),
        (
            "pushover",
            400,
            json!({"user": "invalid", "status": 0, "errors": ["user key is invalid"]}).to_string(),
            "refused",
        ),
        ("pushover", 400, json!({"token": "invalid", "status": 0}).to_string(), "refused"),
        ("pushover", 400, json!({"status": 0, "errors": ["message is too long"]}).to_string(), "undeliverable"),
        ("google_chat", 200, json!({"name": "spaces/1"}).to_string(), "delivered"),
        ("google_chat", 400, String::new(), "undeliverable"),
        ("google_chat", 403, String::new(), "refused"),
        ("google_chat", 404, String::new(), "refused"),
        ("mattermost", 200, "ok".to_owned(), "delivered"),
        ("mattermost", 400, json!({"id": "web.incoming_webhook.invalid.app_error"}).to_string(), "refused"),
        ("mattermost", 501, json!({"id": "web.incoming_webhook.disabled.app_error"}).to_string(), "refused"),
        ("mattermost", 400, json!({"id": "web.incoming_webhook.parse.app_error"}).to_string(), "undeliverable"),
        ("mattermost", 500, String::new(), "retry"),
        ("webhook", 204, String::new(), "delivered"),
        ("webhook", 400, String::new(), "retry"),
        ("webhook", 404, String::new(), "retry"),
        ("webhook", 410, String::new(), "refused"),
    ];
    for (receiver, status, body, expected) in cases {
        assert_eq!(verdict(receiver, status, None, &body).0, expected, "{receiver} {status} {body}");
    }
}

#[test]
fn who_is_asked_to_wait_waits() {
    for receiver in KINDS {
        assert_eq!(verdict(receiver, 429, Some(30), ""), ("retry", Some(30)), "{receiver}");
        assert_eq!(verdict(receiver, 503, None, ""), ("retry", None), "{receiver}");
    }
    assert_eq!(verdict("discord", 429, Some(1), r#"{"retry_after": 64.57}"#), ("retry", Some(65)));
    assert_eq!(verdict("telegram", 429, None, r#"{"parameters": {"retry_after": 33}}"#), ("retry", Some(33)));
    assert_eq!(verdict("slack_bot", 200, Some(9), r#"{"ok": false, "error": "ratelimited"}"#), ("retry", Some(9)));
}

#[test]
fn a_group_that_became_a_supergroup_is_followed() {
    let settings = settings("telegram");
    let sent = request(&settings, &message(Kind::Opened), None);
    let body = br#"{"ok": false, "error_code": 400, "parameters": {"migrate_to_chat_id": -1009876543210}}"#;
    let moved = judge(&settings, &sent, &Answer { status: 400, retry_after_s: None, body });
    let Verdict::Moved { settings: moved } = moved else { panic!("{moved:?}") };
    let Settings::Telegram(Telegram { chat_id, bot_token, .. }) = moved.as_ref() else { panic!("another type") };
    assert_eq!((chat_id.as_str(), bot_token.reveal()), ("-1009876543210", "123456:ABC-def"));
}

#[test]
fn what_a_receiver_says_is_told_in_short_and_on_one_line() {
    let settings = settings("slack");
    let sent = request(&settings, &message(Kind::Opened), None);
    let said = format!("no\r\nservice{}", "x".repeat(10_000));
    let verdict = judge(&settings, &sent, &Answer { status: 404, retry_after_s: None, body: said.as_bytes() });
    let Verdict::Refused { why } = verdict else { panic!("{verdict:?}") };
    assert!(why.starts_with("HTTP 404: no servicexx") && why.chars().count() < 320, "{why}");
}

#[test]
fn a_channel_knows_its_pace_and_tells_no_secret_by_it() {
    let mut keys = BTreeSet::new();
    for receiver in KINDS {
        let Some(pace) = pace(&settings(receiver)) else { continue };
        assert!(pace.messages > 0 && pace.seconds > 0);
        let secrets = ["hooks.example", "key", "xoxb", "123456", "R0123", "tk_1"];
        assert!(secrets.iter().all(|secret| !pace.key.contains(secret)), "{}", pace.key);
        keys.insert(pace.key);
    }
    assert_eq!(keys.len(), 8, "one for each receiver that publishes a limit");
    let chat = |chat_id: &str| {
        let body = json!({"type": "telegram", "bot_token": "1:a", "chat_id": chat_id});
        pace(&read(&body)).expect("a limit")
    };
    assert_eq!((chat("-1").messages, chat("-1").seconds), (20, 60));
    assert_eq!((chat("1").messages, chat("1").seconds), (1, 1));
    assert_ne!(chat("1").key, chat("2").key);
    assert_eq!(pace(&settings("slack")), pace(&settings("slack")));
}

#[test]
fn who_keeps_incidents_is_sent_each_one() {
    let not: Vec<ChannelType> = ChannelType::ALL.into_iter().filter(|kind| !takes_digests(*kind)).collect();
    assert_eq!(not, [ChannelType::PagerDuty, ChannelType::Jsm]);
}

#[test]
fn a_template_is_tried_with_every_kind_of_message() {
    let checked = |template: &str| {
        let body: Value = json!({"type": "webhook", "url": "https://example.com/", "template": template});
        check(&read(&body)).map_err(|invalid| invalid.0)
    };
    assert_eq!(checked(r#"{"text": {{ message.title }}, "id": {{ message.incident_id }}}"#), Ok(()));
    // Fails for messages without a monitor alone.
    let said = checked("{\"a\": {% if message.monitor %}1{% endif %}}").expect_err("refused");
    assert!(said.contains("must make JSON"), "{said}");
    let said = checked("{\n\"a\": {{ message.title }\n}").expect_err("refused");
    assert!(said.contains("line"), "{said}");
    for receiver in KINDS {
        assert_eq!(check(&settings(receiver)), Ok(()), "{receiver}");
    }
}
