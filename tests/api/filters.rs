//! Filters of lists: several values, times that overlap, links to the next page, and gzip.

use std::io::Read;

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Site, Tenant, World};

async fn names(world: &World, owner: &Tenant, path: &str, member: &str) -> Vec<String> {
    let reply = world.get(path, owner).await.expect(200);
    let mut names: Vec<String> =
        reply.data().iter().map(|item| item[member].as_str().unwrap_or_default().to_owned()).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn several_values_ask_for_any_of_them() {
    let world = World::new().await;
    let (sound, broken) = (Site::start().await, Site::start().await);
    broken.answers(500);
    let owner = world.tenant(Plan::Business).await;
    for (name, url, tags) in [("a", sound.url(), ["x"]), ("b", broken.url(), ["y"]), ("c", sound.url(), ["z"])] {
        world.advance(1);
        world.monitor(&owner, &url, json!({"name": name, "tags": tags})).await;
    }
    let dns = json!({"check_type": "dns", "name": "d", "dns": {"name": "localhost"}, "regions": ["hel"]});
    world.advance(1);
    let paused = world.post("/api/v1/monitors", &owner, dns).await.expect(201).text("/id");
    world.post(&format!("/api/v1/monitors/{paused}/pause"), &owner, Value::Null).await.expect(200);
    world.tick().await;
    for (filters, found) in [
        ("status=up,down", vec!["a", "b", "c"]),
        ("status=down,paused", vec!["b", "d"]),
        ("tag=x,z", vec!["a", "c"]),
        ("tag=x,z&status=up", vec!["a", "c"]),
        ("tag=x,z&status=down", vec![]),
        ("check_type=dns,tcp", vec!["d"]),
        ("status=up&status=down", vec!["a", "b", "c"]),
        ("tag=x&status=up&tag=y,z", vec!["a", "c"]),
    ] {
        assert_eq!(names(&world, &owner, &format!("/api/v1/monitors?{filters}"), "name").await, found, "{filters}");
    }
    for (filters, pointer) in [
        ("status=up,odd", "/status"),
        ("status=up,", "/status"),
        ("tag=x,,y", "/tag"),
        ("tag=x&tag=", "/tag"),
        ("limit=1&limit=2", "/limit"),
    ] {
        let reply = world.get(&format!("/api/v1/monitors?{filters}"), &owner).await.expect(422);
        assert_eq!(reply.problem().1, [pointer], "{filters}");
    }
    let first = world.get("/api/v1/monitors", &owner).await.data()[0]["id"].as_str().expect("an id").to_owned();
    let checks = format!("/api/v1/monitors/{first}/checks");
    assert_eq!(names(&world, &owner, &format!("{checks}?region=usc,hel"), "region").await, ["hel", "usc"]);
    assert_eq!(names(&world, &owner, &format!("{checks}?outcome=down,probe_error"), "region").await, [""; 0]);
    assert_eq!(names(&world, &owner, &format!("{checks}?outcome=down,up&region=fra"), "region").await, ["fra"]);
    let unknown = world.get(&format!("{checks}?region=hel,xxx"), &owner).await.expect(422);
    assert!(!unknown.json.to_string().contains("nrt"), "{}", unknown.json);
}

#[tokio::test]
async fn incidents_that_lasted_into_a_time_are_in_it() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    let before = world.now();
    site.answers(500);
    world.tick().await;
    let began = world.now();
    world.tick().await;
    let within = world.now();
    site.answers(200);
    world.tick().await;
    let ended = world.now();
    let count =
        async |query: String| world.get(&format!("/api/v1/incidents?{query}"), &owner).await.expect(200).data().len();
    assert_eq!(count(format!("from={within}")).await, 1, "it began before, and lasted into it");
    assert_eq!(count(format!("from={within}&to={ended}")).await, 1);
    assert_eq!(count(format!("from={ended}")).await, 0, "it was over then");
    assert_eq!(count(format!("from={before}&to={began}")).await, 0, "it began later");
    assert_eq!(count("acknowledged=false".into()).await, 1);
    site.answers(500);
    world.tick().await;
    let ongoing = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    world.post(&format!("/api/v1/incidents/{ongoing}/acknowledge"), &owner, Value::Null).await.expect(200);
    assert_eq!(names(&world, &owner, "/api/v1/incidents?acknowledged=true", "id").await, [ongoing.as_str()]);
    assert_eq!(count(format!("from={}", world.now().plus_seconds(3600))).await, 1, "it has no end yet");
    assert_eq!(count("status=ongoing,resolved".into()).await, 2);
    let wrong = world.get("/api/v1/incidents?acknowledged=yes", &owner).await.expect(422);
    assert_eq!(wrong.problem().1, ["/acknowledged"]);
}

#[tokio::test]
async fn the_audit_log_is_asked_by_time_and_object() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let first = world.monitor(&owner, "http://127.0.0.1:9/", json!({})).await;
    world.advance(10);
    let middle = world.now();
    let second = world.monitor(&owner, "http://127.0.0.1:9/", json!({})).await;
    world.call("PATCH", &format!("/api/v1/monitors/{first}"), &owner.token, json!({"name": "x"})).await.expect(200);
    let targets = async |query: String| {
        let log = world.get(&format!("/api/v1/audit-log?{query}"), &owner).await.expect(200);
        log.data().iter().filter_map(|row| row["target"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let made = "action=monitor.created,monitor.updated";
    assert_eq!(targets(format!("{made}&to={middle}")).await, std::slice::from_ref(&first));
    let mut later = targets(format!("{made}&from={middle}")).await;
    later.sort();
    assert_eq!(later, [first.clone(), second.clone()]);
    assert_eq!(targets(format!("target={second}")).await, [second]);
    assert_eq!(targets(format!("target={first}")).await.len(), 2);
    assert_eq!(targets(format!("{made}&from={middle}&to={middle}")).await, [""; 0]);
    let read = world.get(&format!("/api/v1/audit-log?to={}", middle.plus_seconds(-3600)), &owner).await.expect(200);
    let by = async |actor: &str| targets(format!("{made}&actor={actor}")).await.len();
    assert_eq!((by("key_01M82PJFFSY9XKXCV0WRMX4C7M,operator").await, by("checker").await), (0, 0));
    for odd in ["nobody", "usc"] {
        assert_eq!(
            world.get(&format!("/api/v1/audit-log?actor={odd}"), &owner).await.expect(422).problem().1,
            ["/actor"]
        );
    }
    let unknown = world.get("/api/v1/audit-log?action=monitor.made", &owner).await.expect(422);
    assert_eq!(unknown.problem().1, ["/action"]);
    assert!(read.usage.rru <= 0.5, "rows outside of the time are not read: {:?}", read.usage);
}

#[tokio::test]
async fn a_list_links_to_its_next_page_and_is_packed_where_that_is_asked_for() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for name in ["a", "b", "c"] {
        world.advance(1);
        world.monitor(&owner, "http://127.0.0.1:9/", json!({"name": name, "tags": ["x"]})).await;
    }
    let first = world.get("/api/v1/monitors?limit=2&tag=x,y&q=", &owner).await.expect(422);
    assert_eq!(first.header("link"), "");
    let first = world.get("/api/v1/monitors?limit=2&tag=x,y", &owner).await.expect(200);
    let link = first.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let next = world.get(link.expect("a link"), &owner).await.expect(200);
    assert_eq!((next.data().len(), &next.data()[0]["name"], next.header("link")), (1, &json!("c"), ""));
    assert_eq!(next.json["limit"], 2);
    let request = |path: &str| {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", owner.token));
        request.header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).expect("a request")
    };
    let packed = world.send(request("/api/v1/monitors")).await.expect(200);
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON")["data"].as_array().map(Vec::len), Some(3));
    assert!(packed.bytes.len() * 2 < text.len());
    let small = world.send(request("/api/v1/account")).await.expect(200);
    assert_eq!(small.header("content-encoding"), "");
}
