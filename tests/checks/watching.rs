//! Faults of our own: what a region cannot probe is not told as the target's fault, is not kept secret either, and harms nothing beside it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use valpero_checker::CheckerEvent;
use valpero_domain::Plan;

use crate::harness::{NameServer, Ours, Receiver, Site, Tenant, World, WorldOptions};

async fn named_site() -> (World, Ours, Site, Receiver, Tenant, String) {
    let ours = Ours::default();
    let world = World::with(WorldOptions { resolver: Arc::new(ours.clone()), ..WorldOptions::default() }).await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let url = format!("http://site.example:{}/", site.address().port());
    let id = world.monitor(&owner, &url, json!({"webhook_url": receiver.url()})).await;
    (world, ours, site, receiver, owner, id)
}

async fn metric(world: &World, owner: &Tenant) -> String {
    let scrape = world.get("/api/metrics", owner).await.expect(200);
    let text = String::from_utf8(scrape.bytes.to_vec()).expect("text");
    let line = text.lines().find(|line| line.starts_with("valpero_unwatched{")).expect("a sample");
    line.rsplit(' ').next().expect("a value").to_owned()
}

#[tokio::test]
async fn a_monitor_that_no_region_can_probe_says_so_and_tells_when_one_can_again() {
    let (world, ours, _site, receiver, owner, id) = named_site().await;
    ours.is(NameServer::Silent);
    let first = world.now().start_of_minute().plus_seconds(60);
    for _ in 0..2 {
        world.tick().await;
        let monitor = world.read(&owner, &id).await;
        assert_eq!((&monitor["status"], &monitor["unwatched"]), (&json!("pending"), &Value::Null));
    }
    assert_eq!(metric(&world, &owner).await, "0");
    world.tick().await;
    let monitor = world.read(&owner, &id).await;
    assert_eq!(monitor["status"], "pending", "nobody knows");
    assert_eq!(monitor["unwatched"]["since"], json!(first));
    assert_eq!(monitor["unwatched"]["cause"]["code"], "dns_timeout");
    assert_eq!(metric(&world, &owner).await, "1");
    world.tick().await;
    assert_eq!(receiver.events(), ["monitor.unwatched"], "told once");
    ours.is(NameServer::Sound);
    world.tick().await;
    let monitor = world.read(&owner, &id).await;
    assert_eq!((&monitor["status"], &monitor["unwatched"]), (&json!("up"), &Value::Null));
    assert_eq!(receiver.events(), ["monitor.unwatched", "monitor.recovered"]);
    assert!(world.incidents(&owner).await.is_empty(), "it is no fault of the target's");
    // The same once it has been up, when its status stays what it is.
    ours.is(NameServer::Silent);
    for _ in 0..4 {
        world.tick().await;
    }
    assert_eq!(world.read(&owner, &id).await["unwatched"]["cause"]["code"], "dns_timeout");
    ours.is(NameServer::Sound);
    world.tick().await;
    let monitor = world.read(&owner, &id).await;
    assert_eq!((&monitor["status"], &monitor["unwatched"]), (&json!("up"), &Value::Null));
    assert_eq!(receiver.events()[2..], ["monitor.unwatched", "monitor.recovered"]);
    let log = world.get("/api/v1/audit-log?action=monitor.unwatched", &owner).await.expect(200);
    assert_eq!(log.data().len(), 2);
}

#[tokio::test]
async fn after_any_write_of_telling_that_nobody_watches_it_is_told_all_the_same() {
    for writes in 0..40 {
        let (world, ours, _site, receiver, owner, id) = named_site().await;
        world.tick().await;
        ours.is(NameServer::Silent);
        world.tick().await;
        world.tick().await;
        world.crashes.after(writes);
        world.bare_tick().await;
        let crashed = world.crashes.happened();
        world.crashes.restart();
        world.tick().await;
        world.sweep().await;
        world.deliver().await;
        assert!(world.read(&owner, &id).await["unwatched"]["since"].is_string(), "after {writes} writes");
        assert_eq!(receiver.events(), ["monitor.unwatched"], "after {writes} writes");
        ours.is(NameServer::Sound);
        world.crashes.after(writes);
        world.bare_tick().await;
        world.crashes.restart();
        world.tick().await;
        world.sweep().await;
        world.deliver().await;
        assert_eq!(world.read(&owner, &id).await["unwatched"], Value::Null, "after {writes} writes");
        assert_eq!(receiver.events(), ["monitor.unwatched", "monitor.recovered"], "after {writes} writes");
        if !crashed {
            return;
        }
    }
    panic!("a tick makes more writes than were tried");
}

#[tokio::test]
async fn a_panic_in_one_probe_is_a_fault_of_ours_and_harms_no_other_check() {
    let (world, ours, site, _receiver, owner, id) = named_site().await;
    let neighbour = world.monitor(&owner, &site.url(), json!({})).await;
    ours.is(NameServer::Panicking);
    world.tick().await;
    let check = |id: &str| format!("/api/v1/monitors/{id}/checks");
    let broken = world.get(&check(&id), &owner).await.expect(200);
    assert_eq!(broken.data().len(), 3);
    assert!(broken.data().iter().all(|check| check["error"]["code"] == "internal"), "{}", broken.json);
    assert_eq!(world.status(&owner, &id).await, "pending");
    assert_eq!(world.status(&owner, &neighbour).await, "up");
    ours.is(NameServer::Sound);
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
}

#[tokio::test]
async fn a_retry_that_we_could_not_make_hides_no_failure_that_was_seen() {
    let ours = Ours::default();
    let options = WorldOptions { resolver: Arc::new(ours.clone()), regions: "hel", ..WorldOptions::default() };
    let world = World::with(options).await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, "http://site.example:9/", json!({"retries": 2})).await;
    for (minute, expected) in [(1, "pending"), (2, "down")] {
        ours.is(NameServer::FailingOnce);
        world.tick().await;
        let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
        assert_eq!(checks.data()[0]["error"]["code"], "dns_nxdomain", "minute {minute}");
        // A region that is alone needs a second check that could tell.
        assert_eq!(world.status(&owner, &id).await, expected, "minute {minute}");
    }
}

#[tokio::test]
async fn checks_are_kept_whatever_becomes_of_the_minds_and_no_mind_is_written_too_late() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    site.answers(500);
    world.advance(60);
    let event = CheckerEvent::scheduled(world.now());
    for checker in &world.stack.checkers {
        let hurried = checker.clone().writing_until(Duration::ZERO);
        let report = hurried.handle(&event).await.expect("a tick");
        assert_eq!((report.checked, report.down, report.unwritten, report.changes), (1, 1, 1, 0));
    }
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks?outcome=down"), &owner).await.expect(200);
    assert_eq!(checks.data().len(), 3, "history has them");
    assert_eq!(world.status(&owner, &id).await, "up");
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down", "the next tick finds what it is then");
}

#[tokio::test]
async fn an_outage_reads_which_regions_report_once_a_region() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    for _ in 0..20 {
        world.monitor(&owner, &site.url(), json!({})).await;
    }
    world.tick().await;
    site.answers(500);
    world.tick().await;
    world.advance(60);
    let (report, usage) = world.stack.checkers[0].handle_measured(&CheckerEvent::scheduled(world.now())).await;
    assert_eq!(report.expect("a tick").down, 20);
    // Beside one read of each monitor: the cohorts, the cohort, the heartbeats, and what the tick writes.
    assert_eq!(usage.round_trips, 20 + 3 + 2, "{usage:?}");
}
