//! Escalation policies and alert routes: what is accepted, changed and refused, and what a new account has.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::{AccountId, Plan, Scopes};
use valpero_runtime::entropy;
use valpero_storage::{Account, Mailed, POLICIES_MAX};

use crate::harness::{Reply, Tenant, World};

const CHANNELS: &str = "/api/v1/channels";
const POLICIES: &str = "/api/v1/escalation-policies";
const ROUTES: &str = "/api/v1/alert-routes";
const NOBODYS_CHANNEL: &str = "chn_01M82PJFFSY9XKXCV0WRMX4C7M";
const NOBODYS_POLICY: &str = "pol_01M82PJFFSY9XKXCV0WRMX4C7M";

/// A new channel's id.
async fn channel(world: &World, owner: &Tenant) -> String {
    let ntfy = json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
    world.post(CHANNELS, owner, ntfy).await.expect(201).text("/id")
}

/// A policy that tells these channels at once.
fn at_once(channels: &[&str]) -> Value {
    json!({"name": "Ops", "steps": [{"after_minutes": 0, "channel_ids": channels}]})
}

/// A new policy's id.
async fn policy(world: &World, owner: &Tenant) -> String {
    let channel = channel(world, owner).await;
    world.post(POLICIES, owner, at_once(&[&channel])).await.expect(201).text("/id")
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

/// The actions in the audit log, newest first.
async fn actions(world: &World, owner: &Tenant, of: &str) -> Vec<String> {
    let log = world.get(&format!("/api/v1/audit-log?{of}"), owner).await.expect(200);
    log.data().iter().filter_map(|row| row["action"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_policy_is_made_read_listed_changed_and_deleted() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (first, second) = (channel(&world, &owner).await, channel(&world, &owner).await);
    let steps = json!([
        {"after_minutes": 0, "channel_ids": [first]},
        {"after_minutes": 15, "channel_ids": [second, first]},
    ]);
    let body = json!({"name": " Ops ", "steps": steps, "repeat_minutes": 30});
    let created = world.post_named(POLICIES, &owner, "once", body.clone()).await.expect(201);
    let id = created.text("/id");
    let path = format!("{POLICIES}/{id}");
    assert_eq!(created.header("location"), path);
    let again = world.post_named(POLICIES, &owner, "once", body).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &created.json));
    let expected = json!({
        "id": id, "name": "Ops", "steps": steps, "repeat_minutes": 30,
        "created_at": created.json["created_at"], "updated_at": created.json["created_at"],
    });
    assert_eq!(created.json, expected);
    assert_eq!(world.get(&path, &owner).await.expect(200).json, expected);
    let version = world.get(&path, &owner).await.header("etag").to_owned();
    world.advance(1);
    let patched = held(&world, &owner, "PATCH", &path, &version, json!({"repeat_minutes": null})).await.expect(200);
    assert_eq!((&patched.json["repeat_minutes"], &patched.json["steps"]), (&Value::Null, &steps));
    // It says the same, so it is not recorded.
    let same = world.call("PATCH", &path, &owner.token, json!({"name": "Ops"})).await.expect(200);
    assert_eq!(same.json, patched.json);
    held(&world, &owner, "PATCH", &path, &version, json!({"name": "New"})).await.expect(412);
    held(&world, &owner, "DELETE", &path, &version, Value::Null).await.expect(412);
    assert_eq!(world.get(POLICIES, &owner).await.expect(200).json["data"], json!([patched.json]));
    world.advance(1);
    held(&world, &owner, "DELETE", &path, patched.header("etag"), Value::Null).await.expect(204);
    world.get(&path, &owner).await.expect(404);
    let told = actions(&world, &owner, &format!("target={id}")).await;
    assert_eq!(told, ["policy.deleted", "policy.updated", "policy.created"]);
}

#[tokio::test]
async fn steps_ascend_and_name_channels_of_the_account() {
    let world = World::new().await;
    let (owner, stranger) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let (ours, theirs) = (channel(&world, &owner).await, channel(&world, &stranger).await);
    let step = |minutes: i64, channels: &[&str]| json!({"after_minutes": minutes, "channel_ids": channels});
    let made = world.post(POLICIES, &owner, at_once(&[&ours])).await.expect(201).text("/id");
    let path = format!("{POLICIES}/{made}");
    for (steps, wrong) in [
        (json!([step(0, &[&ours]), step(0, &[&ours])]), vec!["/steps/1/after_minutes"]),
        (json!([step(5, &[&ours]), step(9, &[&ours]), step(7, &[&ours])]), vec!["/steps/2/after_minutes"]),
        (json!([step(0, &[&ours, &ours])]), vec!["/steps/0/channel_ids/1"]),
        (json!([step(0, &[&ours, NOBODYS_CHANNEL])]), vec!["/steps/0/channel_ids/1"]),
        (
            json!([step(0, &[&theirs]), step(1, &[&ours, &theirs])]),
            vec!["/steps/0/channel_ids/0", "/steps/1/channel_ids/1"],
        ),
        (json!([step(0, &[])]), vec!["/steps/0/channel_ids"]),
        (json!([]), vec!["/steps"]),
    ] {
        let refused = world.post(POLICIES, &owner, json!({"name": "Ops", "steps": steps})).await.expect(422);
        assert_eq!(refused.problem(), ("validation_failed", wrong.clone()), "{steps}");
        let patched = world.call("PATCH", &path, &owner.token, json!({"steps": steps})).await.expect(422);
        assert_eq!(patched.problem(), ("validation_failed", wrong), "PATCH {steps}");
    }
    assert_eq!(actions(&world, &owner, &format!("target={made}")).await, ["policy.created"]);
}

#[tokio::test]
async fn a_channel_is_kept_while_a_policy_names_it() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let used = channel(&world, &owner).await;
    let path = format!("{CHANNELS}/{used}");
    let mut policies = Vec::new();
    for _ in 0..12 {
        policies.push(world.post(POLICIES, &owner, at_once(&[&used])).await.expect(201).text("/id"));
        world.advance(1);
    }
    let refused = world.call("DELETE", &path, &owner.token, Value::Null).await.expect(409);
    assert_eq!(refused.problem().0, "channel_in_use");
    let detail = refused.text("/detail");
    let named = policies.iter().filter(|id| detail.contains(id.as_str())).count();
    assert!(named == 10 && detail.contains(", and 2 more."), "{detail}");
    let other = channel(&world, &owner).await;
    let steps = json!({"steps": at_once(&[&other])["steps"]});
    world.call("PATCH", &format!("{POLICIES}/{}", policies[0]), &owner.token, steps).await.expect(200);
    for id in &policies[1..] {
        world.call("DELETE", &path, &owner.token, Value::Null).await.expect(409);
        world.call("DELETE", &format!("{POLICIES}/{id}"), &owner.token, Value::Null).await.expect(204);
    }
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
}

#[tokio::test]
async fn a_channel_that_went_at_the_same_moment_is_left_out_and_hinders_no_change() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (gone, kept) = (channel(&world, &owner).await, channel(&world, &owner).await);
    let made = world.post(POLICIES, &owner, at_once(&[&kept, &gone])).await.expect(201).text("/id");
    // Nobody saw the policy yet who deleted the channel.
    let id = gone.parse().expect("an id");
    let store = &world.stack.app.store;
    store.delete_channel(owner.account, id, &world.audit(owner.account)).await.expect("deleted");
    let kept = kept.parse().expect("an id");
    let found = store.channels_by_id(owner.account, &[id, kept, kept]).await.expect("a read");
    assert_eq!(found.iter().map(|channel| channel.id).collect::<Vec<_>>(), [kept]);
    let path = format!("{POLICIES}/{made}");
    world.call("PATCH", &path, &owner.token, json!({"name": "New"})).await.expect(200);
    let refused = world.post(POLICIES, &owner, at_once(&[&gone])).await.expect(422);
    assert_eq!(refused.problem().1, ["/steps/0/channel_ids/0"]);
}

#[tokio::test]
async fn an_account_has_so_many_policies_and_no_more() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let channel = channel(&world, &owner).await;
    let mut last = String::new();
    for _ in 0..POLICIES_MAX {
        last = world.post(POLICIES, &owner, at_once(&[&channel])).await.expect(201).text("/id");
    }
    let refused = world.post(POLICIES, &owner, at_once(&[&channel])).await.expect(403);
    assert_eq!(refused.problem().0, "policy_limit_reached");
    world.call("DELETE", &format!("{POLICIES}/{last}"), &owner.token, Value::Null).await.expect(204);
    world.call("DELETE", &format!("{POLICIES}/{last}"), &owner.token, Value::Null).await.expect(404);
    world.post(POLICIES, &owner, at_once(&[&channel])).await.expect(201);
    world.post(POLICIES, &owner, at_once(&[&channel])).await.expect(403);
}

#[tokio::test]
async fn routes_are_set_as_a_whole_and_by_one_of_two_who_read_the_same() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (first, second) = (policy(&world, &owner).await, policy(&world, &owner).await);
    let none = world.get(ROUTES, &owner).await.expect(200);
    assert_eq!((&none.json, none.header("etag")), (&json!({"routes": []}), "\"0\""));
    let all = json!({"tags_any": null, "monitor_ids": null, "check_types": null});
    let tagged = json!({"tags_any": ["production", "b"], "monitor_ids": null, "check_types": ["http", "ssl"]});
    let routes = json!({"routes": [{"match": tagged, "policy_id": first}, {"policy_id": second}]});
    let shown = json!({"routes": [{"match": tagged, "policy_id": first}, {"match": all, "policy_id": second}]});
    let set = held(&world, &owner, "PUT", ROUTES, none.header("etag"), routes).await.expect(200);
    assert_eq!(set.json, shown);
    let late = held(&world, &owner, "PUT", ROUTES, none.header("etag"), json!({"routes": []})).await.expect(412);
    assert_eq!(late.problem().0, "precondition_failed");
    let read = world.get(ROUTES, &owner).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (&shown, set.header("etag")));
    // What was read can be sent as it is; it changes nothing, so it is not recorded.
    let same = world.call("PUT", ROUTES, &owner.token, read.json).await.expect(200);
    assert_eq!(same.header("etag"), set.header("etag"));
    assert_eq!(actions(&world, &owner, "action=routes.updated").await.len(), 1);
    let put = |id: &str| json!({"routes": [{"policy_id": id}]});
    let (one, other) = tokio::join!(
        held(&world, &owner, "PUT", ROUTES, set.header("etag"), put(&first)),
        held(&world, &owner, "PUT", ROUTES, set.header("etag"), put(&second)),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(actions(&world, &owner, "action=routes.updated").await.len(), 2);
}

#[tokio::test]
async fn routes_lead_to_policies_of_the_account_which_stay_while_they_do() {
    let world = World::new().await;
    let (owner, stranger) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let (ours, theirs) = (policy(&world, &owner).await, policy(&world, &stranger).await);
    let routes = json!({"routes": [{"policy_id": ours}, {"policy_id": theirs}, {"policy_id": NOBODYS_POLICY}]});
    let refused = world.call("PUT", ROUTES, &owner.token, routes).await.expect(422);
    assert_eq!(refused.problem(), ("validation_failed", vec!["/routes/1/policy_id", "/routes/2/policy_id"]));
    let first = json!({"match": {"check_types": ["dns"]}, "policy_id": ours});
    let routes = json!({"routes": [first, {"policy_id": ours}]});
    world.call("PUT", ROUTES, &owner.token, routes).await.expect(200);
    let path = format!("{POLICIES}/{ours}");
    let used = world.call("DELETE", &path, &owner.token, Value::Null).await.expect(409);
    assert_eq!(used.problem().0, "policy_in_use");
    assert!(used.text("/detail").contains("/routes/0, /routes/1."), "{}", used.json);
    world.call("PUT", ROUTES, &owner.token, json!({"routes": []})).await.expect(200);
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    assert_eq!(world.get(ROUTES, &stranger).await.expect(200).json, json!({"routes": []}));
}

/// A new account of a deployment that sends mail, or does not.
async fn new_account(world: &World, email: &str, mailed: Mailed) -> Tenant {
    let now = world.now();
    let account = Account {
        id: AccountId::new(now, entropy()),
        email: email.to_owned(),
        plan: Plan::Business,
        language: valpero_domain::Language::default(),
        time_zone: valpero_domain::TimeZone::default(),
        created_at: now,
        monitors: 0,
        people: 0,
        pages: 0,
        muted_until: None,
    };
    world.stack.app.store.create_account(&account, mailed, &world.audit(account.id)).await.expect("an account");
    Tenant { account: account.id, token: world.key(account.id, Plan::Business, Scopes::all()).await }
}

#[tokio::test]
async fn a_new_account_alerts_its_owner_by_mail_where_mail_is_sent() {
    let world = World::new().await;
    let owner = new_account(&world, "owner@example.com", Mailed::Yes).await;
    let channels = world.get(CHANNELS, &owner).await.expect(200).data().to_vec();
    let [channel] = channels.as_slice() else { panic!("{channels:?}") };
    assert_eq!((&channel["name"], &channel["type"]), (&json!("E-mail to the owner"), &json!("email")));
    assert_eq!((&channel["to"], &channel["enabled"]), (&json!(["owner@example.com"]), &json!(true)));
    let policies = world.get(POLICIES, &owner).await.expect(200).data().to_vec();
    let [policy] = policies.as_slice() else { panic!("{policies:?}") };
    let steps = json!([{"after_minutes": 0, "channel_ids": [channel["id"]]}]);
    assert_eq!((&policy["name"], &policy["steps"]), (&json!("Everyone"), &steps));
    let routes = world.get(ROUTES, &owner).await.expect(200).json;
    let all = json!({"tags_any": null, "monitor_ids": null, "check_types": null});
    assert_eq!(routes, json!({"routes": [{"match": all, "policy_id": policy["id"]}]}));
    // Both are counted, so that they can be deleted, and the account made its own.
    let (channel, policy) = (channel["id"].as_str().expect("an id"), policy["id"].as_str().expect("an id"));
    world.call("PUT", ROUTES, &owner.token, json!({"routes": []})).await.expect(200);
    for _ in 1..POLICIES_MAX {
        world.post(POLICIES, &owner, at_once(&[channel])).await.expect(201);
    }
    world.post(POLICIES, &owner, at_once(&[channel])).await.expect(403);
    world.call("DELETE", &format!("{POLICIES}/{policy}"), &owner.token, Value::Null).await.expect(204);
    world.post(POLICIES, &owner, at_once(&[channel])).await.expect(201);
}

#[tokio::test]
async fn a_new_account_has_no_policy_where_its_owner_cannot_be_mailed() {
    let world = World::new().await;
    for (email, mailed) in [("owner@example.com", Mailed::No), ("\"o w\"@example.com", Mailed::Yes)] {
        let owner = new_account(&world, email, mailed).await;
        assert_eq!(world.get("/api/v1/account", &owner).await.expect(200).text("/email"), email);
        for list in [CHANNELS, POLICIES] {
            assert_eq!(world.get(list, &owner).await.expect(200).data().len(), 0, "{email} {list}");
        }
        assert_eq!(world.get(ROUTES, &owner).await.expect(200).json, json!({"routes": []}));
    }
}
