//! A tick that is too much for one invocation, and slow targets beside fast ones: who checks what, and that nobody is forgotten.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use tokio::net::TcpListener;
use valpero_checker::{BACKOFF, Checker, CheckerEvent, IN_WRITING};
use valpero_domain::{MonitorId, Plan, packed::COHORT_SIZE, schedule::RegionState};
use valpero_outbound::{Guard, Outbound, SystemResolver, Tls};
use valpero_runtime::{App, EventBus};

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
    store.save_region_state(&seen, &place.cohort(), &state, None).await.expect("kept");
}

/// Monitors of these intervals, each in a cohort that is said to be so large that it makes a part of the tick. The next minute is one
/// at which all of them are due, as they are every twelve minutes.
async fn in_large_cohorts(world: &World, owner: &Tenant, site: &Site, intervals: &[u32]) -> Vec<String> {
    let mut ids = Vec::new();
    for interval in intervals {
        ids.push(world.monitor(owner, &site.url(), json!({"check_interval": interval})).await);
        // The directory alone says how large a cohort is.
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
    while world.now().plus_seconds(60).minute() % 12 != 0 {
        world.advance(60);
    }
    ids
}

/// A checker whose events nobody takes.
fn without_bus(world: &World) -> Checker {
    let app = App { events: EventBus::Absent, ..world.stack.app.clone() };
    let resolver = std::sync::Arc::new(SystemResolver::new().expect("a resolver"));
    let trust = Tls::trusting(rustls::RootCertStore::empty()).expect("TLS");
    let outbound = Outbound::new(Guard::allowing_private(Vec::new()), resolver, trust);
    Checker::new(app, "fra".parse().expect("a region"), outbound, BACKOFF)
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
    let ids = in_large_cohorts(&world, &owner, &site, &[60, 120, 180]).await;
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
    world.advance(60);
    let tick = CheckerEvent::scheduled(world.now().start_of_minute());
    let report = as_function("checker", without_bus(&world).handle(&tick)).await.expect("a tick");
    assert_eq!((report.checked, report.handed_over), (2, 0));
    assert_eq!(checks(&world, &owner, &late).await.len(), 1);
}

#[tokio::test]
async fn where_the_bus_takes_nothing_every_part_has_its_turn_and_the_tick_fails() {
    let (world, owner) = in_one_region().await;
    let site = Site::start().await;
    // Five parts: the tick's own, and one more than it takes beside it.
    let ids = in_large_cohorts(&world, &owner, &site, &[60, 120, 180, 240, 360]).await;
    let checker = without_bus(&world);
    let mut checked = vec![0; ids.len()];
    for _ in 0..6 {
        world.advance(60);
        let tick = CheckerEvent::scheduled(world.now().start_of_minute());
        let failed = as_function("checker", checker.handle(&tick)).await;
        assert!(failed.is_err(), "somebody must hear of it: {failed:?}");
        let mut missed = 0;
        for (id, checked) in ids.iter().zip(&mut checked) {
            let now = checks(&world, &owner, id).await.len();
            missed += usize::from(now == *checked);
            *checked = now;
        }
        assert_eq!(missed, 1);
        world.advance(11 * 60);
    }
    assert!(checked.iter().all(|checks| *checks > 0), "{checked:?}");
}

#[tokio::test]
async fn what_is_so_late_that_the_next_tick_has_come_is_not_checked() {
    let (world, owner) = in_one_region().await;
    let site = Site::start().await;
    let often = world.monitor(&owner, &site.url(), json!({"check_interval": 60})).await;
    let seldom = world.monitor(&owner, &site.url(), json!({"check_interval": 300})).await;
    while world.now().minute() % 5 != 0 {
        world.advance(60);
    }
    let tick = CheckerEvent::scheduled(world.now().start_of_minute());
    let due = world.now().start_of_minute().to_string();
    world.advance(70);
    let report = as_function("checker", without_bus(&world).handle(&tick)).await.expect("a tick");
    assert_eq!(report.checked, 1, "what is due in five minutes again");
    assert_eq!(checks(&world, &owner, &often).await, []);
    assert_eq!(checks(&world, &owner, &seldom).await, [(due, "up".into())]);
}

#[tokio::test]
async fn a_monitor_that_two_parts_of_a_tick_checked_was_checked_once() {
    let (world, owner) = in_one_region().await;
    let (site, other) = (Site::start().await, Site::start().await);
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    world.monitor(&owner, &other.url(), json!({})).await;
    make_slow(&world, &owner, &id).await;
    world.bare_tick().await;
    // The bus took it, but its answer was lost: the tick goes on alone.
    let tick = CheckerEvent::scheduled(world.now().start_of_minute());
    as_function("checker", without_bus(&world).handle(&tick)).await.expect("a tick");
    assert_eq!(world.handle_events().await, 1);
    world.tick().await;
    assert_eq!(checks(&world, &owner, &id).await.len(), 2);
    let page = world.get(&format!("/api/v1/monitors/{id}/checks?limit=1"), &owner).await.expect(200);
    let cursor = page.json["next_cursor"].as_str().expect("another page");
    let last = world.get(&format!("/api/v1/monitors/{id}/checks?limit=1&cursor={cursor}"), &owner).await.expect(200);
    assert_eq!((last.data().len(), &last.json["next_cursor"]), (1, &serde_json::Value::Null), "{}", last.json);
    world.advance(3_600);
    world.roll_up().await;
    let hours = world.get(&format!("/api/v1/monitors/{id}/response-times"), &owner).await.expect(200);
    let counted: u64 = hours.data().iter().filter_map(|hour| hour["count"].as_u64()).sum();
    assert_eq!(counted, 2, "{}", hours.json);
}

#[tokio::test]
async fn an_outage_of_many_asks_the_store_for_a_few_at_a_time() {
    const MANY: usize = 150;
    // Each cohort keeps its checks as soon as it is done, beside the states of the others.
    let cohorts = MANY.div_ceil(COHORT_SIZE);
    for (most, expected) in [(IN_WRITING, 32..=IN_WRITING + cohorts), (2, 1..=2 + cohorts)] {
        let (mut world, owner) = in_one_region().await;
        let checker = world.stack.checkers.remove(0).with_writes(most);
        world.stack.checkers.push(checker);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        for _ in 0..MANY {
            world.monitor(&owner, &url, json!({"retries": 0})).await;
        }
        let all_hang_up_at_once = async {
            let mut connections = Vec::new();
            while connections.len() < MANY {
                connections.push(listener.accept().await.expect("a connection"));
            }
        };
        world.crowd.most();
        tokio::join!(world.tick(), all_hang_up_at_once);
        let seen = world.crowd.most();
        assert!(expected.contains(&seen), "{seen} at the same time, of {most}");
    }
}
