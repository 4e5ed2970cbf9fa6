//! What programs and people read of a page, and what nobody may read.

use serde_json::json;
use valpero_domain::Plan;

use super::{page, view};
use crate::harness::{Site, World};

/// Everything that a page answers.
const PATHS: [&str; 17] = [
    "",
    "/embed",
    "/history",
    "/posts/{post}",
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/components.json",
    "/api/v2/incidents.json",
    "/api/v2/incidents/unresolved.json",
    "/api/v2/scheduled-maintenances.json",
    "/api/v2/scheduled-maintenances/upcoming.json",
    "/api/v2/scheduled-maintenances/active.json",
    "/feed.atom",
    "/feed.rss",
    "/calendar.ics",
    "/badge/page.svg",
    "/sitemap.xml",
];

#[tokio::test]
async fn no_private_word_gets_out() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let more = json!({
        "name": "SECRET-NAME",
        "tags": ["SECRET-TAG"],
        "webhook_url": "http://127.0.0.1:9/SECRET-HOOK",
        "http": {"headers": {"x-a": "SECRET-HEADER"}, "keyword": {"not_contains": "SECRET-KEYWORD"}},
    });
    let monitor = world.monitor(&owner, &format!("{}SECRET-PATH", site.url()), more).await;
    world.monitor(&owner, &site.url(), json!({"name": "SECRET-OTHER"})).await;
    let components = json!([{"name": "Site", "monitor_ids": [monitor], "show_response_time": true}]);
    let publish = json!({"auto_publish": {"incidents": true, "after_minutes": 0}});
    let (id, ids) = page(&world, &owner, "acme", components, publish).await;
    let rival = world.tenant(Plan::Business).await;
    page(&world, &rival, "rival", json!([]), json!({"title": "SECRET-RIVAL"})).await;
    world.tick().await;
    site.answers(503);
    world.tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an ID").to_owned();
    let comment = json!({"body": "SECRET-COMMENT"});
    world.post(&format!("/api/v1/incidents/{incident}/comments"), &owner, comment).await.expect(201);
    let at = |minutes: i64| world.now().plus_seconds(minutes * 60).to_string();
    let work = json!({
        "kind": "maintenance", "title": "Move", "body": "We move.", "notify": false, "scheduled_for": at(60), "scheduled_until": at(90),
    });
    let posts = format!("/api/v1/status-pages/{id}/posts");
    world.post(&posts, &owner, work).await.expect(201);
    world.deliver().await;
    world.advance(11);
    let post = world.get(&posts, &owner).await.expect(200).text("/data/1/id");
    let mut badges = vec![format!("/badge/{}.svg", ids[0]), format!("/badge/{}.json?uptime=90d", ids[0])];
    badges.extend(PATHS.iter().map(|path| path.replace("{post}", &post)));
    for path in badges {
        let reply = view(&world, &format!("/status/acme{path}")).await.expect(200);
        let body = reply.body();
        assert!(!body.is_empty(), "{path}");
        let key = world.get("/api/v1/keys", &owner).await.expect(200).text("/data/0/id");
        let private = ["SECRET", "127.0.0.1", "503", "test\"", monitor.as_str(), incident.as_str(), key.as_str()];
        for word in private.into_iter().chain([owner.account.to_string().as_str(), "rival"]) {
            assert!(!body.contains(word), "{path} tells {word}: {body}");
        }
        let headers = format!("{:?}", reply.headers);
        assert!(!headers.contains("SECRET") && !headers.contains(&monitor), "{path}: {headers}");
    }
}

#[tokio::test]
async fn what_people_wrote_is_text_wherever_it_is_read() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let nasty = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>";
    let components = json!([{"name": nasty, "group": nasty, "description": nasty}]);
    let (id, ids) = page(&world, &owner, "acme", components, json!({"title": nasty, "description": nasty})).await;
    let body = json!({
        "kind": "incident", "title": nasty, "body": format!("{nasty} [x](javascript:alert(3)) ![y](https://evil.example/p.png)"), "notify": false,
        "components": [{"id": ids[0], "status": "major_outage"}],
    });
    let posts = format!("/api/v1/status-pages/{id}/posts");
    let post = world.post(&posts, &owner, body).await.expect(201).text("/id");
    world.advance(11);
    for path in ["", "/embed", "/history", "/feed.atom", "/feed.rss", "/badge/page.svg", &format!("/posts/{post}")] {
        let reply = view(&world, &format!("/status/acme{path}")).await.expect(200);
        let text = reply.body();
        for harm in ["<script>alert", "<img src=x", "=\"javascript:", "=\"https://evil.example"] {
            assert!(!text.contains(harm), "{path} has {harm}: {text}");
        }
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        let frames = if path == "/embed" { "frame-ancestors *" } else { "frame-ancestors 'none'" };
        assert!(policy.ends_with(frames), "{path}: {policy}");
    }
}

#[tokio::test]
async fn a_reader_that_has_it_already_gets_nothing_and_others_get_it_compressed() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = axum::http::Request::get("/status/acme/api/v2/summary.json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        world.send(request.body(axum::body::Body::empty()).expect("a request")).await
    };
    let first = ask(&[]).await.expect(200);
    let etag = first.header("etag").to_owned();
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("cache-control"), "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400");
    let again = ask(&[("if-none-match", &format!("\"x\", W/{etag}"))]).await.expect(304);
    assert!(again.bytes.is_empty());
    let page = world
        .send(
            axum::http::Request::get("/status/acme")
                .header("accept-encoding", "br, gzip")
                .body(axum::body::Body::empty())
                .expect("a request"),
        )
        .await
        .expect(200);
    assert_eq!((page.header("content-encoding"), page.header("vary")), ("gzip", "accept-encoding"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "acme", json!([]), json!({})).await;
    for path in [
        "/status/nobody",
        "/status/ACME",
        "/status/acme/nothing",
        "/status/acme/badge/cmp_01M82PJFFSY9XKXCV0WRMX4C7M.svg",
        "/status/acme/posts/pst_01M82PJFFSY9XKXCV0WRMX4C7M",
        "/status/acme/history?month=2026-99",
        "/status/~/style.css",
    ] {
        view(&world, path).await.expect(404);
    }
    let posted = axum::http::Request::post("/status/acme").body(axum::body::Body::empty()).expect("a request");
    world.send(posted).await.expect(405);
}
