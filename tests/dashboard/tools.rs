//! The tools of the public: where the deployment opens them, for targets that everybody may see, and ten of them a minute.

use axum::{body::Body, http::Request};

use crate::harness::{Reply, Site, World, WorldOptions};

async fn get(world: &World, path: &str) -> Reply {
    world.send(Request::get(path).body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn nobody_uses_the_tools_unless_the_deployment_says_so() {
    let world = World::new().await;
    let reply = get(&world, "/tools").await.expect(303);
    assert!(reply.header("location").starts_with("/sign-in"), "{}", reply.header("location"));
    world.submit_as_nobody("/tools", &[("tool", "http"), ("url", "http://127.0.0.1:9/")]).await.expect(303);
}

#[tokio::test]
async fn everybody_may_look_at_public_targets_ten_times_a_minute() {
    let world = World::with(WorldOptions { public_tools: true, ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let shown = get(&world, "/tools?tool=ssl&host=example.com").await.expect(200);
    assert!(shown.body().contains("value=\"example.com\"") && shown.body().contains("/sign-in"), "{}", shown.body());
    for path in ["/", "/monitors", "/settings", "/status-pages", "/tools/x"] {
        let status = get(&world, path).await.status.as_u16();
        assert!(status == 303 || status == 404, "{path}: {status}");
    }
    let form = [("tool", "http"), ("url", &*site.url())];
    let refused = world.submit_as_nobody("/tools", &form).await.expect(403);
    assert!(!refused.body().contains("signed in as"), "{}", refused.body());
    assert!(site.requests().is_empty(), "the guard held it back: {:?}", site.requests());
    let asked = world.submit_as_nobody("/tools", &[("tool", "dns"), ("name", "nowhere.example")]).await.expect(200);
    assert!(asked.body().contains("dns_nxdomain"), "{}", asked.body());
    let wrong = world.submit_as_nobody("/tools", &[("tool", "http"), ("url", "nothing")]).await.expect(422);
    assert!(wrong.body().contains("aria-invalid"), "{}", wrong.body());
    for _ in 3..10 {
        world.submit_as_nobody("/tools", &[("tool", "dns"), ("name", "nowhere.example")]).await.expect(200);
    }
    world.submit_as_nobody("/tools", &[("tool", "dns"), ("name", "nowhere.example")]).await.expect(429);
    world.advance(60);
    world.submit_as_nobody("/tools", &[("tool", "dns"), ("name", "nowhere.example")]).await.expect(200);
}
