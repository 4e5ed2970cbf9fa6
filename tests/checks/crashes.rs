//! A process that dies after any of its writes: the next ones end where an untroubled one would have ended.

use serde_json::json;
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, Tenant, World};

/// More writes than a tick makes in which a monitor changes its status.
const WRITES: i64 = 40;

struct Scene {
    world: World,
    site: Site,
    receiver: Receiver,
    owner: Tenant,
    id: String,
}

async fn watched_site() -> Scene {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(world.status(&owner, &id).await, "up");
    Scene { world, site, receiver, owner, id }
}

/// Ticks into a crash after so many writes, then on with a new process; answers whether the crash came at all.
async fn crash_and_go_on(scene: &Scene, writes: i64) -> bool {
    let world = &scene.world;
    world.crashes.after(writes);
    world.bare_tick().await;
    let crashed = world.crashes.happened();
    world.crashes.restart();
    world.lose_messages();
    world.tick().await;
    world.sweep().await;
    world.deliver().await;
    crashed
}

#[tokio::test]
async fn after_any_write_of_going_down_the_next_tick_ends_in_the_same_state() {
    let mut crashes = 0;
    for writes in 0..WRITES {
        let scene = watched_site().await;
        let first_failure = scene.world.now().plus_seconds(60);
        scene.site.answers(500);
        let crashed = crash_and_go_on(&scene, writes).await;
        crashes += usize::from(crashed);
        assert_eq!(scene.world.status(&scene.owner, &scene.id).await, "down", "after {writes} writes");
        let incidents = scene.world.incidents(&scene.owner).await;
        assert_eq!(incidents.len(), 1, "after {writes} writes");
        let started_at = &incidents[0]["started_at"];
        let next_tick = json!(first_failure.plus_seconds(60));
        // Whoever died before the first vote has told nobody of the first failure.
        assert!(*started_at == json!(first_failure) || writes < 9 && *started_at == next_tick, "after {writes} writes");
        // A region that died after its vote is for a moment the only one that saw it: that is told, and is true.
        let told: Vec<String> =
            scene.receiver.events().into_iter().filter(|event| event != "monitor.degraded").collect();
        assert_eq!(told, ["incident.opened"], "after {writes} writes");
        let checks = scene.world.get(&format!("/api/v1/monitors/{}/checks?outcome=down", scene.id), &scene.owner).await;
        assert!(checks.expect(200).data().len() >= 3, "after {writes} writes");
        if !crashed {
            break;
        }
    }
    assert!(crashes >= 10, "a tick that changes a status makes more than {crashes} writes");
}

#[tokio::test]
async fn after_any_write_of_coming_back_the_next_tick_ends_in_the_same_state() {
    let mut crashes = 0;
    for writes in 0..WRITES {
        let scene = watched_site().await;
        scene.site.answers(500);
        scene.world.tick().await;
        scene.site.answers(200);
        let crashed = crash_and_go_on(&scene, writes).await;
        crashes += usize::from(crashed);
        assert_eq!(scene.world.status(&scene.owner, &scene.id).await, "up", "after {writes} writes");
        let incidents = scene.world.incidents(&scene.owner).await;
        assert_eq!((incidents.len(), &incidents[0]["status"]), (1, &json!("resolved")), "after {writes} writes");
        assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved"], "after {writes} writes");
        if !crashed {
            break;
        }
    }
    assert!(crashes >= 8, "a tick that changes a status makes more than {crashes} writes");
}

#[tokio::test]
async fn after_any_write_of_going_down_a_site_that_is_back_leaves_nothing_behind() {
    for writes in 0..WRITES {
        let scene = watched_site().await;
        let world = &scene.world;
        scene.site.answers(500);
        world.crashes.after(writes);
        world.bare_tick().await;
        let crashed = world.crashes.happened();
        world.crashes.restart();
        scene.site.answers(200);
        world.tick().await;
        world.tick().await;
        world.sweep().await;
        world.deliver().await;
        let monitor = world.read(&scene.owner, &scene.id).await;
        assert_eq!(
            (&monitor["status"], &monitor["degraded_regions"]),
            (&json!("up"), &json!([])),
            "after {writes} writes"
        );
        let incidents = world.incidents(&scene.owner).await;
        assert!(incidents.iter().all(|incident| incident["status"] == "resolved"), "after {writes} writes");
        // Retries are due within minutes: this counts what arrives, not how soon.
        world.advance(300);
        world.sweep().await;
        world.deliver().await;
        let told: Vec<String> =
            scene.receiver.events().into_iter().filter(|event| event.starts_with("incident")).collect();
        assert_eq!(told.len(), incidents.len() * 2, "each was told of twice, after {writes} writes: {told:?}");
        if !crashed {
            break;
        }
    }
}
