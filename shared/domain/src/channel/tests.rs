//! Tests of channels: each bound on both sides, each type there and back, and no secret printed.

use serde_json::{Value, json};

use super::*;
use crate::host::PORTS_BLOCKED_BY_AWS;

const STRICT: Allowance<'_> = Allowance { private_targets: false, blocked_ports: PORTS_BLOCKED_BY_AWS };
const HOOK: &str = "https://hooks.example.com/s3cret";
const ROUTING_KEY: &str = "s3cretABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PUSHOVER_TOKEN: &str = "s3cretABCDEFGHIJKLMNOPQRSTUVWX";
const USER_KEY: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";
const CLOUD_ID: &str = "11223344-a1b2-3b33-c444-def123456789";

/// One of each type, and what it holds as secrets.
fn bodies() -> Vec<Value> {
    vec![
        json!({"type": "email", "to": ["Ops@Example.com", "b@bücher.example"]}),
        json!({"type": "slack", "webhook_url": HOOK}),
        json!({"type": "slack", "bot_token": "xoxb-s3cret", "channel": "C024BE91L", "api_url": "https://slack.example.com/api"}),
        json!({"type": "discord", "webhook_url": HOOK}),
        json!({"type": "teams", "workflow_url": HOOK}),
        json!({"type": "telegram", "bot_token": "123456:s3cret", "chat_id": "-1001234567890", "thread_id": 7}),
        json!({"type": "pagerduty", "routing_key": ROUTING_KEY, "eu": true}),
        json!({"type": "jsm", "cloud_id": CLOUD_ID, "email": "ops@example.com", "api_token": "s3cret"}),
        json!({"type": "ntfy", "server": "https://ntfy.example.com", "topic": "shop", "token": "tk_s3cret"}),
        json!({"type": "pushover", "token": PUSHOVER_TOKEN, "user": USER_KEY}),
        json!({"type": "google_chat", "webhook_url": HOOK}),
        json!({"type": "mattermost", "webhook_url": HOOK}),
        json!({"type": "webhook", "url": "https://example.com/hook", "headers": {"X-Key": "s3cret"}, "template": "{}"}),
    ]
}

fn named(mut body: Value) -> Value {
    body["name"] = json!("On call");
    body
}

fn read(body: Value) -> Result<ChannelSpec, Vec<(String, String)>> {
    faults_of(ChannelSpec::read(&named(body), &STRICT))
}

fn faults_of(read: Result<ChannelSpec, Faults>) -> Result<ChannelSpec, Vec<(String, String)>> {
    read.map_err(|faults| faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.detail)).collect())
}

fn pointers(read: Result<ChannelSpec, Vec<(String, String)>>) -> Vec<String> {
    read.err().unwrap_or_default().into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn every_type_is_read_stored_and_read_again() {
    let mut seen = Vec::new();
    for body in bodies() {
        let spec = read(body.clone()).expect("valid");
        let stored = serde_json::to_value(&spec).expect("JSON");
        assert_eq!(serde_json::from_value::<ChannelSpec>(stored.clone()).ok().as_ref(), Some(&spec), "{stored}");
        assert_eq!(ChannelSpec::read(&stored, &STRICT).as_ref(), Ok(&spec), "what is stored reads as a request");
        for (name, value) in body.as_object().expect("an object") {
            assert_eq!(&stored[name], value, "{name} stays as it was given");
        }
        assert_eq!(stored["events"], json!(["incident.opened", "incident.resolved", "ssl.expiring"]));
        assert_eq!((stored["name"].as_str(), stored["enabled"].as_bool()), (Some("On call"), Some(true)));
        seen.push(spec.settings.channel_type());
    }
    seen.dedup();
    assert_eq!(seen, ChannelType::ALL);
}

#[test]
fn types_are_spelled_alike_in_serde_text_and_list() {
    for channel in ChannelType::ALL {
        assert_eq!(serde_json::to_value(channel).ok(), Some(channel.as_str().into()));
        assert_eq!(channel.as_str().parse(), Ok(channel));
        for field in channel.fields() {
            assert!(ChannelSpec::OBJECT.fields.iter().any(|one| one.name == field.name), "{}", field.name);
        }
    }
    assert!("carrier_pigeon".parse::<ChannelType>().is_err());
}

#[test]
fn no_secret_is_printed_or_shown() {
    for body in bodies() {
        let spec = read(body.clone()).expect("valid");
        let (printed, shown) = (format!("{spec:?}"), spec.shown().to_string());
        assert!(!printed.contains("s3cret") && !printed.contains("ABCDEFGHIJ"), "{printed}");
        assert!(!shown.contains("s3cret") && !shown.contains("ABCDEFGHIJ"), "{shown}");
        assert_eq!(shown.contains("***"), spec.settings.channel_type() != ChannelType::Email, "{shown}");
    }
}

#[test]
fn a_fault_names_its_field_and_all_are_named_at_once() {
    let body = json!({
        "type": "telegram", "bot_token": "nonsense", "chat_id": "shop", "thread_id": 0, "webhook_url": HOOK, "colour": 1,
        "events": ["incident.opened", "webhook.test", "party"],
    });
    let mut found = pointers(read(body));
    found.sort_unstable();
    assert_eq!(found, ["/bot_token", "/chat_id", "/colour", "/events/2", "/thread_id", "/webhook_url"]);
    assert_eq!(
        pointers(read(json!({"type": "slack", "webhook_url": HOOK, "events": ["webhook.test"]}))),
        ["/events/0"]
    );
    let faults = ChannelSpec::read(&json!({}), &STRICT).expect_err("faults").into_vec();
    assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/name", "/type"]);
}

#[test]
fn events_are_at_least_one_and_have_no_repeats() {
    let body = |events: Value| json!({"type": "slack", "webhook_url": HOOK, "events": events});
    let spec = read(body(json!(["ssl.expiring", "incident.opened", "ssl.expiring"]))).expect("valid");
    assert_eq!(spec.events, [EventType::SslExpiring, EventType::IncidentOpened]);
    assert_eq!(pointers(read(body(json!([])))), ["/events"]);
    let all: Vec<&str> = fields::Told::ALL.iter().map(|event| event.as_str()).collect();
    assert!(read(body(json!(all))).is_ok());
}

#[test]
fn mail_goes_to_1_to_20_people_once_each() {
    let body = |count: usize| json!({"type": "email", "to": (0..count).map(|n| format!("u{n}@example.com")).collect::<Vec<_>>()});
    assert!(read(body(1)).is_ok() && read(body(20)).is_ok());
    assert_eq!(pointers(read(body(0))), ["/to"]);
    assert_eq!(pointers(read(body(21))), ["/to"]);
    assert_eq!(pointers(read(json!({"type": "email"}))), ["/to"]);
    assert_eq!(pointers(read(json!({"type": "email", "to": ["a@example.com", "b"]}))), ["/to/1"]);
    let spec = read(json!({"type": "email", "to": ["a@Example.com", "a@example.com"]})).expect("valid");
    assert!(matches!(spec.settings, Settings::Email(Email { to }) if to.len() == 1));
}

#[test]
fn slack_is_a_hook_or_a_bot() {
    for (body, places) in [
        (json!({}), &["/webhook_url"][..]),
        (json!({"webhook_url": HOOK, "bot_token": "xoxb-1", "channel": "C1"}), &["/bot_token"]),
        (json!({"bot_token": "xoxb-1"}), &["/channel"]),
        (json!({"webhook_url": HOOK, "channel": "C1"}), &["/channel"]),
        (json!({"webhook_url": HOOK, "api_url": "https://slack.example.com"}), &["/api_url"]),
        (json!({"bot_token": "xoxb-1", "channel": "<!channel>"}), &["/channel"]),
        (json!({"bot_token": "xoxb-1", "channel": "a".repeat(80)}), &[]),
        (json!({"bot_token": "xoxb-1", "channel": "a".repeat(81)}), &["/channel"]),
        (json!({"bot_token": "***", "channel": "C1"}), &["/bot_token"]),
    ] {
        let mut body = body;
        body["type"] = json!("slack");
        assert_eq!(pointers(read(body.clone())), places, "{body}");
    }
}

#[test]
fn each_text_has_its_bounds() {
    let telegram = |field: &str, value: Value| {
        let mut body = json!({"type": "telegram", "bot_token": "1:a", "chat_id": "1"});
        body[field] = value;
        read(body).is_ok()
    };
    let digits = "1".repeat(20);
    for (field, value, fits) in [
        ("bot_token", json!(format!("{digits}:{}", "a".repeat(100))), true),
        ("bot_token", json!(format!("{digits}1:a")), false),
        ("bot_token", json!(format!("1:{}", "a".repeat(101))), false),
        ("bot_token", json!("1:a/../x"), false),
        ("bot_token", json!(":a"), false),
        ("bot_token", json!("1:"), false),
        ("chat_id", json!("-1001234567890"), true),
        ("chat_id", json!("@shop_alerts"), true),
        ("chat_id", json!("@abc"), false),
        ("chat_id", json!("0"), false),
        ("chat_id", json!("007"), false),
        ("chat_id", json!("99999999999999999999"), false),
        ("thread_id", json!(1), true),
        ("thread_id", json!(0), false),
        ("thread_id", json!(i32::MAX), true),
        ("thread_id", json!(i64::from(i32::MAX) + 1), false),
        ("api_url", json!("https://bots.example.com/api"), true),
        ("api_url", json!("https://bots.example.com/?x=1"), false),
    ] {
        assert_eq!(telegram(field, value.clone()), fits, "{field}: {value}");
    }
    let of = |kind: &str, field: &str, length: usize| {
        let mut body = bodies().into_iter().find(|body| body["type"] == kind).expect("a body");
        body[field] = json!("a".repeat(length));
        read(body).is_ok()
    };
    for (kind, field, least, most) in [
        ("pagerduty", "routing_key", 32, 32),
        ("pushover", "token", 30, 30),
        ("pushover", "user", 30, 30),
        ("ntfy", "topic", 1, 64),
        ("ntfy", "token", 1, 512),
        ("jsm", "api_token", 1, 512),
        ("webhook", "template", 1, 16 * 1024),
    ] {
        assert!(of(kind, field, least) && of(kind, field, most), "{kind} {field}");
        assert!(!of(kind, field, least - 1) && !of(kind, field, most + 1), "{kind} {field}");
    }
    assert!(pointers(read(json!({"type": "ntfy", "topic": "a/b"}))).contains(&"/topic".to_owned()));
    assert!(pointers(read(json!({"type": "ntfy", "topic": "a", "token": "a\r\nb"}))).contains(&"/token".to_owned()));
    let jsm = |cloud: &str| json!({"type": "jsm", "cloud_id": cloud, "email": "a@b.c", "api_token": "t"});
    assert_eq!(pointers(read(jsm("../x"))), ["/cloud_id"]);
    assert_eq!(pointers(read(jsm(&CLOUD_ID.replace('a', "g")))), ["/cloud_id"]);
    assert!(read(jsm(&CLOUD_ID.to_uppercase())).is_ok());
}

#[test]
fn defaults_are_those_of_the_vendors() {
    let spec = read(json!({"type": "ntfy", "topic": "shop"})).expect("valid");
    assert!(
        matches!(&spec.settings, Settings::Ntfy(ntfy) if ntfy.server.as_str() == "https://ntfy.sh/" && ntfy.token.is_none())
    );
    let spec = read(json!({"type": "pagerduty", "routing_key": ROUTING_KEY})).expect("valid");
    assert!(matches!(spec.settings, Settings::PagerDuty(PagerDuty { eu: false, api_url: None, .. })));
}

#[test]
fn headers_that_valpero_sets_are_refused() {
    for (name, fits) in [("X-Key", true), ("webhook-id", false), ("Content-Type", false), ("Host", false)] {
        let spec = read(json!({"type": "webhook", "url": "https://example.com/", "headers": {name: "1"}}));
        assert_eq!(spec.is_ok(), fits, "{name}");
    }
}

#[test]
fn receivers_are_public_and_can_be_connected_to() {
    for (field, mut body) in [
        ("webhook_url", json!({"type": "mattermost"})),
        ("workflow_url", json!({"type": "teams"})),
        ("server", json!({"type": "ntfy", "topic": "a"})),
        ("url", json!({"type": "webhook"})),
        ("api_url", json!({"type": "pagerduty", "routing_key": ROUTING_KEY})),
        ("api_url", json!({"type": "slack", "bot_token": "x", "channel": "C1"})),
    ] {
        for url in ["http://127.0.0.1/", "http://[::1]:8080/", "http://2130706433/", "https://example.com:25/"] {
            body[field] = json!(url);
            assert_eq!(pointers(read(body.clone())), [format!("/{field}")], "{body}");
            let open = Allowance { private_targets: true, blocked_ports: &[] };
            assert!(ChannelSpec::read(&named(body.clone()), &open).is_ok(), "{body}");
        }
    }
}

#[test]
fn a_patch_keeps_what_it_does_not_name_and_the_secrets_behind_their_marks() {
    for body in bodies() {
        let spec = read(body).expect("valid");
        let shown = spec.shown();
        assert_eq!(spec.patched(&shown, &STRICT).as_ref(), Ok(&spec), "what is shown, sent back, changes nothing");
        let patched = spec.patched(&json!({"name": "Night", "enabled": false}), &STRICT).expect("valid");
        assert_eq!((patched.name.as_str(), patched.enabled), ("Night", false));
        assert_eq!((&patched.settings, &patched.events), (&spec.settings, &spec.events));
    }
    let spec = read(json!({"type": "slack", "webhook_url": HOOK, "events": ["ssl.expiring"]})).expect("valid");
    let patched = spec.patched(&json!({"events": null}), &STRICT).expect("valid");
    assert_eq!(patched.events.len(), 3);
    assert!(spec.patched(&json!([]), &STRICT).is_err());
    let bot = spec.patched(&json!({"webhook_url": null, "bot_token": "xoxb-1", "channel": "C1"}), &STRICT);
    assert!(matches!(bot.expect("valid").settings, Settings::Slack(Slack::Bot(_))));
}

#[test]
fn another_type_takes_the_old_settings_away() {
    let spec = read(json!({"type": "slack", "webhook_url": HOOK})).expect("valid");
    let turned = faults_of(spec.patched(&json!({"type": "discord"}), &STRICT));
    assert_eq!(pointers(turned), ["/webhook_url"], "the hook of one product is not that of another");
    let turned = faults_of(spec.patched(&json!({"type": "discord", "webhook_url": "***"}), &STRICT));
    assert_eq!(pointers(turned), ["/webhook_url"]);
    let turned = spec.patched(&json!({"type": "ntfy", "topic": "shop"}), &STRICT).expect("valid");
    assert_eq!(turned.settings.channel_type(), ChannelType::Ntfy);
}

#[test]
fn secrets_do_not_follow_a_channel_to_another_receiver() {
    let other = "https://other.example/";
    for (kind, patch, secret, again) in [
        ("telegram", json!({"api_url": other}), "/bot_token", json!({"bot_token": "1:b"})),
        ("pagerduty", json!({"api_url": other}), "/routing_key", json!({"routing_key": ROUTING_KEY})),
        ("jsm", json!({"api_url": other}), "/api_token", json!({"api_token": "b"})),
        ("pushover", json!({"api_url": other}), "/token", json!({"token": PUSHOVER_TOKEN})),
        ("ntfy", json!({"server": other}), "/token", json!({"token": null})),
        ("webhook", json!({"url": other}), "/headers/X-Key", json!({"headers": {"x-key": "new"}})),
    ] {
        let body = bodies().into_iter().find(|body| body["type"] == kind).expect("a body");
        let spec = read(body).expect("valid");
        assert_eq!(pointers(faults_of(spec.patched(&patch, &STRICT))), [secret], "{kind}");
        let mut marked = patch.clone();
        crate::merge_patch::merge(&mut marked, &spec.shown());
        crate::merge_patch::merge(&mut marked, &patch);
        assert_eq!(pointers(faults_of(spec.patched(&marked, &STRICT))), [secret], "{kind}: the mark is no new secret");
        let mut whole = patch.clone();
        crate::merge_patch::merge(&mut whole, &again);
        // A merge drops what is null, which a patch must say.
        if kind == "ntfy" {
            whole["token"] = Value::Null;
        }
        assert!(spec.patched(&whole, &STRICT).is_ok(), "{kind}: with its secret, it may go anywhere");
    }
}

#[test]
fn header_names_know_no_case_in_a_patch() {
    let spec =
        read(json!({"type": "webhook", "url": "https://example.com/", "headers": {"X-Key": "old"}})).expect("valid");
    for (value, kept) in [(json!("new"), "new"), (json!("***"), "old")] {
        let patched = spec.patched(&json!({"headers": {"x-KEY": value}}), &STRICT).expect("valid");
        assert_eq!(patched.to_value()["headers"], json!({"x-KEY": kept}));
    }
    let patched = spec.patched(&json!({"headers": {"x-key": null}}), &STRICT).expect("valid");
    assert_eq!(patched.to_value().get("headers"), None);
}

#[test]
fn a_preview_reads_settings_alone() {
    let settings = ChannelSpec::read_preview(&json!({"type": "discord", "webhook_url": HOOK}), &STRICT);
    assert_eq!(settings.map(|(settings, _)| settings.channel_type()), Ok(ChannelType::Discord));
    assert!(ChannelSpec::read_preview(&json!({"type": "discord", "webhook_url": HOOK, "name": "x"}), &STRICT).is_err());
}
