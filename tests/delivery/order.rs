//! Order: within an incident no event reaches its receiver after a newer one, whatever fails, dies or comes at once.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::{
    delivery::{DeliveryStatus, EventType},
    event::Due,
};
use valpero_storage::{Delivery, Turn};

use super::{Scene, events::WRITES, scene};
use crate::harness::NO_ANSWER;

const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

impl Scene {
    /// The monitor goes down and up again, and nobody has been told of either: the events that wait, the older first.
    async fn down_and_up(&self) -> (Due, Due) {
        self.world.bare_tick().await;
        self.world.lose_messages();
        let opened = self.due().await[0];
        self.site.answers(200);
        self.world.bare_tick().await;
        self.world.lose_messages();
        let resolved = self.due().await.into_iter().find(|due| *due != opened).expect("another event");
        (opened, resolved)
    }

    async fn delivery_of(&self, event: EventType) -> Delivery {
        self.deliveries().await.into_iter().find(|delivery| delivery.event == Some(event)).expect("a delivery")
    }
}

/// Whether nothing of an incident came after its end.
fn in_order(events: &[String]) -> bool {
    let end = events.iter().position(|event| event == "incident.resolved");
    end.is_none_or(|end| events[end..].iter().all(|event| event == "incident.resolved"))
}

#[tokio::test]
async fn an_event_that_was_delayed_is_superseded_by_a_newer_one_and_can_be_sent_by_hand() {
    let scene = scene(&[(503, Some("3600"))]).await;
    scene.world.tick().await;
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved"]);
    scene.wait(4000).await;
    scene.wait(4000).await;
    assert_eq!(scene.receiver.delivered().len(), 2, "it is never sent late");
    let opened = scene.delivery_of(EventType::IncidentOpened).await;
    let list = scene.world.get(&format!("{DELIVERIES}?status=superseded"), &scene.owner).await.expect(200);
    let shown = &list.data()[0];
    assert_eq!((list.data().len(), &shown["id"], &shown["next_attempt_at"]), (1, &json!(opened.id), &Value::Null));
    assert_eq!(shown["gave_up"], "A newer event of the same incident was delivered first, or may have been.");
    assert_eq!(shown["attempts"].as_array().map(Vec::len), Some(1), "the one that was made");
    assert_eq!((opened.attempts, &shown["redelivered_at"]), (1, &Value::Null));

    let path = format!("{DELIVERIES}/{}/redeliver", opened.id);
    let again = scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    assert_eq!((&again.json["status"], &again.json["redelivered_at"]), (&json!("pending"), &json!(scene.world.now())));
    scene.world.deliver().await;
    let delivered = scene.receiver.delivered();
    assert_eq!((delivered.len(), delivered[2].event()), (3, "incident.opened"));
    let marks: Vec<&str> = delivered.iter().map(|one| one.header("x-valpero-redelivered")).collect();
    assert_eq!(marks, ["", "", "true"]);
    assert_eq!(scene.delivery_of(EventType::IncidentOpened).await.status, DeliveryStatus::Succeeded);
}

#[tokio::test]
async fn an_event_that_is_handed_out_late_is_superseded() {
    let scene = scene(&[]).await;
    let (opened, resolved) = scene.down_and_up().await;
    assert_eq!((scene.receive(resolved).await, scene.receive(opened).await), (0, 0));
    scene.wait(120).await;
    assert_eq!(scene.receiver.events(), ["incident.resolved"]);
    assert_eq!(scene.delivery_of(EventType::IncidentOpened).await.status, DeliveryStatus::Superseded);
}

#[tokio::test]
async fn a_newer_event_that_the_receiver_refused_supersedes_nothing() {
    let scene = scene(&[(500, None), (500, None)]).await;
    let (opened, resolved) = scene.down_and_up().await;
    assert_eq!((scene.receive(resolved).await, scene.receive(opened).await), (0, 0));
    assert_eq!(scene.receiver.events(), ["incident.resolved", "incident.opened"], "both were refused");
    let due = scene.delivery_of(EventType::IncidentOpened).await.id;
    scene.world.advance(6);
    assert_eq!(scene.receive(Due::Delivery(due)).await, 0);
    scene.wait(6).await;
    assert_eq!(scene.receiver.events()[2..], ["incident.opened", "incident.resolved"]);
}

#[tokio::test]
async fn a_newer_event_that_was_not_answered_supersedes_nothing() {
    let scene = scene(&[(NO_ANSWER, None), (NO_ANSWER, None)]).await;
    let (opened, resolved) = scene.down_and_up().await;
    assert_eq!((scene.receive(opened).await, scene.receive(resolved).await), (0, 0));
    for _ in 0..2 {
        scene.wait(60).await;
    }
    let told = ["incident.opened", "incident.resolved"];
    assert_eq!(scene.receiver.events(), [told, told].concat(), "who pages on the opening is paged");
}

#[tokio::test]
async fn an_event_waits_while_an_older_one_is_on_its_way() {
    let scene = scene(&[(503, Some("3600"))]).await;
    let (opened, resolved) = scene.down_and_up().await;
    scene.receive(opened).await;
    let older = scene.delivery_of(EventType::IncidentOpened).await;
    let store = &scene.world.stack.app.store;
    let turn = async || {
        let now = scene.world.now();
        store.take_turn(&older, now, now.plus_seconds(30)).await.expect("a turn")
    };
    assert!(matches!(turn().await, Turn::Taken(_)));
    assert_eq!(scene.receive(resolved).await, 0);
    scene.wait(3).await;
    assert_eq!(scene.receiver.delivered().len(), 1, "it waits");
    let newer = scene.delivery_of(EventType::IncidentResolved).await;
    assert_eq!((newer.status, newer.attempts, newer.attempt_log.len()), (DeliveryStatus::Pending, 0, 0));
    store.end_turn(&older, false, None, scene.world.now()).await.expect("an end");
    scene.wait(3).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved"]);
    assert_eq!(turn().await, Turn::Overtaken);
}

#[tokio::test]
async fn a_turn_that_is_lost_ends_and_may_have_told_its_event() {
    for newer_is_lost in [false, true] {
        let scene = scene(&[(500, None), (500, None)]).await;
        let (opened, resolved) = scene.down_and_up().await;
        for due in [opened, resolved] {
            scene.receive(due).await;
        }
        let lost = if newer_is_lost { EventType::IncidentResolved } else { EventType::IncidentOpened };
        let (lost, now) = (scene.delivery_of(lost).await, scene.world.now());
        let store = &scene.world.stack.app.store;
        let turn = store.take_turn(&lost, now, now.plus_seconds(30)).await.expect("a turn");
        assert!(matches!(turn, Turn::Taken(_)));
        scene.world.advance(31);
        let older = scene.delivery_of(EventType::IncidentOpened).await.id;
        scene.receive(Due::Delivery(older)).await;
        scene.wait(60).await;
        let told: &[&str] =
            if newer_is_lost { &["incident.resolved"] } else { &["incident.opened", "incident.resolved"] };
        assert_eq!(scene.receiver.events()[2..], *told, "newer lost: {newer_is_lost}");
    }
}

#[tokio::test]
async fn after_any_write_of_a_newer_events_delivery_nothing_older_follows_it() {
    let mut crashes = 0;
    for writes in 0..WRITES {
        let scene = scene(&[(500, None)]).await;
        let (opened, resolved) = scene.down_and_up().await;
        scene.receive(opened).await;
        scene.world.crashes.after(writes);
        scene.receive(resolved).await;
        let crashed = scene.world.crashes.happened();
        crashes += i64::from(crashed);
        scene.world.crashes.restart();
        scene.world.lose_messages();
        for wait_s in [6, 25, 60] {
            scene.wait(wait_s).await;
        }
        let events = scene.receiver.events();
        assert!(events.contains(&"incident.resolved".into()) && in_order(&events), "{events:?} after {writes} writes");
        assert!(scene.due().await.is_empty(), "nothing is left over after {writes} writes");
        if !crashed {
            break;
        }
    }
    assert_eq!(crashes, 6);
}

#[tokio::test]
async fn events_that_come_at_once_arrive_in_order() {
    for _ in 0..5 {
        let scene = scene(&[(500, None)]).await;
        let (opened, resolved) = scene.down_and_up().await;
        let failed = join_all([resolved, opened, resolved, opened].map(|due| scene.receive(due))).await;
        assert_eq!(failed.into_iter().sum::<usize>(), 0);
        for _ in 0..3 {
            scene.wait(60).await;
        }
        let events = scene.receiver.events();
        // The first of them was refused.
        assert!(in_order(&events[1..]) && events[1..].contains(&"incident.resolved".into()), "{events:?}");
        let open = scene.deliveries().await.into_iter().filter(|one| one.status == DeliveryStatus::Pending).count();
        assert_eq!(open, 0);
    }
}

#[tokio::test]
async fn what_was_sent_by_hand_is_not_followed_by_what_is_older() {
    let scene = scene(&[(503, Some("3600")), (503, Some("7200"))]).await;
    let (opened, resolved) = scene.down_and_up().await;
    for due in [opened, resolved] {
        scene.receive(due).await;
    }
    let path = format!("{DELIVERIES}/{}/redeliver", scene.delivery_of(EventType::IncidentResolved).await.id);
    scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    scene.world.deliver().await;
    scene.wait(8000).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved", "incident.resolved"]);
    assert_eq!(scene.delivery_of(EventType::IncidentOpened).await.status, DeliveryStatus::Superseded);
}

impl Scene {
    async fn on_incident(&self, action: &str, body: Value, status: u16) {
        let incidents = self.world.get("/api/v1/incidents", &self.owner).await.expect(200);
        let incident = incidents.data()[0]["id"].as_str().expect("an incident").to_owned();
        self.world.post(&format!("/api/v1/incidents/{incident}/{action}"), &self.owner, body).await.expect(status);
    }
}

#[tokio::test]
async fn a_comment_on_a_closed_incident_is_sent_after_its_end() {
    let scene = scene(&[]).await;
    scene.world.tick().await;
    scene.on_incident("comments", json!({"body": "A disk."}), 201).await;
    scene.world.deliver().await;
    scene.on_incident("resolve", json!({}), 200).await;
    scene.world.deliver().await;
    scene.on_incident("comments", json!({"body": "It was full."}), 201).await;
    scene.world.deliver().await;
    let told = ["incident.opened", "incident.commented", "incident.resolved", "incident.commented"];
    assert_eq!(scene.receiver.events(), told);
}

#[tokio::test]
async fn a_comment_that_is_on_its_way_or_lost_holds_up_others_and_supersedes_none() {
    let scene = scene(&[(500, None)]).await;
    let (opened, resolved) = scene.down_and_up().await;
    scene.receive(opened).await;
    scene.on_incident("comments", json!({"body": "A disk."}), 201).await;
    scene.world.lose_messages();
    let comment = scene.due().await.into_iter().find(|due| matches!(due, Due::Event(_)) && *due != resolved);
    scene.receive(comment.expect("the comment")).await;
    let comment = scene.delivery_of(EventType::IncidentCommented).await;
    let (store, older) = (&scene.world.stack.app.store, scene.delivery_of(EventType::IncidentOpened).await);
    let turn = async |delivery: &Delivery, wait_s: i64| {
        scene.world.advance(wait_s);
        let now = scene.world.now();
        store.take_turn(delivery, now, now.plus_seconds(30)).await.expect("a turn")
    };
    assert!(matches!((turn(&comment, 0).await, turn(&older, 1).await), (Turn::Taken(_), Turn::Busy)));
    assert!(matches!(turn(&older, 30).await, Turn::Taken(_)), "it has told nothing of the older one");
    scene.receive(resolved).await;
    let newer = scene.delivery_of(EventType::IncidentResolved).await;
    assert!(matches!(turn(&newer, 31).await, Turn::Taken(_)));
    assert!(matches!(turn(&comment, 31).await, Turn::Taken(_)), "a comment is told after what was lost, too");
    store.end_turn(&comment, true, None, scene.world.now()).await.expect("an end");
    assert_eq!(turn(&older, 0).await, Turn::Overtaken, "what was lost before the comment may have arrived");
}

#[tokio::test]
async fn each_comment_arrives_however_late_and_holds_back_no_news() {
    let scene = scene(&[(500, None), (500, None)]).await;
    scene.world.tick().await;
    for (body, wait_s) in [("A disk.", 0), ("It is full.", 4)] {
        scene.on_incident("comments", json!({"body": body}), 201).await;
        scene.wait(wait_s).await;
    }
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.commented", "incident.commented"]);
    scene.on_incident("resolve", json!({}), 200).await;
    scene.world.deliver().await;
    scene.wait(60).await;
    let delivered = scene.receiver.delivered();
    let told: Vec<(&str, &str)> = delivered[3..]
        .iter()
        .map(|one| (one.event(), one.json["data"]["incident"]["latest_entry"]["note"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(told, [("incident.resolved", ""), ("incident.commented", "A disk.")]);
}
