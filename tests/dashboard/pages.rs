//! What pages show and do: the API's own work, for people.

use serde_json::json;
use valpero_domain::{Plan, Role};

use crate::harness::{Reply, Site, World};

/// The value of the hidden field that names a creation.
fn once(page: &Reply) -> String {
    let (_, rest) = page.body().split_once("name=\"once\" value=\"").expect("a creating form names its creation");
    rest.split('"').next().expect("an end").to_owned()
}

#[tokio::test]
async fn a_double_click_makes_one_monitor() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    let page = world.page("/monitors", &ada).await.expect(200);
    let name = once(&page);
    let form = [("url", "https://example.com/"), ("once", name.as_str())];
    let (first, second) = tokio::join!(world.submit("/monitors", &ada, &form), world.submit("/monitors", &ada, &form));
    let mut to: Vec<&str> = [&first, &second].iter().map(|reply| reply.header("location")).collect();
    to.retain(|to| to.starts_with("/monitors/mon_"));
    assert!(!to.is_empty(), "{} {}", first.body(), second.body());
    let monitors = world.get("/api/v1/monitors", &tenant).await.expect(200);
    assert_eq!(monitors.json["data"].as_array().map(Vec::len), Some(1));
    let again = world.page("/monitors/new", &ada).await.expect(200);
    assert_ne!(once(&again), name, "each form has its own");
}

#[tokio::test]
async fn what_the_api_refuses_stands_beside_its_field_with_what_was_typed() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    let form = [
        ("do", "save"),
        ("check_type", "http"),
        ("url", "ftp://example.com/<b>"),
        ("name", "My \"shop\""),
        ("timeout_ms", "5"),
    ];
    let refused = world.submit("/monitors/new", &ada, &form).await;
    assert_eq!(refused.status, 422);
    let body = refused.body();
    assert!(body.contains("ftp://example.com/&#60;b&#62;") && body.contains("My &#34;shop&#34;"), "{body}");
    assert!(body.matches("class=\"fault\"").count() >= 2, "both faults: {body}");
    assert_eq!(body.matches("aria-invalid=\"true\"").count(), 2, "{body}");
}

#[tokio::test]
async fn what_is_wrong_and_what_went_wrong_are_said_in_the_accounts_language() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    world.call("PATCH", "/api/v1/account", &tenant.token, json!({"language": "fi"})).await.expect(200);
    let form = [("do", "save"), ("check_type", "http"), ("url", "ftp://example.com/"), ("timeout_ms", "5")];
    let refused = world.submit("/monitors/new", &ada, &form).await;
    for says in ["alkuun vaaditaan http:// tai https://", "pitää olla 100–30000"] {
        assert!(refused.body().contains(says), "{says}: {}", refused.body());
    }
    let site = Site::start().await;
    site.answers(503);
    world.monitor(&tenant, &site.url(), json!({"retries": 0})).await;
    world.tick().await;
    let incident = world.incidents(&tenant).await[0]["id"].as_str().expect("an id").to_owned();
    let page = world.page(&format!("/incidents/{incident}"), &ada).await.expect(200);
    let says = "Kohde vastasi tilakoodilla, jota valvonta ei odota. (The target answered 503; expected 200-299.)";
    assert!(page.body().contains(says), "{}", page.body());
}

#[tokio::test]
async fn the_banner_tells_of_what_is_down_whatever_the_filters_hide() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, None).await;
    let site = Site::start().await;
    site.answers(503);
    world.monitor(&tenant, &site.url(), json!({"name": "Shop", "tags": ["shop"], "retries": 0})).await;
    world.tick().await;
    for path in ["/monitors", "/monitors?q=nothing", "/monitors?status=up", "/monitors?tag=other&check_type=dns"] {
        let page = world.page(path, &ada).await.expect(200);
        assert!(page.body().contains("Shop is down"), "{path}: {}", page.body());
    }
}

#[tokio::test]
async fn a_page_that_has_nothing_new_is_answered_by_a_304() {
    use axum::{body::Body, http::Request};
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    let site = Site::start().await;
    let monitor = world.monitor(&tenant, &site.url(), json!({})).await;
    // The uptime has a value some time after the first check.
    world.tick().await;
    world.tick().await;
    world.advance(10);
    for path in ["/monitors".to_owned(), format!("/monitors/{monitor}"), "/incidents".to_owned(), "/tv".to_owned()] {
        let first = world.page(&path, &ada).await.expect(200);
        let ask = async || {
            let cookie = crate::harness::people::cookie(&ada.token);
            let request = Request::get(&path).header("cookie", cookie).header("if-none-match", first.header("etag"));
            world.send(request.body(Body::empty()).expect("a request")).await
        };
        let same = ask().await;
        assert_eq!((same.status.as_u16(), same.bytes.len()), (304, 0), "{path}");
        world.advance(5);
        assert_eq!(ask().await.status, 304, "{path}: some seconds later nothing is new");
    }
    let before = world.page("/monitors", &ada).await.expect(200);
    site.answers(503);
    world.tick().await;
    world.tick().await;
    let after = world.page("/monitors", &ada).await.expect(200);
    assert_ne!(before.header("etag"), after.header("etag"));
    let incident = world.incidents(&tenant).await[0]["id"].as_str().expect("an id").to_owned();
    assert!(after.body().contains(&format!("/incidents/{incident}")), "{}", after.body());
}

#[tokio::test]
async fn a_viewer_sees_and_cannot_change() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let viewer = world.person(&tenant, Role::Viewer, None).await;
    let monitor = world.monitor(&tenant, "http://127.0.0.1:9/", json!({})).await;
    let list = world.page("/monitors", &viewer).await.expect(200);
    assert!(list.body().contains(&format!("/monitors/{monitor}")) && !list.body().contains("href=\"/monitors/new\""));
    let page = world.page(&format!("/monitors/{monitor}"), &viewer).await.expect(200);
    for action in ["pause", "delete", "check", "edit"] {
        assert!(!page.body().contains(&format!("/monitors/{monitor}/{action}\"")), "{action}");
    }
    for (path, form) in [
        ("/monitors".to_owned(), vec![("url", "https://example.com/")]),
        (format!("/monitors/{monitor}/pause"), vec![]),
        (format!("/monitors/{monitor}/delete"), vec![]),
        ("/settings/keys".to_owned(), vec![("name", "ci"), ("scopes", "monitors:read")]),
    ] {
        let refused = world.submit(&path, &viewer, &form).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    assert_eq!(world.page("/settings/keys", &viewer).await.status, 403);
    assert_eq!(world.page("/settings/people", &viewer).await.status, 403);
    let other = world.tenant(Plan::Business).await;
    let stranger = world.person(&other, Role::Owner, None).await;
    assert_eq!(world.page(&format!("/monitors/{monitor}"), &stranger).await.status, 404);
}

#[tokio::test]
async fn what_people_wrote_is_text_on_every_page() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, None).await;
    let site = Site::start().await;
    let nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let more = json!({"name": nasty, "webhook_url": "http://127.0.0.1:9/"});
    let monitor = world.monitor(&tenant, &site.url(), more).await;
    world.tick().await;
    site.answers(503);
    world.tick().await;
    world.tick().await;
    let incident = world.incidents(&tenant).await[0]["id"].as_str().expect("an id").to_owned();
    let story = format!("/api/v1/incidents/{incident}");
    world.post(&format!("{story}/acknowledge"), &tenant, json!({"note": nasty})).await.expect(200);
    world.post(&format!("{story}/comments"), &tenant, json!({"body": nasty})).await.expect(201);
    world.post("/api/v1/keys", &tenant, json!({"name": nasty})).await.expect(201);
    let channel = json!({"name": nasty, "type": "ntfy", "topic": "ops"});
    let channel = world.post("/api/v1/channels", &tenant, channel).await.expect(201).text("/id");
    let steps = json!([{"after_minutes": 0, "channel_ids": [channel]}]);
    let policy = json!({"name": nasty, "steps": steps});
    let policy = world.post("/api/v1/escalation-policies", &tenant, policy).await.expect(201).text("/id");
    let pages = [
        "/monitors".to_owned(),
        format!("/monitors?q={}", "%3Cscript%3Ealert(1)%3C/script%3E"),
        "/tv".to_owned(),
        format!("/monitors/{monitor}"),
        format!("/monitors/{monitor}/edit"),
        format!("/monitors/{monitor}/delete"),
        "/incidents".to_owned(),
        format!("/incidents/{incident}"),
        "/alerts".to_owned(),
        format!("/alerts/channels/{channel}"),
        format!("/alerts/channels/{channel}/edit"),
        format!("/alerts/policies/{policy}"),
        "/alerts/routes".to_owned(),
        "/deliveries".to_owned(),
        "/settings/keys".to_owned(),
        "/settings/audit".to_owned(),
        "/settings/people".to_owned(),
    ];
    for path in pages {
        let page = world.page(&path, &ada).await;
        assert_eq!(page.status, 200, "{path}");
        let body = page.body();
        assert_eq!(body.matches("<script").count(), 1, "{path}: the deployment's own alone");
        assert!(!body.contains("<img") && !body.contains("<b>\""), "{path}");
        assert!(
            !body.contains(" style=") && !body.contains("<style") && !body.contains(" onclick"),
            "{path}: the CSP forbids it"
        );
    }
}
