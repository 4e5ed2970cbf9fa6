//! Small manners: what is never cached, and how faults are told.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Reply, Site, Tenant, World};

fn details(reply: &Reply) -> Vec<(&str, &str)> {
    let errors = reply.json["errors"].as_array().expect("faults").iter();
    errors.map(|fault| (fault["pointer"].as_str().unwrap_or(""), fault["detail"].as_str().unwrap_or(""))).collect()
}

async fn send_text(world: &World, method: &str, path: &str, tenant: &Tenant, body: &str) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", tenant.token))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()));
    world.send(request.expect("a request")).await
}

#[tokio::test]
async fn no_answer_to_a_key_is_kept_by_a_cache() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let key = world.post("/api/v1/keys", &owner, json!({"name": "spare"})).await.expect(201);
    let hook = json!({"url": "http://127.0.0.1:9/", "webhook_url": "http://127.0.0.1:9/"});
    let monitor = world.post("/api/v1/monitors", &owner, hook).await.expect(201);
    let rotated =
        world.post(&format!("/api/v1/keys/{}/rotate", key.text("/id")), &owner, Value::Null).await.expect(201);
    let secret = json!({"monitor_id": monitor.text("/id")});
    let secret = world.post("/api/v1/webhooks/rotate-secret", &owner, secret).await.expect(200);
    let missing = world.get("/api/v1/monitors/mon_0", &owner).await.expect(404);
    let nobody = world.call("GET", "/api/v1/account", "", Value::Null).await.expect(401);
    for reply in [&key, &monitor, &rotated, &secret, &missing, &nobody, &world.get("/api/v1/keys", &owner).await] {
        assert_eq!(reply.header("cache-control"), "no-store", "{}", reply.json);
    }
    let metrics = world.get("/api/metrics", &owner).await.expect(200);
    let vary: Vec<&str> = metrics.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
    assert_eq!((vary.join(", ").as_str(), metrics.header("cache-control")), ("accept, accept-encoding", "no-store"));
}

#[tokio::test]
async fn a_body_in_another_coding_is_not_read_as_json() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for (name, value, status) in [("content-encoding", "gzip", 415), ("content-encoding", "identity", 422)] {
        let request = Request::post("/api/v1/keys")
            .header(header::AUTHORIZATION, format!("Bearer {}", owner.token))
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value);
        world.send(request.body(Body::from("{}")).expect("a request")).await.expect(status);
    }
}

#[tokio::test]
async fn a_member_that_is_given_twice_is_named_wherever_it_stands() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let url = "http://127.0.0.1:9/";
    let body = format!(r#"{{"url": "{url}", "http": {{"headers": {{"x": "1", "x": "2"}}}}, "url": "{url}2"}}"#);
    let reply = send_text(&world, "POST", "/api/v1/monitors", &owner, &body).await.expect(422);
    let twice = "is given more than once";
    assert_eq!(details(&reply), [("/http/headers/x", twice), ("/url", twice)]);
    let id = world.monitor(&owner, url, json!({})).await;
    let path = format!("/api/v1/monitors/{id}");
    let reply = send_text(&world, "PATCH", &path, &owner, r#"{"name": "a", "name": "b"}"#).await.expect(422);
    assert_eq!(details(&reply), [("/name", twice)]);
    let pause = send_text(&world, "POST", &format!("{path}/pause"), &owner, r#"{"a": 1, "a": 1}"#).await.expect(422);
    assert_eq!(details(&pause), [("/a", twice)]);
    assert_eq!(world.read(&owner, &id).await["name"], "127.0.0.1");
}

#[tokio::test]
async fn faults_name_the_item_in_plain_words() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({
        "url": "nowhere", "tags": ["ok", "a b", 7], "regions": ["hel", "xxx", "syd"], "retries": "two", "webhook_url": "http://[::zz]/",
        "http": {"method": "FOO", "headers": {"a b": "1", "host": "x", "x-é": "1", "x": null}, "json": [{"path": "$..[", "op": "is"}]},
    });
    let reply = world.post("/api/v1/monitors", &owner, body).await.expect(422);
    let mut pointers: Vec<&str> = details(&reply).into_iter().map(|(pointer, _)| pointer).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/http/headers/a b",
            "/http/headers/host",
            "/http/headers/x",
            "/http/headers/x-é",
            "/http/json/0/op",
            "/http/json/0/path",
            "/http/method",
            "/regions/1",
            "/regions/2",
            "/retries",
            "/tags/1",
            "/tags/2",
            "/url",
            "/webhook_url",
        ]
    );
    let said = reply.json.to_string();
    for library in ["variant", "relative URL", "parser", "sequence", "invalid", "expected one", "nrt"] {
        assert!(!said.contains(library), "{library}: {said}");
    }
    assert!(said.contains("must be a region of this deployment: hel, fra, usc"), "{said}");
    let key =
        world.post("/api/v1/keys", &owner, json!({"name": "x", "scopes": ["keys:read", "nope"]})).await.expect(422);
    assert_eq!(key.problem().1, ["/scopes/1"]);
    let broken = send_text(&world, "POST", "/api/v1/keys", &owner, "{\"name\":\n x}").await.expect(400);
    assert_eq!(broken.json["detail"], "It goes wrong in line 2, column 2.");
}

#[tokio::test]
async fn times_and_empty_filters_are_told_alike_in_every_list() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    let checks = format!("/api/v1/monitors/{id}/checks");
    let times = format!("/api/v1/monitors/{id}/response-times");
    for path in [checks.as_str(), "/api/v1/incidents", "/api/v1/audit-log"] {
        let turned = format!("{path}?from=2026-11-22T10:00:00Z&to=2026-11-22T09:00:00Z");
        assert_eq!(world.get(&turned, &owner).await.expect(422).problem().1, ["/from"], "{path}");
        world.get(&format!("{path}?from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z"), &owner).await.expect(200);
        world.get(&format!("{path}?from=2026-11-22T10:00:00%2B02:00"), &owner).await.expect(200);
        let plus = world.get(&format!("{path}?from=2026-11-22T10:00:00+02:00"), &owner).await.expect(422);
        assert!(details(&plus)[0].1.contains("%2B"), "{}", plus.json);
    }
    for (path, filters) in [
        ("/api/v1/monitors", ["status", "check_type", "tag", "q"].as_slice()),
        (&checks, &["region", "from", "to", "outcome"]),
        (&times, &["window", "region"]),
        ("/api/v1/incidents", &["status", "monitor_id", "acknowledged", "from", "to"]),
        ("/api/v1/audit-log", &["actor", "action", "target", "from", "to"]),
        ("/api/v1/webhooks/deliveries", &["monitor_id", "status"]),
        ("/api/v1/keys", &["limit", "page"]),
    ] {
        for filter in filters {
            let reply = world.get(&format!("{path}?{filter}="), &owner).await.expect(422);
            assert_eq!(details(&reply)[0].0, format!("/{filter}"), "{path}");
            assert!(details(&reply)[0].1.starts_with("must not be empty"), "{path}: {}", reply.json);
        }
    }
}

#[tokio::test]
async fn addresses_without_a_page_lead_to_one() {
    let world = World::new().await;
    let reply = world.call("GET", "/docs", "", Value::Null).await.expect(308);
    assert_eq!(reply.header("location"), "/docs/api");
    let reply = world.call("GET", "/", "", Value::Null).await.expect(303);
    assert_eq!(reply.header("location"), "/sign-in", "the dashboard");
    world.call("GET", "/docs/api", "", Value::Null).await.expect(200);
}

#[tokio::test]
async fn a_change_can_name_the_version_that_it_is_meant_for() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    let path = format!("/api/v1/monitors/{id}");
    let patch = async |tag: &str, name: &str| {
        let request = Request::patch(&path)
            .header(header::AUTHORIZATION, format!("Bearer {}", owner.token))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, tag)
            .body(Body::from(json!({"name": name}).to_string()));
        world.send(request.expect("a request")).await
    };
    let first = world.get(&path, &owner).await.header("etag").to_owned();
    assert!(first.starts_with('"') && first.ends_with('"'), "{first}");
    world.tick().await;
    assert_eq!(world.get(&path, &owner).await.header("etag"), first, "checks are not settings");
    let second = patch(&first, "one").await.expect(200).header("etag").to_owned();
    assert_eq!((second != first, world.get(&path, &owner).await.header("etag")), (true, second.as_str()));
    for stale in [first.as_str(), "\"x\"", &format!("W/{second}"), "x"] {
        let refused = patch(stale, "two").await.expect(412);
        assert_eq!(refused.problem().0, "precondition_failed", "{stale}");
    }
    assert_eq!(world.read(&owner, &id).await["name"], "one");
    let third = patch(&format!("{first}, {second}"), "three").await.expect(200).header("etag").to_owned();
    assert_ne!(third, second, "also within one millisecond");
    patch("*", "four").await.expect(200);
    let unchanged = patch("*", "four").await.expect(200).header("etag").to_owned();
    assert_eq!(world.get(&path, &owner).await.header("etag"), unchanged);
    assert_eq!(world.read(&owner, &id).await["name"], "four");
    let with = async |method: &str, action: &str, tag: &str| {
        let request = Request::builder().method(method).uri(format!("{path}{action}"));
        let request =
            request.header(header::AUTHORIZATION, format!("Bearer {}", owner.token)).header(header::IF_MATCH, tag);
        world.send(request.body(Body::empty()).expect("a request")).await
    };
    for (method, action) in [("POST", "/pause"), ("POST", "/resume"), ("DELETE", "")] {
        assert_eq!(
            with(method, action, &first).await.expect(412).problem().0,
            "precondition_failed",
            "{method} {action}"
        );
    }
    assert_eq!(world.read(&owner, &id).await["status"], "up", "nothing was done");
    with("POST", "/pause", &unchanged).await.expect(200);
    let now = world.get(&path, &owner).await.header("etag").to_owned();
    with("DELETE", "", &now).await.expect(204);
}

#[tokio::test]
async fn no_route_takes_a_parameter_that_it_does_not_know() {
    let world = World::new().await;
    let things = super::routes::things(&world).await;
    for super::routes::Row(method, path, _, body, _) in super::routes::table() {
        let path = format!("{}?zzz=1", things.fill(path));
        let body = serde_json::from_str(&things.fill(&body.to_string())).expect("JSON");
        let reply = world.call(method, &path, &things.owner.token, body).await.expect(422);
        assert_eq!(reply.problem().1, ["/zzz"], "{method} {path}");
    }
}

#[tokio::test]
async fn the_regions_of_the_deployment_are_listed() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let listed = world.get("/api/v1/regions", &owner).await.expect(200);
    let codes: Vec<&str> = listed.data().iter().filter_map(|region| region["code"].as_str()).collect();
    assert_eq!(codes, ["hel", "fra", "usc"]);
    let tick = world.now();
    world.tick().await;
    let fra = &world.get("/api/v1/regions", &owner).await.data()[1].clone();
    let expected = json!({"code": "fra", "name": "Frankfurt", "reporting": true, "last_tick_at": world.now()});
    assert_eq!((fra, world.now() > tick), (&expected, true));
    world.advance(240);
    assert_eq!(world.get("/api/v1/regions", &owner).await.data()[1]["reporting"], false);
    let part = world.get("/api/v1/regions?limit=2", &owner).await.expect(200);
    let rest = format!("/api/v1/regions?limit=2&cursor={}", part.text("/next_cursor"));
    assert_eq!(world.get(&rest, &owner).await.expect(200).data()[0]["code"], "usc");
}
