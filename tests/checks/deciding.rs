//! Deciding: minorities, silent regions, pauses, and many who decide at once.

use futures::future::join_all;
use serde_json::json;
use valpero_checker::CheckerEvent;
use valpero_domain::{
    MonitorId, Plan,
    probe::{Cause, ErrorCode},
    quorum::Decider,
    schedule::RegionState,
    status::{Verdict, Vote},
};
use valpero_monitoring::settle::{Reporting, settle};

use crate::harness::{Receiver, Site, World, WorldOptions};

#[tokio::test]
async fn of_two_hundred_checkers_that_decide_at_once_one_opens_the_incident() {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.tick().await;
    let store = &world.stack.app.store;
    let monitor_id: MonitorId = id.parse().expect("an id");
    world.advance(1);
    let vote = Vote {
        verdict: Verdict::Down,
        since: world.now(),
        at: world.now(),
        cause: Some(Cause::of(ErrorCode::HttpStatus)),
        slow: false,
    };
    let monitor = store.monitor(owner.account, monitor_id).await.expect("the monitor");
    for place in &monitor.places {
        let seen = store.scheduled_probe(owner.account, monitor_id, place).await.expect("read").expect("scheduled");
        let state = RegionState { verdict: Some(Verdict::Down), since: Some(world.now()), ..seen.state.clone() };
        assert!(store.turn_region(&seen, &place.cohort(), &state, &vote, None).await.expect("a vote"));
        assert!(
            !store.turn_region(&seen, &place.cohort(), &state, &vote, None).await.expect("no vote"),
            "seen is no longer true"
        );
    }
    let region = monitor.spec.regions[0];
    let check = Decider { region, verdict: Some(Verdict::Down), at: world.now(), requested: false };
    let reporting = Reporting::default();
    let decisions = (0..200).map(|_| settle(&world.stack.app, owner.account, monitor_id, &check, &reporting));
    let wrote = join_all(decisions).await.into_iter().filter(|wrote| *wrote.as_ref().expect("no error")).count();
    world.deliver().await;
    assert_eq!(wrote, 1);
    assert_eq!(world.incidents(&owner).await.len(), 1);
    assert_eq!(
        store
            .deliveries(owner.account, &valpero_storage::DeliveryFilter::default(), None, 10)
            .await
            .expect("deliveries")
            .len(),
        1
    );
    assert_eq!(receiver.events(), ["incident.opened"]);
}

/// One region sees nothing but a closed door: its own site is broken, the others' is not.
async fn partly_broken() -> (World, Site, crate::harness::Tenant, String, Receiver) {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.tick().await;
    (world, site, owner, id, receiver)
}

#[tokio::test]
async fn a_minority_degrades_a_monitor_after_a_tick_and_names_the_region() {
    let (world, site, owner, id, receiver) = partly_broken().await;
    world.tick_with_broken(&site, 1).await;
    let first = world.read(&owner, &id).await;
    assert_eq!((&first["status"], &first["degraded_regions"]), (&json!("up"), &json!(["hel"])));
    world.tick_with_broken(&site, 1).await;
    assert_eq!(world.status(&owner, &id).await, "degraded");
    assert!(world.incidents(&owner).await.is_empty());
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    assert_eq!(receiver.events(), ["monitor.degraded", "monitor.recovered"]);
}

#[tokio::test]
async fn a_majority_takes_it_down_and_the_incident_begins_with_the_first_failure() {
    let (world, site, owner, id, receiver) = partly_broken().await;
    world.tick_with_broken(&site, 1).await;
    let first_failure = world.now();
    world.tick_with_broken(&site, 2).await;
    assert_eq!(world.status(&owner, &id).await, "down");
    let incident = &world.incidents(&owner).await[0];
    assert_eq!(incident["started_at"], json!(first_failure));
    assert_eq!(incident["regions"], json!(["hel", "fra"]));
    world.tick_with_broken(&site, 1).await;
    assert_eq!(world.status(&owner, &id).await, "up", "two of three see it up again");
    assert_eq!(receiver.events(), ["monitor.degraded", "incident.opened", "incident.resolved"]);
}

#[tokio::test]
async fn regions_that_fall_silent_keep_no_incident_open() {
    let (world, site, owner, id, _receiver) = partly_broken().await;
    world.tick_with_broken(&site, 2).await;
    assert_eq!(world.status(&owner, &id).await, "down");
    // Only the last region still ticks, and it sees the site up.
    site.answers(200);
    for _ in 0..3 {
        assert_eq!(world.status(&owner, &id).await, "down");
        world.advance(60);
        let event = CheckerEvent::scheduled(world.now());
        world.stack.checkers[2].handle(&event).await.expect("a tick");
    }
    assert_eq!(world.status(&owner, &id).await, "up");
}

#[tokio::test]
async fn a_region_that_is_left_alone_of_many_needs_a_second_tick() {
    let (world, site, owner, id, _receiver) = partly_broken().await;
    site.answers(500);
    world.advance(300);
    for expected in ["up", "down"] {
        world.advance(60);
        let event = CheckerEvent::scheduled(world.now());
        world.stack.checkers[0].handle(&event).await.expect("a tick");
        assert_eq!(world.status(&owner, &id).await, expected);
    }
}

#[tokio::test]
async fn a_region_that_is_taken_away_leaves_no_vote_behind() {
    let world = World::with(WorldOptions { regions: "hel,use", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"confirm_regions": 2})).await;
    world.tick().await;
    world.tick_with_broken(&site, 1).await;
    assert_eq!(world.read(&owner, &id).await["degraded_regions"], json!(["hel"]));
    let path = format!("/api/v1/monitors/{id}");
    let patch = |regions| json!({"regions": regions, "confirm_regions": null});
    world.call("PATCH", &path, &owner.token, patch(json!(["use"]))).await.expect(200);
    assert_eq!(world.read(&owner, &id).await["degraded_regions"], json!([]));
    let back = world.call("PATCH", &path, &owner.token, patch(json!(["hel", "use"]))).await.expect(200);
    assert_eq!(back.json["degraded_regions"], json!([]));
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
}

#[tokio::test]
async fn one_region_without_retries_needs_two_ticks_in_each_direction() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    site.answers(500);
    world.tick().await;
    let first_failure = world.now();
    assert_eq!(world.status(&owner, &id).await, "up");
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down");
    assert_eq!(world.incidents(&owner).await[0]["started_at"], json!(first_failure));
    site.answers(200);
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down");
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
}

#[tokio::test]
async fn a_retry_that_succeeds_keeps_the_monitor_up() {
    let world = World::with(WorldOptions { regions: "fra", ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"retries": 2})).await;
    site.answers(500);
    world.tick().await;
    assert_eq!(site.requests().len(), 3, "one attempt and two more");
    assert_eq!(world.status(&owner, &id).await, "down", "its retries confirm it");
}

#[tokio::test]
async fn our_own_fault_never_votes() {
    // The resolver of the world knows no names, but says so as an outage of its own.
    struct Broken;
    impl valpero_outbound::Resolve for Broken {
        fn resolve<'a>(&'a self, _: &'a str) -> futures::future::BoxFuture<'a, Result<Vec<std::net::IpAddr>, Cause>> {
            Box::pin(async { Err(Cause::of(ErrorCode::DnsTimeout)) })
        }

        fn records<'a>(
            &'a self,
            _: &'a valpero_domain::dns_name::DnsName,
            _: valpero_domain::dns_check::RecordType,
            _: &'a [std::net::SocketAddr],
        ) -> futures::future::BoxFuture<'a, Result<valpero_outbound::DnsAnswers, Cause>> {
            Box::pin(async { Err(Cause::of(ErrorCode::DnsTimeout)) })
        }
    }
    let world = World::with(WorldOptions { resolver: std::sync::Arc::new(Broken), ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, "http://site.example/", json!({})).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "pending");
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    assert!(checks.data().iter().all(|check| check["outcome"] == "probe_error"));
    assert!(world.incidents(&owner).await.is_empty());
}

#[tokio::test]
async fn a_paused_monitor_is_left_alone_and_a_resumed_one_starts_anew() {
    let (world, site, owner, id, receiver) = partly_broken().await;
    site.answers(500);
    world.tick().await;
    let pause = format!("/api/v1/monitors/{id}/pause");
    assert_eq!(world.post(&pause, &owner, json!(null)).await.expect(200).json["status"], "paused");
    assert_eq!(world.post(&pause, &owner, json!(null)).await.expect(200).json["status"], "paused");
    let incident = &world.incidents(&owner).await[0];
    assert_eq!(incident["status"], "resolved");
    let seen = site.requests().len();
    world.tick().await;
    assert_eq!(site.requests().len(), seen, "no probe while paused");
    assert_eq!(
        world.post(&format!("/api/v1/monitors/{id}/check"), &owner, json!(null)).await.expect(409).problem().0,
        "monitor_paused"
    );
    let resume = format!("/api/v1/monitors/{id}/resume");
    assert_eq!(world.post(&resume, &owner, json!(null)).await.expect(200).json["status"], "pending");
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "down");
    assert_eq!(world.incidents(&owner).await.len(), 2);
    assert_eq!(receiver.events(), ["incident.opened", "incident.resolved", "incident.opened"]);
}

#[tokio::test]
async fn the_same_minute_twice_is_one_minute() {
    let (world, _site, owner, id, _receiver) = partly_broken().await;
    world.stack.tick(world.now()).await;
    world.stack.tick(world.now()).await;
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    assert_eq!(checks.data().len(), 3);
}

#[tokio::test]
async fn a_longer_interval_is_kept() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"check_interval": 300})).await;
    for _ in 0..10 {
        world.tick().await;
    }
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    assert_eq!(checks.data().len(), 6, "twice in ten minutes, from three regions");
}

#[tokio::test]
async fn a_region_that_knows_that_a_target_is_down_looks_once_a_tick() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let id = world.monitor(&owner, &site.url(), json!({"retries": 2, "regions": ["hel"]})).await;
    site.answers(500);
    let asked = async || {
        let before = site.requests().len();
        world.tick().await;
        site.requests().len() - before
    };
    assert_eq!(asked().await, 3, "before it is believed");
    assert_eq!(world.status(&owner, &id).await, "down");
    assert_eq!(asked().await, 1, "a hanging target must not keep every tick waiting three times over");
    site.answers(200);
    assert_eq!(asked().await, 1);
    assert_eq!(world.status(&owner, &id).await, "up");
}
