//! Two tenants in one cohort never see each other's checks.

use serde_json::{Value, json};
use valpero_domain::{MonitorId, Plan};

use crate::harness::{Site, Tenant, World};

async fn statuses(world: &World, tenant: &Tenant, id: &str) -> Vec<Value> {
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks?limit=200"), tenant).await.expect(200);
    checks.data().iter().map(|check| check["http_status"].clone()).collect()
}

#[tokio::test]
async fn tenants_share_a_cohort_and_see_only_their_own_checks() {
    let world = World::new().await;
    let (sound, broken) = (Site::start().await, Site::start().await);
    broken.answers(503);
    let (one, other) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let ones = world.monitor(&one, &sound.url(), json!({})).await;
    let others = world.monitor(&other, &broken.url(), json!({})).await;
    world.tick().await;
    let store = &world.stack.app.store;
    let place = async |tenant: &Tenant, id: &str| {
        let id: MonitorId = id.parse().expect("an id");
        store.monitor(tenant.account, id).await.expect("the monitor").places[0].clone()
    };
    let (first, second) = (place(&one, &ones).await, place(&other, &others).await);
    assert_eq!(first.cohort(), second.cohort());
    assert_eq!(statuses(&world, &one, &ones).await, [200, 200, 200]);
    assert_eq!(statuses(&world, &other, &others).await, [503, 503, 503]);
    assert_eq!(world.read(&one, &ones).await["status"], "up");
}

#[tokio::test]
async fn who_takes_a_place_that_was_left_inherits_nothing() {
    let world = World::new().await;
    let (sound, broken) = (Site::start().await, Site::start().await);
    broken.answers(503);
    let (one, other) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let gone = world.monitor(&one, &broken.url(), json!({})).await;
    world.tick().await;
    world.tick().await;
    world.call("DELETE", &format!("/api/v1/monitors/{gone}"), &one.token, Value::Null).await.expect(204);
    let next = world.monitor(&other, &sound.url(), json!({})).await;
    assert!(statuses(&world, &other, &next).await.is_empty());
    let fresh = world.read(&other, &next).await;
    assert_eq!((&fresh["last_check_at"], &fresh["response_time_ms"]), (&Value::Null, &Value::Null));
    world.tick().await;
    assert_eq!(statuses(&world, &other, &next).await, [200, 200, 200]);
    world.get(&format!("/api/v1/monitors/{gone}"), &one).await.expect(404);
    world.get(&format!("/api/v1/monitors/{gone}/checks"), &one).await.expect(404);
    let incidents = world.incidents(&one).await;
    assert_eq!((incidents.len(), &incidents[0]["status"]), (1, &json!("resolved")), "the story stays, and is over");
}

#[tokio::test]
async fn a_cohort_takes_fifty_six_and_its_places_are_used_again() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let mut ids = Vec::new();
    for _ in 0..57 {
        ids.push(world.monitor(&owner, "http://127.0.0.1:9/", json!({"regions": ["fra"]})).await);
    }
    let store = &world.stack.app.store;
    let number = async |id: &str| {
        let monitor = store.monitor(owner.account, id.parse().expect("an id")).await.expect("the monitor");
        (monitor.places[0].number, monitor.places[0].slot.number())
    };
    assert_eq!((number(&ids[0]).await, number(&ids[55]).await), ((0, 0), (0, 55)));
    assert_eq!(number(&ids[56]).await, (1, 0));
    world.call("DELETE", &format!("/api/v1/monitors/{}", ids[3]), &owner.token, Value::Null).await.expect(204);
    let next = world.monitor(&owner, "http://127.0.0.1:9/", json!({"regions": ["fra"]})).await;
    assert_eq!(number(&next).await, (0, 56), "the place is used again, the slot never");
}

#[tokio::test]
async fn a_change_of_interval_or_regions_moves_a_monitor_and_keeps_its_history() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"regions": ["hel", "fra"]})).await;
    world.tick().await;
    let path = format!("/api/v1/monitors/{id}");
    let patch = json!({"check_interval": 120, "regions": ["fra", "usc"]});
    let patched = world.call("PATCH", &path, &owner.token, patch).await.expect(200);
    assert_eq!(patched.json["regions"], json!(["fra", "usc"]));
    world.tick().await;
    world.tick().await;
    assert_eq!(statuses(&world, &owner, &id).await.len(), 4, "two before, two after");
    assert_eq!(world.status(&owner, &id).await, "up");
}

#[tokio::test]
async fn a_monitor_that_cannot_be_read_costs_its_neighbours_nothing() {
    let world = World::new().await;
    let site = Site::start().await;
    let (one, other) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let broken = world.monitor(&one, &site.url(), json!({})).await;
    let sound = world.monitor(&other, &site.url(), json!({})).await;
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    world
        .client
        .update_item()
        .table_name("valpero-monitors")
        .key("account_id", text(one.account.to_string()))
        .key("monitor_id", text(broken.clone()))
        .update_expression("SET #status = :nonsense")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":nonsense", text("sideways".into()))
        .send()
        .await
        .expect("broken");
    let outcomes = world.bare_tick().await;
    assert!(outcomes.iter().all(Result::is_err), "the fault is told");
    assert_eq!(statuses(&world, &other, &sound).await, [200, 200, 200]);
    assert_eq!(world.status(&other, &sound).await, "up");
    let reply = world.get(&format!("/api/v1/monitors/{broken}"), &one).await.expect(500);
    assert_eq!(reply.problem().0, "internal_error");
}
