//! Steps and repeats, what stops them, and who is told what.

use serde_json::{Value, json};
use valpero_domain::{Role, Timestamp};

use super::{Scene, titles};
use crate::harness::{Receiver, Site};

fn five_minutes_after(time: &Value) -> Timestamp {
    time.as_str().and_then(|time| time.parse::<Timestamp>().ok()).expect("a time").plus_seconds(300)
}

#[tokio::test]
async fn an_incident_is_told_step_by_step_and_its_end_to_those_who_know() {
    let scene = Scene::new().await;
    let (first, second, third) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let channels = [
        scene.channel(&first, json!({})).await,
        scene.channel(&second, json!({})).await,
        scene.channel(&third, json!({})).await,
    ];
    scene.route(&[(0, &[&channels[0]]), (5, &[&channels[0], &channels[1]]), (10, &[&channels[2]])], None).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    assert_eq!(titles(&first), ["Down: Shop"]);
    let shown = scene.shown().await;
    let five_later = five_minutes_after(&shown["timeline"][0]["at"]);
    let expected = json!({"at": five_later, "channel_ids": [&channels[0], &channels[1]], "repeat_round": 0});
    assert_eq!(shown["next_step"], expected);
    let ada = scene.world.person(&scene.owner, Role::Viewer, None).await;
    let page = scene.world.page(&format!("/incidents/{}", scene.incident().await), &ada).await.expect(200);
    assert!(page.body().contains("Next, unless somebody acknowledges:"), "{}", page.body());
    scene.wait(299).await;
    assert_eq!((titles(&first).len(), titles(&second).len()), (1, 0), "not before its time");
    scene.wait(1).await;
    assert_eq!(titles(&first)[1..], ["Still down: Shop"]);
    assert_eq!(titles(&second), ["Down: Shop"]);
    scene.site.answers(200);
    scene.world.tick().await;
    scene.wait(1_200).await;
    assert_eq!(titles(&first)[2..], ["Up again: Shop"]);
    assert_eq!(titles(&second)[1..], ["Up again: Shop"]);
    assert!(titles(&third).is_empty(), "its step was not reached");
    let incident = scene.incident().await;
    let all = scene.deliveries(&format!("incident_id={incident}")).await;
    let mut told: Vec<String> = all.iter().map(|one| format!("{} {}", one["message"], one["status"])).collect();
    told.sort_unstable();
    let expected = ["opening", "opening", "recovery", "recovery", "reminder"];
    assert_eq!(told, expected.map(|message| format!("\"{message}\" \"succeeded\"")), "{all:?}");
}

#[tokio::test]
async fn acknowledging_stops_steps_and_repeats_and_is_told() {
    let scene = Scene::new().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let events =
        json!({"events": ["incident.opened", "incident.acknowledged", "incident.commented", "incident.resolved"]});
    let channels = [scene.channel(&first, events).await, scene.channel(&second, json!({})).await];
    scene.route(&[(0, &[&channels[0]]), (10, &[&channels[1]])], Some(5)).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    scene.wait(60).await;
    assert_eq!(scene.shown().await["next_step"]["channel_ids"], json!([&channels[1]]));
    scene.act("acknowledge").await;
    assert_eq!(scene.shown().await.get("next_step"), None, "whoever has it need not be told again");
    let comment = format!("/api/v1/incidents/{}/comments", scene.incident().await);
    scene.world.post(&comment, &scene.owner, json!({"body": "On it."})).await.expect(201);
    scene.world.deliver().await;
    scene.wait(3_600).await;
    assert_eq!(titles(&first), ["Down: Shop", "Acknowledged: Shop", "Comment: Shop"]);
    assert!(titles(&second).is_empty());
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(titles(&first)[3..], ["Up again: Shop"]);
    assert!(titles(&second).is_empty());
}

#[tokio::test]
async fn an_incident_that_nobody_takes_is_told_again_twenty_times() {
    let (scene, receiver) = Scene::with_channel(Some(5)).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    for round in 1..=20 {
        assert_eq!(scene.shown().await["next_step"]["repeat_round"], round);
        scene.wait(300).await;
        assert_eq!(titles(&receiver).len(), 1 + round);
    }
    assert_eq!(scene.shown().await.get("next_step"), None);
    scene.wait(3_600).await;
    assert_eq!(titles(&receiver).len(), 21);
    assert_eq!(titles(&receiver)[20], "Still down: Shop");
}

#[tokio::test]
async fn a_policy_that_is_edited_meanwhile_counts_from_the_next_step() {
    let scene = Scene::new().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let channels = [scene.channel(&first, json!({})).await, scene.channel(&second, json!({})).await];
    let policy = scene.route(&[(0, &[&channels[0]]), (10, &[&channels[0]])], None).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    let steps = json!([
        {"after_minutes": 0, "channel_ids": [channels[1]]},
        {"after_minutes": 10, "channel_ids": [channels[1]]},
    ]);
    let path = format!("/api/v1/escalation-policies/{policy}");
    scene.world.call("PATCH", &path, &scene.owner.token, json!({"steps": steps})).await.expect(200);
    scene.wait(660).await;
    assert_eq!((titles(&first), titles(&second)), (vec!["Down: Shop".to_owned()], vec!["Down: Shop".to_owned()]));
}

#[tokio::test]
async fn routes_decide_by_order_and_channels_by_their_events() {
    let scene = Scene::new().await;
    let (payments, others) = (Receiver::start().await, Receiver::start().await);
    let channels = [
        scene.channel(&payments, json!({"events": ["incident.resolved"]})).await,
        scene.channel(&others, json!({})).await,
    ];
    let mut policies = Vec::new();
    for channel in &channels {
        policies.push(scene.route(&[(0, &[channel])], None).await);
    }
    let routes = json!({"routes": [
        {"match": {"tags_any": ["payments"]}, "policy_id": policies[0]},
        {"match": {"check_types": ["tcp"]}, "policy_id": policies[0]},
        {"policy_id": policies[1]},
    ]});
    scene.world.call("PUT", "/api/v1/alert-routes", &scene.owner.token, routes).await.expect(200);
    scene.monitor("Checkout", json!({"tags": ["payments"]})).await;
    scene.monitor("Blog", json!({})).await;
    scene.goes_down().await;
    assert_eq!(titles(&others), ["Down: Blog"]);
    assert!(titles(&payments).is_empty(), "it takes no openings");
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(titles(&payments), ["Up again after being down: Checkout"], "the end says both");
    assert_eq!(titles(&others)[1..], ["Up again: Blog"]);
}

#[tokio::test]
async fn without_a_route_nobody_is_told_and_a_webhook_goes_on_as_ever() {
    let scene = Scene::new().await;
    let receiver = Receiver::start().await;
    scene.channel(&receiver, json!({})).await;
    let hook = Receiver::start().await;
    scene.monitor("Shop", json!({"webhook_url": hook.url()})).await;
    scene.goes_down().await;
    scene.wait(600).await;
    assert!(titles(&receiver).is_empty());
    assert_eq!(hook.events(), ["incident.opened"]);
    assert!(scene.deliveries("").await.iter().all(|one| one["channel_id"] == Value::Null));
}

#[tokio::test]
async fn what_has_no_incident_goes_to_the_first_step() {
    let scene = Scene::new().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let events = json!({"events": ["monitor.degraded", "monitor.recovered"]});
    let channels = [scene.channel(&first, events.clone()).await, scene.channel(&second, events).await];
    scene.route(&[(0, &[&channels[0]]), (5, &[&channels[1]])], None).await;
    let site = Site::start().await;
    scene.world.monitor(&scene.owner, &site.url(), json!({"name": "Shop"})).await;
    scene.world.tick().await;
    for _ in 0..3 {
        scene.world.tick_with_broken(&site, 1).await;
    }
    scene.world.tick_with_broken(&site, 0).await;
    scene.wait(600).await;
    assert_eq!(titles(&first)[0], "Degraded: Shop");
    assert!(titles(&first).last().is_some_and(|last| last == "Recovered: Shop"), "{:?}", titles(&first));
    assert!(titles(&second).is_empty());
}

#[tokio::test]
async fn times_are_those_of_the_accounts_time_zone() {
    let (scene, receiver) = Scene::with_channel(None).await;
    scene.monitor("Shop", json!({})).await;
    let zone = json!({"time_zone": "Europe/Helsinki"});
    scene.world.call("PATCH", "/api/v1/account", &scene.owner.token, zone).await.expect(200);
    scene.goes_down().await;
    let said = receiver.delivered()[0].json.to_string();
    // The world begins at 11:07 UTC on 18 November 2026.
    assert!(said.contains(" 13:") && said.contains(" EET"), "{said}");
}
