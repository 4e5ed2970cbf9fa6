//! Pages stay up: many views make one read, a store that fails leaves the last view, and no change is lost by whatever comes between.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::Plan;

use super::{page, statuses, summary, view};
use crate::harness::{Site, World};

#[tokio::test]
async fn a_thousand_views_make_one_read() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    for _ in 0..3 {
        let views = (0..1_000).map(|_| view(&world, "/status/acme"));
        let replies = join_all(views).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        let trips: u64 = replies.iter().map(|reply| reply.usage.round_trips).sum();
        let rru: f64 = replies.iter().map(|reply| reply.usage.rru).sum();
        assert_eq!((trips, rru), (1, 1.0), "one read of one unit");
        world.advance(11);
    }
}

#[tokio::test]
async fn names_of_no_page_cost_one_read_each_too() {
    let world = World::new().await;
    let replies = join_all((0..100).map(|_| view(&world, "/status/nobody"))).await;
    assert!(replies.iter().all(|reply| reply.status == 404));
    assert_eq!(replies.iter().map(|reply| reply.usage.round_trips).sum::<u64>(), 1);
}

#[tokio::test]
async fn while_the_store_fails_a_page_is_served_as_it_was_and_says_of_when() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    assert!(!view(&world, "/status/acme").await.expect(200).body().contains("cannot be renewed"));
    let then = world.now();
    world.advance(11);
    world.crashes.after(0);
    // Reads fail from the first write on.
    let broken = world.post("/api/v1/monitors", &owner, json!({"url": "https://example.com/"})).await;
    assert_eq!(broken.status, 503, "the store is away");
    for _ in 0..3 {
        world.advance(3_600);
        let stale = view(&world, "/status/acme").await.expect(200);
        assert!(
            stale.body().contains("cannot be renewed") && stale.body().contains(&then.to_string()),
            "{}",
            stale.body()
        );
        view(&world, "/status/acme/api/v2/summary.json").await.expect(200);
    }
    view(&world, "/status/never-seen").await.expect(503);
    world.advance(86_400);
    view(&world, "/status/acme").await.expect(503);
    world.crashes.restart();
    world.advance(3);
    assert!(!view(&world, "/status/acme").await.expect(200).body().contains("cannot be renewed"));
}

#[tokio::test]
async fn wherever_a_process_dies_the_page_comes_to_say_what_is() {
    for writes in 0..12 {
        let world = World::new().await;
        let owner = world.tenant(Plan::Business).await;
        let site = Site::start().await;
        let monitor = world.monitor(&owner, &site.url(), json!({})).await;
        let components = json!([{"name": "Site", "monitor_ids": [monitor]}]);
        let (id, _) = page(&world, &owner, "acme", components, json!({})).await;
        world.tick().await;
        // The request's own count is a write, too.
        world.crashes.after(writes);
        let body = json!({"kind": "incident", "title": "Payments fail", "body": "x", "notify": false});
        let answer = world.post(&format!("/api/v1/status-pages/{id}/posts"), &owner, body).await;
        site.answers(503);
        let next = world.bare_tick().await;
        world.crashes.restart();
        world.lose_messages();
        world.tick().await;
        world.sweep().await;
        world.deliver().await;
        world.sweep().await;
        world.deliver().await;
        let stored = world.get(&format!("/api/v1/status-pages/{id}/posts"), &owner).await.expect(200).data().len();
        let seen = summary(&world, "acme").await;
        let shown = seen["incidents"].as_array().expect("incidents").len();
        assert_eq!((shown, statuses(&seen)), (stored, vec!["major_outage"]), "{writes}: {} {next:?}", answer.status);
        if answer.status == 201 {
            assert_eq!(stored, 1, "{writes}");
        }
    }
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_shown() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let sites = join_all((0..6).map(|_| Site::start())).await;
    let mut monitors = Vec::new();
    for site in &sites {
        monitors.push(world.monitor(&owner, &site.url(), json!({})).await);
    }
    let components: Vec<Value> = monitors
        .iter()
        .enumerate()
        .map(|(place, id)| json!({"name": format!("C{place}"), "monitor_ids": [id]}))
        .collect();
    let (id, ids) = page(&world, &owner, "acme", json!(components), json!({})).await;
    world.tick().await;
    for site in &sites {
        site.answers(503);
    }
    let posts = format!("/api/v1/status-pages/{id}/posts");
    let post = |number: usize| {
        let body = json!({"kind": "incident", "title": format!("P{number}"), "body": "x", "notify": false});
        world.post(&posts, &owner, body)
    };
    let rename = json!({"title": "Renamed"});
    let path = format!("/api/v1/status-pages/{id}");
    let by_hand = format!("{path}/components/{}/status", ids[0]);
    let until = json!({"status": "under_maintenance", "until": world.now().plus_seconds(3_600)});
    let (posted, renamed, set, ticked) = tokio::join!(
        join_all((0..5).map(post)),
        world.call("PATCH", &path, &owner.token, rename),
        world.call("PUT", &by_hand, &owner.token, until),
        world.bare_tick(),
    );
    assert!(posted.iter().all(|reply| reply.status == 201) && renamed.status == 200 && set.status == 200);
    assert!(ticked.iter().all(Result::is_ok));
    world.deliver().await;
    let seen = summary(&world, "acme").await;
    assert_eq!((seen["page"]["name"].as_str(), seen["incidents"].as_array().map(Vec::len)), (Some("Renamed"), Some(5)));
    let expected =
        ["under_maintenance", "major_outage", "major_outage", "major_outage", "major_outage", "major_outage"];
    assert_eq!(statuses(&seen), expected);
    assert_eq!(world.sweep().await.sent, 0, "what has been made needs no second making");
}
