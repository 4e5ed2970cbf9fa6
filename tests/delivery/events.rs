//! Events: each is told to its destination, and nothing is lost or made twice, whatever dies or comes twice on the way.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::{
    Actor, Author, EventId, IncidentId, KeyId, MonitorId, Status, Timestamp,
    certificate::Told,
    delivery::{DeliveryStatus, EventType},
    event::{Due, Event, MonitorFacts, is_comment},
    id::CommentId,
    incident::{Incident, IncidentStatus, TimelineEntry, TimelineType},
    probe::{Cause, ErrorCode},
    status::Unwatched,
};
use valpero_views::WebhookEvent;

use super::{Scene, scene};
use crate::harness::as_function;

/// More writes than handing an event out and delivering it makes.
pub(super) const WRITES: i64 = 12;

/// A message that the queue brings.
fn message(scene: &Scene, due: Due) -> Value {
    let mut body = json!(due);
    body["account_id"] = json!(scene.owner.account);
    let record = json!({"messageId": "m", "body": body.to_string(), "attributes": {}, "messageAttributes": {}});
    json!({"Records": [record]})
}

impl Scene {
    /// What the index says is due now.
    pub(super) async fn due(&self) -> Vec<Due> {
        let due = self.world.stack.app.store.due(self.world.now(), 10).await.expect("what is due");
        due.into_iter().map(|(_, due)| due).collect()
    }

    /// The delivery worker gets a message; answers how many failed.
    pub(super) async fn receive(&self, due: Due) -> usize {
        let handled = as_function("delivery", self.world.stack.delivery.handle(&message(self, due))).await;
        handled.expect("handled")["batchItemFailures"].as_array().map_or(0, Vec::len)
    }

    /// The values of a header in everything that was received.
    pub(super) fn received(&self, header: &str) -> BTreeSet<String> {
        self.receiver.delivered().iter().map(|one| one.header(header).to_owned()).collect()
    }
}

#[tokio::test]
async fn after_any_write_of_handing_out_and_delivering_the_event_is_told_and_has_one_delivery() {
    let mut crashes = 0;
    for writes in 0..WRITES {
        let scene = scene(&[]).await;
        scene.world.bare_tick().await;
        let due = scene.due().await;
        assert!(matches!(due[..], [Due::Event(_)]), "{due:?}");
        scene.world.crashes.after(writes);
        scene.receive(due[0]).await;
        let crashed = scene.world.crashes.happened();
        crashes += i64::from(crashed);
        scene.world.crashes.restart();
        scene.world.lose_messages();
        // A claim counts as lost after 30 s.
        scene.wait(31).await;
        let deliveries = scene.deliveries().await;
        assert_eq!(deliveries.len(), 1, "after {writes} writes");
        assert_eq!(deliveries[0].status, DeliveryStatus::Succeeded, "after {writes} writes");
        let times = scene.receiver.delivered().len();
        // Who dies between the answer and its record sends again; a receiver knows it by its id.
        assert!(times == 1 || crashed && times == 2, "{times} times after {writes} writes");
        assert_eq!((scene.received("webhook-id").len(), scene.received("x-valpero-delivery").len()), (1, 1));
        assert!(scene.due().await.is_empty(), "nothing is left over after {writes} writes");
        if !crashed {
            break;
        }
    }
    assert_eq!(crashes, 6, "the delivery, the event's mark, the claim, the turn, its end and the end of the attempt");
}

#[tokio::test]
async fn an_event_whose_message_comes_often_and_at_once_is_told_once() {
    for _ in 0..5 {
        let scene = scene(&[]).await;
        scene.world.bare_tick().await;
        let due = scene.due().await[0];
        let failed: usize = join_all((0..8).map(|_| scene.receive(due))).await.into_iter().sum();
        assert_eq!(failed, 0);
        scene.receive(due).await;
        scene.world.deliver().await;
        scene.wait(120).await;
        assert_eq!((scene.receiver.delivered().len(), scene.deliveries().await.len()), (1, 1));
    }
}

#[tokio::test]
async fn an_event_of_a_monitor_that_has_no_webhook_any_more_is_told_to_nobody() {
    let scene = scene(&[]).await;
    scene.world.bare_tick().await;
    let path = format!("/api/v1/monitors/{}", scene.id);
    scene.world.call("PATCH", &path, &scene.owner.token, json!({"webhook_url": null})).await.expect(200);
    scene.world.deliver().await;
    assert!(scene.receiver.delivered().is_empty() && scene.due().await.is_empty());
    assert!(scene.deliveries().await.is_empty());
}

#[tokio::test]
async fn a_delivery_that_an_older_version_wrote_is_sent_with_the_body_that_it_holds() {
    let scene = scene(&[]).await;
    scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    let delivery = scene.deliveries().await.remove(0);
    let text = |text: String| AttributeValue::S(text);
    let old = scene.world.client.update_item().table_name("valpero-deliveries");
    let old = old.key("account_id", text(scene.owner.account.to_string()));
    let old = old.key("delivery_id", text(delivery.id.to_string())).update_expression("SET body = :body");
    old.expression_attribute_values(":body", text(r#"{"type":"old"}"#.into())).send().await.expect("a row");
    scene.world.deliver().await;
    assert_eq!(scene.receiver.events(), ["old"]);
}

#[tokio::test]
async fn an_event_that_a_newer_version_wrote_waits_for_it() {
    let scene = scene(&[]).await;
    scene.world.bare_tick().await;
    let Due::Event(id) = scene.due().await[0] else { panic!("an event") };
    let key = |text: String| AttributeValue::S(text);
    let newer = async |version: &str| {
        let row = scene.world.client.update_item().table_name("valpero-deliveries");
        let row = row.key("account_id", key(scene.owner.account.to_string())).key("delivery_id", key(id.to_string()));
        let row = row.update_expression("SET version = :v");
        row.expression_attribute_values(":v", AttributeValue::N(version.into())).send().await.expect("a row");
    };
    newer("2").await;
    assert_eq!(scene.receive(Due::Event(id)).await, 1, "the queue brings it again");
    assert!(scene.receiver.delivered().is_empty());
    assert_eq!(scene.due().await, [Due::Event(id)]);
    newer("1").await;
    scene.wait(1).await;
    assert_eq!(scene.receiver.events(), ["incident.opened"]);
}

/// An event of each type, with what real ones of it have.
fn one_of(kind: EventType) -> Event {
    let at = Timestamp::from_seconds(1_795_000_080);
    let id = |byte: u8| [byte; 10];
    let (monitor, incident) = (MonitorId::new(at, id(1)), IncidentId::new(at, id(2)));
    let spec = json!({
        "name": "Shop", "check_interval": 60, "regions": ["hel", "fra", "usc"], "timeout_ms": 10_000, "retries": 2,
        "tags": ["production"], "url": "https://shop.example/", "http": {},
    });
    let status = match kind {
        EventType::IncidentOpened | EventType::IncidentAcknowledged | EventType::IncidentCommented => Status::Down,
        EventType::MonitorDegraded => Status::Degraded,
        _ => Status::Up,
    };
    let spec = serde_json::from_value(spec).expect("a monitor");
    let event = Event::new(
        "acc_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("an account"),
        EventId::new(at, id(3)),
        kind,
        MonitorFacts::of(monitor, &spec, status),
        at,
    );
    let key = Author { actor: Actor::Key(KeyId::new(at, id(4))), name: Some("laptop".into()) };
    let cause = Cause::of(ErrorCode::ConnectRefused);
    let told_of = |line: TimelineType, by: Author, note: Option<&str>| {
        let ended = line == TimelineType::Resolved;
        let taken = ended || line == TimelineType::Acknowledged;
        let incident = Incident {
            id: incident,
            monitor_id: monitor,
            status: if ended { IncidentStatus::Resolved } else { IncidentStatus::Ongoing },
            started_at: at.plus_seconds(-60),
            resolved_at: ended.then_some(at),
            cause: cause.clone(),
            regions: spec.regions.clone(),
            acknowledged_at: taken.then_some(at.plus_seconds(-30)),
            acknowledged_by: taken.then_some(key.actor),
            resolved_by: ended.then_some(by.actor),
        };
        let note = note.map(str::to_owned);
        (incident, TimelineEntry { id: CommentId::new(at, id(5)), at, kind: line, by, note, public: false })
    };
    let (line, by, note) = match kind {
        EventType::IncidentOpened => (TimelineType::Opened, Actor::Checker(None).into(), Some("refused")),
        EventType::IncidentAcknowledged => (TimelineType::Acknowledged, key.clone(), Some("On it.")),
        EventType::IncidentCommented => (TimelineType::Commented, key.clone(), Some("A disk is full.")),
        EventType::IncidentResolved => (TimelineType::Resolved, Actor::Recovery.into(), None),
        EventType::SslExpiring => {
            return event.with_certificate(Told { expires_at: at.plus_seconds(6 * 86_400), days: 7 });
        }
        EventType::MonitorUnwatched => {
            let cause = Cause::of(ErrorCode::DnsTimeout);
            return event.with_unwatched(Some(Unwatched { since: at.plus_seconds(-120), cause }));
        }
        EventType::MonitorDegraded | EventType::MonitorRecovered | EventType::WebhookTest => return event,
    };
    let (incident, entry) = told_of(line, by, note);
    event.with_incident(incident, entry)
}

#[test]
fn the_body_of_each_event_is_pinned_and_read_back_from_its_row() {
    for kind in EventType::ALL {
        let event = one_of(kind);
        let row: Event = serde_json::from_value(json!(event)).expect("an event");
        assert_eq!(row, event, "nothing is lost in the row");
        let name = format!("body_{}", kind.as_str().replace('.', "_"));
        insta::assert_json_snapshot!(name, WebhookEvent::of(&row));
        let size = json!(WebhookEvent::of(&row)).to_string().len();
        assert!(size < 20_000, "{size}");
    }
}

#[test]
fn an_events_place_in_its_incident_follows_from_its_type_whatever_the_clocks_say() {
    let place = |kind: EventType, seconds: i64| {
        let at = Timestamp::from_seconds(1_795_000_000 + seconds);
        Event { event_id: EventId::new(at, [0; 10]), ..one_of(kind) }.place()
    };
    let mut commented = one_of(EventType::IncidentCommented);
    commented.incident = one_of(EventType::IncidentResolved).incident;
    let places = [
        place(EventType::IncidentOpened, 3),
        place(EventType::IncidentAcknowledged, 1),
        place(EventType::IncidentCommented, 2),
        place(EventType::IncidentResolved, 0),
        commented.place(),
    ];
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    let comments: Vec<bool> = places.iter().flatten().map(|place| is_comment(place)).collect();
    assert_eq!(comments, [false, false, true, false, true]);
    assert_eq!(place(EventType::MonitorDegraded, 0), None);
}
