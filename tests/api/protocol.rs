//! What every answer under /api has in common.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Reply, Tenant, World};

fn assert_headers(reply: &Reply, limit: &str, remaining: &str, retry_after: &str) {
    let named = ["x-ratelimit-limit", "x-ratelimit-remaining", "retry-after"].map(|name| reply.header(name));
    assert_eq!(named, [limit, remaining, retry_after], "{}", reply.json);
    assert_eq!(reply.header("ratelimit-policy"), format!("\"plan\";q={limit};w=60"));
    assert!(reply.header("ratelimit").starts_with(&format!("\"plan\";r={remaining};t=")));
    assert!(reply.header("x-ratelimit-reset").parse::<i64>().is_ok());
    assert!(!reply.header("x-request-id").is_empty());
}

async fn send(world: &World, method: &str, path: &str, tenant: &Tenant, content_type: &str, body: Vec<u8>) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", tenant.token))
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body))
        .expect("a request");
    world.send(request).await
}

#[tokio::test]
async fn every_answer_carries_the_limits_and_its_own_name() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Start).await;
    world.advance(18);
    let reply = world.get("/api/v1/account", &owner).await.expect(200);
    assert_headers(&reply, "120", "119", "0");
    assert_eq!(reply.header("ratelimit"), "\"plan\";r=119;t=42");
    assert_eq!(reply.header("x-ratelimit-reset"), (world.now().seconds() + 42).to_string());
    let missing = world.get("/api/v1/nothing", &owner).await.expect(404);
    assert_headers(&missing, "120", "118", "0");
    assert_eq!(missing.header("content-type"), "application/problem+json");
    assert_eq!(missing.json["request_id"], missing.header("x-request-id"));
    insta::assert_json_snapshot!("problem_no_route", missing.json, { ".request_id" => "req" });
}

#[tokio::test]
async fn without_a_key_that_opens_anything_the_limits_are_zero() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Start).await;
    world.advance(18);
    let mut wrong = owner.token.clone();
    wrong.replace_range(10..11, if &wrong[10..11] == "a" { "b" } else { "a" });
    let unknown = valpero_auth::Token::generate();
    for token in ["", "val_key_short", wrong.as_str(), unknown.reveal()] {
        let reply = world.call("GET", "/api/v1/account", token, Value::Null).await.expect(401);
        assert_headers(&reply, "0", "0", "42");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    let basic =
        Request::builder().uri("/api/v1/account").header(header::AUTHORIZATION, format!("Basic {}", owner.token));
    world.send(basic.body(Body::empty()).expect("a request")).await.expect(401);
    let bearer = format!("Bearer {}", owner.token);
    let twice = Request::builder().uri("/api/v1/account").header(header::AUTHORIZATION, bearer.clone());
    let twice = twice.header(header::AUTHORIZATION, bearer).body(Body::empty()).expect("a request");
    assert_headers(&world.send(twice).await.expect(401), "0", "0", "42");
    let lower =
        Request::builder().uri("/api/v1/account").header(header::AUTHORIZATION, format!("bearer {}", owner.token));
    world.send(lower.body(Body::empty()).expect("a request")).await.expect(200);
}

#[tokio::test]
async fn bodies_that_are_none_are_told_apart() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let path = "/api/v1/monitors";
    for (content_type, body, status, code) in [
        ("application/json", b"{\"url\":".to_vec(), 400, "bad_json"),
        ("application/json", b"".to_vec(), 400, "bad_json"),
        ("application/json", b"[1]".to_vec(), 422, "validation_failed"),
        ("text/plain", b"{}".to_vec(), 415, "unsupported_media_type"),
        ("application/json", vec![b' '; 64 * 1024 + 1], 413, "body_too_large"),
        ("application/json; charset=utf-8", b"{}".to_vec(), 422, "validation_failed"),
        ("application/json; Charset=\"UTF-8\"", b"{}".to_vec(), 422, "validation_failed"),
        ("application/merge-patch+json", b"{}".to_vec(), 422, "validation_failed"),
        ("application/json; charset=utf-16", b"{}".to_vec(), 415, "unsupported_media_type"),
        ("application/json-patch+json", b"[]".to_vec(), 415, "unsupported_media_type"),
        ("application/vnd.api+json", b"{}".to_vec(), 415, "unsupported_media_type"),
        ("application/json, text/plain", b"{}".to_vec(), 415, "unsupported_media_type"),
        ("application/json", b"\xff\xfe".to_vec(), 400, "bad_json"),
    ] {
        let reply = send(&world, "POST", path, &owner, content_type, body).await;
        assert_eq!((reply.status.as_u16(), reply.problem().0), (status, code));
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let reply = world.call("PUT", "/api/v1/monitors", &owner.token, json!({})).await.expect(405);
    assert_eq!(reply.problem().0, "method_not_allowed");
    let mut allowed: Vec<&str> = reply.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    assert_headers(&reply, "1000", "999", "0");
}

#[tokio::test]
async fn a_store_that_is_gone_is_a_problem_and_not_a_crash() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    world.crashes.after(0);
    let reply = world.get("/api/v1/account", &owner).await.expect(503);
    assert_eq!((reply.problem().0, reply.header("retry-after")), ("unreachable", "2"));
    assert!(!reply.json.to_string().contains("process is gone"), "the inside stays inside");
    world.crashes.restart();
    world.get("/api/v1/account", &owner).await.expect(200);
}

#[tokio::test]
async fn routes_without_arguments_take_none() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, "http://127.0.0.1:9/", json!({})).await;
    for (method, action) in [("POST", "/pause"), ("POST", "/resume"), ("POST", "/check"), ("DELETE", "")] {
        let path = format!("/api/v1/monitors/{id}{action}");
        let reply = world.call(method, &path, &owner.token, json!({"regions": ["hel"]})).await.expect(422);
        assert_eq!(reply.problem().1, ["/regions"], "{method} {path}");
    }
    let far = world.get(&format!("/api/v1/monitors/{id}/checks?to=2300-01-01T00:00:00Z"), &owner).await.expect(200);
    assert!(far.data().is_empty());
}
