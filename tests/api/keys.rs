//! Keys: pace, revocation, rotation, scopes.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::{Plan, Scope, Scopes};

use crate::harness::World;

#[tokio::test]
async fn of_64_requests_at_once_a_free_key_gets_30_and_the_next_minute_opens_again() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Free).await;
    for _ in 0..2 {
        let replies = join_all((0..64).map(|_| world.get("/api/v1/account", &owner))).await;
        let passed: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
        assert_eq!((passed.len(), refused.len()), (30, 34));
        let mut remaining: Vec<u32> =
            passed.iter().map(|reply| reply.header("x-ratelimit-remaining").parse().expect("a number")).collect();
        remaining.sort_unstable();
        assert_eq!(remaining, (0..30).collect::<Vec<u32>>());
        for reply in refused {
            assert_eq!(reply.problem().0, "rate_limited");
            assert_eq!((reply.header("x-ratelimit-remaining"), reply.header("retry-after")), ("0", "60"));
        }
        world.advance(60);
    }
}

#[tokio::test]
async fn a_key_revoked_between_two_requests_is_refused_on_the_second() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let minted = world.post("/api/v1/keys", &owner, json!({"name": "ci"})).await.expect(201);
    let (id, token) = (minted.text("/id"), minted.text("/token"));
    assert_eq!(minted.json["scopes"], json!(["account:read", "monitors:read", "incidents:read"]));
    world.call("GET", "/api/v1/account", &token, Value::Null).await.expect(200);
    world.call("DELETE", &format!("/api/v1/keys/{id}"), &owner.token, Value::Null).await.expect(204);
    world.call("GET", "/api/v1/account", &token, Value::Null).await.expect(401);
    world.call("DELETE", &format!("/api/v1/keys/{id}"), &owner.token, Value::Null).await.expect(204);
    let keys = world.get("/api/v1/keys", &owner).await.expect(200);
    let listed = keys.data().iter().find(|key| key["id"] == id.as_str()).expect("it is still listed");
    assert_eq!(listed["revoked_at"], json!(world.now()));
    assert_eq!(listed["last4"], token[token.len() - 4..]);
    assert!(!keys.json.to_string().contains(&token), "no token in a list");
}

#[tokio::test]
async fn a_key_expires_on_the_dot() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"name": "short", "expires_at": world.now().plus_seconds(90)});
    let token = world.post("/api/v1/keys", &owner, body).await.expect(201).text("/token");
    world.advance(89);
    world.call("GET", "/api/v1/account", &token, Value::Null).await.expect(200);
    world.advance(1);
    world.call("GET", "/api/v1/account", &token, Value::Null).await.expect(401);
}

#[tokio::test]
async fn rotation_keeps_name_and_scopes_and_ends_the_old_key_after_the_grace() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let old = world.post("/api/v1/keys", &owner, json!({"name": "ci", "scopes": ["account:read"]})).await.expect(201);
    let path = format!("/api/v1/keys/{}/rotate", old.text("/id"));
    let new = world.post(&path, &owner, json!({"grace_seconds": 600})).await.expect(201);
    assert_eq!((&new.json["name"], &new.json["scopes"]), (&json!("ci"), &json!(["account:read"])));
    assert_ne!(new.text("/token"), old.text("/token"));
    for token in [new.text("/token"), old.text("/token")] {
        world.call("GET", "/api/v1/account", &token, Value::Null).await.expect(200);
    }
    world.advance(600);
    world.call("GET", "/api/v1/account", &old.text("/token"), Value::Null).await.expect(401);
    world.call("GET", "/api/v1/account", &new.text("/token"), Value::Null).await.expect(200);
    assert_eq!(world.post(&path, &owner, json!({})).await.expect(409).problem().0, "key_ended");
}

#[tokio::test]
async fn a_key_is_rotated_once_and_a_key_that_ends_hands_out_none_that_outlives_it() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let body = json!({"name": "short", "scopes": all, "expires_at": world.now().plus_seconds(600)});
    let short = world.post("/api/v1/keys", &owner, body).await.expect(201);
    let mint = async |body| world.call("POST", "/api/v1/keys", &short.text("/token"), body).await;
    assert_eq!(mint(json!({"name": "x"})).await.expect(422).problem().1, ["/expires_at"]);
    mint(json!({"name": "x", "expires_at": world.now().plus_seconds(599)})).await.expect(201);
    let lasting = world.post("/api/v1/keys", &owner, json!({"name": "lasting"})).await.expect(201).text("/id");
    let path = format!("/api/v1/keys/{lasting}/rotate");
    let taken = world.call("POST", &path, &short.text("/token"), json!({})).await.expect(422);
    assert_eq!(taken.problem().1, ["/expires_at"], "nor by rotating one that lasts");
    let path = format!("/api/v1/keys/{}/rotate", short.text("/id"));
    let successor = world.post(&path, &owner, json!({"grace_seconds": 300})).await.expect(201);
    let again = world.post(&path, &owner, json!({"grace_seconds": 300})).await.expect(409);
    assert_eq!(again.problem().0, "key_rotated");
    assert!(again.text("/detail").contains(&successor.text("/id")));
}

#[tokio::test]
async fn no_key_hands_out_scopes_that_it_does_not_hold() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let lesser = world
        .key(owner.account, Plan::Business, Scopes::parse([Scope::KeysWrite, Scope::KeysRead]).expect("scopes"))
        .await;
    let mint = world.call("POST", "/api/v1/keys", &lesser, json!({"name": "x", "scopes": ["monitors:write"]})).await;
    assert_eq!(mint.expect(403).problem().0, "scope_beyond_key");
    let default = world.call("POST", "/api/v1/keys", &lesser, json!({"name": "x"})).await;
    assert_eq!(default.expect(403).problem().0, "scope_beyond_key");
    let mightier =
        world.post("/api/v1/keys", &owner, json!({"name": "y", "scopes": ["monitors:write"]})).await.expect(201);
    let path = format!("/api/v1/keys/{}/rotate", mightier.text("/id"));
    assert_eq!(world.call("POST", &path, &lesser, json!({})).await.expect(403).problem().0, "scope_beyond_key");
}

#[tokio::test]
async fn a_change_of_plan_changes_the_pace_at_once() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Free).await;
    assert_eq!(world.get("/api/v1/account", &owner).await.header("x-ratelimit-limit"), "30");
    let id = valpero_domain::AuditId::new(world.now(), [1; 10]);
    let audit = valpero_storage::AuditRow::without_request(
        owner.account,
        id,
        valpero_domain::Actor::Operator,
        valpero_domain::AuditAction::AccountPlanSet,
        None,
        world.now(),
    );
    world.stack.app.store.set_plan(owner.account, Plan::Pro, &audit).await.expect("a plan");
    let reply = world.get("/api/v1/account", &owner).await.expect(200);
    assert_eq!((reply.header("x-ratelimit-limit"), &reply.json["plan"]), ("300", &json!("pro")));
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_reads_once_a_day() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    world.advance(1);
    for _ in 0..3 {
        world.get("/api/v1/account", &owner).await.expect(200);
        world.advance(120);
    }
    let id = world.monitor(&owner, "http://127.0.0.1:9/", json!({})).await;
    world.advance(1);
    world.post(&format!("/api/v1/monitors/{id}/pause"), &owner, json!(null)).await.expect(200);
    let log = world.get("/api/v1/audit-log", &owner).await.expect(200);
    let actions: Vec<_> = log.data().iter().filter_map(|row| row["action"].as_str()).collect();
    assert_eq!(actions, ["monitor.paused", "monitor.created", "key.used", "account.created", "account.created"]);
    let row = &log.data()[1];
    assert_eq!((&row["target"], &row["user_agent"]), (&json!(id), &json!("tests/1")));
    assert_eq!(row["actor"]["type"], "key");
    assert!(row["actor"]["id"].as_str().is_some_and(|id| id.starts_with("key_")));
    let filtered = world.get("/api/v1/audit-log?action=monitor.paused&limit=1", &owner).await.expect(200);
    assert_eq!(filtered.data().len(), 1);
    let page = world.get("/api/v1/audit-log?limit=2&page=2", &owner).await.expect(200);
    assert_eq!((page.data()[0]["action"].as_str(), &page.json["has_more"]), (Some("key.used"), &json!(true)));
}

#[tokio::test]
async fn no_account_has_more_than_100_live_keys_however_they_come_about() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let mint = async |more: Value| {
        let mut body = json!({"name": "one of many", "scopes": ["account:read"]});
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        world.post("/api/v1/keys", &owner, body).await
    };
    let short = mint(json!({"expires_at": world.now().plus_seconds(3_600)})).await.expect(201);
    let spare = mint(json!({})).await.expect(201).text("/id");
    for _ in 3..96 {
        mint(json!({})).await.expect(201);
    }
    let replies = join_all((0..12).map(|_| mint(json!({})))).await;
    let codes = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((codes(201), codes(403)), (4, 8), "96 were live, and all came at once");
    let refused = replies.iter().find(|reply| reply.status == 403).expect("one");
    assert_eq!(refused.problem().0, "key_limit_reached");

    let rotate = format!("/api/v1/keys/{spare}/rotate");
    let graced = world.post(&rotate, &owner, json!({"grace_seconds": 60})).await.expect(403);
    assert_eq!(graced.problem().0, "key_limit_reached", "both would be live");
    let next = world.post(&rotate, &owner, json!({})).await.expect(201).text("/id");
    mint(json!({})).await.expect(403);
    world.call("DELETE", &format!("/api/v1/keys/{next}"), &owner.token, Value::Null).await.expect(204);
    mint(json!({})).await.expect(201);
    mint(json!({})).await.expect(403);
    world.advance(3_600);
    world.call("GET", "/api/v1/account", &short.text("/token"), Value::Null).await.expect(401);
    mint(json!({})).await.expect(201);
    mint(json!({})).await.expect(403);
}

#[tokio::test]
async fn a_key_revokes_itself_and_what_it_could_mint_and_nothing_more() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let scopes = Scopes::parse([Scope::KeysWrite, Scope::AccountRead]).expect("scopes");
    let lesser = world.key(owner.account, Plan::Business, scopes).await;
    let minted = async |scopes: Value| {
        world.post("/api/v1/keys", &owner, json!({"name": "x", "scopes": scopes})).await.expect(201)
    };
    let revoke =
        async |id: &str, token: &str| world.call("DELETE", &format!("/api/v1/keys/{id}"), token, Value::Null).await;
    let mightier = minted(json!(["account:read", "monitors:write"])).await;
    let refused = revoke(&mightier.text("/id"), &lesser).await.expect(403);
    assert_eq!(refused.problem().0, "scope_beyond_key");
    assert!(refused.text("/detail").contains("monitors:write"));
    world.call("GET", "/api/v1/account", &mightier.text("/token"), Value::Null).await.expect(200);
    revoke(&minted(json!(["account:read"])).await.text("/id"), &lesser).await.expect(204);
    let own = minted(json!(["keys:write"])).await;
    revoke(&own.text("/id"), &own.text("/token")).await.expect(204);
    revoke(&own.text("/id"), &own.text("/token")).await.expect(401);
}

#[tokio::test]
async fn a_key_is_read_and_renamed_by_its_id() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let created = world.post("/api/v1/keys", &owner, json!({"name": "old", "scopes": ["keys:read"]})).await.expect(201);
    let path = format!("/api/v1/keys/{}", created.text("/id"));
    let mut shown = created.json.clone();
    shown.as_object_mut().expect("a key").remove("token");
    assert_eq!(world.get(&path, &owner).await.expect(200).json, shown);
    let renamed = world.call("PATCH", &path, &owner.token, json!({"name": " new "})).await.expect(200);
    shown["name"] = json!("new");
    assert_eq!((&renamed.json, &world.get(&path, &owner).await.json), (&shown, &shown));
    let again = world.call("PATCH", &path, &owner.token, json!({"name": "new"})).await.expect(200);
    assert!((again.usage.wru - 1.0).abs() < 0.01, "the key's own meter: {:?}", again.usage);
    let log = world.get("/api/v1/audit-log?action=key.renamed", &owner).await.expect(200);
    assert_eq!((log.data().len(), &log.data()[0]["target"]), (1, &created.json["id"]));
    for (body, pointer) in
        [(json!({}), "/name"), (json!({"name": null}), "/name"), (json!({"name": "x", "scopes": []}), "/scopes")]
    {
        assert_eq!(world.call("PATCH", &path, &owner.token, body).await.expect(422).problem().1, [pointer]);
    }
    world.call("DELETE", &path, &owner.token, json!(null)).await.expect(204);
    assert!(world.get(&path, &owner).await.expect(200).json["revoked_at"].is_string());
}
