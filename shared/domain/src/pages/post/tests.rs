//! Posts: what is refused, and how the clock moves maintenance.

use serde_json::json;

use super::*;
use crate::Actor;

fn known() -> (ComponentId, BTreeSet<ComponentId>) {
    let id = ComponentId::new(Timestamp::from_ms(1), [1; 10]);
    (id, BTreeSet::from([id]))
}

fn author() -> Author {
    Author { actor: Actor::System, name: None }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn id() -> PostUpdateId {
    PostUpdateId::new(at(0), [0; 10])
}

fn update(state: PostState, seconds: i64) -> PostUpdate {
    PostUpdate {
        id: id(),
        at: at(seconds),
        state,
        body: String::new(),
        components: vec![],
        notify: false,
        by: author(),
    }
}

fn maintenance() -> Post {
    let (component, known) = known();
    let body = json!({
        "kind": "maintenance", "title": "Move", "body": "We move.", "notify": false,
        "scheduled_for": at(3600).to_string(), "scheduled_until": at(7200).to_string(),
        "components": [{"id": component, "status": "under_maintenance"}],
    });
    NewPost::read(&body, &known).expect("a post").into_post(id(), author(), at(0))
}

#[test]
fn the_clock_begins_and_ends_maintenance() {
    use PostState::{Completed, InProgress, Scheduled};
    let mut post = maintenance();
    for (now, state) in [(0, Scheduled), (3599, Scheduled), (3600, InProgress), (7199, InProgress), (7200, Completed)] {
        assert_eq!(post.state(at(now)), state, "{now}");
    }
    assert_eq!(post.unsaid(at(0)), None);
    assert_eq!(post.unsaid(at(9000)), Some((InProgress, at(3600))), "the begin is told first");
    post.add(update(InProgress, 3600), None);
    assert_eq!(post.unsaid(at(9000)), Some((Completed, at(7200))));
    assert_eq!((post.next_change(), post.over_at(at(9000))), (Some(at(7200)), Some(at(7200))));
    post.add(update(Completed, 7200), None);
    assert_eq!((post.unsaid(at(9000)), post.next_change()), (None, None));
    assert_eq!(post.work(at(9000)), [(at(3600), at(7200))]);
    assert_eq!(post.components.len(), 1, "an update that says nothing of components changes none");
}

#[test]
fn somebody_begins_or_ends_it_earlier() {
    let mut post = maintenance();
    post.add(update(PostState::InProgress, 60), None);
    assert_eq!(post.state(at(61)), PostState::InProgress);
    post.add(update(PostState::Completed, 120), None);
    assert_eq!((post.state(at(121)), post.work(at(121))), (PostState::Completed, vec![(at(60), at(120))]));
    let mut off = maintenance();
    off.add(update(PostState::Completed, 60), None);
    assert_eq!(off.work(at(9000)), [], "it was called off");
}

#[test]
fn work_that_is_put_off_or_taken_up_again_is_counted_while_it_was_done_alone() {
    let mut post = maintenance();
    post.add(update(PostState::InProgress, 3600), None);
    let day = 86_400;
    post.scheduled = Some(Scheduled { from: at(day + 3600), until: at(day + 7200) });
    post.add(update(PostState::Scheduled, 3900), None);
    assert_eq!(post.work(at(day)), [(at(3600), at(3900))], "until it was put off");
    assert_eq!(post.work(at(day + 4000)), [(at(3600), at(3900)), (at(day + 3600), at(day + 7200))]);
    let mut again = maintenance();
    for (state, seconds) in [(PostState::InProgress, 3600), (PostState::Completed, 4000), (PostState::InProgress, 5000)]
    {
        again.add(update(state, seconds), None);
    }
    assert_eq!(again.work(at(5001)), [(at(3600), at(4000)), (at(5000), at(7200))]);
    again.add(update(PostState::Completed, 6000), None);
    assert_eq!(again.work(at(9000)), [(at(3600), at(4000)), (at(5000), at(6000))]);
    let mut unsaid = maintenance();
    unsaid.add(update(PostState::Completed, 5000), None);
    assert_eq!(unsaid.work(at(9000)), [(at(3600), at(5000))], "the clock had begun it");
}

#[test]
fn a_post_takes_so_many_updates_and_so_much_text() {
    let mut post = maintenance();
    assert!(!post.is_full());
    let long = PostUpdate { body: "ä".repeat(10_000), ..update(PostState::Scheduled, 1) };
    for _ in 0..8 {
        post.add(long.clone(), None);
    }
    assert!(post.is_full(), "by its bytes");
    let mut post = maintenance();
    for _ in 1..UPDATES_MAX {
        assert!(!post.is_full());
        post.add(update(PostState::Scheduled, 1), None);
    }
    assert!(post.is_full(), "by their number");
}

#[test]
fn every_fault_is_told() {
    let (component, known) = known();
    let faults = |body: Value| {
        let faults = NewPost::read(&body, &known).expect_err("faults").into_vec();
        faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    assert_eq!(faults(json!({})), ["/kind", "/title", "/body", "/notify"]);
    let post = |more: Value| {
        let mut body = json!({"kind": "incident", "title": "x", "body": "y", "notify": true});
        crate::merge_patch::merge(&mut body, &more);
        body
    };
    assert_eq!(faults(post(json!({"state": "scheduled"}))), ["/state"]);
    assert_eq!(faults(post(json!({"scheduled_for": "2027-01-01T00:00:00Z"}))), ["/scheduled_for"]);
    assert_eq!(faults(post(json!({"kind": "maintenance"}))), ["/scheduled_for", "/scheduled_until"]);
    let backwards =
        json!({"kind": "maintenance", "scheduled_for": at(9).to_string(), "scheduled_until": at(8).to_string()});
    assert_eq!(faults(post(backwards)), ["/scheduled_until"]);
    let twice = json!({"components": [{"id": component, "status": "operational"}, {"id": component, "status": "bad"}]});
    assert_eq!(faults(post(twice)), ["/components/1/status", "/components/1/id"]);
    assert_eq!(faults(post(json!({"body": "   ", "title": "\t"}))), ["/title", "/body"]);
}

#[test]
fn a_patch_moves_the_schedule() {
    let post = maintenance();
    let moved = post.patched(&json!({"scheduled_until": at(9000).to_string(), "impact": "major"})).expect("a post");
    assert_eq!((moved.scheduled.map(|one| one.until), moved.impact), (Some(at(9000)), Impact::Major));
    assert!(post.patched(&json!({"scheduled_until": null})).is_err());
    assert!(post.patched(&json!({"title": null})).is_err());
    assert!(post.patched(&json!({"title": "Moved", "body": "x"})).is_err(), "its words do not change");
    assert_eq!(post.patched(&json!({"impact": null})).expect("a post").impact, Impact::Minor);
}

#[test]
fn an_update_has_a_state_of_its_kind() {
    let (_, known) = known();
    let body = json!({"state": "resolved", "body": "It works.", "notify": true});
    assert!(NewUpdate::read(&body, PostKind::Incident, &known).is_ok());
    assert!(NewUpdate::read(&body, PostKind::Maintenance, &known).is_err());
    assert!(NewUpdate::read(&json!({"body": "x", "notify": true}), PostKind::Incident, &known).is_err());
}
