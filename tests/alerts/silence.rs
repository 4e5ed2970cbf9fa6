//! What keeps channels silent: the outage of another monitor, and mutes.

use serde_json::json;

use super::{Scene, titles};
use crate::harness::Site;

#[tokio::test]
async fn while_what_it_depends_on_is_down_a_monitor_tells_nobody() {
    let (scene, receiver) = Scene::with_channel(None).await;
    let router = Site::start().await;
    let parent = scene.world.monitor(&scene.owner, &router.url(), json!({"name": "Router"})).await;
    let child = scene.monitor("Shop", json!({"depends_on": [parent]})).await;
    scene.world.tick().await;
    // The child is seen down a minute before its parent.
    scene.site.answers(503);
    scene.world.tick().await;
    assert!(titles(&receiver).is_empty(), "its parent may be down, too");
    router.answers(503);
    scene.world.tick().await;
    scene.wait(120).await;
    assert_eq!(titles(&receiver), ["Down: Router"]);
    let incidents = scene.world.incidents(&scene.owner).await;
    let of = |monitor: &str| {
        let found = incidents.iter().find(|incident| incident["monitor_id"] == monitor).expect("an incident");
        format!("/api/v1/incidents/{}", found["id"].as_str().expect("an id"))
    };
    let shown = scene.world.get(&of(&child), &scene.owner).await.expect(200).json;
    assert_eq!((&shown["suppressed_by"], &shown["notified"]), (&json!(parent), &json!([])));
    // The parent recovers, and the child is still down after its next check.
    router.answers(200);
    scene.world.tick().await;
    scene.wait(30).await;
    assert_eq!(titles(&receiver)[1..], ["Up again: Router"]);
    scene.world.tick().await;
    scene.wait(120).await;
    assert_eq!(titles(&receiver)[2..], ["Down: Shop"]);
    let shown = scene.world.get(&of(&child), &scene.owner).await.expect(200).json;
    assert_eq!((shown.get("suppressed_by"), &shown["notified"][0]["status"]), (None, &json!("succeeded")));
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(titles(&receiver)[3..], ["Up again: Shop"]);
}

#[tokio::test]
async fn alone_it_is_told_of_after_75_seconds_and_of_a_short_outage_of_both_nobody_is_told_twice() {
    let (scene, receiver) = Scene::with_channel(None).await;
    let router = Site::start().await;
    let parent = scene.world.monitor(&scene.owner, &router.url(), json!({"name": "Router"})).await;
    scene.monitor("Shop", json!({"depends_on": [parent]})).await;
    scene.world.tick().await;
    scene.site.answers(503);
    scene.world.tick().await;
    scene.wait(74).await;
    assert!(titles(&receiver).is_empty());
    scene.wait(2).await;
    assert_eq!(titles(&receiver), ["Down: Shop"]);
    scene.site.answers(200);
    scene.world.tick().await;
    assert_eq!(titles(&receiver)[1..], ["Up again: Shop"]);
    for site in [&scene.site, &router] {
        site.answers(503);
    }
    scene.world.tick().await;
    for site in [&scene.site, &router] {
        site.answers(200);
    }
    scene.world.tick().await;
    scene.wait(600).await;
    assert_eq!(titles(&receiver)[2..], ["Down: Router", "Up again: Router"]);
}

#[tokio::test]
async fn a_muted_monitor_tells_nobody_and_then_what_is_left() {
    let (scene, receiver) = Scene::with_channel(Some(5)).await;
    let shop = scene.monitor("Shop", json!({})).await;
    let blog_site = Site::start().await;
    scene.world.monitor(&scene.owner, &blog_site.url(), json!({"name": "Blog"})).await;
    scene.world.tick().await;
    let mute = format!("/api/v1/monitors/{shop}/mute");
    let until = scene.world.now().plus_seconds(1_200);
    scene.world.post(&mute, &scene.owner, json!({"until": until})).await.expect(200);
    scene.site.answers(503);
    blog_site.answers(503);
    scene.world.tick().await;
    scene.wait(300).await;
    assert_eq!(titles(&receiver), ["Down: Blog", "Still down: Blog"], "others go on");
    blog_site.answers(200);
    scene.world.tick().await;
    scene.wait(1_000).await;
    let told = titles(&receiver)[2..].to_vec();
    assert_eq!(told[0], "Up again: Blog");
    assert!(told.contains(&"Mute ended: Shop".to_owned()) && told.contains(&"Down: Shop".to_owned()), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
}

#[tokio::test]
async fn an_account_that_is_muted_learns_at_the_end_what_is_over() {
    let (scene, receiver) = Scene::with_channel(None).await;
    scene.monitor("Shop", json!({})).await;
    scene.goes_down().await;
    assert_eq!(titles(&receiver), ["Down: Shop"]);
    let until = scene.world.now().plus_seconds(86_400);
    scene.world.post("/api/v1/mute", &scene.owner, json!({"until": until})).await.expect(200);
    scene.site.answers(200);
    scene.world.tick().await;
    // Another outage comes and goes in the silence.
    scene.site.answers(503);
    scene.world.tick().await;
    scene.site.answers(200);
    scene.world.tick().await;
    scene.wait(600).await;
    assert_eq!(titles(&receiver).len(), 1);
    scene.world.post("/api/v1/unmute", &scene.owner, json!(null)).await.expect(200);
    scene.wait(360).await;
    let mut told = titles(&receiver)[1..].to_vec();
    told.sort();
    assert_eq!(told, ["Mute ended: the account", "Up again: Shop"], "of what began in the silence nobody is told");
    scene.world.advance(86_400);
    scene.wait(120).await;
    assert_eq!(titles(&receiver).len(), 3, "once");
}
