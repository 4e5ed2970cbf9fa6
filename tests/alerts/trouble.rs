//! Receivers that fail, workers that die, messages that come twice or late: nobody is told twice, late or not at all.

use serde_json::{Value, json};
use valpero_domain::event::Due;

use super::{Scene, titles};
use crate::harness::{Mailbox, Receiver, WorldOptions, as_function};

/// More writes than an opening, its steps and its messages make.
const WRITES: i64 = 24;

#[tokio::test]
async fn a_crash_after_any_write_loses_nothing_and_tells_nothing_twice() {
    for writes in 0..WRITES {
        let scene = Scene::new().await;
        let (first, second) = (Receiver::start().await, Receiver::start().await);
        let channels = [scene.channel(&first, json!({})).await, scene.channel(&second, json!({})).await];
        scene.route(&[(0, &[&channels[0]]), (2, &[&channels[0], &channels[1]])], None).await;
        scene.monitor("Shop", json!({})).await;
        scene.world.tick().await;
        scene.site.answers(503);
        for outcome in scene.world.bare_tick().await {
            outcome.expect("a tick");
        }
        let crashes = &scene.world.crashes;
        crashes.after(writes);
        // What fails is brought again by the queue, or found by the sweep.
        while as_function("delivery", scene.world.stack.deliver_batch()).await.unwrap_or(false) {
            if crashes.happened() {
                break;
            }
        }
        crashes.restart();
        scene.world.lose_messages();
        scene.wait(420).await;
        let told = titles(&first);
        let twice = |title: &str| told.iter().filter(|one| *one == title).count();
        // An attempt whose end was not written is repeated: then its receiver gets the message again, and can tell by its ID.
        assert!(
            (1..=2).contains(&twice("Down: Shop")) && (1..=2).contains(&twice("Still down: Shop")),
            "{writes}: {told:?}"
        );
        assert!((1..=2).contains(&titles(&second).len()), "{writes}: {:?}", titles(&second));
        let all = scene.deliveries("").await;
        assert_eq!(all.len(), 3, "{writes}: one delivery a message: {all:?}");
        assert!(all.iter().all(|one| one["status"] == "succeeded"), "{writes}: {all:?}");
    }
}

#[tokio::test]
async fn eight_messages_about_one_thing_do_it_once() {
    let scene = Scene::new().await;
    let receiver = Receiver::start().await;
    let channel = scene.channel(&receiver, json!({})).await;
    scene.route(&[(0, &[&channel]), (1, &[&channel])], None).await;
    scene.monitor("Shop", json!({})).await;
    scene.world.tick().await;
    scene.site.answers(503);
    scene.world.bare_tick().await;
    for _ in 0..2 {
        let due = scene.world.stack.app.store.due(scene.world.now(), 50).await.expect("what is due");
        assert!(!due.is_empty());
        let records: Vec<Value> = due
            .iter()
            .flat_map(|(account, due)| {
                let mut body = json!(due);
                body["account_id"] = json!(account);
                (0..8).map(move |copy| {
                    json!({"messageId": format!("{due} {copy}"), "body": body.to_string(), "attributes": {}, "messageAttributes": {}})
                })
            })
            .collect();
        let event = json!({"Records": records});
        let handled = as_function("delivery", scene.world.stack.delivery.handle(&event)).await.expect("handled");
        assert_eq!(handled["batchItemFailures"], json!([]));
        scene.world.deliver().await;
        scene.world.advance(60);
    }
    assert_eq!(titles(&receiver), ["Down: Shop", "Still down: Shop"]);
}

#[tokio::test]
async fn an_opening_that_did_not_arrive_is_not_sent_after_the_recovery_which_says_both() {
    let scene = Scene::new().await;
    let receiver = Receiver::start().await;
    receiver.will_answer([(500, None), (500, None)]);
    let channel = scene.channel(&receiver, json!({})).await;
    scene.route(&[(0, &[&channel])], None).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.wait(10).await;
    assert_eq!(receiver.delivered().len(), 2, "both refused");
    scene.site.answers(200);
    scene.world.tick().await;
    scene.wait(900).await;
    scene.world.advance(100_000);
    scene.wait(120).await;
    assert_eq!(titles(&receiver)[2..], ["Up again after being down: Shop"]);
    let opening = scene.deliveries("status=superseded").await;
    assert_eq!((opening.len(), opening[0]["message"].as_str()), (1, Some("opening")));
}

#[tokio::test]
async fn a_channel_that_refuses_for_good_is_disabled_and_says_so() {
    let scene = Scene::new().await;
    let (gone, other) = (Receiver::start().await, Receiver::start().await);
    gone.will_answer([(410, None)]);
    let channels = [
        scene.channel(&gone, json!({"type": "webhook", "webhook_url": null, "url": gone.url()})).await,
        scene.channel(&other, json!({})).await,
    ];
    scene.route(&[(0, &[&channels[0], &channels[1]])], Some(5)).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.wait(600).await;
    assert_eq!((gone.delivered().len(), titles(&other).len()), (1, 3));
    let path = format!("/api/v1/channels/{}", channels[0]);
    let channel = scene.world.get(&path, &scene.owner).await.expect(200).json;
    assert_eq!(channel["health"]["status"], "disabled", "{channel}");
    let rows = scene.world.get("/api/v1/audit-log?action=channel.disabled", &scene.owner).await.expect(200);
    assert_eq!(rows.data().len(), 1);
    let dead = scene.deliveries(&format!("channel_id={}", channels[0])).await;
    assert_eq!((dead.len(), dead[0]["status"].as_str()), (1, Some("dead")));
    let again = format!("/api/v1/deliveries/{}/redeliver", dead[0]["id"].as_str().expect("an id"));
    assert_eq!(scene.world.post(&again, &scene.owner, json!(null)).await.expect(409).problem().0, "channel_disabled");
    scene.world.post(&format!("{path}/test"), &scene.owner, json!(null)).await.expect(200);
    scene.world.post(&again, &scene.owner, json!(null)).await.expect(202);
    scene.world.deliver().await;
    assert_eq!(gone.delivered().len(), 3, "the test has opened it again");
}

#[tokio::test]
async fn steps_that_were_missed_are_taken_once_when_the_sweep_is_back() {
    let scene = Scene::new().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let channels = [scene.channel(&first, json!({})).await, scene.channel(&second, json!({})).await];
    scene.route(&[(0, &[&channels[0]]), (5, &[&channels[1]])], Some(5)).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.world.lose_messages();
    scene.world.advance(7_200);
    scene.wait(60).await;
    assert_eq!((titles(&first).len(), titles(&second).len()), (1, 1), "the step, and no repeat of the gap");
    assert!(
        scene
            .world
            .stack
            .app
            .store
            .due(scene.world.now(), 5)
            .await
            .expect("due")
            .iter()
            .all(|(_, due)| { !matches!(due, Due::Delivery(_) | Due::Event(_)) })
    );
}

#[tokio::test]
async fn the_owner_is_told_once_by_mail_that_a_channel_is_disabled() {
    let mailbox = Mailbox::new();
    let scene = Scene::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    let gone = Receiver::start().await;
    gone.will_answer([(404, None), (404, None), (404, None)]);
    let channel = scene.channel(&gone, json!({})).await;
    scene.route(&[(0, &[&channel])], Some(5)).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.wait(900).await;
    let account = scene.world.get("/api/v1/account", &scene.owner).await.expect(200).text("/email");
    let [mail] = &mailbox.messages()[..] else { panic!("one mail: {:?}", mailbox.messages()) };
    assert!(
        mail.contains(&format!("To: {account}\r\n")) && mail.contains("Subject: Channel disabled: On call\r\n"),
        "{mail}"
    );
    assert_eq!(gone.delivered().len(), 1, "nothing more is sent to it");
}

#[tokio::test]
async fn prometheus_sees_what_becomes_of_messages_and_whether_a_channel_is_healthy() {
    let (scene, receiver) = Scene::with_channel(None).await;
    receiver.will_answer([(503, None), (204, None), (404, None)]);
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.wait(30).await;
    let series = async |begin: &str| -> Vec<String> {
        let text = scene.world.get("/api/metrics", &scene.owner).await.expect(200);
        let lines = text.body().lines().filter(|line| line.starts_with(begin));
        lines.map(|line| line.rsplit_once(' ').map_or("", |(_, value)| value).to_owned() + &outcome(line)).collect()
    };
    assert_eq!(series("valpero_deliveries_total{").await, ["1 delivered", "1 retried", "0 gave_up"]);
    assert_eq!(series("valpero_channel_healthy{").await, ["1"]);
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(series("valpero_deliveries_total{").await, ["1 delivered", "1 retried", "1 gave_up"]);
    assert_eq!(series("valpero_channel_healthy{").await, ["0"], "its receiver is gone");
}

/// The outcome that a series is about, behind a space.
fn outcome(line: &str) -> String {
    let label = line.split_once("outcome=\"").and_then(|(_, rest)| rest.split_once('"'));
    label.map_or_else(String::new, |(name, _)| format!(" {name}"))
}
