//! Channels: what is accepted, changed, shown, previewed and tested, and where their secrets never go.

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, Uri, header},
};
use serde_json::{Value, json};
use valpero_auth::WebhookSecret;
use valpero_domain::Plan;
use valpero_storage::CHANNELS_MAX;

use crate::harness::{Receiver, Reply, Tenant, World, WorldOptions};

const CHANNELS: &str = "/api/v1/channels";

/// Part of each secret in [`settings`].
const SECRET: &str = "s3cretS3cret";

/// `me@example.com` with that secret, as credentials of HTTP Basic authentication.
const BASIC: &str = "bWVAZXhhbXBsZS5jb206czNjcmV0UzNjcmV0";

/// The settings of a channel of each type, with all secrets that it may have, at a host of ours.
fn settings() -> Vec<Value> {
    let hook = format!("http://127.0.0.1:9/hooks/T0/{SECRET}");
    let key = |length: usize| format!("{SECRET}{}", "0".repeat(length - SECRET.len()));
    let api = "http://127.0.0.1:9/api";
    let cloud = "11223344-a1b2-3b33-c444-def123456789";
    vec![
        json!({"type": "email", "to": ["ops@example.com"]}),
        json!({"type": "slack", "webhook_url": hook}),
        json!({"type": "slack", "bot_token": format!("xoxb-{SECRET}"), "channel": "C024BE91L", "api_url": api}),
        json!({"type": "discord", "webhook_url": hook}),
        json!({"type": "teams", "workflow_url": hook}),
        json!({"type": "telegram", "bot_token": format!("1:{SECRET}"), "chat_id": "-100", "thread_id": 7, "api_url": api}),
        json!({"type": "pagerduty", "routing_key": key(32), "eu": true, "api_url": api}),
        json!({"type": "jsm", "cloud_id": cloud, "email": "me@example.com", "api_token": SECRET, "api_url": api}),
        json!({"type": "ntfy", "server": "http://127.0.0.1:9", "topic": "ops", "token": SECRET}),
        json!({"type": "pushover", "token": key(30), "user": "u".repeat(30), "api_url": api}),
        json!({"type": "google_chat", "webhook_url": hook}),
        json!({"type": "mattermost", "webhook_url": hook}),
        json!({"type": "webhook", "url": "http://127.0.0.1:9/", "headers": {"x-key": SECRET}, "template": "{\"a\": 1}"}),
    ]
}

/// The settings with a name.
fn named(settings: &Value) -> Value {
    let mut body = settings.clone();
    body["name"] = json!("Ops");
    body
}

/// Fails if an answer shows a secret, plainly or as credentials of HTTP.
#[track_caller]
fn shows_no_secret(reply: &Reply) {
    assert!(!reply.body().contains(SECRET) && !reply.body().contains(BASIC), "{}", reply.body());
}

/// Sends a request that is meant for this version.
async fn held(world: &World, owner: &Tenant, method: &str, path: &str, version: &str, body: Value) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", owner.token))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::IF_MATCH, version)
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) });
    world.send(request.expect("a request")).await
}

#[tokio::test]
async fn no_answer_shows_a_secret_of_any_type_and_each_change_is_in_the_audit_log() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let mut made = 0;
    for settings in settings() {
        let reply = world.post(CHANNELS, &owner, named(&settings)).await;
        shows_no_secret(&reply);
        if settings["type"] == "email" {
            assert_eq!((reply.status.as_u16(), reply.problem().0), (409, "mail_not_sent"));
            continue;
        }
        let created = reply.expect(201);
        made += 1;
        let id = created.text("/id");
        let path = format!("{CHANNELS}/{id}");
        assert_eq!(created.header("location"), path);
        // A webhook's own secret is shown this once.
        let signed = settings["type"] == "webhook";
        assert_eq!(created.json["webhook_secret"].is_string(), signed, "{}", created.json);
        for (name, given) in settings.as_object().expect("an object") {
            let shown = &created.json[name];
            let hidden = *shown == "***" || (name == "headers" && *shown == json!({"x-key": "***"}));
            let is_secret = given.to_string().contains(SECRET);
            assert!(if is_secret { hidden } else { shown == given }, "{name} of {settings}: {shown}");
        }
        let read = world.get(&path, &owner).await.expect(200);
        assert_eq!(read.json.get("webhook_secret"), None);
        world.advance(1);
        let patched = world.call("PATCH", &path, &owner.token, json!({"enabled": false})).await.expect(200);
        assert_eq!((&patched.json["enabled"], patched.json.get("webhook_secret")), (&json!(false), None));
        // It says the same, so it is not recorded.
        world.call("PATCH", &path, &owner.token, json!({"enabled": false})).await.expect(200);
        let listed = world.get(CHANNELS, &owner).await.expect(200);
        let refused = world.call("PATCH", &path, &owner.token, json!({"zzz": 1})).await.expect(422);
        for reply in [&created, &read, &patched, &listed, &refused] {
            shows_no_secret(reply);
        }
        world.advance(1);
        world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
        world.get(&path, &owner).await.expect(404);
        let log = world.get(&format!("/api/v1/audit-log?target={id}"), &owner).await.expect(200);
        let actions: Vec<&str> = log.data().iter().filter_map(|row| row["action"].as_str()).collect();
        assert_eq!(actions, ["channel.deleted", "channel.updated", "channel.created"], "{}", settings["type"]);
    }
    assert_eq!(made, 12, "all types but e-mail, Slack in both ways");
}

#[tokio::test]
async fn all_faults_are_named_and_quote_no_secret() {
    let world = World::with(WorldOptions { private_targets: false, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let hook = format!("https://hooks.example/{SECRET}");
    for (body, wrong) in [
        (json!({}), vec!["/name", "/type"]),
        (json!({"name": "", "type": "pigeon", "events": []}), vec!["/events", "/name", "/type"]),
        (json!({"name": "a", "type": "slack"}), vec!["/webhook_url"]),
        (
            json!({"name": "a", "type": "slack", "webhook_url": hook, "bot_token": SECRET, "channel": "C1"}),
            vec!["/bot_token"],
        ),
        (json!({"name": "a", "type": "slack", "bot_token": SECRET}), vec!["/channel"]),
        (json!({"name": "a", "type": "discord", "webhook_url": hook, "topic": "ops"}), vec!["/topic"]),
        (json!({"name": "a", "type": "discord", "webhook_url": format!("ftp://{SECRET}/")}), vec!["/webhook_url"]),
        (json!({"name": "a", "type": "pagerduty", "routing_key": SECRET}), vec!["/routing_key"]),
        (json!({"name": "a", "type": "telegram", "bot_token": SECRET, "chat_id": "x"}), vec!["/bot_token", "/chat_id"]),
        (
            json!({"name": "a", "type": "ntfy", "topic": "a b", "server": "http://127.0.0.1/"}),
            vec!["/server", "/topic"],
        ),
        (json!({"name": "a", "type": "ntfy", "topic": "ops", "server": "https://ntfy.sh/?a=1"}), vec!["/server"]),
        (json!({"name": "a", "type": "webhook", "url": "http://10.0.0.1/"}), vec!["/url"]),
        (
            json!({"name": "a", "type": "webhook", "url": hook, "headers": {"Webhook-Id": SECRET}}),
            vec!["/headers/Webhook-Id"],
        ),
        (json!({"name": "a", "type": "webhook", "url": hook, "template": "{{ nothing"}), vec!["/template"]),
        (json!({"name": "a", "type": "webhook", "url": hook, "template": "no JSON"}), vec!["/template"]),
        (json!({"name": "a", "type": "ntfy", "topic": "ops", "events": ["webhook.test"]}), vec!["/events/0"]),
    ] {
        let reply = world.post(CHANNELS, &owner, body.clone()).await.expect(422);
        let (code, mut pointers) = reply.problem();
        pointers.sort_unstable();
        assert_eq!((code, pointers), ("validation_failed", wrong), "{body}: {}", reply.json);
        shows_no_secret(&reply);
    }
    assert_eq!(world.get(CHANNELS, &owner).await.expect(200).data().len(), 0);
}

#[tokio::test]
async fn a_secret_is_not_sent_elsewhere_unless_it_is_given_again() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for (kind, field, secret) in [
        ("slack", "api_url", "/bot_token"),
        ("telegram", "api_url", "/bot_token"),
        ("pagerduty", "api_url", "/routing_key"),
        ("jsm", "api_url", "/api_token"),
        ("ntfy", "server", "/token"),
        ("pushover", "api_url", "/token"),
        ("webhook", "url", "/headers/x-key"),
    ] {
        let given = settings().into_iter().rfind(|one| one["type"] == kind && one.get(field).is_some()).expect("one");
        let id = world.post(CHANNELS, &owner, named(&given)).await.expect(201).text("/id");
        let path = format!("{CHANNELS}/{id}");
        let mut patch = json!({field: "http://127.0.0.1:10/"});
        let moved = world.call("PATCH", &path, &owner.token, patch.clone()).await.expect(422);
        assert_eq!(moved.problem(), ("validation_failed", vec![secret]), "{kind}");
        let (name, inner) =
            secret[1..].split_once('/').map_or((&secret[1..], None), |(name, inner)| (name, Some(inner)));
        patch[name] = inner.map_or(json!("***"), |inner| json!({inner: "***"}));
        let marked = world.call("PATCH", &path, &owner.token, patch.clone()).await.expect(422);
        assert_eq!(marked.problem().1, [secret], "{kind}: a mark gives nothing");
        assert!(world.get(&path, &owner).await.expect(200).text(&format!("/{field}")).contains(":9"), "{kind} stays");
        patch[name] = given[name].clone();
        let again = world.call("PATCH", &path, &owner.token, patch).await.expect(200);
        assert_eq!(again.text(&format!("/{field}")), "http://127.0.0.1:10/");
        for reply in [&moved, &marked, &again] {
            shows_no_secret(reply);
        }
        world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    }
}

#[tokio::test]
async fn another_type_takes_its_own_settings_and_a_webhook_a_secret_of_its_own() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let ntfy = json!({"name": "Ops", "type": "ntfy", "topic": "ops", "token": SECRET});
    let id = world.post(CHANNELS, &owner, ntfy).await.expect(201).text("/id");
    let path = format!("{CHANNELS}/{id}");
    let bare = world.call("PATCH", &path, &owner.token, json!({"type": "webhook"})).await.expect(422);
    assert_eq!(bare.problem().1, ["/url"]);
    let turn = json!({"type": "webhook", "url": "http://127.0.0.1:9/"});
    let turned = world.call("PATCH", &path, &owner.token, turn).await.expect(200);
    assert!(turned.text("/webhook_secret").starts_with("whsec_"));
    assert_eq!((turned.json.get("topic"), turned.json.get("token")), (None, None));
    let mailed = world.call("PATCH", &path, &owner.token, json!({"type": "email", "to": ["a@example.com"]})).await;
    assert_eq!((mailed.status.as_u16(), mailed.problem().0), (409, "mail_not_sent"));
}

#[tokio::test]
async fn an_account_has_so_many_channels_and_no_more() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let ntfy = || json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
    let mut last = String::new();
    for _ in 0..CHANNELS_MAX {
        last = world.post(CHANNELS, &owner, ntfy()).await.expect(201).text("/id");
    }
    let refused = world.post(CHANNELS, &owner, ntfy()).await.expect(403);
    assert_eq!(refused.problem().0, "channel_limit_reached");
    world.call("DELETE", &format!("{CHANNELS}/{last}"), &owner.token, Value::Null).await.expect(204);
    world.call("DELETE", &format!("{CHANNELS}/{last}"), &owner.token, Value::Null).await.expect(404);
    world.post(CHANNELS, &owner, ntfy()).await.expect(201);
    world.post(CHANNELS, &owner, ntfy()).await.expect(403);
    let stranger = world.tenant(Plan::Free).await;
    assert_eq!(world.get(CHANNELS, &stranger).await.expect(200).data().len(), 0);
    world.post(CHANNELS, &stranger, ntfy()).await.expect(201);
}

#[tokio::test]
async fn a_change_that_is_meant_for_another_version_is_refused() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let ntfy = json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
    let id = world.post(CHANNELS, &owner, ntfy).await.expect(201).text("/id");
    let path = format!("{CHANNELS}/{id}");
    let first = world.get(&path, &owner).await.expect(200).header("etag").to_owned();
    let changed = held(&world, &owner, "PATCH", &path, &first, json!({"name": "New"})).await.expect(200);
    assert_ne!(changed.header("etag"), first);
    let late = held(&world, &owner, "PATCH", &path, &first, json!({"name": "Newer"})).await.expect(412);
    assert_eq!(late.problem().0, "precondition_failed");
    held(&world, &owner, "DELETE", &path, &first, Value::Null).await.expect(412);
    assert_eq!(world.get(&path, &owner).await.expect(200).text("/name"), "New");
    held(&world, &owner, "DELETE", &path, changed.header("etag"), Value::Null).await.expect(204);
}

#[tokio::test]
async fn a_creation_that_is_sent_twice_makes_one_channel_and_shows_its_secret_both_times() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let webhook = json!({"name": "Ops", "type": "webhook", "url": "http://127.0.0.1:9/"});
    let first = world.post_named(CHANNELS, &owner, "once", webhook.clone()).await.expect(201);
    let again = world.post_named(CHANNELS, &owner, "once", webhook).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &first.json));
    assert!(again.text("/webhook_secret").starts_with("whsec_"));
    assert_eq!(world.get(CHANNELS, &owner).await.expect(200).data().len(), 1);
    let other = json!({"name": "Other", "type": "ntfy", "topic": "ops"});
    let reused = world.post_named(CHANNELS, &owner, "once", other).await.expect(422);
    assert_eq!(reused.problem().0, "idempotency_key_reused");
}

#[tokio::test]
async fn each_type_shows_each_event_as_its_receiver_would_get_it() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let events = [
        "incident.opened",
        "incident.acknowledged",
        "incident.commented",
        "incident.resolved",
        "monitor.degraded",
        "monitor.recovered",
        "monitor.unwatched",
        "ssl.expiring",
    ];
    for mut settings in settings() {
        // The body of a monitor's webhook, and not what a template makes of it.
        settings.as_object_mut().expect("an object").remove("template");
        let kind = settings["type"].as_str().expect("a type").to_owned();
        for event in events {
            settings["event"] = json!(event);
            let shown = world.post("/api/v1/channels/preview", &owner, settings.clone()).await.expect(200);
            shows_no_secret(&shown);
            let body = shown.text("/body");
            if shown.json["method"].is_null() && kind != "email" {
                assert!(!body.is_empty() && shown.json["url"].is_null(), "{kind} says why it is not told of {event}");
                continue;
            }
            // Of an alert that its receiver keeps, later news names the incident or the monitor alone.
            let names = |id: &str| shown.json.to_string().contains(id);
            let later = ["pagerduty", "jsm", "pushover"].contains(&kind.as_str()) && (names("inc_") || names("mon_"));
            assert!(body.contains("Shop") || later, "{kind} {event}: {}", shown.json);
            match kind.as_str() {
                "email" => {
                    assert!(shown.text("/html").contains("Shop") && shown.json["headers"]["Subject"].is_string());
                }
                "webhook" => assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON")["type"], event),
                _ => {
                    // A hook's URL is a secret as a whole, and Google Chat's has something behind it.
                    let url = shown.text("/url");
                    assert!(url.starts_with("***") || url.starts_with("http://127.0.0.1:9"), "{}", shown.json);
                }
            }
        }
        settings.as_object_mut().expect("an object").remove("event");
        let test = world.post("/api/v1/channels/preview", &owner, settings).await.expect(200);
        assert!(test.text("/body").contains("Preview"), "{}", test.json);
    }
    let unknown = json!({"type": "ntfy", "topic": "ops", "event": "webhook.test"});
    let refused = world.post("/api/v1/channels/preview", &owner, unknown).await.expect(422);
    assert_eq!(refused.problem().1, ["/event"], "{}", refused.json);
}

#[tokio::test]
async fn a_test_message_arrives_and_what_its_receiver_says_is_the_channels_health() {
    let world = World::new().await;
    let (owner, receiver) = (world.tenant(Plan::Business).await, Receiver::start().await);
    let hook = json!({"name": "Ops", "type": "webhook", "url": receiver.url()});
    let id = world.post(CHANNELS, &owner, hook).await.expect(201).text("/id");
    let (path, test) = (format!("{CHANNELS}/{id}"), format!("{CHANNELS}/{id}/test"));
    receiver.will_answer([(204, None), (503, None), (410, None)]);
    for (outcome, status, health) in [("delivered", 204, "ok"), ("failed", 503, "failing"), ("refused", 410, "failing")]
    {
        world.advance(1);
        let tested = world.post(&test, &owner, Value::Null).await.expect(200);
        assert_eq!((tested.text("/outcome").as_str(), &tested.json["http_status"]), (outcome, &json!(status)));
        assert_eq!(receiver.delivered().last().expect("a message").header("webhook-id"), tested.text("/delivery_id"));
        let now = world.get(&path, &owner).await.expect(200);
        assert_eq!(now.text("/health/status"), health, "{}", now.json);
        assert_eq!(now.json["health"]["last_error"].is_string(), health == "failing");
    }
    let log = world.get("/api/v1/audit-log?action=channel.tested", &owner).await.expect(200);
    assert_eq!(log.data().len(), 3);
    // Other settings have another receiver, of which nothing was said.
    let moved = json!({"url": format!("{}/b", receiver.url())});
    let moved = world.call("PATCH", &path, &owner.token, moved).await.expect(200);
    assert_eq!(moved.text("/health/status"), "ok");
    for _ in 3..20 {
        world.post(&test, &owner, Value::Null).await.expect(200);
    }
    let enough = world.post(&test, &owner, Value::Null).await.expect(429);
    assert_eq!(enough.problem().0, "channel_quota_reached");
    world.advance(60);
    world.post(&test, &owner, Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_webhooks_secret_is_rotated_and_the_old_one_signs_beside_the_new_one_for_a_while() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let hook = json!({"name": "Ops", "type": "webhook", "url": receiver.url()});
    let made = world.post(CHANNELS, &owner, hook).await.expect(201);
    let path = format!("{CHANNELS}/{}", made.text("/id"));
    let old: WebhookSecret = serde_json::from_value(made.json["webhook_secret"].clone()).expect("a secret");
    let rotate = format!("{path}/rotate-secret");
    let rotated = world.post_named(&rotate, &owner, "once", json!({"grace_seconds": 3600})).await.expect(200);
    let again = world.post_named(&rotate, &owner, "once", json!({"grace_seconds": 3600})).await.expect(200);
    assert_eq!(rotated.json, again.json, "a double click rotates once");
    let new: WebhookSecret = serde_json::from_value(rotated.json["webhook_secret"].clone()).expect("a secret");
    assert_ne!(new.reveal(), old.reveal());
    let signed_by = async |secrets: &[&WebhookSecret]| {
        world.post(&format!("{path}/test"), &owner, Value::Null).await.expect(200);
        let got = receiver.delivered().pop().expect("a message");
        let (id, at) = (got.header("webhook-id"), got.header("webhook-timestamp").parse().expect("seconds"));
        let expected: Vec<String> = secrets.iter().map(|secret| secret.sign_standard(id, at, &got.raw)).collect();
        assert_eq!(got.header("webhook-signature"), expected.join(" "));
        assert_eq!(got.header("x-valpero-signature"), secrets[0].sign_body(&got.raw));
    };
    signed_by(&[&new, &old]).await;
    world.advance(3_601);
    signed_by(&[&new]).await;
    let last = world.post(&rotate, &owner, json!({"grace_seconds": 0})).await.expect(200);
    let last: WebhookSecret = serde_json::from_value(last.json["webhook_secret"].clone()).expect("a secret");
    signed_by(&[&last]).await;
    let log = world.get("/api/v1/audit-log?action=channel.secret_rotated", &owner).await.expect(200);
    assert_eq!(log.data().len(), 2);
    let read = world.get(&path, &owner).await.expect(200);
    assert!(![&old, &new, &last].iter().any(|secret| read.body().contains(secret.reveal())));
    let chat = json!({"name": "Ops", "type": "mattermost", "webhook_url": receiver.url()});
    let chat = world.post(CHANNELS, &owner, chat).await.expect(201).text("/id");
    let refused = world.post(&format!("{CHANNELS}/{chat}/rotate-secret"), &owner, Value::Null).await.expect(409);
    assert_eq!(refused.problem().0, "no_webhook");
}

#[tokio::test]
async fn what_a_receiver_says_is_kept_without_the_secrets_that_it_repeats() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let repeats = |uri: Uri, headers: HeaderMap, body: String| async move {
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        (StatusCode::BAD_REQUEST, format!("you sent {said} to {uri}: {body}"))
    };
    let router = axum::Router::new().fallback(repeats);
    tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
    for settings in [
        json!({"type": "ntfy", "server": at, "topic": "ops", "token": format!("tk_{SECRET}")}),
        json!({"type": "mattermost", "webhook_url": format!("{at}/hooks/{SECRET}")}),
        json!({"type": "pagerduty", "routing_key": format!("{SECRET}{}", "0".repeat(32 - SECRET.len())), "api_url": at}),
        json!({"type": "jsm", "cloud_id": "11223344-a1b2-3b33-c444-def123456789", "email": "me@example.com", "api_token": SECRET, "api_url": at}),
    ] {
        let id = world.post(CHANNELS, &owner, named(&settings)).await.expect(201).text("/id");
        let tested = world.post(&format!("{CHANNELS}/{id}/test"), &owner, Value::Null).await.expect(200);
        assert!(tested.text("/receiver_says").starts_with("you sent "), "{settings}: {}", tested.json);
        let log = world.get(&format!("/api/v1/deliveries?channel_id={id}"), &owner).await.expect(200);
        let channel = world.get(&format!("{CHANNELS}/{id}"), &owner).await.expect(200);
        [&tested, &log, &channel].into_iter().for_each(shows_no_secret);
    }
}
