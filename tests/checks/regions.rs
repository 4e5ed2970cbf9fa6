//! Which regions there are: those that tick, until an operator removes them.

use std::sync::Arc;

use serde_json::json;
use valpero::embedded::Embedded;
use valpero_domain::{Plan, RegionCode};

use crate::harness::{Site, World, WorldOptions};

fn code(text: &str) -> RegionCode {
    text.parse().expect("a region")
}

#[tokio::test]
async fn before_the_first_tick_there_is_nowhere_to_check_from() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for region in ["hel", "fra", "usc"] {
        world.stack.app.store.remove_region(code(region)).await.expect("removed");
    }
    let body = json!({"url": "http://127.0.0.1:9/"});
    let refused = world.post("/api/v1/monitors", &owner, body.clone()).await.expect(503);
    assert_eq!((refused.problem().0, refused.header("retry-after")), ("no_region_yet", "30"));
    world.bare_tick().await;
    let made = world.post("/api/v1/monitors", &owner, body).await.expect(201);
    assert_eq!(made.json["regions"], json!(["hel", "fra", "usc"]));
}

#[tokio::test]
async fn a_region_that_was_removed_is_offered_no_more_but_stays_where_it_is_named() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let old = world.monitor(&owner, &site.url(), json!({})).await;
    world.stack.app.store.remove_region(code("usc")).await.expect("removed");
    let again = world.stack.app.store.remove_region(code("usc")).await;
    assert!(matches!(again, Err(valpero_storage::StoreError::NotFound)), "{again:?}");

    let new = world.monitor(&owner, &site.url(), json!({})).await;
    assert_eq!(world.read(&owner, &new).await["regions"], json!(["hel", "fra"]));
    let named = json!({"url": site.url(), "regions": ["usc"]});
    assert_eq!(world.post("/api/v1/monitors", &owner, named).await.expect(422).problem().1, ["/regions/0"]);

    let patch = async |id: &str, body| world.call("PATCH", &format!("/api/v1/monitors/{id}"), &owner.token, body).await;
    let renamed = patch(&old, json!({"name": "Renamed"})).await.expect(200);
    assert_eq!(renamed.json["regions"], json!(["hel", "fra", "usc"]), "a change of something else leaves it");
    assert_eq!(patch(&new, json!({"regions": ["hel", "usc"]})).await.expect(422).problem().1, ["/regions/1"]);
    let moved = patch(&old, json!({"regions": null})).await.expect(200);
    assert_eq!(moved.json["regions"], json!(["hel", "fra"]), "what is left to us is what there is");
}

#[tokio::test]
async fn a_start_with_other_regions_is_with_those_alone() {
    let store = Arc::new(Embedded::in_memory().expect("a store"));
    let options = |regions| WorldOptions { regions, store: Some(Arc::clone(&store)), ..WorldOptions::default() };
    World::with(options("hel,fra")).await;
    let world = World::with(options("fra,syd")).await;
    assert_eq!(world.stack.app.store.deployed_regions().await.expect("regions"), [code("fra"), code("syd")]);
}

#[tokio::test]
async fn the_sweep_names_the_regions_that_are_silent() {
    let world = World::new().await;
    assert!(world.sweep().await.silent.is_empty());
    for _ in 0..3 {
        world.advance(60);
        world.stack.app.store.record_heartbeat(code("hel"), world.now()).await.expect("a beat");
    }
    assert_eq!(world.sweep().await.silent, [code("fra"), code("usc")]);
}

#[tokio::test]
async fn a_region_that_this_version_does_not_know_is_in_nobodys_way() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let beat = world.client.put_item().table_name("valpero-schedules").item("cohort", text("regions"));
    let beat = beat.item("entry", text("atl")).item("last_tick_at", text("2026-11-18T11:07:00.000Z"));
    beat.send().await.expect("written");
    let site = Site::start().await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    assert!(world.sweep().await.silent.is_empty());
}
