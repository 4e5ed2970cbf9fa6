//! From a monitor that fails to the page that says so, and back.

use serde_json::{Value, json};
use valpero_domain::{Plan, Timestamp, pages::settings::PAGES_OF_MONITOR_MAX};

use super::{page, statuses, summary, view};
use crate::harness::{Site, Tenant, World};

#[tokio::test]
async fn a_page_says_what_its_monitors_say_within_one_tick_and_one_view() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (site, other) = (Site::start().await, Site::start().await);
    let first = world.monitor(&owner, &site.url(), json!({})).await;
    let second = world.monitor(&owner, &other.url(), json!({})).await;
    let components =
        json!([{"name": "Site", "monitor_ids": [first, second]}, {"name": "API", "monitor_ids": [second]}]);
    page(&world, &owner, "acme", components, json!({})).await;
    let html = view(&world, "/status/acme").await.expect(200);
    assert!(html.body().contains("No data"), "nothing was checked yet: {}", html.body());
    world.tick().await;
    assert_eq!(statuses(&summary(&world, "acme").await), ["operational", "operational"]);
    site.answers(503);
    world.tick().await;
    let seen = summary(&world, "acme").await;
    assert_eq!(
        (statuses(&seen), seen["status"]["indicator"].as_str()),
        (vec!["partial_outage", "operational"], Some("major"))
    );
    site.answers(200);
    world.tick().await;
    world.tick().await;
    assert_eq!(statuses(&summary(&world, "acme").await), ["operational", "operational"]);
    world.post(&format!("/api/v1/monitors/{second}/pause"), &owner, Value::Null).await.expect(200);
    world.deliver().await;
    world.advance(11);
    let html = view(&world, "/status/acme").await.expect(200);
    assert!(html.body().contains("No data"), "of a paused monitor nobody knows anything");
    world.call("DELETE", &format!("/api/v1/monitors/{first}"), &owner.token, Value::Null).await.expect(204);
    world.deliver().await;
    world.advance(11);
    let html = view(&world, "/status/acme").await.expect(200);
    assert_eq!(html.body().matches("is-unknown\"><svg").count(), 3, "both components and the page: {}", html.body());
}

#[tokio::test]
async fn an_incident_is_published_after_its_minutes_with_public_comments_and_resolved_by_its_end() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    let components = json!([{"name": "Site", "monitor_ids": [monitor]}, {"name": "Other"}]);
    let more = json!({"auto_publish": {"incidents": true, "after_minutes": 2}});
    let (id, _) = page(&world, &owner, "acme", components, more).await;
    world.tick().await;
    site.answers(503);
    world.tick().await;
    assert_eq!(summary(&world, "acme").await["incidents"], json!([]), "not yet");
    world.tick().await;
    world.tick().await;
    world.sweep().await;
    world.deliver().await;
    let seen = summary(&world, "acme").await;
    assert_eq!(seen["incidents"][0]["name"], "Site: outage");
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an ID").to_owned();
    let path = format!("/api/v1/incidents/{incident}/comments");
    world.post(&path, &owner, json!({"body": "The database password leaked."})).await.expect(201);
    world.post(&path, &owner, json!({"body": "We are **restarting** it.", "public": true})).await.expect(201);
    world.deliver().await;
    let seen = summary(&world, "acme").await;
    let updates = seen["incidents"][0]["incident_updates"].as_array().expect("updates");
    assert_eq!(
        (updates.len(), updates[0]["body"].as_str()),
        (2, Some("We are **restarting** it.")),
        "the latest first"
    );
    assert!(!seen.to_string().contains("leaked"), "what is not public is not shown");
    let html = view(&world, "/status/acme").await.expect(200);
    assert!(html.body().contains("<strong>restarting</strong>"));
    site.answers(200);
    world.tick().await;
    world.tick().await;
    let seen = summary(&world, "acme").await;
    assert_eq!(seen["incidents"], json!([]), "resolved by its end: {seen}");
    let posts = world.get(&format!("/api/v1/status-pages/{id}/posts"), &owner).await.expect(200);
    assert_eq!(
        (posts.data().len(), posts.text("/data/0/state"), posts.json["data"][0]["auto"].as_bool()),
        (1, "resolved".into(), Some(true))
    );
}

/// A site that is watched, and the component that shows it.
async fn watched() -> (World, Tenant, Site, Value) {
    let (world, site) = (World::new().await, Site::start().await);
    let owner = world.tenant(Plan::Business).await;
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    (world, owner, site, json!([{"name": "Site", "monitor_ids": [monitor]}]))
}

#[tokio::test]
async fn a_post_that_was_deleted_is_not_made_again_for_the_same_incident() {
    let (world, owner, site, components) = watched().await;
    let more = json!({"auto_publish": {"incidents": true, "after_minutes": 0}});
    let (id, _) = page(&world, &owner, "acme", components, more).await;
    let minute = async || {
        world.tick().await;
        world.sweep().await;
        world.deliver().await;
    };
    let posts =
        async || world.get(&format!("/api/v1/status-pages/{id}/posts"), &owner).await.expect(200).data().to_vec();
    minute().await;
    site.answers(503);
    minute().await;
    minute().await;
    let made = posts().await;
    assert_eq!(made.len(), 1);
    let path = format!("/api/v1/status-pages/{id}/posts/{}", made[0]["id"].as_str().expect("an ID"));
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    for _ in 0..3 {
        minute().await;
        assert_eq!(posts().await, [] as [Value; 0]);
    }
    // A public comment is a person's wish to tell of it.
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an ID").to_owned();
    let comment = json!({"body": "It is real after all.", "public": true});
    world.post(&format!("/api/v1/incidents/{incident}/comments"), &owner, comment).await.expect(201);
    minute().await;
    assert_eq!(posts().await.len(), 1);
    // The next incident is another one.
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    site.answers(200);
    minute().await;
    minute().await;
    site.answers(503);
    minute().await;
    minute().await;
    assert_eq!(posts().await.len(), 1);
}

#[tokio::test]
async fn a_public_comment_publishes_at_once_where_the_page_would_later() {
    let (world, owner, site, components) = watched().await;
    let eager = json!({"auto_publish": {"incidents": true, "after_minutes": 60}});
    page(&world, &owner, "eager", components.clone(), eager).await;
    page(&world, &owner, "silent", components, json!({})).await;
    world.tick().await;
    site.answers(503);
    world.tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an ID").to_owned();
    let comment = json!({"body": "We know.", "public": true});
    world.post(&format!("/api/v1/incidents/{incident}/comments"), &owner, comment).await.expect(201);
    world.deliver().await;
    let seen = summary(&world, "eager").await;
    assert_eq!(seen["incidents"][0]["incident_updates"][0]["body"], "We know.");
    assert_eq!(summary(&world, "silent").await["incidents"], json!([]), "nobody asked that page to publish");
}

#[tokio::test]
async fn maintenance_begins_and_ends_by_itself() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (id, components) = page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    let at = |minutes: i64| world.now().plus_seconds(minutes * 60).to_string();
    let body = json!({
        "kind": "maintenance", "title": "Move", "body": "We move.", "notify": false,
        "scheduled_for": at(10), "scheduled_until": at(20),
        "components": [{"id": components[0], "status": "under_maintenance"}],
    });
    let post = world.post(&format!("/api/v1/status-pages/{id}/posts"), &owner, body).await.expect(201).text("/id");
    let seen = summary(&world, "acme").await;
    assert_eq!(
        (statuses(&seen), seen["scheduled_maintenances"][0]["status"].as_str()),
        (vec!["operational"], Some("scheduled"))
    );
    world.advance(600);
    let seen = summary(&world, "acme").await;
    assert_eq!(
        (statuses(&seen), seen["scheduled_maintenances"][0]["status"].as_str()),
        (vec!["under_maintenance"], Some("in_progress")),
        "also before anybody wrote it"
    );
    world.sweep().await;
    world.deliver().await;
    let path = format!("/api/v1/status-pages/{id}/posts/{post}");
    let states = async || {
        let post = world.get(&path, &owner).await.expect(200);
        let updates = post.json["updates"].as_array().expect("updates").iter();
        updates.map(|update| update["state"].as_str().expect("a state").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["scheduled", "in_progress"]);
    world.advance(600);
    world.sweep().await;
    world.deliver().await;
    assert_eq!(states().await, ["scheduled", "in_progress", "completed"]);
    let seen = summary(&world, "acme").await;
    assert_eq!((statuses(&seen), seen["scheduled_maintenances"].clone()), (vec!["operational"], json!([])));
    world.sweep().await;
    world.deliver().await;
    assert_eq!(states().await.len(), 3, "once");
}

#[tokio::test]
async fn a_status_by_hand_has_an_end_and_an_author() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    let (id, components) =
        page(&world, &owner, "acme", json!([{"name": "Site", "monitor_ids": [monitor]}]), json!({})).await;
    world.tick().await;
    let path = format!("/api/v1/status-pages/{id}/components/{}/status", components[0]);
    let put = async |body: Value| world.call("PUT", &path, &owner.token, body).await;
    assert_eq!(put(json!({"status": "major_outage"})).await.expect(422).problem().1, ["/until"], "it has monitors");
    assert_eq!(
        put(json!({"status": "major_outage", "until": "2020-01-01T00:00:00Z"})).await.expect(422).problem().1,
        ["/until"]
    );
    let until: Timestamp = world.now().plus_seconds(300);
    let set = put(json!({"status": "degraded_performance", "until": until})).await.expect(200);
    assert_eq!(set.text("/components/0/status_by_hand/actor/name"), "test");
    assert_eq!(statuses(&summary(&world, "acme").await), ["degraded_performance"]);
    world.advance(300);
    assert_eq!(statuses(&summary(&world, "acme").await), ["operational"]);
    put(json!({"status": "major_outage", "until": world.now().plus_seconds(300)})).await.expect(200);
    assert_eq!(statuses(&summary(&world, "acme").await), ["major_outage"]);
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(200);
    assert_eq!(statuses(&summary(&world, "acme").await), ["operational"]);
}

#[tokio::test]
async fn what_was_set_for_ever_hides_nothing_once_monitors_say_how_it_is() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let (id, components) = page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    let path = format!("/api/v1/status-pages/{id}");
    let set = format!("{path}/components/{}/status", components[0]);
    world.call("PUT", &set, &owner.token, json!({"status": "operational"})).await.expect(200);
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    let has = json!({"components": [{"id": components[0], "name": "Site", "monitor_ids": [monitor]}]});
    world.call("PATCH", &path, &owner.token, has).await.expect(200);
    site.answers(500);
    world.tick().await;
    world.tick().await;
    assert_eq!(statuses(&summary(&world, "acme").await), ["major_outage"]);
}

#[tokio::test]
async fn a_monitor_is_on_so_many_pages_that_its_status_can_still_change() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    let components = json!([{"name": "Site", "monitor_ids": [monitor]}]);
    for number in 0..PAGES_OF_MONITOR_MAX {
        page(&world, &owner, &format!("p{number}"), components.clone(), json!({})).await;
    }
    let body = json!({"slug": "more", "title": "Acme", "components": components});
    let refused = world.post("/api/v1/status-pages", &owner, body).await.expect(422);
    assert_eq!(refused.problem().1, ["/components/0/monitor_ids/0"]);
    site.answers(500);
    world.tick().await;
    world.tick().await;
    for number in [0, PAGES_OF_MONITOR_MAX - 1] {
        assert_eq!(statuses(&summary(&world, &format!("p{number}")).await), ["major_outage"]);
    }
}

#[tokio::test]
async fn a_post_that_is_full_takes_nothing_more_and_the_page_goes_on() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let (id, _) = page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    let posts = format!("/api/v1/status-pages/{id}/posts");
    let long = "€".repeat(10_000);
    for _ in 0..3 {
        let body = json!({"kind": "incident", "title": "Down", "body": long, "notify": false});
        let post = world.post(&posts, &owner, body).await.expect(201).text("/id");
        let updates = format!("{posts}/{post}/updates");
        let update = json!({"state": "monitoring", "body": long, "notify": false});
        for _ in 0..4 {
            world.post(&updates, &owner, update.clone()).await.expect(201);
        }
        assert_eq!(world.post(&updates, &owner, update).await.expect(409).problem().0, "post_is_full");
    }
    world.advance(1);
    let last = json!({"kind": "incident", "title": "The last word", "body": "x", "notify": false});
    world.post(&posts, &owner, last).await.expect(201);
    assert_eq!(summary(&world, "acme").await["incidents"][0]["name"], "The last word");
}

#[tokio::test]
async fn names_belong_to_one_page_and_plans_have_their_bounds() {
    let world = World::new().await;
    let (owner, other) = (world.tenant(Plan::Start).await, world.tenant(Plan::Start).await);
    let (id, _) = page(&world, &owner, "acme", json!([]), json!({})).await;
    let body = |slug: &str| json!({"slug": slug, "title": "Acme"});
    let taken = world.post("/api/v1/status-pages", &other, body("acme")).await.expect(409);
    assert_eq!(taken.problem().0, "page_slug_taken");
    for slug in ["b", "c"] {
        world.post("/api/v1/status-pages", &owner, body(slug)).await.expect(201);
    }
    let full = world.post("/api/v1/status-pages", &owner, body("d")).await.expect(403);
    assert_eq!(full.problem().0, "page_limit_reached");
    let path = format!("/api/v1/status-pages/{id}");
    let moved = world.call("PATCH", &path, &owner.token, json!({"slug": "b"})).await.expect(409);
    assert_eq!(moved.problem().0, "page_slug_taken");
    world.call("PATCH", &path, &owner.token, json!({"slug": "new"})).await.expect(200);
    view(&world, "/status/new").await.expect(200);
    world.advance(11);
    view(&world, "/status/acme").await.expect(404);
    page(&world, &other, "acme", json!([]), json!({"title": "Another"})).await;
    world.advance(11);
    assert!(view(&world, "/status/acme").await.expect(200).body().contains("Another"));
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    world.advance(11);
    view(&world, "/status/new").await.expect(404);
    world.post("/api/v1/status-pages", &owner, body("d")).await.expect(201);
    let account = world.get("/api/v1/account", &owner).await.expect(200);
    assert_eq!(account.json["usage"]["status_pages"], 3);
}
