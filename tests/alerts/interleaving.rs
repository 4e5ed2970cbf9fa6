//! Any order of things on the real store: an incident opens, is acknowledged, commented, resolved, opens again; the worker dies after any
//! write, messages come twice, late or not at all, receivers fail. Each channel is told of each step once, of no opening after the end,
//! and of every end.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::{Value, json};
use valpero_domain::{ChannelId, DeliveryId, IncidentId, alerting::Content, delivery::DeliveryStatus};
use valpero_storage::{Delivery, DeliveryFilter};

use super::Scene;
use crate::harness::{Delivered, Receiver, as_function};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// The site fails, or answers again, from the next check on, which is half an hour later.
    Site {
        works: bool,
    },
    /// Minutes pass, each with its sweep.
    Minutes(u8),
    /// The worker takes so many batches from the queue.
    Batches(u8),
    /// Whatever is due is in the queue twice more.
    Twice,
    /// The queue loses what it has.
    Lose,
    /// The worker dies after so many writes.
    Crash(u8),
    /// The sweep dies after so many writes.
    SweepCrash(u8),
    /// A receiver fails so many times.
    Fails {
        first: bool,
        times: u8,
    },
    /// Somebody does this to the newest incident.
    Acknowledge,
    Comment,
    Resolve,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|works| Step::Site { works }),
        3 => (1_u8..8).prop_map(Step::Minutes),
        2 => (1_u8..4).prop_map(Step::Batches),
        1 => Just(Step::Twice),
        2 => Just(Step::Lose),
        3 => (0_u8..14).prop_map(Step::Crash),
        1 => (0_u8..8).prop_map(Step::SweepCrash),
        4 => (any::<bool>(), 1_u8..6).prop_map(|(first, times)| Step::Fails { first, times }),
        1 => Just(Step::Acknowledge),
        1 => Just(Step::Comment),
        1 => Just(Step::Resolve),
    ]
}

const TEMPLATE: &str = r#"{"kind": {{ message.kind }}, "incident": {{ message.incident_id }}}"#;

/// A message that a receiver took: its delivery, what it was, and of which incident.
type Taken = (DeliveryId, String, IncidentId);

fn taken(receiver: &Receiver) -> Vec<Taken> {
    let of = |one: Delivered| {
        let id = one.header("x-valpero-delivery").parse().expect("an id");
        let kind = one.json["kind"].as_str().expect("a kind").to_owned();
        let incident = one.json["incident"].as_str().expect("an incident").parse().expect("an id");
        (id, kind, incident)
    };
    receiver.delivered().into_iter().filter(|one| one.answered == 204).map(of).collect()
}

struct Told {
    scene: Scene,
    receivers: [Receiver; 2],
    channels: [ChannelId; 2],
}

impl Told {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let receivers = [Receiver::start().await, Receiver::start().await];
        let mut ids = Vec::new();
        for receiver in &receivers {
            let events = ["incident.opened", "incident.acknowledged", "incident.commented", "incident.resolved"];
            let body = json!({"type": "webhook", "webhook_url": null, "url": receiver.url(), "template": TEMPLATE, "events": events});
            ids.push(scene.channel(receiver, body).await);
        }
        scene.route(&[(0, &[&ids[0]]), (3, &[&ids[0], &ids[1]])], Some(5)).await;
        scene.monitor("Shop", json!({"retries": 0})).await;
        scene.world.tick().await;
        let channels = [ids[0].parse().expect("an id"), ids[1].parse().expect("an id")];
        Self { scene, receivers, channels }
    }

    async fn act(&self, verb: &str, body: Value) {
        let world = &self.scene.world;
        let incidents = world.incidents(&self.scene.owner).await;
        let Some(incident) = incidents.first() else { return };
        let path = format!("/api/v1/incidents/{}/{verb}", incident["id"].as_str().expect("an id"));
        // An incident that is over cannot be acknowledged.
        let status = world.post(&path, &self.scene.owner, body).await.status.as_u16();
        assert!(matches!(status, 200 | 201 | 409), "{status}");
    }

    async fn batches(&self, most: u32) {
        for _ in 0..most {
            if !as_function("delivery", self.scene.world.stack.deliver_batch()).await.unwrap_or(false) {
                break;
            }
        }
    }

    async fn happens(&self, step: &Step) {
        let world = &self.scene.world;
        match step {
            Step::Site { works } => {
                self.scene.site.answers(if *works { 200 } else { 503 });
                // So that no two hours see three incidents, which would be flapping.
                world.advance(1_860);
                world.bare_tick().await;
            }
            Step::Minutes(minutes) => self.scene.wait(i64::from(*minutes) * 60).await,
            Step::Batches(batches) => self.batches(u32::from(*batches)).await,
            Step::Twice => {
                let due = world.stack.app.store.due(world.now(), 50).await.expect("what is due");
                for (account, due) in due.iter().chain(&due) {
                    let mut body = json!(due);
                    body["account_id"] = json!(account);
                    let record = json!({"messageId": due.to_string(), "body": body.to_string(), "attributes": {}, "messageAttributes": {}});
                    let event = json!({"Records": [record]});
                    as_function("delivery", world.stack.delivery.handle(&event)).await.expect("handled");
                }
            }
            Step::Lose => world.lose_messages(),
            Step::Crash(writes) => {
                world.crashes.after(i64::from(*writes));
                self.batches(6).await;
                world.crashes.restart();
            }
            Step::SweepCrash(writes) => {
                world.crashes.after(i64::from(*writes));
                let _died = as_function("delivery", world.stack.delivery.sweep()).await;
                world.crashes.restart();
            }
            Step::Fails { first, times } => {
                let receiver = &self.receivers[usize::from(!*first)];
                receiver.will_answer((0..*times).map(|_| (503, None)));
            }
            Step::Acknowledge => self.act("acknowledge", json!(null)).await,
            Step::Comment => self.act("comments", json!({"body": "On it."})).await,
            Step::Resolve => self.act("resolve", json!(null)).await,
        }
    }

    /// The site works, receivers answer, and hours pass.
    async fn settles(&self) {
        self.receivers.iter().for_each(Receiver::recovers);
        self.scene.site.answers(200);
        for _ in 0..3 {
            self.scene.world.tick().await;
        }
        for _ in 0..12 {
            self.scene.wait(60).await;
            self.scene.world.advance(3_600);
        }
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let store = &self.scene.world.stack.app.store;
        store.deliveries(self.scene.owner.account, &DeliveryFilter::default(), None, 1_000).await.expect("deliveries")
    }

    async fn holds(&self) -> Result<(), TestCaseError> {
        let incidents = self.scene.world.incidents(&self.scene.owner).await;
        let deliveries = self.deliveries().await;
        let pending = deliveries.iter().filter(|one| one.status == DeliveryStatus::Pending).count();
        prop_assert_eq!(pending, 0, "all came to an end");
        let mut steps: BTreeMap<(Option<ChannelId>, Option<IncidentId>, String), u32> = BTreeMap::new();
        for one in &deliveries {
            prop_assert!(matches!(one.status, DeliveryStatus::Succeeded | DeliveryStatus::Superseded), "{:?}", one);
            let of = match &one.content {
                Some(Content::Opening { .. }) => "opening".to_owned(),
                Some(Content::Reminder { number, .. }) => format!("reminder {number}"),
                Some(Content::Recovery { .. }) => "recovery".to_owned(),
                _ => continue,
            };
            *steps.entry((one.channel_id, one.incident_id, of)).or_default() += 1;
        }
        prop_assert!(steps.values().all(|count| *count == 1), "one delivery a step: {:?}", steps);
        for (receiver, channel) in self.receivers.iter().zip(self.channels) {
            let taken = taken(receiver);
            for incident in &incidents {
                let id: IncidentId = incident["id"].as_str().expect("an id").parse().expect("an id");
                prop_assert_eq!(&incident["status"], &json!("resolved"));
                let of: Vec<&Taken> = taken.iter().filter(|(_, _, of)| *of == id).collect();
                let kinds: Vec<&str> = of.iter().map(|(_, kind, _)| kind.as_str()).collect();
                let end = kinds.iter().position(|kind| *kind == "resolved");
                let late =
                    kinds.iter().skip(end.unwrap_or(kinds.len())).any(|kind| matches!(*kind, "opened" | "reminded"));
                prop_assert!(!late, "a page after the end: {:?}", kinds);
                let is_first = channel == self.channels[0];
                prop_assert!(end.is_some() || (!is_first && kinds.is_empty()), "its end was not told: {:?}", kinds);
                let pages: BTreeSet<DeliveryId> =
                    of.iter().filter(|(_, kind, _)| kind == "opened").map(|(delivery, ..)| *delivery).collect();
                prop_assert!(pages.len() <= 1, "opened twice: {:?}", of);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_channel_is_told_of_each_step_once_and_of_every_end(steps in prop::collection::vec(step(), 8..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let told = Told::new().await;
            for step in &steps {
                told.happens(step).await;
            }
            told.settles().await;
            told.holds().await
        })?;
    }
}
