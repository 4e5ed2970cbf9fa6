//! Lists: pages and cursors give the same items, and a cursor is good for nothing else.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use valpero_domain::{Plan, packed::COHORT_SIZE};

use crate::harness::{Receiver, Site, Tenant, World};

fn ids(items: &[Value]) -> Vec<String> {
    // A check has no id of its own: its time and region name it.
    let name =
        |item: &Value| item["id"].as_str().map_or_else(|| format!("{}{}", item["at"], item["region"]), str::to_owned);
    items.iter().map(name).collect()
}

/// Walks a list by cursor; `meanwhile` happens after each part.
async fn walk(world: &World, owner: &Tenant, path: &str, limit: usize, meanwhile: impl AsyncFn()) -> Vec<String> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let mut next = format!("{path}{sign}limit={limit}");
    let mut seen = Vec::new();
    loop {
        let part = world.get(&next, owner).await.expect(200);
        assert!(part.data().len() <= limit);
        seen.extend(ids(part.data()));
        assert_eq!(part.json["has_more"] == json!(true), part.json["next_cursor"].is_string(), "{path}");
        let Some(cursor) = part.json["next_cursor"].as_str() else { return seen };
        next = format!("{path}{sign}limit={limit}&cursor={cursor}");
        meanwhile().await;
    }
}

/// How a list grows.
enum Order {
    NewestFirst,
    OldestFirst,
    /// An item that is there already may come to match the filter.
    Changing,
}

/// An account with several of everything.
async fn furnished() -> (World, Site, Receiver, Tenant, String) {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let mut first = String::new();
    for number in 0..7 {
        world.advance(2);
        let more = json!({"webhook_url": receiver.url(), "tags": [if number % 2 == 0 { "even" } else { "odd" }]});
        let id = world.monitor(&owner, &site.url(), more).await;
        world.post("/api/v1/keys", &owner, json!({"name": format!("key {number}")})).await.expect(201);
        if number == 0 {
            first = id;
        }
    }
    for status in [200, 500, 200, 500, 200] {
        site.answers(status);
        world.tick().await;
    }
    world.post(&format!("/api/v1/monitors/{first}/check"), &owner, Value::Null).await.expect(202);
    world.drain().await;
    (world, site, receiver, owner, first)
}

#[tokio::test]
async fn pages_and_a_walk_by_cursor_give_the_same_items_also_while_others_arrive() {
    let (world, site, _receiver, owner, first) = furnished().await;
    let arrive = async || {
        world.advance(3);
        world.monitor(&owner, &site.url(), json!({"regions": ["hel"]})).await;
        world.post("/api/v1/keys", &owner, json!({"name": "late"})).await.expect(201);
        site.answers(500);
        world.tick().await;
        site.answers(200);
        world.tick().await;
    };
    let checks = format!("/api/v1/monitors/{first}/checks");
    for (path, order) in [
        ("/api/v1/incidents?status=resolved", Order::Changing),
        ("/api/v1/webhooks/deliveries?status=succeeded", Order::Changing),
        ("/api/v1/monitors", Order::OldestFirst),
        ("/api/v1/monitors?tag=even", Order::OldestFirst),
        ("/api/v1/keys", Order::OldestFirst),
        ("/api/v1/incidents", Order::NewestFirst),
        ("/api/v1/audit-log", Order::NewestFirst),
        ("/api/v1/audit-log?action=monitor.down", Order::NewestFirst),
        ("/api/v1/webhooks/deliveries", Order::NewestFirst),
        (checks.as_str(), Order::NewestFirst),
        (&format!("{checks}?outcome=down"), Order::NewestFirst),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let whole = ids(world.get(&format!("{path}{sign}limit=200"), &owner).await.expect(200).data());
        assert!((4..200).contains(&whole.len()), "{path}: {}", whole.len());
        let mut pages = Vec::new();
        for page in 1.. {
            let part = world.get(&format!("{path}{sign}limit=3&page={page}"), &owner).await.expect(200);
            assert_eq!((&part.json["page"], &part.json["limit"]), (&json!(page), &json!(3)));
            pages.extend(ids(part.data()));
            if part.json["has_more"] == json!(false) {
                break;
            }
        }
        assert_eq!(pages, whole, "{path}");
        assert_eq!(walk(&world, &owner, path, 3, async || {}).await, whole, "{path}");
        let arrivals = AtomicUsize::new(0);
        let few = async || {
            if arrivals.fetch_add(1, Ordering::SeqCst) < 2 {
                arrive().await;
            }
        };
        match order {
            Order::Changing => continue,
            Order::NewestFirst => {
                let moving = walk(&world, &owner, path, 3, few).await;
                assert!(moving == whole, "{path}: what arrives on top moves nothing");
            }
            Order::OldestFirst => {
                let moving = walk(&world, &owner, path, 3, few).await;
                assert!(moving[..whole.len()] == whole[..], "{path}: what arrives is at the end");
                assert_eq!(moving.iter().collect::<BTreeSet<_>>().len(), moving.len(), "{path}: nothing comes twice");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let (world, _site, _receiver, owner, _) = furnished().await;
    let stranger = world.tenant(Plan::Business).await;
    let part = world.get("/api/v1/monitors?tag=even&limit=2", &owner).await.expect(200);
    let cursor = part.text("/next_cursor");
    let again = world.get(&format!("/api/v1/monitors?limit=1&tag=even&cursor={cursor}"), &owner).await.expect(200);
    assert_eq!((&again.json["page"], again.data().len()), (&Value::Null, 1), "another limit is no other list");
    let mut altered = cursor.clone();
    altered.replace_range(8..9, if &cursor[8..9] == "A" { "B" } else { "A" });
    for path in [
        format!("/api/v1/monitors?cursor={cursor}"),
        format!("/api/v1/monitors?tag=odd&cursor={cursor}"),
        format!("/api/v1/incidents?cursor={cursor}"),
        format!("/api/v1/monitors?tag=even&cursor={altered}"),
        "/api/v1/monitors?tag=even&cursor=x".into(),
    ] {
        assert_eq!(world.get(&path, &owner).await.expect(422).problem().1, ["/cursor"], "{path}");
    }
    let theirs = world.get(&format!("/api/v1/monitors?tag=even&cursor={cursor}"), &stranger).await.expect(422);
    assert_eq!(theirs.problem().1, ["/cursor"], "nor is it another account's");
    let both = world.get(&format!("/api/v1/monitors?tag=even&page=2&cursor={cursor}"), &owner).await.expect(422);
    assert_eq!(both.problem().1, ["/page"]);
}

#[tokio::test]
async fn far_pages_are_refused_and_told_of_the_cursor() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    world.get("/api/v1/monitors?page=50&limit=200", &owner).await.expect(200);
    let far = world.get("/api/v1/monitors?page=51&limit=200", &owner).await.expect(422);
    assert_eq!(far.problem().1, ["/page"]);
    assert!(far.text("/errors/0/detail").contains("cursor"));
    for (query, pointer) in [("limit=0", "/limit"), ("limit=201", "/limit"), ("page=0", "/page"), ("page=x", "/page")] {
        assert_eq!(world.get(&format!("/api/v1/keys?{query}"), &owner).await.expect(422).problem().1, [pointer]);
    }
}

#[tokio::test]
async fn a_walk_costs_what_it_shows() {
    use valpero_storage::Usage;
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for _ in 0..COHORT_SIZE {
        world.monitor(&owner, "http://127.0.0.1:9/", json!({"regions": ["hel"]})).await;
    }
    let store = &world.stack.app.store;
    let all = store.monitors(owner.account, None, |_| true, 200).await.expect("monitors");
    let last = all[all.len() - 3].id;
    let (rest, usage) = Usage::of(store.monitors(owner.account, Some(last), |_| true, 51)).await;
    assert_eq!(rest.expect("monitors").len(), 2);
    assert!(usage.rru <= 0.5, "only what follows is read: {usage:?}");
}
