//! Acknowledging from a message: a signed link, for one incident and one channel, that acts on a POST alone.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use super::{Scene, titles};
use crate::harness::{Receiver, Reply};

const BASE: &str = "https://valpero.example.com";

/// The paths of the links in the messages of a receiver.
fn links(receiver: &Receiver) -> Vec<String> {
    let begin = format!("{BASE}/acknowledge/");
    let of = |text: &str| {
        let rest = text.split_once(&begin)?.1;
        let token: String = rest.chars().take_while(|one| one.is_ascii_alphanumeric() || "-_".contains(*one)).collect();
        Some(format!("/acknowledge/{token}"))
    };
    receiver.delivered().iter().filter_map(|one| of(&one.json.to_string())).collect()
}

impl Scene {
    /// What somebody without a key sees.
    async fn visit(&self, method: &str, path: &str) -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::USER_AGENT, "Phone");
        self.world.send(request.body(Body::empty()).expect("a request")).await
    }

    /// A scene whose monitor is down, and the link of the message that said so.
    async fn down() -> (Self, Receiver, String) {
        let (scene, receiver) = Self::with_channel(Some(5)).await;
        scene.monitor("Shop <b>", json!({"tags": ["hidden-tag"]})).await;
        scene.goes_down().await;
        let [link] = links(&receiver).try_into().expect("one link");
        (scene, receiver, link)
    }

    async fn incident_view(&self) -> Value {
        self.world.get(&format!("/api/v1/incidents/{}", self.incident().await), &self.owner).await.expect(200).json
    }
}

#[tokio::test]
async fn a_link_shows_a_button_that_acknowledges_once() {
    let (scene, receiver, link) = Scene::down().await;
    for method in ["GET", "HEAD", "GET"] {
        let page = scene.visit(method, &link).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(page.header("content-type").starts_with("text/html"));
    }
    let page = scene.visit("GET", &link).await;
    assert!(
        page.body().contains("Down: Shop &#60;b&#62;") && page.body().contains("<form method=\"post\">"),
        "{}",
        page.body()
    );
    for private in ["hidden-tag", "127.0.0.1", "acc_", "mon_", "inc_", "chn_", "On call"] {
        assert!(!page.body().contains(private), "{private}: {}", page.body());
    }
    assert_eq!(scene.incident_view().await["acknowledged_at"], Value::Null, "to look is not to act");

    scene.world.advance(7);
    let done = scene.visit("POST", &link).await.expect(303);
    assert_eq!(done.header("location"), link);
    let page = scene.visit("GET", &link).await.expect(200);
    assert!(page.body().contains("Acknowledged: Shop") && !page.body().contains("<form"), "{}", page.body());
    scene.visit("POST", &link).await.expect(303);
    let incident = scene.incident_view().await;
    let entries: Vec<&Value> = incident["timeline"]
        .as_array()
        .expect("a timeline")
        .iter()
        .filter(|entry| entry["type"] == "acknowledged")
        .collect();
    assert_eq!(entries.len(), 1, "{incident}");
    let actor = &entries[0]["actor"];
    assert_eq!((&actor["type"], &actor["name"]), (&json!("channel"), &json!("On call")), "{incident}");
    let rows = scene.world.get("/api/v1/audit-log?action=incident.acknowledged", &scene.owner).await.expect(200);
    let channel = actor["id"].as_str().expect("a channel");
    assert_eq!((rows.data().len(), &rows.data()[0]["actor"]["id"]), (1, &json!(channel)));
    assert_eq!(rows.data()[0]["user_agent"], "Phone");
    let by = scene.world.get(&format!("/api/v1/audit-log?actor={channel}"), &scene.owner).await.expect(200);
    assert_eq!(by.data().len(), 1);

    scene.world.deliver().await;
    scene.wait(3_600).await;
    assert_eq!(titles(&receiver).len(), 1, "reminders stop");
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(titles(&receiver).len(), 2);
    assert_eq!(links(&receiver).len(), 1, "there is nothing left to acknowledge");
    let page = scene.visit("GET", &link).await.expect(200);
    assert!(page.body().contains("Up again: Shop") && !page.body().contains("<form"), "{}", page.body());
    let refused = scene.visit("POST", &link).await.expect(200);
    assert!(refused.body().contains("The incident is over"), "{}", refused.body());
}

#[tokio::test]
async fn a_link_is_good_for_a_day_and_a_reminder_has_a_newer_one() {
    let (scene, receiver, link) = Scene::down().await;
    scene.wait(300).await;
    let newer = links(&receiver).pop().expect("the reminder's");
    assert_ne!(newer, link);
    scene.world.advance(24 * 3_600 - 301);
    scene.visit("GET", &link).await.expect(200);
    scene.world.advance(1);
    for method in ["GET", "POST"] {
        let page = scene.visit(method, &link).await.expect(410);
        assert!(page.body().contains("too old") && !page.body().contains("Shop"), "{}", page.body());
    }
    assert_eq!(scene.incident_view().await["acknowledged_at"], Value::Null);
    scene.visit("POST", &newer).await.expect(303);
    assert_ne!(scene.incident_view().await["acknowledged_at"], Value::Null);
}

#[tokio::test]
async fn what_nobody_signed_leads_nowhere() {
    let (scene, _receiver, link) = Scene::down().await;
    let other = {
        // Of another account, whose incident and channel have secrets of their own.
        let (_scene, _receiver, link) = Scene::down().await;
        link
    };
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let (head, signature) = token.split_at(74);
    let foreign = &other.rsplit('/').next().expect("a token")[74..];
    let wrong = [
        other.clone(),
        format!("/acknowledge/{head}{foreign}"),
        format!("/acknowledge/{head}"),
        format!("/acknowledge/{}{signature}", "A".repeat(74)),
        format!("{link}A"),
        "/acknowledge/x".to_owned(),
        "/acknowledge/%ff".to_owned(),
        "/acknowledge/%00%0d%0a".to_owned(),
    ];
    for path in &wrong {
        for method in ["GET", "POST"] {
            let page = scene.visit(method, path).await;
            assert_eq!(page.status.as_u16(), 404, "{method} {path}");
            assert!(page.body().contains("leads nowhere"), "{path}: {}", page.body());
        }
    }
    assert_eq!(scene.visit("DELETE", &link).await.status.as_u16(), 405);
    assert_eq!(scene.incident_view().await["acknowledged_at"], Value::Null);
    let channels = scene.world.get("/api/v1/channels", &scene.owner).await.expect(200);
    assert!(!channels.body().contains("link_secret"));
}

#[tokio::test]
async fn links_end_with_their_channel() {
    let (scene, _receiver, link) = Scene::down().await;
    let channel = scene.world.get("/api/v1/channels", &scene.owner).await.expect(200).data()[0]["id"].clone();
    let path = format!("/api/v1/channels/{}", channel.as_str().expect("an id"));
    scene.world.call("PATCH", &path, &scene.owner.token, json!({"name": "Other"})).await.expect(200);
    scene.visit("GET", &link).await.expect(200);
    let routes = json!({"routes": []});
    scene.world.call("PUT", "/api/v1/alert-routes", &scene.owner.token, routes).await.expect(200);
    let policy = scene.world.get("/api/v1/escalation-policies", &scene.owner).await.expect(200).data()[0]["id"].clone();
    let policy = format!("/api/v1/escalation-policies/{}", policy.as_str().expect("an id"));
    for path in [policy, path] {
        scene.world.call("DELETE", &path, &scene.owner.token, Value::Null).await.expect(204);
    }
    scene.visit("POST", &link).await.expect(404);
    assert_eq!(scene.incident_view().await["acknowledged_at"], Value::Null);
}
