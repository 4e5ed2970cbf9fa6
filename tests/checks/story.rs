//! The story of the README, with time as a value: a site is watched, dies, is told of, comes back.

use serde_json::json;
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, World};

#[tokio::test]
async fn a_dying_site_becomes_one_incident_and_one_signed_webhook_and_then_recovers() {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": site.url(), "webhook_url": receiver.url(), "name": "Shop"});
    let created = world.post("/api/v1/monitors", &owner, body).await.expect(201);
    let (id, secret) = (created.text("/id"), created.text("/webhook_secret"));
    assert_eq!(created.json["status"], "pending");
    assert_eq!(created.json["last_check_at"], json!(null));

    world.tick().await;
    world.tick().await;
    let up = world.read(&owner, &id).await;
    assert_eq!((&up["status"], &up["last_check_at"]), (&json!("up"), &json!(world.now())));
    assert!(up["response_time_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert!(up.get("webhook_secret").is_none(), "the secret is shown once");
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    let regions: Vec<_> = checks.data().iter().map(|check| check["region"].as_str().unwrap_or_default()).collect();
    assert_eq!(regions, ["hel", "fra", "usc", "hel", "fra", "usc"]);
    assert_eq!(checks.data()[0]["http_status"], 200);
    assert!(checks.data().iter().all(|check| check["phases"]["first_byte_ms"].as_f64().is_some()));

    site.answers(500);
    let first_failure = world.now().plus_seconds(60);
    world.tick().await;
    let down = world.read(&owner, &id).await;
    assert_eq!(down["status"], "down");
    assert_eq!(down["degraded_regions"], json!(["hel", "fra", "usc"]));
    let incidents = world.incidents(&owner).await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["id"], down["current_incident_id"]);
    assert_eq!((&incidents[0]["status"], &incidents[0]["started_at"]), (&json!("ongoing"), &json!(first_failure)));
    assert_eq!(incidents[0]["cause"]["code"], "http_status");
    world.tick().await;
    world.tick().await;
    assert_eq!(world.incidents(&owner).await.len(), 1, "it stays one incident");
    assert_eq!(receiver.events(), ["incident.opened"]);

    site.answers(200);
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    let incident = &world.incidents(&owner).await[0];
    assert_eq!((&incident["status"], &incident["resolved_by"]), (&json!("resolved"), &json!("recovery")));
    assert_eq!(incident["duration_seconds"], 180);
    world.tick().await;
    assert_eq!(receiver.events(), ["incident.opened", "incident.resolved"]);

    let secret: valpero_auth::WebhookSecret = serde_json::from_value(json!(secret)).expect("a secret");
    for delivered in receiver.delivered() {
        assert_eq!(delivered.header("x-valpero-signature"), secret.sign_body(&delivered.raw));
        let at: i64 = delivered.header("webhook-timestamp").parse().expect("epoch seconds");
        let standard = secret.sign_standard(delivered.header("webhook-id"), at, &delivered.raw);
        assert_eq!(delivered.header("webhook-signature"), standard);
        assert_eq!(delivered.header("x-valpero-event"), delivered.event());
        assert_eq!(delivered.header("webhook-id"), delivered.json["id"]);
        assert!(delivered.header("x-valpero-delivery").starts_with("dlv_"));
        assert!(delivered.raw.len() < 20_000);
    }
    insta::assert_json_snapshot!("webhook_opened", receiver.delivered()[0].json, {
           ".id" => "evt", ".created_at" => "time", ".data.monitor.id" => "mon", ".data.monitor.url" => "url",
    ".data.monitor.target" => "url",
           ".data.incident.id" => "inc", ".data.incident.monitor_id" => "mon", ".data.incident.regions" => "two or three", ".data.incident.started_at" => "time",
           ".data.incident.latest_entry.id" => "cmt", ".data.incident.latest_entry.at" => "time",
       });
}

#[tokio::test]
async fn a_requested_check_does_the_same_at_once() {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.tick().await;
    let check = format!("/api/v1/monitors/{id}/check");
    site.hangs_up();
    world.advance(7);
    let asked = world.post(&check, &owner, json!(null)).await.expect(202);
    assert_eq!(asked.json["regions"], json!(["hel", "fra", "usc"]));
    assert!(asked.text("/check_id").starts_with("chk_"));
    world.drain().await;
    assert_eq!(world.status(&owner, &id).await, "down");
    assert_eq!(world.incidents(&owner).await[0]["cause"]["code"], "connection_closed");
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks?outcome=down"), &owner).await.expect(200);
    assert_eq!(checks.data().len(), 3);
    assert_eq!(checks.data()[0]["at"], json!(world.now()));
    assert_eq!(checks.data()[0]["error"]["code"], "connection_closed");

    site.answers(200);
    world.advance(1);
    world.post(&check, &owner, json!(null)).await.expect(202);
    world.drain().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    assert_eq!(receiver.events(), ["incident.opened", "incident.resolved"]);
}

#[tokio::test]
async fn a_monitor_can_be_checked_ten_times_a_minute_on_request() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    let check = format!("/api/v1/monitors/{id}/check");
    for _ in 0..10 {
        world.post(&check, &owner, json!(null)).await.expect(202);
    }
    let refused = world.post(&check, &owner, json!(null)).await.expect(429);
    assert_eq!((refused.problem().0, refused.header("retry-after")), ("check_quota_reached", "60"));
    world.advance(60);
    world.post(&check, &owner, json!(null)).await.expect(202);
}
