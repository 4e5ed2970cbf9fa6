//! Receivers of every type, as programs that answer as the real ones do: they refuse wrong credentials, requests that are not as their
//! documentation says, and more than they take; and what they are sent gets through all of it.

#[path = "../../shared/channels/tests/channels/markup.rs"]
mod markup;
#[path = "../../shared/channels/tests/channels/receivers.rs"]
mod receivers;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::receivers::{Seen, body};
use super::Scene;

/// A receiver of one type.
struct Type {
    /// As the checks of requests name it.
    kind: &'static str,
    /// Settings, at the address of the stand-in.
    settings: fn(&str) -> Value,
    /// Whether a request has the right credentials.
    knows: fn(&Seen) -> bool,
    /// What it answers to the wrong ones.
    stranger: (u16, fn() -> Value),
    /// What it answers to more than it takes: all of them say how long to wait, some in the body.
    busy: (u16, fn() -> Value),
    /// What it answers else.
    welcome: (u16, fn() -> Value),
    /// Whether later news of an incident goes to the message that told of it first, or is known to belong to it.
    follows: fn(&Seen) -> bool,
}

/// Whether a header of the request is this.
fn has(request: &Seen, name: &str, value: &str) -> bool {
    request.headers.iter().any(|(known, given)| known == name && given == value)
}

const HOOK: &str = "/hooks/T1/B1/key";
const TYPES: [Type; 11] = [
    Type {
        kind: "slack",
        settings: |at| json!({"type": "slack", "webhook_url": format!("{at}{HOOK}")}),
        knows: |request| request.url.path() == HOOK,
        stranger: (403, || json!("invalid_token")),
        busy: (429, || json!("rate_limited")),
        welcome: (200, || json!("ok")),
        follows: |_| true,
    },
    Type {
        kind: "slack_bot",
        settings: |at| json!({"type": "slack", "bot_token": "xoxb-1", "channel": "C024BE91L", "api_url": at}),
        knows: |request| has(request, "authorization", "Bearer xoxb-1"),
        stranger: (200, || json!({"ok": false, "error": "invalid_auth"})),
        busy: (429, || json!({"ok": false, "error": "ratelimited"})),
        welcome: (200, || json!({"ok": true, "ts": "1.2", "channel": "C024BE91L"})),
        follows: |request| body(request)["ts"] == "1.2" || body(request)["thread_ts"] == "1.2",
    },
    Type {
        kind: "discord",
        settings: |at| json!({"type": "discord", "webhook_url": format!("{at}{HOOK}")}),
        knows: |request| request.url.path().starts_with(HOOK),
        stranger: (404, || json!({"message": "Unknown Webhook", "code": 10015})),
        busy: (429, || json!({"message": "You are being rate limited.", "retry_after": 30.0, "global": false})),
        welcome: (200, || json!({"id": "1"})),
        follows: |request| request.method == "PATCH" && request.url.path().ends_with("/messages/1"),
    },
    Type {
        kind: "teams",
        settings: |at| json!({"type": "teams", "workflow_url": format!("{at}/workflows/1?sig=key")}),
        knows: |request| request.url.query() == Some("sig=key"),
        stranger: (404, || json!({"error": {"code": "WorkflowNotFound"}})),
        busy: (429, || json!({"error": {"code": "RequestThrottled"}})),
        welcome: (202, || Value::Null),
        follows: |_| true,
    },
    Type {
        kind: "telegram",
        settings: |at| json!({"type": "telegram", "bot_token": "123456:ABC-def", "chat_id": "-100", "api_url": at}),
        knows: |request| request.url.path().starts_with("/bot123456:ABC-def/"),
        stranger: (401, || json!({"ok": false, "error_code": 401, "description": "Unauthorized"})),
        busy: (429, || json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 30}})),
        welcome: (200, || json!({"ok": true, "result": {"message_id": 1}})),
        follows: |request| body(request)["reply_parameters"]["message_id"] == 1,
    },
    Type {
        kind: "pagerduty",
        settings: |at| json!({"type": "pagerduty", "routing_key": "R0123456789012345678901234567890", "api_url": at}),
        knows: |request| body(request)["routing_key"] == "R0123456789012345678901234567890",
        stranger: (400, || json!({"status": "invalid event", "errors": ["Length of 'routing_key' is incorrect"]})),
        busy: (429, || Value::Null),
        welcome: (202, || json!({"status": "success", "message": "Event processed", "dedup_key": "x"})),
        follows: |request| body(request)["dedup_key"].as_str().is_some_and(|key| key.contains("inc_")),
    },
    Type {
        kind: "jsm",
        settings: |at| {
            let cloud = "11223344-a1b2-3b33-c444-def123456789";
            json!({"type": "jsm", "cloud_id": cloud, "email": "ops@example.com", "api_token": "ATATT1", "api_url": at})
        },
        knows: |request| has(request, "authorization", "Basic b3BzQGV4YW1wbGUuY29tOkFUQVRUMQ=="),
        stranger: (401, || json!({"message": "Unauthorized"})),
        busy: (429, || json!({"message": "Too many requests"})),
        welcome: (202, || json!({"requestId": "1"})),
        follows: |request| request.url.path().contains("/alerts/a1b2/"),
    },
    Type {
        kind: "ntfy",
        settings: |at| json!({"type": "ntfy", "server": at, "topic": "shop-alerts", "token": "tk_1"}),
        knows: |request| has(request, "authorization", "Bearer tk_1"),
        stranger: (403, || json!({"code": 40301, "http": 403, "error": "forbidden"})),
        busy: (429, || json!({"code": 42901, "http": 429, "error": "limit reached"})),
        welcome: (200, || json!({"id": "x"})),
        follows: |_| true,
    },
    Type {
        kind: "pushover",
        settings: |at| {
            let (token, user) = ("azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG");
            json!({"type": "pushover", "token": token, "user": user, "api_url": at})
        },
        knows: |request| String::from_utf8_lossy(&request.body).contains("token=azGDORePK8gMaC0QOYAMyEEuzJnyUi"),
        stranger: (400, || json!({"token": "invalid", "errors": ["application token is invalid"], "status": 0})),
        busy: (429, || json!({"status": 0, "errors": ["too many"]})),
        welcome: (200, || json!({"status": 1, "receipt": "r"})),
        follows: |_| true,
    },
    Type {
        kind: "google_chat",
        settings: |at| json!({"type": "google_chat", "webhook_url": format!("{at}/v1/spaces/1/messages?key=k&token=t")}),
        knows: |request| request.url.query_pairs().any(|(name, value)| name == "token" && value == "t"),
        stranger: (403, || json!({"error": {"status": "PERMISSION_DENIED"}})),
        busy: (429, || json!({"error": {"status": "RESOURCE_EXHAUSTED"}})),
        welcome: (200, || json!({"name": "spaces/1/messages/1", "thread": {"name": "spaces/1/threads/1"}})),
        follows: |request| body(request)["thread"]["threadKey"].as_str().is_some_and(|key| key.starts_with("inc_")),
    },
    Type {
        kind: "mattermost",
        settings: |at| json!({"type": "mattermost", "webhook_url": format!("{at}{HOOK}")}),
        knows: |request| request.url.path() == HOOK,
        stranger: (400, || json!({"id": "web.incoming_webhook.invalid.app_error"})),
        busy: (429, || json!({"id": "limit"})),
        welcome: (200, || json!("ok")),
        follows: |_| true,
    },
];

/// How a stand-in is disposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// It knows nobody.
    Stranger,
    /// It takes nothing for half a minute.
    Busy,
    /// It takes what is right.
    Well,
}

struct StandIn {
    of: &'static Type,
    mood: Mutex<Mood>,
    took: Mutex<u32>,
    followed: Mutex<u32>,
    refused: Mutex<Vec<String>>,
}

impl StandIn {
    async fn start(of: &'static Type) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = format!("http://{}", listener.local_addr().expect("an address"));
        let stand_in = Arc::new(Self {
            of,
            mood: Mutex::new(Mood::Stranger),
            took: Mutex::default(),
            followed: Mutex::default(),
            refused: Mutex::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&stand_in));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        (stand_in, at)
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("unpoisoned") = mood;
    }

    fn took(&self) -> u32 {
        *self.took.lock().expect("unpoisoned")
    }
}

async fn receive(
    State(stand_in): State<Arc<StandIn>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    raw: Bytes,
) -> Response {
    let text = |(name, value): (&HeaderName, &header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let request = Seen {
        method: method.to_string(),
        url: format!("https://receiver.example.com{uri}").parse().expect("a URL"),
        headers: headers.iter().map(text).collect(),
        body: raw.to_vec(),
    };
    let of = stand_in.of;
    let mood = *stand_in.mood.lock().expect("unpoisoned");
    let (status, answer) = match mood {
        Mood::Busy => of.busy,
        Mood::Well if (of.knows)(&request) => match receivers::accept(of.kind, &request) {
            Err(why) => {
                stand_in.refused.lock().expect("unpoisoned").push(why);
                (400, (|| json!({"message": "wrong"})) as fn() -> Value)
            }
            Ok(()) => {
                // JSM is asked for its own name of an alert before the alert is changed.
                let asks = method == Method::GET;
                *stand_in.took.lock().expect("unpoisoned") += u32::from(!asks);
                let follows = !asks && (of.follows)(&request);
                *stand_in.followed.lock().expect("unpoisoned") += u32::from(follows);
                if asks { (200, (|| json!({"id": "a1b2"})) as fn() -> Value) } else { of.welcome }
            }
        },
        Mood::Well | Mood::Stranger => of.stranger,
    };
    let status = StatusCode::from_u16(status).expect("a status");
    let body = match answer() {
        Value::String(text) => text,
        Value::Null => String::new(),
        value => value.to_string(),
    };
    match mood {
        Mood::Busy => (status, [(header::RETRY_AFTER, "30")], body).into_response(),
        _ => (status, body).into_response(),
    }
}

#[tokio::test]
async fn every_receiver_takes_what_it_is_sent_and_is_obeyed_when_it_refuses() {
    for of in &TYPES {
        let scene = Scene::new().await;
        let (stand_in, at) = StandIn::start(of).await;
        let mut settings = (of.settings)(&at);
        settings["name"] = json!("Ops");
        settings["events"] =
            json!(["incident.opened", "incident.acknowledged", "incident.commented", "incident.resolved"]);
        let id = scene.world.post("/api/v1/channels", &scene.owner, settings).await.expect(201).text("/id");
        let path = format!("/api/v1/channels/{id}");
        scene.route(&[(0, &[&id])], None).await;
        scene.monitor("Shop 🛒 @everyone <!channel> *bold* [x](http://evil.example)", json!({})).await;
        scene.goes_down().await;
        let health = scene.world.get(&path, &scene.owner).await.expect(200).json["health"].clone();
        assert_eq!((&health["status"], stand_in.took()), (&json!("disabled"), 0), "{}: {health}", of.kind);
        scene.site.answers(200);
        scene.world.tick().await;
        assert_eq!(stand_in.took(), 0, "{}", of.kind);

        stand_in.is(Mood::Well);
        let tested = scene.world.post(&format!("{path}/test"), &scene.owner, json!(null)).await.expect(200);
        assert_eq!(tested.json["outcome"], "delivered", "{}: {} {:?}", of.kind, tested.json, stand_in.refused);
        let health = scene.world.get(&path, &scene.owner).await.expect(200).json["health"].clone();
        assert_eq!(health["status"], "ok", "{}: {health}", of.kind);

        let before = stand_in.took();
        stand_in.is(Mood::Busy);
        scene.wait(60).await;
        scene.goes_down().await;
        scene.wait(25).await;
        assert_eq!(stand_in.took(), before, "{}", of.kind);
        stand_in.is(Mood::Well);
        scene.wait(3).await;
        assert_eq!(stand_in.took(), before, "{}: it was asked to wait", of.kind);
        scene.wait(60).await;
        assert_eq!(stand_in.took(), before + 1, "{}: {:?}", of.kind, stand_in.refused);
        let followed = || *stand_in.followed.lock().expect("unpoisoned");
        let (before_news, told) = (followed(), stand_in.took());
        scene.act("acknowledge").await;
        scene.wait(60).await;
        scene.site.answers(200);
        scene.world.tick().await;
        scene.wait(60).await;
        assert!(stand_in.took() >= before + 3, "{}: {}", of.kind, stand_in.took());
        let news = stand_in.took() - told;
        assert!(
            followed() - before_news == news,
            "{}: of {news} later messages {} follow the first",
            of.kind,
            followed() - before_news
        );
        let refused = stand_in.refused.lock().expect("unpoisoned").clone();
        assert!(refused.is_empty(), "{}: {refused:?}", of.kind);
        let all = scene.deliveries(&format!("channel_id={id}&status=succeeded")).await;
        assert!(all.len() >= 4, "{}: {all:?}", of.kind);
        scene.world.lose_messages();
    }
}
