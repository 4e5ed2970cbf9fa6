//! Deliveries: retries, dead letters, duplicates, the sweep, and receivers that misbehave.

mod deleted;
mod events;
mod log;
mod order;

use std::sync::Arc;

use serde_json::{Value, json};
use valpero_domain::{
    Plan,
    delivery::{DeliveryStatus, RETRY_AFTER_S},
    event::Due,
};
use valpero_storage::{Delivery, DeliveryFilter};

use crate::harness::{NameServer, Ours, Receiver, Site, Tenant, World, WorldOptions};

struct Scene {
    world: World,
    site: Site,
    receiver: Receiver,
    owner: Tenant,
    id: String,
    secret: String,
}

/// A monitor that is about to go down, with a receiver that answers as told.
async fn scene(answers: &[(u16, Option<&'static str>)]) -> Scene {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    receiver.will_answer(answers.iter().copied());
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": site.url(), "retries": 0, "webhook_url": receiver.url()});
    let created = world.post("/api/v1/monitors", &owner, body).await.expect(201);
    world.tick().await;
    site.answers(500);
    Scene { world, site, receiver, owner, id: created.text("/id"), secret: created.text("/webhook_secret") }
}

impl Scene {
    async fn deliveries(&self) -> Vec<Delivery> {
        self.world
            .stack
            .app
            .store
            .deliveries(self.owner.account, &DeliveryFilter::default(), None, 10)
            .await
            .expect("deliveries")
    }

    /// Time passes; the minute's sweep runs, and what is due goes out.
    async fn wait(&self, seconds: i64) {
        self.world.advance(seconds);
        self.world.sweep().await;
        self.world.deliver().await;
    }
}

#[tokio::test]
async fn a_delivery_is_tried_eight_times_at_the_documented_times_and_then_kept_as_dead() {
    let scene = scene(&[(500, None); 20]).await;
    scene.world.tick().await;
    for (attempts, wait_s) in (1..).zip(RETRY_AFTER_S) {
        assert_eq!(scene.receiver.delivered().len(), attempts);
        scene.wait(wait_s - 1).await;
        assert_eq!(scene.receiver.delivered().len(), attempts, "not before its time");
        // The wait is lengthened by a tenth at most.
        scene.wait(wait_s / 10 + 3).await;
    }
    assert_eq!(scene.receiver.delivered().len(), 8);
    scene.wait(200_000).await;
    assert_eq!(scene.receiver.delivered().len(), 8, "no ninth");
    let delivery = &scene.deliveries().await[0];
    assert_eq!((delivery.status, delivery.attempts, delivery.attempt_log.len()), (DeliveryStatus::Dead, 8, 8));
    assert_eq!(delivery.attempt_log[7].http_status, Some(500));
    let ids: std::collections::BTreeSet<String> =
        scene.receiver.delivered().iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "the same event on every attempt");
    let bodies: std::collections::BTreeSet<_> = scene.receiver.delivered().iter().map(|one| one.raw.clone()).collect();
    assert_eq!(bodies.len(), 1, "and the same body");
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_it_and_retry_after_is_honoured() {
    let scene = scene(&[(503, Some("120"))]).await;
    scene.world.tick().await;
    scene.wait(119).await;
    assert_eq!(scene.receiver.delivered().len(), 1);
    scene.wait(2).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.opened"]);
    assert_eq!(scene.deliveries().await[0].status, DeliveryStatus::Succeeded);
}

#[tokio::test]
async fn retry_after_may_be_a_date() {
    let scene = scene(&[]).await;
    // The next minute, and two more.
    let until = scene.world.now().start_of_minute().plus_seconds(180);
    let until = std::time::UNIX_EPOCH + std::time::Duration::from_millis(until.ms().unsigned_abs());
    scene.receiver.will_answer([(503, Some(&*httpdate::fmt_http_date(until).leak()))]);
    scene.world.tick().await;
    scene.wait(118).await;
    assert_eq!(scene.receiver.delivered().len(), 1);
    scene.wait(2).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.opened"]);
    scene.receiver.will_answer([(503, Some("Thu, 01 Jan 2026 00:00:00 GMT"))]);
    scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    scene.world.deliver().await;
    scene.wait(6).await;
    assert_eq!(scene.receiver.events()[2..], ["webhook.test", "webhook.test"], "a date that is past asks for no wait");
}

#[tokio::test]
async fn redirects_are_failures() {
    let scene = scene(&[(302, None)]).await;
    scene.world.tick().await;
    let delivery = &scene.deliveries().await[0];
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Pending, 1));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_it_moves() {
    let scene = scene(&[(410, None)]).await;
    scene.world.tick().await;
    assert_eq!(scene.deliveries().await[0].status, DeliveryStatus::Dead);
    let monitor = scene.world.read(&scene.owner, &scene.id).await;
    assert_eq!(monitor["webhook_disabled_at"], json!(scene.world.now()));
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(scene.receiver.delivered().len(), 1, "nothing more is sent");
    let path = format!("/api/v1/monitors/{}", scene.id);
    let moved = json!({"webhook_url": format!("{}2", scene.receiver.url())});
    let patched = scene.world.call("PATCH", &path, &scene.owner.token, moved).await.expect(200);
    assert_eq!(patched.json["webhook_disabled_at"], Value::Null);
    scene.site.answers(500);
    scene.world.tick().await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.opened"]);
}

#[tokio::test]
async fn of_two_messages_about_one_delivery_one_is_sent() {
    let scene = scene(&[]).await;
    scene.world.bare_tick().await;
    for _ in 0..5 {
        scene.world.sweep().await;
    }
    assert!(scene.world.stack.queue.waiting() >= 6);
    scene.world.deliver().await;
    assert_eq!(scene.receiver.delivered().len(), 1);
}

#[tokio::test]
async fn a_poisonous_message_fails_alone_and_ends_as_a_dead_letter() {
    let scene = scene(&[]).await;
    let store = &scene.world.stack.app.store;
    scene.world.bare_tick().await;
    let (account_id, Due::Event(event_id)) = store.due(scene.world.now(), 1).await.expect("what is due")[0] else {
        panic!("the tick has written an event");
    };
    let message = json!({"account_id": account_id, "event_id": event_id}).to_string();
    let record =
        |id: &str, body: &str| json!({"messageId": id, "body": body, "attributes": {}, "messageAttributes": {}});
    let event =
        json!({"Records": [record("poison", "{\"account_id\":7}"), record("sound", &message), record("empty", "")]});
    let answer = scene.world.stack.delivery.handle(&event).await.expect("handled");
    assert_eq!(answer["batchItemFailures"], json!([{"itemIdentifier": "poison"}, {"itemIdentifier": "empty"}]));
    assert_eq!(scene.receiver.events(), ["incident.opened"]);
}

#[tokio::test]
async fn an_attempt_that_died_halfway_is_taken_up_by_the_sweep() {
    let scene = scene(&[]).await;
    scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    let seen = scene.deliveries().await.remove(0);
    let store = &scene.world.stack.app.store;
    // A worker claims it and is never heard of again.
    store.claim_delivery(&seen, scene.world.now(), scene.world.now().plus_seconds(30)).await.expect("claimed");
    scene.world.deliver().await;
    assert!(scene.receiver.delivered().is_empty(), "while it counts as under way nobody else sends it");
    scene.wait(31).await;
    assert_eq!(scene.receiver.events(), ["webhook.test"]);
}

#[tokio::test]
async fn during_the_grace_both_secrets_sign() {
    let scene = scene(&[]).await;
    let path = "/api/v1/webhooks/rotate-secret";
    let body = json!({"monitor_id": scene.id, "grace_seconds": 3600});
    let rotated = scene.world.post(path, &scene.owner, body).await.expect(200);
    assert_eq!(rotated.json["previous_valid_until"], json!(scene.world.now().plus_seconds(3600)));
    let secret =
        |text: String| -> valpero_auth::WebhookSecret { serde_json::from_value(json!(text)).expect("a secret") };
    let (new, old) = (secret(rotated.text("/webhook_secret")), secret(scene.secret.clone()));
    scene.world.tick().await;
    scene.world.advance(3600);
    scene.site.answers(200);
    scene.world.tick().await;
    let delivered = scene.receiver.delivered();
    let signed = |place: usize, secret: &valpero_auth::WebhookSecret| {
        let one = &delivered[place];
        let at = one.header("webhook-timestamp").parse().expect("epoch seconds");
        secret.sign_standard(one.header("webhook-id"), at, &one.raw)
    };
    assert_eq!(delivered[0].header("webhook-signature"), format!("{} {}", signed(0, &new), signed(0, &old)));
    assert_eq!(delivered[0].header("x-valpero-signature"), new.sign_body(&delivered[0].raw));
    assert_eq!(delivered[1].header("webhook-signature"), signed(1, &new), "after it only the new one");
    let bad = scene.world.post(path, &scene.owner, json!({"monitor_id": "x", "grace_seconds": -1})).await.expect(422);
    assert_eq!(bad.problem().1, ["/monitor_id", "/grace_seconds"]);
}

#[tokio::test]
async fn a_monitor_without_a_webhook_has_no_secret_to_rotate_and_tells_nobody() {
    let scene = scene(&[]).await;
    let silent = scene.world.monitor(&scene.owner, &scene.site.url(), json!({})).await;
    let body = json!({"monitor_id": silent});
    let refused = scene.world.post("/api/v1/webhooks/rotate-secret", &scene.owner, body).await.expect(409);
    assert_eq!(refused.problem().0, "no_webhook");
    scene.world.tick().await;
    assert_eq!(scene.receiver.delivered().len(), 1, "that of the other monitor");
}

#[tokio::test]
async fn a_webhook_to_a_private_address_is_refused_by_the_guard() {
    let names = crate::harness::fixed_names(&[("hooks.example", &["127.0.0.1"]), ("site.example", &["127.0.0.1"])]);
    let options = WorldOptions { private_targets: false, resolver: names, ..WorldOptions::default() };
    let world = World::with(options).await;
    let owner = world.tenant(Plan::Business).await;
    let receiver = Receiver::start().await;
    let hook = receiver.url().replace("127.0.0.1", "hooks.example");
    world.monitor(&owner, "http://site.example/", json!({"webhook_url": hook})).await;
    world.tick().await;
    let delivery = &world
        .stack
        .app
        .store
        .deliveries(owner.account, &DeliveryFilter::default(), None, 1)
        .await
        .expect("deliveries")[0];
    assert!(
        delivery.attempt_log[0].error.as_ref().is_some_and(|error| error.starts_with("blocked_address")),
        "{delivery:?}"
    );
    assert!(receiver.delivered().is_empty());
}

#[tokio::test]
async fn a_receiver_that_we_cannot_reach_by_our_own_fault_is_not_given_up_for_three_days() {
    let ours = Ours::default();
    let world = World::with(WorldOptions { resolver: Arc::new(ours.clone()), ..WorldOptions::default() }).await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    let hook = receiver.url().replace("127.0.0.1", "hook.example");
    let id = world.monitor(&owner, &site.url(), json!({"webhook_url": hook})).await;
    ours.is(NameServer::Silent);
    world.post("/api/v1/webhooks/test", &owner, json!({"monitor_id": id})).await.expect(202);
    let log = async || world.get("/api/v1/webhooks/deliveries", &owner).await.expect(200).data()[0].clone();
    world.deliver().await;
    // Longer than the whole row of a receiver that fails itself.
    for turn in 1..12 {
        let row = RETRY_AFTER_S.get(turn - 1).copied().unwrap_or(36_000);
        world.advance(row + row / 10 + 1);
        world.sweep().await;
        world.deliver().await;
        let delivery = log().await;
        assert_eq!(delivery["status"], "pending", "after {turn} more attempts: {delivery}");
        let last = delivery["attempts"].as_array().and_then(|attempts| attempts.last().cloned()).expect("attempts");
        assert!(last["error"].as_str().is_some_and(|error| error.starts_with("dns_timeout")), "it says why: {last}");
    }
    assert!(log().await["attempts"].as_array().is_some_and(|attempts| attempts.len() > RETRY_AFTER_S.len() + 1));
    world.advance(3 * 86_400);
    world.sweep().await;
    world.deliver().await;
    assert_eq!(log().await["status"], "dead", "not for ever");
    assert!(receiver.events().is_empty());
    let delivery = log().await["id"].as_str().expect("an id").to_owned();
    ours.is(NameServer::Sound);
    let again = format!("/api/v1/webhooks/deliveries/{delivery}/redeliver");
    world.post(&again, &owner, json!(null)).await.expect(202);
    world.deliver().await;
    assert_eq!(receiver.events(), ["webhook.test"]);
}
