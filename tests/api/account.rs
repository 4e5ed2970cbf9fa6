//! The account: its settings, and deal codes that move it to another plan.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::Plan;

use super::routes::deal_code;
use crate::harness::{Reply, Tenant, World};

const ACCOUNT: &str = "/api/v1/account";
const REDEEM: &str = "/api/v1/account/redeem";

async fn patch(world: &World, tenant: &Tenant, body: Value) -> Reply {
    world.call("PATCH", ACCOUNT, &tenant.token, body).await
}

async fn actions(world: &World, tenant: &Tenant) -> Vec<String> {
    let log = world.get("/api/v1/audit-log", tenant).await.expect(200);
    log.data().iter().map(|row| row["action"].as_str().expect("an action").to_owned()).collect()
}

#[tokio::test]
async fn settings_change_one_by_one_and_once() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Free).await;
    let read = world.get(ACCOUNT, &owner).await.expect(200).json;
    assert_eq!((&read["language"], &read["time_zone"]), (&json!("en"), &json!("UTC")));
    let patched = patch(&world, &owner, json!({"time_zone": "europe/helsinki"})).await.expect(200).json;
    assert_eq!((&patched["language"], &patched["time_zone"]), (&json!("en"), &json!("Europe/Helsinki")));
    patch(&world, &owner, json!({"language": "fi"})).await.expect(200);
    patch(&world, &owner, json!({"language": "fi"})).await.expect(200);
    let read = world.get(ACCOUNT, &owner).await.expect(200).json;
    assert_eq!((&read["language"], &read["time_zone"]), (&json!("fi"), &json!("Europe/Helsinki")));
    let twice = actions(&world, &owner).await.iter().filter(|action| *action == "account.updated").count();
    assert_eq!(twice, 2, "what changes nothing is not recorded");
    for (wrong, pointer) in [
        (json!({"language": "de"}), "/language"),
        (json!({"time_zone": "Mars/Base"}), "/time_zone"),
        (json!({"plan": "business"}), "/plan"),
    ] {
        let refused = patch(&world, &owner, wrong).await.expect(422);
        assert_eq!(refused.problem(), ("validation_failed", vec![pointer]));
    }
    let reset = patch(&world, &owner, json!({"time_zone": null, "language": null})).await.expect(200).json;
    assert_eq!((&reset["language"], &reset["time_zone"]), (&json!("en"), &json!("UTC")));
}

#[tokio::test]
async fn a_code_moves_one_account_to_its_plan_once() {
    let world = World::new().await;
    let (owner, other) = (world.tenant(Plan::Free).await, world.tenant(Plan::Free).await);
    let code = deal_code(&world, Plan::Start, None).await;
    let moved = world.post(REDEEM, &owner, json!({"code": code.to_lowercase().replace('-', " ")})).await.expect(200);
    assert_eq!((&moved.json["plan"], &moved.json["limits"]["monitors"]), (&json!("start"), &json!(50)));
    let read = world.get(ACCOUNT, &owner).await.expect(200);
    assert_eq!((&read.json["plan"], read.header("x-ratelimit-limit")), (&json!("start"), "120"), "its keys follow");
    let expired = deal_code(&world, Plan::Start, Some(world.now().plus_seconds(60))).await;
    world.advance(60);
    let mut said = Vec::new();
    for (tenant, code) in [
        (&owner, &code),
        (&other, &code),
        (&other, &expired),
        (&other, &"VAL-0000-0000-0000-0000".to_owned()),
        (&other, &"?".to_owned()),
    ] {
        let mut refused = world.post(REDEEM, tenant, json!({"code": code})).await.expect(404).json;
        refused["request_id"] = Value::Null;
        said.push(refused);
    }
    assert!(said.iter().all(|one| *one == said[0] && one["code"] == "deal_code_refused"), "{said:?}");
    assert_eq!(world.get(ACCOUNT, &other).await.json["plan"], "free");
    for plan in [Plan::Start, Plan::Lite] {
        let code = deal_code(&world, plan, None).await;
        let refused = world.post(REDEEM, &owner, json!({"code": code})).await.expect(409);
        assert_eq!(refused.problem().0, "plan_not_raised");
        world.post(REDEEM, &world.tenant(Plan::Free).await, json!({"code": code})).await.expect(200);
    }
    let log = world.get("/api/v1/audit-log?action=account.redeemed", &owner).await.expect(200);
    assert_eq!(
        (log.data().len(), log.data()[0]["target"].as_str()),
        (1, Some(&code[..8])),
        "the log shows its beginning alone"
    );
}

#[tokio::test]
async fn of_many_who_use_a_code_at_once_one_gets_it_and_tries_are_bounded() {
    let world = World::new().await;
    let mut tenants = Vec::new();
    for _ in 0..8 {
        tenants.push(world.tenant(Plan::Free).await);
    }
    let code = deal_code(&world, Plan::Lite, None).await;
    let replies = join_all(tenants.iter().map(|tenant| world.post(REDEEM, tenant, json!({"code": code})))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404, 404, 404]);
    let owner = world.tenant(Plan::Free).await;
    for _ in 0..10 {
        world.post(REDEEM, &owner, json!({"code": "VAL-0000-0000-0000-0000"})).await.expect(404);
    }
    let good = deal_code(&world, Plan::Lite, None).await;
    let refused = world.post(REDEEM, &owner, json!({"code": good})).await.expect(429);
    assert_eq!(refused.problem().0, "redeem_quota_reached");
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait));
    world.advance(wait);
    let done = world.post_named(REDEEM, &owner, "once", json!({"code": good})).await.expect(200);
    let again = world.post_named(REDEEM, &owner, "once", json!({"code": good})).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &done.json));
}
