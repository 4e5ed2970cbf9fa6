//! What things cost, from ReturnConsumedCapacity.

mod table;

use serde_json::{Value, json};
use valpero_auth::Token;
use valpero_checker::CheckerEvent;
use valpero_domain::{Plan, packed::COHORT_SIZE};
use valpero_storage::{Occasion, Usage};

use crate::harness::{Site, World, WorldOptions};

#[tokio::test]
async fn a_keys_own_cost_is_one_write_unit_and_one_round_trip() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let hash = Token::parse(&owner.token).expect("a token").hash();
    let store = &world.stack.app.store;
    store.meter(&hash, world.now()).await.expect("counted");
    let (counted, usage) = Usage::of(store.meter(&hash, world.now())).await;
    counted.expect("counted");
    assert_eq!(usage, Usage { wru: 1.0, rru: 0.0, round_trips: 1 });
    let next_minute = world.now().plus_seconds(60);
    let (counted, usage) = Usage::of(store.meter(&hash, next_minute)).await;
    counted.expect("counted");
    assert_eq!(usage, Usage { wru: 2.0, rru: 0.0, round_trips: 2 }, "the first of a minute opens the window");
}

#[tokio::test]
async fn a_request_that_is_refused_costs_no_other_work() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Free).await;
    for _ in 0..30 {
        world.get("/api/v1/account", &owner).await.expect(200);
    }
    let hash = Token::parse(&owner.token).expect("a token").hash();
    let (refused, usage) = Usage::of(world.stack.app.store.meter(&hash, world.now())).await;
    assert!(refused.is_err());
    assert_eq!(usage, Usage { wru: 1.0, rru: 0.0, round_trips: 1 });
    world.get("/api/v1/account", &owner).await.expect(429);
    // A token whose checksum fails is refused without any read: also where the store is out of reach.
    world.crashes.after(-1);
    world.call("GET", "/api/v1/account", "val_key_x", Value::Null).await.expect(401);
}

#[tokio::test]
async fn a_tick_over_a_full_cohort_costs_two_write_units_when_nothing_changed() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    for _ in 0..COHORT_SIZE {
        world.monitor(&owner, &site.url(), json!({})).await;
    }
    world.tick().await;
    let next = CheckerEvent::scheduled(world.now().plus_seconds(60));
    let (report, usage) = world.stack.checkers[0].handle_measured(&next).await;
    let report = report.expect("a tick");
    assert_eq!((report.checked, report.cohorts, report.changes), (COHORT_SIZE, 1, 0));
    // The region's heartbeat and the cohort's packed checks; the list of its cohorts, and the cohort.
    assert_eq!((usage.wru, usage.rru), (2.0, 2.5), "{usage:?}");
}

#[tokio::test]
async fn a_change_of_status_is_one_transaction() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    world.monitor(&owner, &site.url(), json!({"retries": 1, "webhook_url": "http://127.0.0.1:9/"})).await;
    world.tick().await;
    site.answers(500);
    let next = CheckerEvent::scheduled(world.now().plus_seconds(60));
    let (report, usage) = world.stack.checkers[0].handle_measured(&next).await;
    assert_eq!(report.expect("a tick").changes, 1);
    // Heartbeat, failure in words, vote, region state, packed checks: one each, the monitor's item two where it is above 1 KB.
    // The transaction: monitor, audit row, incident, timeline, delivery, schedule at two units a KB.
    assert!(usage.wru <= 24.0, "{usage:?}");
}

#[tokio::test]
async fn a_scrape_costs_some_eight_read_units_a_cohort_of_monitors() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    for _ in 0..COHORT_SIZE {
        world.monitor(&owner, &site.url(), json!({})).await;
    }
    world.tick().await;
    let account = owner.account;
    let app = &world.stack.app;
    let (glanced, usage) = Usage::of(app.store.metrics_rows(account, |_| {})).await;
    glanced.expect("monitors");
    assert!((4.0..=8.0).contains(&usage.rru), "{usage:?}");
    let monitors = app.store.monitors(account, None, |_| true, COHORT_SIZE).await.expect("monitors");
    let (latest, usage) = Usage::of(valpero_http::latest::latest(app, &monitors)).await;
    assert_eq!(latest.expect("checks").len(), COHORT_SIZE);
    assert!(usage.rru <= 1.0 && usage.round_trips == 2, "the newest checks of a whole cohort: {usage:?}");
}

#[tokio::test]
async fn an_hour_of_a_full_cohort_is_summed_up_for_eight_read_units_and_one_write_unit() {
    use valpero_domain::{
        packed::{Record, Slot},
        probe::{Outcome, Phases},
        rollup::Span,
        schedule::Cohort,
    };
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let store = &world.stack.app.store;
    let cohort = Cohort { region: "fra".parse().expect("a region"), interval: 60, number: 0 };
    let start = Span::Hour.start(world.now());
    let record = |slot: usize| Record {
        slot: u32::try_from(slot).ok().and_then(Slot::new).expect("a slot"),
        outcome: Outcome::Up,
        error: None,
        http_status: Some(200),
        phases: Phases { first_byte_us: Some(120_000), ..Phases::default() },
    };
    let records: Vec<Record> = (0..COHORT_SIZE).map(record).collect();
    for minute in 0..60 {
        store.save_checks(&cohort, start.plus_seconds(60 * minute), Occasion::Tick, &records).await.expect("kept");
    }
    let (kept, usage) = Usage::of(store.roll_up(&cohort, Span::Hour, start)).await;
    assert!(kept.expect("summed up"));
    assert!(usage.rru <= 8.0 && (usage.wru - 1.0).abs() < 0.01, "{usage:?}");
}

#[tokio::test]
async fn to_look_for_a_receipt_costs_one_read_unit() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let store = &world.stack.app.store;
    let name = json!({"name": "ci"});
    world.post_named("/api/v1/keys", &owner, "once", name).await.expect(201);
    let hash = Token::parse(&owner.token).expect("a token").hash();
    let key = store.meter(&hash, world.now()).await.expect("counted").key.id;
    let (receipt, usage) = Usage::of(store.receipt(key, "once", world.now())).await;
    assert!(receipt.expect("a receipt").is_some());
    assert_eq!(usage, Usage { wru: 0.0, rru: 1.0, round_trips: 1 });
}
