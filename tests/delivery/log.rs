//! The delivery log: what its owner sees of it, sending again, and trying.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::Plan;

use super::scene;

const DELIVERIES: &str = "/api/v1/webhooks/deliveries";

#[tokio::test]
async fn the_log_shows_each_attempt_with_the_head_of_its_answer() {
    let scene = scene(&[(503, Some("1"))]).await;
    scene.world.tick().await;
    scene.wait(6).await;
    let list = scene.world.get(DELIVERIES, &scene.owner).await.expect(200);
    let one = &list.data()[0];
    assert_eq!(
        (&one["event"], &one["status"], &one["next_attempt_at"]),
        (&json!("incident.opened"), &json!("succeeded"), &Value::Null)
    );
    let attempts = one["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        (&attempts[0]["http_status"], &attempts[0]["error"]),
        (&json!(503), &json!("The receiver answered 503."))
    );
    assert_eq!((&attempts[1]["http_status"], &attempts[1]["error"]), (&json!(204), &Value::Null));
    assert!(attempts[0]["latency_ms"].is_u64());
    let head = attempts[0]["response_headers"].as_str().expect("a head");
    assert!(head.contains("retry-after: 1\n"), "{head}");
    let delivered = scene.receiver.delivered();
    assert_eq!(one["id"], delivered[1].header("x-valpero-delivery"));
    assert_eq!(one["event_id"], delivered[1].header("webhook-id"));
    let read =
        scene.world.get(&format!("{DELIVERIES}/{}", delivered[0].header("x-valpero-delivery")), &scene.owner).await;
    assert_eq!(&read.expect(200).json, one);
}

#[tokio::test]
async fn the_log_is_filtered() {
    let scene = scene(&[(500, None)]).await;
    let other =
        scene.world.monitor(&scene.owner, &scene.site.url(), json!({"webhook_url": scene.receiver.url()})).await;
    scene.world.tick().await;
    let count = async |query: &str| {
        scene.world.get(&format!("{DELIVERIES}?{query}"), &scene.owner).await.expect(200).data().len()
    };
    assert_eq!((count("").await, count("status=pending").await, count("status=succeeded").await), (2, 1, 1));
    assert_eq!((count("status=pending,succeeded").await, count("status=dead&status=pending").await), (2, 1));
    assert_eq!(count(&format!("monitor_id={other}")).await, 1);
    assert_eq!(count(&format!("monitor_id={other},{}", scene.id)).await, 2);
    assert_eq!(count(&format!("monitor_id={other}&status=dead")).await, 0);
    let incident = scene.world.read(&scene.owner, &other).await["current_incident_id"].clone();
    let of_incident = format!("{DELIVERIES}?incident_id={}", incident.as_str().expect("an incident"));
    let found = scene.world.get(&of_incident, &scene.owner).await.expect(200);
    assert_eq!(found.data().len(), 1);
    assert_eq!((&found.data()[0]["incident_id"], &found.data()[0]["monitor_id"]), (&incident, &json!(other)));
    let bad = scene
        .world
        .get(&format!("{DELIVERIES}?status=lost&monitor_id=x&incident_id=y"), &scene.owner)
        .await
        .expect(422);
    assert_eq!(bad.problem().1, ["/monitor_id", "/incident_id", "/status"]);
}

#[tokio::test]
async fn a_delivery_is_sent_again_with_the_same_event_and_waits_begin_anew() {
    let scene = scene(&[(204, None), (500, None)]).await;
    scene.world.tick().await;
    let id = scene.receiver.delivered()[0].header("x-valpero-delivery").to_owned();
    let path = format!("{DELIVERIES}/{id}/redeliver");
    let again = scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    assert_eq!((&again.json["status"], &again.json["id"]), (&json!("pending"), &json!(id)));
    scene.world.deliver().await;
    let delivered = scene.receiver.delivered();
    assert_eq!(delivered.len(), 2);
    assert_eq!(delivered[0].header("webhook-id"), delivered[1].header("webhook-id"));
    assert_eq!(delivered[0].raw, delivered[1].raw);
    // It failed: the first wait is five seconds, as for a new one. Before it is over a person may ask again.
    scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    scene.world.deliver().await;
    assert_eq!(scene.receiver.delivered().len(), 3, "at once, and not after the wait");
    let log = scene.world.get(&format!("{DELIVERIES}/{id}"), &scene.owner).await.expect(200);
    assert_eq!((&log.json["status"], log.json["attempts"].as_array().map(Vec::len)), (&json!("succeeded"), Some(3)));
    let audit = scene.world.get("/api/v1/audit-log?action=webhook.redelivered", &scene.owner).await.expect(200);
    assert_eq!(audit.data().len(), 2);
}

#[tokio::test]
async fn while_an_attempt_is_under_way_sending_again_changes_nothing() {
    let scene = scene(&[]).await;
    scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    let seen = scene.deliveries().await.remove(0);
    let store = &scene.world.stack.app.store;
    store.claim_delivery(&seen, scene.world.now(), scene.world.now().plus_seconds(30)).await.expect("claimed");
    let path = format!("{DELIVERIES}/{}/redeliver", seen.id);
    scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    scene.world.deliver().await;
    assert!(scene.receiver.delivered().is_empty(), "nobody sends it twice");
}

#[tokio::test]
async fn an_attempt_that_was_lost_keeps_nobody_from_sending_again() {
    let scene = scene(&[(500, None)]).await;
    scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    let seen = scene.deliveries().await.remove(0);
    let store = &scene.world.stack.app.store;
    store.claim_delivery(&seen, scene.world.now(), scene.world.now().plus_seconds(30)).await.expect("claimed");
    // The worker is never heard of again; the sweep takes it up, and that attempt fails.
    scene.wait(31).await;
    assert_eq!(scene.receiver.delivered().len(), 1);
    let path = format!("{DELIVERIES}/{}/redeliver", seen.id);
    scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
    scene.world.deliver().await;
    assert_eq!(scene.receiver.delivered().len(), 2, "now, and not after the wait");
}

#[tokio::test]
async fn the_log_holds_the_last_attempts_and_requests_have_their_pace() {
    let scene = scene(&[(500, None); 200]).await;
    scene.world.tick().await;
    let id = scene.receiver.delivered()[0].header("x-valpero-delivery").to_owned();
    let path = format!("{DELIVERIES}/{id}/redeliver");
    for _ in 0..60 {
        scene.world.post(&path, &scene.owner, Value::Null).await.expect(202);
        scene.world.deliver().await;
    }
    let refused = scene.world.post(&path, &scene.owner, Value::Null).await.expect(429);
    assert_eq!((refused.problem().0, refused.header("retry-after")), ("webhook_quota_reached", "60"));
    let test = json!({"monitor_id": scene.id});
    assert_eq!(
        scene.world.post("/api/v1/webhooks/test", &scene.owner, test.clone()).await.expect(429).problem().0,
        "webhook_quota_reached"
    );
    assert_eq!(scene.receiver.delivered().len(), 61);
    let delivery = scene.deliveries().await.remove(0);
    assert_eq!((delivery.attempts, delivery.attempt_log.len()), (61, valpero_storage::ATTEMPTS_KEPT));
    scene.world.advance(60);
    scene.world.post("/api/v1/webhooks/test", &scene.owner, test).await.expect(202);
}

#[tokio::test]
async fn there_must_be_somewhere_to_send_to() {
    let scene = scene(&[(410, None)]).await;
    scene.world.tick().await;
    let id = scene.receiver.delivered()[0].header("x-valpero-delivery").to_owned();
    let redeliver = format!("{DELIVERIES}/{id}/redeliver");
    let test = json!({"monitor_id": scene.id});
    let code = async |path: &str, body: Value| {
        scene.world.post(path, &scene.owner, body).await.expect(409).problem().0.to_owned()
    };
    assert_eq!(code(&redeliver, Value::Null).await, "webhook_disabled");
    assert_eq!(code("/api/v1/webhooks/test", test.clone()).await, "webhook_disabled");
    let path = format!("/api/v1/monitors/{}", scene.id);
    scene.world.call("PATCH", &path, &scene.owner.token, json!({"webhook_url": null})).await.expect(200);
    assert_eq!(code(&redeliver, Value::Null).await, "no_webhook");
    assert_eq!(code("/api/v1/webhooks/test", test).await, "no_webhook");
    scene.world.call("DELETE", &path, &scene.owner.token, Value::Null).await.expect(204);
    assert_eq!(code(&redeliver, Value::Null).await, "monitor_deleted");
}

#[tokio::test]
async fn a_webhook_can_be_tried() {
    let scene = scene(&[]).await;
    let tried =
        scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id})).await.expect(202);
    assert_eq!((&tried.json["event"], &tried.json["status"]), (&json!("webhook.test"), &json!("pending")));
    scene.world.deliver().await;
    let delivered = scene.receiver.delivered();
    assert_eq!((delivered.len(), delivered[0].event()), (1, "webhook.test"));
    assert_eq!(delivered[0].json["data"]["monitor"]["id"], json!(scene.id));
    assert_eq!(delivered[0].json["data"]["incident"], Value::Null);
    let secret: valpero_auth::WebhookSecret = serde_json::from_value(json!(scene.secret)).expect("a secret");
    assert_eq!(delivered[0].header("x-valpero-signature"), secret.sign_body(&delivered[0].raw));
    let log = scene.world.get(&format!("{DELIVERIES}/{}", tried.text("/id")), &scene.owner).await.expect(200);
    assert_eq!(log.json["status"], "succeeded");
    for (body, pointer) in [(json!({}), "/monitor_id"), (json!({"monitor_id": scene.id, "x": 1}), "/x")] {
        let refused = scene.world.post("/api/v1/webhooks/test", &scene.owner, body).await.expect(422);
        assert_eq!(refused.problem().1, [pointer]);
    }
    let nobody = json!({"monitor_id": "mon_00000000000000000000000000"});
    scene.world.post("/api/v1/webhooks/test", &scene.owner, nobody).await.expect(404);
}

#[tokio::test]
async fn nobody_sees_another_accounts_deliveries() {
    let scene = scene(&[]).await;
    scene.world.tick().await;
    let stranger = scene.world.tenant(Plan::Business).await;
    assert!(scene.world.get(DELIVERIES, &stranger).await.expect(200).data().is_empty());
    let id = scene.receiver.delivered()[0].header("x-valpero-delivery").to_owned();
    scene.world.get(&format!("{DELIVERIES}/{id}"), &stranger).await.expect(404);
    scene.world.post(&format!("{DELIVERIES}/{id}/redeliver"), &stranger, Value::Null).await.expect(404);
}

#[tokio::test]
async fn whoever_asks_for_a_delivery_at_the_same_time_as_others_is_counted_once() {
    let scene = scene(&[(500, None); 10]).await;
    scene.world.tick().await;
    let id = scene.receiver.delivered()[0].header("x-valpero-delivery").to_owned();
    let path = format!("{DELIVERIES}/{id}/redeliver");
    // The others find it changed, and begin anew; with each beginning counted, the 60 of a minute would not do.
    let replies = join_all((0..40).map(|_| scene.world.post(&path, &scene.owner, Value::Null))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert!(statuses.iter().all(|status| [202, 409].contains(status)), "{statuses:?}");
    let left = join_all(
        (0..20).map(|_| scene.world.post("/api/v1/webhooks/test", &scene.owner, json!({"monitor_id": scene.id}))),
    );
    for reply in left.await {
        reply.expect(202);
    }
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_counted_and_planned_holds_nobody_up() {
    let scene = scene(&[(500, None)]).await;
    let year = 366 * 86_400;
    scene.world.advance(year);
    scene.world.tick().await;
    let test = json!({"monitor_id": scene.id});
    for _ in 0..60 {
        scene.world.post("/api/v1/webhooks/test", &scene.owner, test.clone()).await.expect(202);
    }
    scene.world.post("/api/v1/webhooks/test", &scene.owner, test.clone()).await.expect(429);
    let check = format!("/api/v1/monitors/{}/check", scene.id);
    scene.world.post(&check, &scene.owner, Value::Null).await.expect(202);
    assert_eq!(scene.receiver.events(), ["incident.opened"], "it failed, and is to be sent again in a year");

    scene.world.advance(-year);
    scene.world.post("/api/v1/webhooks/test", &scene.owner, test).await.expect(202);
    scene.world.post(&check, &scene.owner, Value::Null).await.expect(202);
    scene.wait(0).await;
    let opened = || scene.receiver.events().into_iter().filter(|event| event == "incident.opened").count();
    assert_eq!(opened(), 1, "such a plan is looked for at full hours alone");
    scene.wait(3600 - scene.world.now().seconds() % 3600).await;
    assert_eq!(opened(), 2, "{:?}", scene.receiver.events());
}
