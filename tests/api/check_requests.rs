//! Checks on request, and how their results are found.

use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Site, World};

#[tokio::test]
async fn the_results_of_a_requested_check_are_found_by_its_id() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"regions": ["usc", "hel"]})).await;
    world.tick().await;
    world.advance(7);
    site.answers(500);
    let path = format!("/api/v1/monitors/{id}/check");
    let requested = world.post(&path, &owner, Value::Null).await.expect(202);
    let at = requested.header("location").to_owned();
    assert_eq!(at, format!("/api/v1/monitors/{id}/check-requests/{}", requested.text("/check_id")));
    let before = world.get(&at, &owner).await.expect(200);
    let waiting = |region: &str| json!({"region": region, "status": "pending", "check": null});
    let expected = json!({
        "check_id": requested.json["check_id"], "requested_at": world.now(), "status": "pending",
        "regions": [waiting("usc"), waiting("hel")],
    });
    assert_eq!(before.json, expected);
    let asked_at = world.now();
    world.advance(1);
    world.handle_events().await;
    let after = world.get(&at, &owner).await.expect(200);
    assert_eq!(after.json["status"], "done");
    for (place, region) in ["usc", "hel"].iter().enumerate() {
        let result = &after.json["regions"][place];
        assert_eq!((&result["region"], &result["status"]), (&json!(region), &json!("done")));
        assert_eq!((&result["check"]["outcome"], &result["check"]["at"]), (&json!("down"), &json!(asked_at)));
        assert_eq!(result["check"]["error"]["code"], "http_status");
    }
    let other = world.monitor(&owner, &site.url(), json!({})).await;
    world.get(&at.replace(&id, &other), &owner).await.expect(404);
    world.get(&format!("{at}x"), &owner).await.expect(404);
}

#[tokio::test]
async fn a_region_that_never_answers_is_missing_after_two_minutes() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, "http://127.0.0.1:9/", json!({"regions": ["fra"]})).await;
    let requested = world.post(&format!("/api/v1/monitors/{id}/check"), &owner, Value::Null).await.expect(202);
    world.advance(121);
    let read = world.get(requested.header("location"), &owner).await.expect(200);
    assert_eq!((&read.json["status"], &read.json["regions"][0]["status"]), (&json!("done"), &json!("missing")));
}

#[tokio::test]
async fn a_check_that_is_requested_twice_under_one_name_is_made_once() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"regions": ["fra"]})).await;
    let path = format!("/api/v1/monitors/{id}/check");
    let first = world.post_named(&path, &owner, "once", json!({})).await.expect(202);
    world.advance(3);
    let again = world.post_named(&path, &owner, "once", json!({})).await.expect(202);
    assert_eq!((&again.json, again.header("idempotent-replayed")), (&first.json, "true"));
    assert_eq!(again.header("location"), first.header("location"));
    world.handle_events().await;
    assert_eq!(site.requests().len(), 1);
    let other = world.post_named(&path, &owner, "twice", json!({})).await.expect(202);
    assert_ne!(other.json["check_id"], first.json["check_id"]);
}
