//! Storms, flapping monitors, and receivers that take so many messages and no more.

use serde_json::json;

use super::{Scene, titles};
use crate::harness::{Receiver, Site};

#[tokio::test]
async fn three_hundred_monitors_are_five_messages_and_one_digest_and_again_when_they_are_up() {
    let (scene, receiver) = Scene::with_channel(None).await;
    for number in 0..300 {
        scene.monitor(&format!("Shop {number:03}"), json!({})).await;
    }
    scene.goes_down().await;
    assert_eq!(titles(&receiver).len(), 5, "{:?}", titles(&receiver));
    scene.wait(60).await;
    let told = titles(&receiver);
    assert_eq!((told.len(), told[5].as_str()), (6, "295 more monitors down"));
    let digest = receiver.delivered().pop().expect("a digest").json.to_string();
    assert_eq!(digest.matches("Down: Shop").count(), 50, "{digest}");
    assert!(digest.contains("and 245 more"), "{digest}");
    let digested = scene.deliveries("status=digested&limit=100").await;
    assert_eq!(digested.len(), 100);
    let digests = scene.deliveries("status=succeeded").await;
    let digest = digests.iter().find(|one| one["message"] == "digest").expect("the delivery of the digest");
    assert!(digested.iter().all(|one| one["digest_id"] == digest["id"] && one["message"] == "opening"));

    scene.site.answers(200);
    scene.world.tick().await;
    scene.wait(60).await;
    let told = titles(&receiver);
    assert_eq!(told.len(), 12);
    assert!(told[6..11].iter().all(|title| title.starts_with("Up again: Shop ")), "{told:?}");
    assert_eq!(told[11], "295 more monitors up again");
}

#[tokio::test]
async fn a_receiver_with_a_published_pace_is_sent_no_more_than_that() {
    let scene = Scene::new().await;
    let receiver = Receiver::start().await;
    let slack = scene.channel(&receiver, json!({"type": "slack"})).await;
    scene.route(&[(0, &[&slack])], None).await;
    for number in 0..4 {
        scene.monitor(&format!("Shop {number}"), json!({})).await;
    }
    scene.goes_down().await;
    assert_eq!(receiver.delivered().len(), 1);
    let waiting = scene.deliveries("status=pending").await;
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|one| one["waits_for"] == "Slack takes one message in 1 s."), "{waiting:?}");
    for second in 2..=4 {
        scene.wait(1).await;
        assert_eq!(receiver.delivered().len(), second, "one a second");
    }
    assert_eq!(scene.deliveries("status=succeeded").await.len(), 4);
}

#[tokio::test]
async fn a_receiver_that_asks_to_be_left_alone_is() {
    let scene = Scene::new().await;
    let receiver = Receiver::start().await;
    receiver.will_answer([(429, Some("30"))]);
    let slack = scene.channel(&receiver, json!({"type": "slack"})).await;
    scene.route(&[(0, &[&slack])], None).await;
    for number in 0..3 {
        scene.monitor(&format!("Shop {number}"), json!({})).await;
    }
    scene.goes_down().await;
    scene.wait(25).await;
    let early = receiver.delivered().len();
    assert!(early <= 3, "each of those that were on their way at most: {early}");
    scene.wait(60).await;
    assert_eq!(scene.deliveries("status=succeeded").await.len(), 3);
}

#[tokio::test]
async fn what_comes_after_a_receiver_asked_to_be_left_alone_waits_as_well() {
    let (scene, other) = (Scene::new().await, Site::start().await);
    let receiver = Receiver::start().await;
    receiver.will_answer([(429, Some("300"))]);
    let slack = scene.channel(&receiver, json!({"type": "slack"})).await;
    scene.route(&[(0, &[&slack])], None).await;
    scene.monitor("First", json!({})).await;
    scene.monitor("Second", json!({"url": other.url()})).await;
    scene.goes_down().await;
    assert_eq!(receiver.delivered().len(), 1);
    other.answers(503);
    scene.world.tick().await;
    scene.wait(120).await;
    assert_eq!(receiver.delivered().len(), 1, "no message is sent to it");
    let waiting = scene.deliveries("status=pending").await;
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    scene.wait(300).await;
    assert_eq!(scene.deliveries("status=succeeded").await.len(), 2);
}

#[tokio::test]
async fn a_flapping_monitor_is_told_of_once_until_it_is_stable() {
    let scene = Scene::new().await;
    let (receiver, hook) = (Receiver::start().await, Receiver::start().await);
    let channel = scene.channel(&receiver, json!({})).await;
    scene.route(&[(0, &[&channel])], None).await;
    scene.monitor("Shop", json!({"webhook_url": hook.url()})).await;
    scene.world.tick().await;
    for _ in 0..5 {
        scene.site.answers(503);
        scene.world.tick().await;
        scene.site.answers(200);
        scene.world.tick().await;
    }
    let usual = ["Down: Shop", "Up again: Shop"];
    assert_eq!(titles(&receiver), [usual[0], usual[1], usual[0], usual[1], "Flapping: Shop"]);
    assert_eq!(hook.delivered().len(), 10, "webhooks go on as ever");
    scene.wait(840).await;
    assert_eq!(titles(&receiver).len(), 5);
    scene.wait(120).await;
    assert_eq!(titles(&receiver)[5..], ["Stable again: Shop"]);
    scene.wait(3_600).await;
    assert_eq!(titles(&receiver).len(), 6, "once");
    scene.site.answers(503);
    scene.world.tick().await;
    assert_eq!(titles(&receiver)[6..], ["Down: Shop"]);
}

#[tokio::test]
async fn a_digest_that_could_not_be_sent_is_not_sent_once_all_of_it_is_over() {
    let (scene, receiver) = Scene::with_channel(None).await;
    for number in 0..8 {
        scene.monitor(&format!("Shop {number}"), json!({})).await;
    }
    scene.goes_down().await;
    assert_eq!(titles(&receiver).len(), 5);
    receiver.will_answer([(503, None), (503, None)]);
    scene.wait(70).await;
    let pending = scene.deliveries("status=pending").await;
    assert_eq!((pending.len(), &pending[0]["message"]), (1, &json!("digest")), "{pending:?}");
    scene.site.answers(200);
    scene.world.tick().await;
    scene.wait(1_200).await;
    let told = titles(&receiver);
    assert_eq!(told[5..7], ["3 more monitors down", "3 more monitors down"], "both refused");
    // One of the five that are told of by name may have been in the digest: "Up again after being down" says both.
    assert!(!told[7..].iter().any(|title| title.starts_with("Down") || title.ends_with("down")), "{told:?}");
    assert!(told.contains(&"3 more monitors up again".to_owned()), "{told:?}");
    let superseded = scene.deliveries("status=superseded").await;
    assert_eq!((superseded.len(), &superseded[0]["message"]), (1, &json!("digest")), "{superseded:?}");
}
