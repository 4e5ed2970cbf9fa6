//! A tick that is too much for one invocation, and slow targets beside fast ones: who checks what, and that nobody is forgotten.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use valpero_app::{App, EventBus};
use valpero_checker::{BACKOFF, Checker, CheckerEvent};
use valpero_domain::{MonitorId, Plan, schedule::RegionState};
use valpero_outbound::{Guard, Outbound, SystemResolver, Tls};

use crate::harness::{Site, Tenant, World, WorldOptions, as_function};

async fn in_one_region() -> (World, Tenant) {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    (world, owner)
}

/// Remembers that the monitor's last check was a slow one.
async fn make_slow(world: &World, owner: &Tenant, id: &str) {
    let (store, id) = (&world.stack.app.store, id.parse::<MonitorId>().expect("an id"));
    let monitor = store.monitor(owner.account, id).await.expect("the monitor");
    let place = &monitor.places[0];
    let seen = store.scheduled_probe(owner.account, id, place).await.expect("read").expect("scheduled");
    let state = RegionState { slow: true, ..seen.state.clone() };
    store.save_region_state(&seen, &place.cohort(), &state).await.expect("kept");
}

/// The times of a monitor's checks, newest first, and how each ended.
async fn checks(world: &World, owner: &Tenant, id: &str) -> Vec<(String, String)> {
    let listed = world.get(&format!("/api/v1/monitors/{id}/checks"), owner).await.expect(200);
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    listed.data().iter().map(|check| (text(&check["at"]), text(&check["outcome"]))).collect()
}

#[tokio::test]
async fn a_tick_that_is_too_much_for_one_invocation_is_divided() {
    let (world, owner) = in_one_region().await;
    let site = Site::start().await;
    let mut ids = Vec::new();
    for interval in [60, 120, 180] {
        ids.push(world.monitor(&owner, &site.url(), json!({"check_interval": interval})).await);
        // The directory alone says how large a cohort is: three that are said to be large make three parts.
        let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let inflated = world
            .client
            .update_item()
            .table_name("valpero-schedules")
            .set_key(Some([key("cohort", "cohorts#fra".into()), key("entry", format!("{interval:05}#0000000"))].into()))
            .update_expression("SET members = :many")
            .expression_attribute_values(":many", AttributeValue::N("1400".into()))
            .send();
        inflated.await.expect("written");
    }
    // To a minute at which all three intervals are due.
    while world.now().plus_seconds(60).minute() % 6 != 0 {
        world.advance(60);
    }
    let reports = world.bare_tick().await;
    let report = reports[0].as_ref().expect("a tick");
    assert_eq!((report.cohorts, report.checked, report.handed_over), (1, 1, 2));
    assert_eq!(world.handle_events().await, 2);
    for id in &ids {
        assert_eq!(checks(&world, &owner, id).await, [(world.now().to_string(), "up".into())]);
    }
}

#[tokio::test]
async fn a_slow_target_is_checked_apart_at_the_same_time_and_comes_back_when_it_is_fast() {
    let (world, owner) = in_one_region().await;
    let (fast, slow) = (Site::start().await, Site::start().await);
    let quick = world.monitor(&owner, &fast.url(), json!({})).await;
    let late = world.monitor(&owner, &slow.url(), json!({})).await;
    make_slow(&world, &owner, &late).await;
    slow.answers(503);

    let reports = world.bare_tick().await;
    let report = reports[0].as_ref().expect("a tick");
    assert_eq!((report.checked, report.handed_over), (1, 1));
    let first = world.now().to_string();
    assert_eq!(checks(&world, &owner, &quick).await, [(first.clone(), "up".into())], "it waits for nobody");
    assert_eq!(checks(&world, &owner, &late).await, []);
    assert_eq!(world.handle_events().await, 1);
    let listed = world.get(&format!("/api/v1/monitors/{late}/checks"), &owner).await.expect(200);
    assert_eq!(listed.data()[0]["at"], first.as_str());
    assert_eq!(listed.data()[0]["error"]["code"], "http_status");
    assert!(listed.data()[0]["error"]["detail"].as_str().expect("words").contains("503"), "{}", listed.json);
    assert_eq!(checks(&world, &owner, &quick).await.len(), 1, "it was not checked twice");
    for id in [&quick, &late] {
        assert_eq!(world.read(&owner, id).await["last_check_at"], first.as_str());
    }

    // It took no second this time: it is none of the slow ones any more.
    let reports = world.bare_tick().await;
    let report = reports[0].as_ref().expect("a tick");
    assert_eq!((report.checked, report.handed_over), (2, 0));
    let second = world.now().to_string();
    assert_eq!(checks(&world, &owner, &late).await, [(second.clone(), "down".into()), (first.clone(), "down".into())]);
    let until_then = world.get(&format!("/api/v1/monitors/{late}/checks?to={second}"), &owner).await.expect(200);
    assert_eq!(until_then.data().len(), 1);
    world.advance(3_600);
    world.roll_up().await;
    let hours = world.get(&format!("/api/v1/monitors/{late}/response-times"), &owner).await.expect(200);
    let counted: u64 = hours.data().iter().filter_map(|hour| hour["count"].as_u64()).sum();
    assert_eq!(counted, 2, "{}", hours.json);
}

#[tokio::test]
async fn where_all_targets_are_slow_nobody_waits_for_another() {
    let (world, owner) = in_one_region().await;
    let site = Site::start().await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    make_slow(&world, &owner, &id).await;
    let reports = world.bare_tick().await;
    let report = reports[0].as_ref().expect("a tick");
    assert_eq!((report.checked, report.handed_over), (1, 0));
}

#[tokio::test]
async fn what_the_bus_does_not_take_is_checked_by_the_tick_itself() {
    let (world, owner) = in_one_region().await;
    let (fast, slow) = (Site::start().await, Site::start().await);
    world.monitor(&owner, &fast.url(), json!({})).await;
    let late = world.monitor(&owner, &slow.url(), json!({})).await;
    make_slow(&world, &owner, &late).await;
    let app = App { events: EventBus::Absent, ..world.stack.app.clone() };
    let resolver = std::sync::Arc::new(SystemResolver::new().expect("a resolver"));
    let trust = Tls::trusting(rustls::RootCertStore::empty()).expect("TLS");
    let outbound = Outbound::new(Guard::allowing_private(Vec::new()), resolver, trust);
    let checker = Checker::new(app, "fra".parse().expect("a region"), outbound, BACKOFF);
    world.advance(60);
    let tick = CheckerEvent::scheduled(world.now().start_of_minute());
    let report = as_function("checker", checker.handle(&tick)).await.expect("a tick");
    assert_eq!((report.checked, report.handed_over), (2, 0));
    assert_eq!(checks(&world, &owner, &late).await.len(), 1);
}
