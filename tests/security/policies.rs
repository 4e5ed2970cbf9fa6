//! Every function under its policy of the template: enough for all it does, and no more.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, World, granted};

/// Does everything that any function can do to the store, with the template's policies enforced on each call.
async fn everything(world: &World) {
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let none = || Value::Null;
    let call = async |method: &str, path: &str, body: Value| {
        let reply = world.call(method, path, &owner.token, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.json);
        reply
    };
    for path in
        ["v1/account", "v1/audit-log", "v1/keys", "v1/monitors", "v1/incidents", "v1/webhooks/deliveries", "metrics"]
    {
        call("GET", &format!("/api/{path}"), none()).await;
    }
    for path in ["/docs/api", "/docs/api/openapi.json", "/health"] {
        call("GET", path, none()).await;
    }
    let named = async |path: &str, body: Value| {
        let reply = world.post_named(path, &owner, "once", body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.json);
        reply
    };
    let key = named("/api/v1/keys", json!({"name": "ci"})).await.text("/id");
    let next = call("POST", &format!("/api/v1/keys/{key}/rotate"), json!({"grace_seconds": 60})).await.text("/id");
    call("DELETE", &format!("/api/v1/keys/{next}"), none()).await;

    // One region after the other sees a site down: the last one asks what the first one's check found.
    let shaky = Site::start().await;
    let id = world.monitor(&owner, &shaky.url(), json!({})).await;
    for broken in [0, 1, 2] {
        world.tick_with_broken(&shaky, broken).await;
    }
    assert_eq!(world.status(&owner, &id).await, "down");
    call("DELETE", &format!("/api/v1/monitors/{id}"), none()).await;

    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url(), "regions": ["hel"]})).await;
    let path = format!("/api/v1/monitors/{id}");
    world.tick().await;
    // Each of these takes a place, or leaves one.
    call("PATCH", &path, json!({"regions": ["hel", "fra"], "check_interval": 120})).await;
    call("PATCH", &path, json!({"regions": ["hel"], "check_interval": 60, "url": format!("{}x", site.url())})).await;
    call("POST", &format!("{path}/pause"), none()).await;
    call("POST", &format!("{path}/resume"), none()).await;
    world.tick().await;
    site.answers(500);
    world.tick().await;
    world.tick().await;
    let asked = call("POST", &format!("{path}/check"), none()).await;
    call("GET", asked.header("location"), none()).await;
    world.drain().await;
    call("GET", &format!("{path}/checks"), none()).await;
    call("GET", &format!("{path}/response-times"), none()).await;
    call("GET", "/api/metrics", none()).await;
    call("GET", &path, none()).await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let story = format!("/api/v1/incidents/{incident}");
    call("POST", &format!("{story}/acknowledge"), json!({"note": "mine"})).await;
    world.post_named(&format!("{story}/comments"), &owner, "a comment", json!({"body": "looking"})).await.expect(201);
    call("POST", &format!("{story}/resolve"), none()).await;
    call("GET", &story, none()).await;
    call("POST", "/api/v1/webhooks/rotate-secret", json!({"monitor_id": id})).await;
    let tried =
        world.post_named("/api/v1/webhooks/test", &owner, "a test", json!({"monitor_id": id})).await.expect(202);
    world.deliver().await;
    let delivery = format!("/api/v1/webhooks/deliveries/{}", tried.text("/id"));
    call("GET", &delivery, none()).await;
    call("POST", &format!("{delivery}/redeliver"), none()).await;
    world.deliver().await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down", "again, since it still fails");
    site.answers(200);
    world.tick().await;
    world.tick().await;
    receiver.will_answer([(500, None), (410, None)]);
    site.answers(500);
    world.tick().await;
    world.tick().await;
    world.advance(7);
    world.sweep().await;
    world.deliver().await;
    let gone = world.read(&owner, &id).await;
    assert!(gone["webhook_disabled_at"].is_string(), "its receiver is gone: {gone} {:?}", receiver.events());
    let other = format!("{}y", receiver.url());
    call("PATCH", &path, json!({"webhook_url": other})).await;
    // Its incident ends with the pause, and is told.
    call("POST", &format!("{path}/pause"), none()).await;
    call("DELETE", &path, none()).await;
    world.post_named("/api/v1/monitors", &owner, "a monitor", json!({"url": site.url()})).await.expect(201);
    world.roll_up().await;
    world.advance(3 * 3_600);
    world.roll_up().await;
    world.advance(86_400);
    call("GET", "/api/metrics", none()).await;
    world.advance(86_400);
    call("POST", "/api/v1/tools/http", json!({"url": site.url()})).await;
    let refused = world.call("GET", "/api/v1/account", "", none()).await;
    assert_eq!(refused.status.as_u16(), 401);
}

#[tokio::test]
async fn policies_grant_exactly_what_is_done() {
    let world = World::new().await;
    everything(&world).await;
    let asked = world.policies.asked();
    let mut beyond = BTreeMap::new();
    for (function, grants) in granted() {
        let done = asked.get(function).cloned().unwrap_or_default();
        let store = grants.iter().filter(|(action, _)| action.starts_with("dynamodb:")).cloned();
        let unused: Vec<_> = store.filter(|grant| !done.contains(grant)).collect();
        if !unused.is_empty() {
            beyond.insert(function, unused);
        }
    }
    assert!(beyond.is_empty(), "granted and never used: {beyond:#?}");
}
