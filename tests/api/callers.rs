//! Who calls, and who acted: the API serves a caller that proved itself elsewhere, and reads rows that older versions wrote.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    body::Body,
    http::{Request, header},
    response::Response,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use valpero_auth::Token;
use valpero_domain::{Actor, Author, IncidentId, KeyId, Plan, Scope, Scopes, UserId};
use valpero_http::{Caller, Problem, Receipts};

use crate::harness::{Site, Tenant, World};

/// A person who is signed in, whose session may do this.
fn person(world: &World, tenant: &Tenant, scopes: &[Scope]) -> Arc<Caller> {
    let random = |byte| [byte; 10];
    Arc::new(Caller {
        account: tenant.account,
        author: Author { actor: Actor::User(UserId::new(world.now(), random(1))), name: Some("Ada".into()) },
        scopes: Scopes::parse(scopes.iter().copied()).expect("scopes"),
        request_limit: Some(60),
        expires_at: None,
        minted_by: None,
        receipts: Receipts { key_id: KeyId::new(world.now(), random(2)), token: Token::generate() },
        meta: valpero_http::RequestMeta::default(),
    })
}

async fn post(world: &World, caller: &Arc<Caller>, path: &str, name: &str, body: Value) -> Response {
    let mut request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", name)
        .body(Body::from(body.to_string()))
        .expect("a request");
    request.extensions_mut().insert(Arc::clone(caller));
    let router = valpero_api::inner_router(world.stack.app.clone(), world.stack.ways_out.clone());
    router.oneshot(request).await.expect("infallible")
}

async fn json_of(response: Response) -> Value {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn a_person_is_served_without_the_meter_and_named_in_the_audit_log_and_the_timeline() {
    let (world, site) = (World::new().await, Site::start().await);
    let owner = world.tenant(Plan::Pro).await;
    let may = [Scope::MonitorsRead, Scope::MonitorsWrite, Scope::IncidentsWrite];
    let ada = person(&world, &owner, &may);
    let new = json!({"url": site.url(), "retries": 0});
    let created = post(&world, &ada, "/api/v1/monitors", "once", new.clone()).await;
    assert_eq!(created.status(), 201);
    let monitor = json_of(created).await;
    let again = post(&world, &ada, "/api/v1/monitors", "once", new.clone()).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true", "the session's token sealed the receipt");
    assert_eq!(json_of(again).await["id"], monitor["id"]);
    world.tick().await;
    site.answers(500);
    world.tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/incidents/{incident}");
    world.advance(5);
    let taken = post(&world, &ada, &format!("{path}/acknowledge"), "take", json!({})).await;
    let by = ada.author.actor.to_string();
    let taken = json_of(taken).await;
    assert_eq!(taken["acknowledged_by"], by);
    assert_eq!(taken["timeline"][0]["actor"], json!({"type": "checker", "id": null, "name": null}));
    assert_eq!(taken["timeline"][1]["actor"], json!({"type": "user", "id": by, "name": "Ada"}));
    let log = world.get(&format!("/api/v1/audit-log?actor={by}"), &owner).await.expect(200);
    let actions: Vec<_> = log.data().iter().filter_map(|row| row["action"].as_str()).collect();
    assert_eq!(actions, ["incident.acknowledged", "monitor.created"]);
    assert_eq!(log.data()[0]["actor"], json!({"type": "user", "id": by, "name": "Ada"}));
    let used = world.get("/api/v1/keys", &owner).await.expect(200);
    assert_eq!(used.data().len(), 1, "nothing was counted on a key of this caller's");
}

#[tokio::test]
async fn what_a_caller_may_not_do_comes_back_as_a_typed_problem() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Pro).await;
    let reader = person(&world, &owner, &[Scope::MonitorsRead]);
    let refused = post(&world, &reader, "/api/v1/monitors", "a", json!({"url": "https://example.com/"})).await;
    let problem = refused.extensions().get::<Problem>().expect("a problem");
    assert_eq!((refused.status().as_u16(), problem.code().as_str()), (403, "missing_scope"));
    let writer = person(&world, &owner, &[Scope::MonitorsWrite]);
    let refused = post(&world, &writer, "/api/v1/monitors", "b", json!({"url": "nowhere", "retries": 9})).await;
    let problem = refused.extensions().get::<Problem>().expect("a problem");
    let pointers: Vec<_> = problem.errors().iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!((problem.code().as_str(), pointers), ("validation_failed", vec!["/url", "/retries"]));
}

#[tokio::test]
async fn rows_that_older_versions_wrote_are_read() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Pro).await;
    let at = world.now();
    let incident = IncidentId::new(at, [7; 10]);
    let s = |text: &str| AttributeValue::S(text.to_owned());
    let key = KeyId::new(at, [8; 10]).to_string();
    for (place, actor) in ["checker:fra", "delivery", "operator", &key].iter().enumerate() {
        let id = valpero_domain::AuditId::new(at.plus_seconds(1), [u8::try_from(place).expect("few"); 10]);
        let row = world.client.put_item().table_name("valpero-audit-log");
        let row = row.item("account_id", s(&owner.account.to_string())).item("audit_id", s(&id.to_string()));
        let row = row.item("actor", s(actor)).item("action", s("monitor.paused")).item("at", s(&at.to_string()));
        row.send().await.expect("a row");
    }
    let log = world.get("/api/v1/audit-log?action=monitor.paused", &owner).await.expect(200);
    let kinds: Vec<_> = log.data().iter().filter_map(|row| row["actor"]["type"].as_str()).collect();
    assert_eq!(kinds, ["key", "operator", "delivery", "checker"]);
    assert_eq!(log.data()[3]["actor"]["id"], "fra");

    let put = |entry: String| {
        let item = world.client.put_item().table_name("valpero-incidents");
        item.item("account_id", s(&owner.account.to_string())).item("entry", s(&entry))
    };
    let monitor = valpero_domain::MonitorId::new(at, [9; 10]);
    let cause = [("code", "connect_refused"), ("detail", "refused")].map(|(name, text)| (name.to_owned(), s(text)));
    let old = put(format!("incident#{incident}"))
        .item("id", s(&incident.to_string()))
        .item("monitor_id", s(&monitor.to_string()))
        .item("status", s("resolved"))
        .item("started_at", s(&at.to_string()))
        .item("resolved_at", s(&at.plus_seconds(60).to_string()))
        .item("cause", AttributeValue::M(cause.into()))
        .item("regions", AttributeValue::L(vec![s("fra")]))
        .item("acknowledged_at", s(&at.to_string()))
        .item("acknowledged_by", s(&key))
        .item("resolved_by", s("recovery"));
    old.send().await.expect("an incident");
    for (place, (kind, actor)) in
        [("opened", "checker"), ("acknowledged", &*key), ("resolved", "recovery")].iter().enumerate()
    {
        let id = valpero_domain::id::CommentId::new(at, [u8::try_from(place).expect("few"); 10]);
        let line = put(format!("timeline#{incident}#{id}"));
        let line = line.item("id", s(&id.to_string())).item("at", s(&at.to_string()));
        line.item("type", s(kind)).item("actor", s(actor)).send().await.expect("a line");
    }
    let read = world.get(&format!("/api/v1/incidents/{incident}"), &owner).await.expect(200).json;
    assert_eq!((&read["acknowledged_by"], &read["resolved_by"]), (&json!(key), &json!("recovery")));
    let kinds: Vec<_> =
        read["timeline"].as_array().into_iter().flatten().map(|line| line["actor"]["type"].clone()).collect();
    assert_eq!(kinds, ["checker", "key", "recovery"]);
}
