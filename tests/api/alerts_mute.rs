//! Mutes of monitors and accounts: what is accepted, shown and recorded, and the row by which the sweep finds their end.

use serde_json::{Value, json};
use valpero_domain::{
    MonitorId, Plan, Scope, Timestamp,
    event::{Due, Muted},
};
use valpero_storage::Store;

use crate::harness::{Tenant, World};

const NOBODY: &str = "http://127.0.0.1:9/";
const DAY_S: i64 = 86_400;

/// A monitor or the account: the path of its mute, and where it is shown.
struct Target {
    path: String,
    shown_at: String,
    muted: Muted,
    name: &'static str,
    id: Option<String>,
}

async fn targets(world: &World, owner: &Tenant) -> [Target; 2] {
    let id = world.monitor(owner, NOBODY, json!({"regions": ["hel"]})).await;
    let monitor: MonitorId = id.parse().expect("an id");
    [
        Target {
            path: format!("/api/v1/monitors/{id}"),
            shown_at: format!("/api/v1/monitors/{id}"),
            muted: Muted::Monitor(monitor),
            name: "monitor",
            id: Some(id),
        },
        Target {
            path: "/api/v1".into(),
            shown_at: "/api/v1/account".into(),
            muted: Muted::Account,
            name: "account",
            id: None,
        },
    ]
}

impl Target {
    async fn mute(&self, world: &World, owner: &Tenant, until: Timestamp) -> Value {
        let reply = world.post(&format!("{}/mute", self.path), owner, json!({ "until": until })).await;
        reply.expect(200).json["muted_until"].clone()
    }

    async fn unmute(&self, world: &World, owner: &Tenant) -> Value {
        let reply = world.post(&format!("{}/unmute", self.path), owner, Value::Null).await;
        reply.expect(200).json["muted_until"].clone()
    }

    async fn shown(&self, world: &World, owner: &Tenant) -> Value {
        world.get(&self.shown_at, owner).await.expect(200).json["muted_until"].clone()
    }

    async fn row(&self, world: &World, owner: &Tenant) -> Option<Timestamp> {
        let row = store(world).mute_row(owner.account, self.muted).await.expect("read");
        row.map(|row| row.until)
    }

    async fn ended(&self, world: &World, owner: &Tenant, seen: Timestamp) {
        store(world).mute_ended(owner.account, self.muted, seen).await.expect("written");
    }
}

fn store(world: &World) -> &Store {
    &world.stack.app.store
}

/// What the sweep finds due at this moment.
async fn due(world: &World, owner: &Tenant, now: Timestamp) -> Vec<Due> {
    let due = store(world).due(now, 100).await.expect("read");
    due.into_iter().filter(|(account, _)| *account == owner.account).map(|(_, due)| due).collect()
}

/// What of mutes the audit log tells, oldest first: what was done, and to what.
async fn recorded(world: &World, owner: &Tenant) -> Vec<(String, Value)> {
    let log = world.get("/api/v1/audit-log", owner).await.expect(200);
    let of_mutes = log.data().iter().rev().filter_map(|row| {
        let action = row["action"].as_str().expect("an action");
        action.ends_with("muted").then(|| (action.to_owned(), row["target"].clone()))
    });
    of_mutes.collect()
}

#[tokio::test]
async fn a_mute_is_shown_until_it_ends_and_its_end_is_due() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for target in targets(&world, &owner).await {
        let name = target.name;
        assert_eq!(target.shown(&world, &owner).await, Value::Null, "{name}");
        let until = world.now().plus_seconds(3_600);
        assert_eq!(target.mute(&world, &owner, until).await, json!(until), "{name}");
        assert_eq!(target.shown(&world, &owner).await, json!(until), "{name}");
        assert_eq!(target.row(&world, &owner).await, Some(until), "{name}");
        assert_eq!(due(&world, &owner, until.plus_ms(-1)).await, [], "{name}");
        assert_eq!(due(&world, &owner, until).await, [Due::Mute(target.muted)], "{name}");

        let later = until.plus_seconds(3_600);
        assert_eq!(target.mute(&world, &owner, later).await, json!(later), "{name}: another end");
        assert_eq!(due(&world, &owner, until).await, [], "{name}: the old one is none any more");
        assert_eq!(target.row(&world, &owner).await, Some(later), "{name}");

        world.advance(7_199);
        assert_eq!(target.shown(&world, &owner).await, json!(later), "{name}");
        world.advance(1);
        assert_eq!(target.shown(&world, &owner).await, Value::Null, "{name}: over");
        assert_eq!(target.unmute(&world, &owner).await, Value::Null, "{name}");
        assert_eq!(target.row(&world, &owner).await, Some(later), "{name}: what has ended by itself stays to be told");
        target.ended(&world, &owner, later).await;
        assert_eq!(due(&world, &owner, world.now()).await, [], "{name}");
    }
}

#[tokio::test]
async fn unmuting_makes_the_end_due_at_once_and_says_so_to_the_queue() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for target in targets(&world, &owner).await {
        let name = target.name;
        target.mute(&world, &owner, world.now().plus_seconds(DAY_S)).await;
        world.lose_messages();
        world.advance(60);
        assert_eq!(target.unmute(&world, &owner).await, Value::Null, "{name}");
        let message = world.stack.queue.receive(world.now()).expect("a message");
        assert!(message.to_string().contains(&target.muted.to_string()), "{name}: {message}");
        world.stack.queue.acknowledge(&message, &[]);
        let at = world.now();
        assert_eq!(target.row(&world, &owner).await, Some(at), "{name}");
        assert_eq!(due(&world, &owner, at).await, [Due::Mute(target.muted)], "{name}");
        assert_eq!(target.shown(&world, &owner).await, Value::Null, "{name}");

        world.advance(1);
        assert_eq!(target.unmute(&world, &owner).await, Value::Null, "{name}: once more");
        assert_eq!(target.row(&world, &owner).await, Some(at), "{name}: changes nothing");
        assert!(world.stack.queue.receive(world.now()).is_none(), "{name}");
        target.ended(&world, &owner, at).await;
        assert_eq!(target.row(&world, &owner).await, None, "{name}");
    }
}

#[tokio::test]
async fn an_end_that_was_told_takes_no_newer_mute_away() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for target in targets(&world, &owner).await {
        let name = target.name;
        let (first, second) = (world.now().plus_seconds(60), world.now().plus_seconds(DAY_S));
        target.mute(&world, &owner, first).await;
        target.mute(&world, &owner, second).await;
        target.ended(&world, &owner, first).await;
        assert_eq!(target.row(&world, &owner).await, Some(second), "{name}");
        assert_eq!(target.shown(&world, &owner).await, json!(second), "{name}");
        target.ended(&world, &owner, second).await;
        assert_eq!(target.row(&world, &owner).await, None, "{name}");
        assert_eq!(target.shown(&world, &owner).await, Value::Null, "{name}: it is forgotten there as well");
        target.ended(&world, &owner, second).await;
    }
}

#[tokio::test]
async fn a_mute_ends_in_the_next_366_days() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for target in targets(&world, &owner).await {
        let mute = async |body: Value| world.post(&format!("{}/mute", target.path), &owner, body).await;
        let now = world.now();
        for (body, pointer) in [
            (json!({}), "/until"),
            (json!({"until": null}), "/until"),
            (json!({"until": "tomorrow"}), "/until"),
            (json!({"until": now}), "/until"),
            (json!({"until": now.plus_seconds(-60)}), "/until"),
            (json!({"until": now.plus_seconds(366 * DAY_S + 1)}), "/until"),
            (json!({"until": now.plus_seconds(60), "reason": "x"}), "/reason"),
        ] {
            let reply = mute(body.clone()).await.expect(422);
            assert_eq!(reply.problem(), ("validation_failed", vec![pointer]), "{} {body}", target.name);
        }
        assert_eq!(target.row(&world, &owner).await, None, "{}", target.name);
        mute(json!({"until": now.plus_seconds(366 * DAY_S)})).await.expect(200);
        let argued = world.post(&format!("{}/unmute", target.path), &owner, json!({"until": now})).await;
        assert_eq!(argued.expect(422).problem().1, ["/until"], "{}: it takes no arguments", target.name);
    }
    assert_eq!(recorded(&world, &owner).await.len(), 2);
}

#[tokio::test]
async fn each_change_of_a_mute_is_recorded_once() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let targets = targets(&world, &owner).await;
    for target in &targets {
        let until = world.now().plus_seconds(60);
        target.unmute(&world, &owner).await;
        for until in [until, until, until.plus_seconds(1)] {
            world.advance(1);
            target.mute(&world, &owner, until).await;
        }
        for _ in 0..2 {
            world.advance(1);
            target.unmute(&world, &owner).await;
        }
    }
    let done = |target: &Target| {
        let what = ["muted", "muted", "unmuted"].map(|done| format!("{}.{done}", target.name));
        what.map(|action| (action, json!(target.id)))
    };
    assert_eq!(recorded(&world, &owner).await, targets.iter().flat_map(done).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_mute_changes_no_settings_and_no_status() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let [monitor, _] = targets(&world, &owner).await;
    let read = async || world.get(&monitor.path, &owner).await.expect(200);
    let before = read().await;
    let seen: MonitorId = before.text("/id").parse().expect("an id");
    let version = async || store(&world).monitor(owner.account, seen).await.expect("read").version;
    let counted = version().await;
    world.advance(60);
    let until = world.now().plus_seconds(DAY_S);
    monitor.mute(&world, &owner, until).await;
    let after = read().await;
    assert_eq!((after.header("etag"), version().await), (before.header("etag"), counted));
    for member in ["status", "status_since", "updated_at"] {
        assert_eq!(after.json[member], before.json[member], "{member}");
    }
    // Nor do they change it.
    world.call("PATCH", &monitor.path, &owner.token, json!({"name": "New"})).await.expect(200);
    world.post(&format!("{}/pause", monitor.path), &owner, Value::Null).await.expect(200);
    world.post(&format!("{}/resume", monitor.path), &owner, Value::Null).await.expect(200);
    assert_eq!(monitor.shown(&world, &owner).await, json!(until));
}

#[tokio::test]
async fn the_mute_of_a_deleted_monitor_comes_to_its_end() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let [monitor, _] = targets(&world, &owner).await;
    let until = world.now().plus_seconds(60);
    monitor.mute(&world, &owner, until).await;
    world.call("DELETE", &monitor.path, &owner.token, Value::Null).await.expect(204);
    for what in ["mute", "unmute"] {
        let body = if what == "mute" { json!({ "until": until }) } else { Value::Null };
        let gone = world.post(&format!("{}/{what}", monitor.path), &owner, body).await.expect(404);
        assert_eq!(gone.problem().0, "not_found");
    }
    monitor.ended(&world, &owner, until).await;
    assert_eq!(monitor.row(&world, &owner).await, None);
    let id = monitor.id.expect("an id");
    assert_eq!(world.get(&format!("/api/v1/monitors/{id}"), &owner).await.status, 404, "it is not made anew");
}

#[tokio::test]
async fn nobody_mutes_what_is_not_theirs_nor_without_the_scope() {
    let world = World::new().await;
    let (owner, stranger) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let lesser = world.key_without(owner.account, Scope::AlertsWrite).await;
    let [monitor, account] = targets(&world, &owner).await;
    let until = world.now().plus_seconds(60);
    let body = json!({ "until": until });
    let mute = format!("{}/mute", monitor.path);
    assert_eq!(world.post(&mute, &stranger, body.clone()).await.expect(404).problem().0, "not_found");
    for target in [&monitor, &account] {
        for (what, body) in [("mute", body.clone()), ("unmute", Value::Null)] {
            let refused = world.call("POST", &format!("{}/{what}", target.path), &lesser, body).await;
            assert_eq!(refused.expect(403).problem().0, "missing_scope", "{what} of the {}", target.name);
        }
    }
    account.mute(&world, &stranger, until).await;
    assert_eq!(account.shown(&world, &owner).await, Value::Null, "each account is muted by itself");
    assert_eq!(monitor.shown(&world, &owner).await, Value::Null);
}
