//! A monitor that is deleted while it is down: its receiver is told the end, by the webhook that the monitor had.

use serde_json::{Value, json};
use valpero_auth::WebhookSecret;
use valpero_domain::delivery::{DeliveryStatus, EventType};

use super::{Scene, events::WRITES, scene};

impl Scene {
    async fn delete(&self) {
        let path = format!("/api/v1/monitors/{}", self.id);
        self.world.call("DELETE", &path, &self.owner.token, Value::Null).await.expect(204);
    }
}

#[tokio::test]
async fn who_was_told_the_begin_is_told_the_end() {
    let scene = scene(&[(204, None), (503, None)]).await;
    scene.world.tick().await;
    let incident = scene.world.read(&scene.owner, &scene.id).await["current_incident_id"].clone();
    scene.world.advance(1);
    scene.delete().await;
    scene.world.deliver().await;
    scene.wait(6).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved", "incident.resolved"]);
    let last = &scene.receiver.delivered()[2];
    let secret: WebhookSecret = serde_json::from_value(json!(scene.secret)).expect("a secret");
    assert_eq!(last.header("x-valpero-signature"), secret.sign_body(&last.raw));
    let told = &last.json["data"]["incident"];
    assert_eq!((&told["id"], &told["status"]), (&incident, &json!("resolved")));
    assert_eq!(told["latest_entry"]["note"], "The monitor was deleted.");

    let query = format!("/api/v1/webhooks/deliveries?incident_id={}", incident.as_str().expect("an incident"));
    let log = scene.world.get(&query, &scene.owner).await.expect(200);
    let events: Vec<(&Value, &Value)> = log.data().iter().map(|one| (&one["event"], &one["status"])).collect();
    let succeeded = json!("succeeded");
    assert_eq!(
        events,
        [(&json!("incident.resolved"), &succeeded), (&json!("incident.opened"), &succeeded)],
        "the log shows it"
    );
    let path = format!("/api/v1/incidents/{}", incident.as_str().expect("an incident"));
    let read = scene.world.get(&path, &scene.owner).await.expect(200);
    let timeline = read.json["timeline"].as_array().expect("a timeline");
    let end = timeline.iter().find(|entry| entry["type"] == "resolved").expect("an end");
    assert_eq!((&end["actor"]["type"], &end["note"]), (&json!("key"), &json!("The monitor was deleted.")));

    let delivery = scene.deliveries().await.into_iter().find(|one| one.event == Some(EventType::IncidentResolved));
    let delivery = delivery.expect("a delivery");
    assert!(delivery.receiver.is_none(), "its secret went with it");
    let (_, hand_out) = scene
        .world
        .stack
        .app
        .store
        .event(scene.owner.account, delivery.event_id.expect("an event's"))
        .await
        .expect("an event");
    assert!(!hand_out.is_pending() && hand_out.receiver.is_none());
    let again = format!("/api/v1/webhooks/deliveries/{}/redeliver", delivery.id);
    let refused = scene.world.post(&again, &scene.owner, Value::Null).await.expect(409);
    assert_eq!(refused.problem().0, "monitor_deleted");
}

#[tokio::test]
async fn the_end_supersedes_a_begin_that_was_not_told() {
    let scene = scene(&[(503, Some("60"))]).await;
    scene.world.tick().await;
    scene.delete().await;
    scene.world.deliver().await;
    scene.wait(61).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved"]);
    let pending = scene.deliveries().await.into_iter().filter(|one| one.status == DeliveryStatus::Pending).count();
    assert_eq!(pending, 0);
}

#[tokio::test]
async fn nobody_is_told_where_nothing_is_open_or_the_webhook_is_off() {
    let sound = scene(&[]).await;
    sound.delete().await;
    sound.wait(61).await;
    assert!(sound.receiver.delivered().is_empty());
    let gone = scene(&[(410, None)]).await;
    gone.world.tick().await;
    gone.delete().await;
    gone.wait(61).await;
    assert_eq!(gone.receiver.delivered().len(), 1);
}

#[tokio::test]
async fn after_any_write_of_handing_the_end_out_it_is_told() {
    let mut crashes = 0;
    for writes in 0..WRITES {
        let scene = scene(&[]).await;
        scene.world.tick().await;
        scene.delete().await;
        let due = scene.due().await;
        scene.world.crashes.after(writes);
        scene.receive(due[0]).await;
        let crashed = scene.world.crashes.happened();
        crashes += i64::from(crashed);
        scene.world.crashes.restart();
        scene.world.lose_messages();
        scene.wait(31).await;
        let events = scene.receiver.events();
        let ends = events.iter().filter(|event| *event == "incident.resolved").count();
        assert!(ends == 1 || crashed && ends == 2, "{events:?} after {writes} writes");
        assert_eq!(scene.received("x-valpero-delivery").len(), 2);
        assert!(scene.due().await.is_empty() && scene.deliveries().await.iter().all(|one| one.receiver.is_none()));
        if !crashed {
            break;
        }
    }
    assert_eq!(crashes, 6);
}

#[tokio::test]
async fn a_deletion_that_fails_tells_nobody_and_one_that_is_repeated_tells_once() {
    let scene = scene(&[]).await;
    scene.world.tick().await;
    let path = format!("/api/v1/monitors/{}", scene.id);
    // The key's meter is the first write, the deletion is the second.
    scene.world.crashes.after(1);
    let failed = scene.world.call("DELETE", &path, &scene.owner.token, Value::Null).await;
    assert!(failed.status.is_server_error());
    scene.world.crashes.restart();
    scene.wait(31).await;
    assert_eq!(scene.receiver.events(), ["incident.opened"]);
    scene.delete().await;
    scene.world.lose_messages();
    scene.wait(31).await;
    assert_eq!(scene.receiver.events(), ["incident.opened", "incident.resolved"]);
}
