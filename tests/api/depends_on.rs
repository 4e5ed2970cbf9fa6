//! Monitors that depend on others: which are accepted, and which would go round in circles.

use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Reply, Tenant, World};

const NOBODY: &str = "http://127.0.0.1:9/";
const UNKNOWN: &str = "must be the id of a monitor";
const CIRCLE: &str = "depends on this monitor already";

async fn monitor(world: &World, owner: &Tenant, depends_on: Value) -> String {
    world.monitor(owner, NOBODY, json!({"depends_on": depends_on, "regions": ["hel"]})).await
}

async fn patch(world: &World, owner: &Tenant, id: &str, depends_on: Value) -> Reply {
    world.call("PATCH", &format!("/api/v1/monitors/{id}"), &owner.token, json!({"depends_on": depends_on})).await
}

/// The faults of a 422, each by its pointer and what is wrong.
fn faults(reply: Reply) -> Vec<(String, String)> {
    let reply = reply.expect(422);
    let faults = reply.json["errors"].as_array().expect("faults");
    let text = |fault: &Value, name: &str| fault[name].as_str().expect("a text").to_owned();
    faults.iter().map(|fault| (text(fault, "pointer"), text(fault, "detail"))).collect()
}

fn fault(pointer: &str, detail: &str) -> (String, String) {
    (pointer.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn a_monitor_depends_on_others_of_its_account_alone() {
    let world = World::new().await;
    let (owner, stranger) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let foreign = monitor(&world, &stranger, json!([])).await;
    let (a, b) = (monitor(&world, &owner, json!(null)).await, monitor(&world, &owner, json!([])).await);
    let never = format!("mon_{}", "0".repeat(26));
    for other in [&foreign, &never] {
        let body = json!({"url": NOBODY, "depends_on": [a, other]});
        let refused = world.post("/api/v1/monitors", &owner, body).await;
        assert_eq!(faults(refused), [fault("/depends_on/1", UNKNOWN)], "a foreign one is as one that never was");
        let refused = patch(&world, &owner, &a, json!([other, b])).await;
        assert_eq!(faults(refused), [fault("/depends_on/0", UNKNOWN)]);
    }
    let both = patch(&world, &owner, &a, json!([foreign, never])).await;
    assert_eq!(faults(both), [fault("/depends_on/0", UNKNOWN), fault("/depends_on/1", UNKNOWN)]);
    for (given, pointer) in [
        (json!([a, b, a]), "/depends_on/2"),
        (json!(["mon_x"]), "/depends_on/0"),
        (json!([1]), "/depends_on/0"),
        (json!("x"), "/depends_on"),
        (json!([a, a, a, a, a, a]), "/depends_on"),
    ] {
        let body = json!({"url": NOBODY, "depends_on": given});
        let found = faults(world.post("/api/v1/monitors", &owner, body).await);
        assert_eq!(found[0].0, pointer, "{given}: {found:?}");
    }
    let child = monitor(&world, &owner, json!([b, a])).await;
    assert_eq!(world.read(&owner, &child).await["depends_on"], json!([b, a]), "in the order given");
    assert_eq!(world.read(&owner, &a).await["depends_on"], json!([]));
}

#[tokio::test]
async fn nothing_depends_on_itself_be_it_by_way_of_others() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let top = monitor(&world, &owner, json!([])).await;
    let middle = monitor(&world, &owner, json!([top])).await;
    let other = monitor(&world, &owner, json!([top])).await;
    let bottom = monitor(&world, &owner, json!([middle, other])).await;
    let apart = monitor(&world, &owner, json!([])).await;
    let own = faults(patch(&world, &owner, &top, json!([apart, top])).await);
    assert_eq!(own, [fault("/depends_on/1", "must be another monitor")]);
    let two = faults(patch(&world, &owner, &top, json!([middle])).await);
    assert_eq!(two, [fault("/depends_on/0", CIRCLE)]);
    let three = faults(patch(&world, &owner, &top, json!([apart, bottom])).await);
    assert_eq!(three, [fault("/depends_on/1", CIRCLE)]);
    assert_eq!(world.read(&owner, &top).await["depends_on"], json!([]), "nothing was changed");
    patch(&world, &owner, &bottom, json!([middle, other, top])).await.expect(200);
    // Without the link in between there is no circle.
    patch(&world, &owner, &bottom, json!([other])).await.expect(200);
    patch(&world, &owner, &other, json!([])).await.expect(200);
    patch(&world, &owner, &top, json!([apart, bottom])).await.expect(200);
}

#[tokio::test]
async fn a_patch_replaces_the_list_and_null_empties_it() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (a, b) = (monitor(&world, &owner, json!([])).await, monitor(&world, &owner, json!([])).await);
    let child = monitor(&world, &owner, json!([a])).await;
    let read = async || world.read(&owner, &child).await["depends_on"].clone();
    patch(&world, &owner, &child, json!([b])).await.expect(200);
    assert_eq!(read().await, json!([b]));
    let path = format!("/api/v1/monitors/{child}");
    world.call("PATCH", &path, &owner.token, json!({"name": "New"})).await.expect(200);
    assert_eq!(read().await, json!([b]), "what is not named stays");
    patch(&world, &owner, &child, Value::Null).await.expect(200);
    assert_eq!(read().await, json!([]));
}

#[tokio::test]
async fn a_deleted_parent_stays_in_the_settings_and_can_be_sent_back_but_not_added() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (a, b) = (monitor(&world, &owner, json!([])).await, monitor(&world, &owner, json!([])).await);
    let (child, other) = (monitor(&world, &owner, json!([a, b])).await, monitor(&world, &owner, json!([])).await);
    world.call("DELETE", &format!("/api/v1/monitors/{a}"), &owner.token, Value::Null).await.expect(204);
    let shown = world.read(&owner, &child).await["depends_on"].clone();
    assert_eq!(shown, json!([a, b]));
    let changed = json!({"name": "New", "depends_on": shown});
    let path = format!("/api/v1/monitors/{child}");
    let back = world.call("PATCH", &path, &owner.token, changed).await.expect(200);
    assert_eq!((&back.json["depends_on"], &back.json["name"]), (&json!([a, b]), &json!("New")));
    patch(&world, &owner, &child, json!([a, other])).await.expect(200);
    assert_eq!(faults(patch(&world, &owner, &other, json!([a])).await), [fault("/depends_on/0", UNKNOWN)]);
    // Once it is gone from the list, it does not come back.
    patch(&world, &owner, &child, json!([other])).await.expect(200);
    assert_eq!(faults(patch(&world, &owner, &child, json!([a])).await), [fault("/depends_on/0", UNKNOWN)]);
}

#[tokio::test]
async fn checkers_read_nothing_of_what_a_monitor_depends_on() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let parents = json!([monitor(&world, &owner, json!([])).await, monitor(&world, &owner, json!([])).await]);
    let child = monitor(&world, &owner, parents).await;
    let rows = async || {
        let rows = world.client.scan().table_name("valpero-schedules").send().await.expect("rows");
        let of_child = rows.items().iter().find(|row| format!("{row:?}").contains(&child));
        format!("{:?}", of_child.expect("a row of its region").get("probe"))
    };
    let before = rows().await;
    assert!(before.contains("127.0.0.1") && !before.contains("mon_"), "{before}");
    patch(&world, &owner, &child, Value::Null).await.expect(200);
    assert_eq!(rows().await, before);
}

#[tokio::test]
async fn a_chain_that_is_too_long_to_be_read_is_refused() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let first = monitor(&world, &owner, json!([])).await;
    let mut last = monitor(&world, &owner, json!([])).await;
    for _ in 0..499 {
        last = monitor(&world, &owner, json!([last])).await;
        world.advance(1);
    }
    patch(&world, &owner, &first, json!([last])).await.expect(200);
    let longer = monitor(&world, &owner, json!([last])).await;
    let refused = faults(patch(&world, &owner, &first, json!([longer])).await);
    assert_eq!(refused, [fault("/depends_on", "leads to more than 500 monitors, by way of others")]);
    assert_eq!(world.read(&owner, &first).await["depends_on"], json!([last]));
}
