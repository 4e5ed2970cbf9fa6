//! `Idempotency-Key`: what is sent twice is done once.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, header},
};
use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Site, Tenant, World};

const MONITORS: &str = "/api/v1/monitors";

async fn monitors(world: &World, owner: &Tenant) -> usize {
    world.get(MONITORS, owner).await.expect(200).data().len()
}

#[tokio::test]
async fn of_twenty_equal_requests_at_once_one_creates_and_all_others_get_its_answer() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": "http://127.0.0.1:9/", "webhook_url": "http://127.0.0.1:9/hook"});
    let replies = join_all((0..20).map(|_| world.post_named(MONITORS, &owner, "twenty", body.clone()))).await;
    let mut ids = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    let mut fresh = 0;
    for reply in replies {
        let reply = reply.expect(201);
        fresh += usize::from(reply.header("idempotent-replayed").is_empty());
        assert_eq!(reply.header("location"), format!("{MONITORS}/{}", reply.text("/id")));
        secrets.insert(reply.text("/webhook_secret"));
        ids.insert(reply.text("/id"));
    }
    assert_eq!((ids.len(), secrets.len(), fresh), (1, 1, 1));
    assert_eq!(monitors(&world, &owner).await, 1);
}

#[tokio::test]
async fn every_creation_is_answered_again_word_for_word_and_not_done_again() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let monitor = world.monitor(&owner, &site.url(), json!({"webhook_url": "http://127.0.0.1:9/"})).await;
    let key = world.post("/api/v1/keys", &owner, json!({"name": "old"})).await.expect(201).text("/id");
    site.answers(500);
    world.bare_tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    for (path, body, status) in [
        (MONITORS.to_owned(), json!({"url": "http://127.0.0.1:9/", "name": "once"}), 201),
        ("/api/v1/keys".into(), json!({"name": "once"}), 201),
        (format!("/api/v1/keys/{key}/rotate"), json!({"grace_seconds": 60}), 201),
        (format!("/api/v1/incidents/{incident}/comments"), json!({"body": "once"}), 201),
        ("/api/v1/webhooks/test".into(), json!({"monitor_id": monitor}), 202),
        ("/api/v1/webhooks/rotate-secret".into(), json!({"grace_seconds": 60, "monitor_id": monitor}), 200),
    ] {
        let first = world.post_named(&path, &owner, &path, body.clone()).await.expect(status);
        assert_eq!(first.header("idempotent-replayed"), "", "{path}");
        world.advance(86_399);
        let again = world.post_named(&path, &owner, &path, body.clone()).await.expect(status);
        assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &first.json), "{path}");
        let turned: serde_json::Map<String, Value> =
            body.as_object().expect("an object").clone().into_iter().rev().collect();
        let turned = world.post_named(&path, &owner, &path, Value::Object(turned)).await.expect(status);
        assert_eq!(turned.json, first.json, "{path}: members have no order");
        let mut other = body.clone();
        other["zzz"] = json!(1);
        let reused = world.post_named(&path, &owner, &path, other).await.expect(422);
        assert_eq!(reused.problem().0, "idempotency_key_reused", "{path}");
    }
    let story = world.get(&format!("/api/v1/incidents/{incident}"), &owner).await.expect(200);
    let comments = story.json["timeline"].as_array().into_iter().flatten().filter(|entry| entry["note"] == "once");
    assert_eq!(comments.count(), 1);
    let keys = world.get("/api/v1/keys", &owner).await.expect(200);
    assert_eq!(keys.data().iter().filter(|key| key["name"] == "once").count(), 1);
}

#[tokio::test]
async fn who_comes_second_gets_the_first_answer_and_not_a_refusal_that_it_caused() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let key = world.post("/api/v1/keys", &owner, json!({"name": "old"})).await.expect(201).text("/id");
    let path = format!("/api/v1/keys/{key}/rotate");
    let replies = join_all((0..20).map(|_| world.post_named(&path, &owner, "rotate", json!({})))).await;
    let tokens: BTreeSet<String> = replies.into_iter().map(|reply| reply.expect(201).text("/token")).collect();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn a_name_is_free_again_after_a_day_and_belongs_to_one_api_key() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": "http://127.0.0.1:9/"});
    let first = world.post_named(MONITORS, &owner, "mine", body.clone()).await.expect(201).text("/id");
    let token = world.key(owner.account, Plan::Business, valpero_domain::Scopes::all()).await;
    let colleague = Tenant { token, ..owner.clone() };
    let theirs = world.post_named(MONITORS, &colleague, "mine", body.clone()).await.expect(201);
    assert_ne!(theirs.text("/id"), first, "another key's name is another name");
    world.advance(86_400);
    let later = world.post_named(MONITORS, &owner, "mine", body.clone()).await.expect(201);
    assert_eq!(later.header("idempotent-replayed"), "");
    assert_eq!(monitors(&world, &owner).await, 3);
    let again = world.post_named(MONITORS, &owner, "mine", body).await.expect(201);
    assert_eq!(again.text("/id"), later.text("/id"));
}

#[tokio::test]
async fn a_request_that_was_refused_is_not_remembered() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    world.post_named(MONITORS, &owner, "try", json!({"url": "gopher://x"})).await.expect(422);
    world.post_named(MONITORS, &owner, "try", json!({"url": "http://127.0.0.1:9/"})).await.expect(201);
    assert_eq!(monitors(&world, &owner).await, 1);
}

#[tokio::test]
async fn a_crash_after_any_write_leaves_one_monitor_once_it_is_sent_again() {
    for writes in 0..4 {
        let world = World::new().await;
        let owner = world.tenant(Plan::Business).await;
        world.get("/api/v1/account", &owner).await.expect(200);
        let body = json!({"url": "http://127.0.0.1:9/"});
        world.crashes.after(writes);
        let cut = world.post_named(MONITORS, &owner, "crash", body.clone()).await;
        assert_eq!(cut.status == 201, !world.crashes.happened(), "{}", cut.json);
        world.crashes.restart();
        world.post_named(MONITORS, &owner, "crash", body).await.expect(201);
        assert_eq!(monitors(&world, &owner).await, 1, "after {writes} writes");
    }
}

#[tokio::test]
async fn the_store_keeps_no_secret_in_the_clear() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let minted = world.post_named("/api/v1/keys", &owner, "secret", json!({"name": "ci"})).await.expect(201);
    let again = world.post_named("/api/v1/keys", &owner, "secret", json!({"name": "ci"})).await.expect(201);
    assert_eq!(again.text("/token"), minted.text("/token"));
    let kept = world.client.scan().table_name("valpero-idempotency").send().await.expect("a scan");
    assert_eq!(kept.count(), 1);
    for item in kept.items() {
        for value in item.values() {
            let bytes = value.as_b().map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
            assert!(!bytes.windows(8).any(|window| window == b"val_key_"), "a token in the clear");
        }
    }
}

#[tokio::test]
async fn names_that_are_none_are_refused() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let send = async |names: &[&[u8]]| {
        let mut request = Request::post(MONITORS)
            .header(header::AUTHORIZATION, format!("Bearer {}", owner.token))
            .header(header::CONTENT_TYPE, "application/json");
        for name in names {
            request = request.header("idempotency-key", *name);
        }
        let body: Value = json!({"url": "http://127.0.0.1:9/"});
        world.send(request.body(Body::from(body.to_string())).expect("a request")).await
    };
    let long = [b'x'; 256];
    for names in [&[b"".as_slice()] as &[&[u8]], &[&long], &["é".as_bytes()], &[b"a\tb"], &[b"a", b"b"]] {
        assert_eq!(send(names).await.expect(422).problem().1, ["/Idempotency-Key"]);
    }
    send(&[&long[..255]]).await.expect(201);
}
