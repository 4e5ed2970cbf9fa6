//! Incidents: taken, commented on, resolved by hand, and told of.

use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Receiver, Site, Tenant, World};

async fn an_incident() -> (World, Site, Receiver, Tenant, String) {
    let world = World::new().await;
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let owner = world.tenant(Plan::Business).await;
    world.monitor(&owner, &site.url(), json!({"webhook_url": receiver.url()})).await;
    world.tick().await;
    site.answers(500);
    world.tick().await;
    let id = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    (world, site, receiver, owner, id)
}

#[tokio::test]
async fn an_incident_lives_through_its_whole_story() {
    let (world, site, receiver, owner, id) = an_incident().await;
    let path = |action: &str| format!("/api/v1/incidents/{id}/{action}");
    world.advance(5);
    let acknowledged = world.post(&path("acknowledge"), &owner, json!({"note": "on it"})).await.expect(200);
    assert_eq!(
        (&acknowledged.json["status"], &acknowledged.json["acknowledged_at"]),
        (&json!("ongoing"), &json!(world.now()))
    );
    world.advance(5);
    let again = world.post(&path("acknowledge"), &owner, json!(null)).await.expect(200);
    assert_eq!(again.json, acknowledged.json, "the same state again changes nothing");
    // Of what is handed out at once, a comment may come first or last.
    world.deliver().await;
    let comment = world.post(&path("comments"), &owner, json!({"body": "a disk is full"})).await.expect(201);
    assert_eq!((&comment.json["type"], &comment.json["note"]), (&json!("commented"), &json!("a disk is full")));
    world.deliver().await;
    site.answers(200);
    world.tick().await;
    let read = world.get(&format!("/api/v1/incidents/{id}"), &owner).await.expect(200);
    let story: Vec<_> =
        read.json["timeline"].as_array().into_iter().flatten().filter_map(|entry| entry["type"].as_str()).collect();
    assert_eq!(story, ["opened", "acknowledged", "commented", "resolved"]);
    let events = ["incident.opened", "incident.acknowledged", "incident.commented", "incident.resolved"];
    assert_eq!(receiver.events(), events);
    assert_eq!(receiver.delivered()[2].json["data"]["incident"]["latest_entry"]["note"], "a disk is full");
    let late = world.post(&path("acknowledge"), &owner, json!(null)).await.expect(409);
    assert_eq!(late.problem().0, "incident_resolved", "also where it was taken before");
    world.post(&path("comments"), &owner, json!({"body": "post mortem"})).await.expect(201);
}

#[tokio::test]
async fn taking_an_incident_that_is_over_is_a_conflict() {
    let (world, site, _receiver, owner, id) = an_incident().await;
    site.answers(200);
    world.tick().await;
    let late = world.post(&format!("/api/v1/incidents/{id}/acknowledge"), &owner, json!(null)).await;
    assert_eq!(late.expect(409).problem().0, "incident_resolved");
}

#[tokio::test]
async fn resolved_by_hand_while_it_still_fails_the_next_confirmed_failure_opens_a_new_one() {
    let (world, site, receiver, owner, id) = an_incident().await;
    world.advance(20);
    let resolved = world
        .post(&format!("/api/v1/incidents/{id}/resolve"), &owner, json!({"note": "false alarm"}))
        .await
        .expect(200);
    assert_eq!((&resolved.json["status"], &resolved.json["resolved_at"]), (&json!("resolved"), &json!(world.now())));
    assert!(resolved.text("/resolved_by").starts_with("key_"));
    let again = world.post(&format!("/api/v1/incidents/{id}/resolve"), &owner, json!(null)).await.expect(200);
    assert_eq!(again.json, resolved.json);
    world.deliver().await;
    world.tick().await;
    let incidents = world.incidents(&owner).await;
    assert_eq!((incidents.len(), &incidents[0]["status"]), (2, &json!("ongoing")));
    assert_eq!(incidents[0]["started_at"], json!(world.now()), "what was before the resolution does not count again");
    site.answers(200);
    world.tick().await;
    let events = ["incident.opened", "incident.resolved", "incident.opened", "incident.resolved"];
    assert_eq!(receiver.events(), events);
}

#[tokio::test]
async fn incidents_are_filtered() {
    let (world, site, _receiver, owner, first) = an_incident().await;
    site.answers(200);
    world.tick().await;
    site.answers(500);
    world.tick().await;
    let ids = async |query: &str| -> Vec<String> {
        let reply = world.get(&format!("/api/v1/incidents{query}"), &owner).await.expect(200);
        reply.data().iter().map(|incident| incident["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let all = ids("").await;
    assert_eq!((all.len(), &all[1]), (2, &first));
    assert_eq!(ids("?status=ongoing").await, [all[0].clone()]);
    assert_eq!(ids("?status=resolved").await, std::slice::from_ref(&first));
    assert_eq!(ids(&format!("?from={}", world.now())).await, [all[0].clone()]);
    assert_eq!(ids(&format!("?to={}", world.now())).await, [first]);
    assert_eq!(ids("?monitor_id=mon_00000000000000000000000000").await, Vec::<String>::new());
}

#[tokio::test]
async fn words_that_are_none_are_refused() {
    let (world, _site, _receiver, owner, id) = an_incident().await;
    let path = format!("/api/v1/incidents/{id}/comments");
    for (body, pointer) in [
        (json!({}), "/body"),
        (json!({"body": "  "}), "/body"),
        (json!({"body": "x".repeat(2001)}), "/body"),
        (json!({"body": "x", "author": "me"}), "/author"),
    ] {
        assert_eq!(world.post(&path, &owner, body).await.expect(422).problem().1, [pointer]);
    }
    let note = world.post(&format!("/api/v1/incidents/{id}/resolve"), &owner, json!({"note": 7})).await.expect(422);
    assert_eq!(note.problem().1, ["/note"]);
    assert_eq!(world.incidents(&owner).await[0]["status"], "ongoing");
    let gone: Value = json!(null);
    world.post("/api/v1/incidents/inc_x/resolve", &owner, gone).await.expect(404);
}
