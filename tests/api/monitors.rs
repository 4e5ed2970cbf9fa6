//! Monitors: what is accepted, changed, listed, and refused.

use futures::future::join_all;
use serde_json::{Value, json};
use valpero_domain::Plan;

use crate::harness::{Site, World, WorldOptions};

#[tokio::test]
async fn a_monitor_is_answered_with_every_field_and_no_secret() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({
        "url": "https://example.com/health?x=1", "name": "Shop", "tags": ["b", "a"], "confirm_regions": 2,
        "webhook_url": "https://hooks.example.com/v",
        "http": {"method": "POST", "headers": {"Authorization": "Bearer s3cret"}, "body": "{}", "expected_status": "200,204"},
    });
    let created = world.post("/api/v1/monitors", &owner, body).await.expect(201);
    assert_eq!(created.header("location"), format!("/api/v1/monitors/{}", created.text("/id")));
    assert!(created.text("/webhook_secret").starts_with("whsec_"));
    assert!(!created.json.to_string().contains("s3cret"));
    let read = world.read(&owner, &created.text("/id")).await;
    insta::assert_json_snapshot!("monitor", read, {
        ".id" => "mon", ".created_at" => "time", ".updated_at" => "time", ".status_since" => "time",
    });
}

#[tokio::test]
async fn all_faults_of_a_body_are_named_at_once() {
    let world = World::with(WorldOptions { private_targets: false, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": "http://127.0.0.1/", "check_interval": 61, "colour": "red", "http": {"verify": true}, "regions": ["syd"]});
    let reply = world.post("/api/v1/monitors", &owner, body).await.expect(422);
    let (code, mut pointers) = reply.problem();
    pointers.sort_unstable();
    assert_eq!(
        (code, pointers),
        ("validation_failed", vec!["/check_interval", "/colour", "/http/verify", "/regions/0", "/url"])
    );
    insta::assert_json_snapshot!("problem_validation", reply.json, { ".request_id" => "req" });
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({"http": {"headers": {"x-a": "1"}}})).await;
    let path = format!("/api/v1/monitors/{id}");
    let patch = json!({"name": "New name", "http": {"headers": {"x-a": "***", "x-b": "2"}}, "webhook_url": "http://127.0.0.1:9/"});
    let patched = world.call("PATCH", &path, &owner.token, patch).await.expect(200);
    assert!(patched.text("/webhook_secret").starts_with("whsec_"), "a webhook that was not there shows its secret");
    assert_eq!(patched.json["http"]["headers"], json!({"x-a": "***", "x-b": "***"}));
    let again = world.call("PATCH", &path, &owner.token, json!({"name": "Newer"})).await.expect(200);
    assert!(again.json.get("webhook_secret").is_none());
    world.tick().await;
    let request = site.requests().remove(0);
    assert!(request.contains("x-a: 1\r\n") && request.contains("x-b: 2\r\n"), "{request}");
    let off = world.call("PATCH", &path, &owner.token, json!({"webhook_url": null})).await.expect(200);
    assert_eq!(off.json["webhook_url"], Value::Null);
    for (patch, pointer) in
        [(json!({"url": null}), "/url"), (json!({"nmae": "x"}), "/nmae"), (json!({"retries": 9}), "/retries")]
    {
        let reply = world.call("PATCH", &path, &owner.token, patch).await.expect(422);
        assert_eq!(reply.problem().1, [pointer]);
    }
    assert_eq!(world.read(&owner, &id).await["name"], "Newer");
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let world = World::new().await;
    let (sound, broken) = (Site::start().await, Site::start().await);
    broken.answers(500);
    let owner = world.tenant(Plan::Business).await;
    for place in 0..5 {
        let url = if place == 3 { broken.url() } else { sound.url() };
        let name = format!("Shop {place}");
        world.advance(1);
        world.monitor(&owner, &url, json!({"name": name, "tags": [format!("t{}", place % 2)]})).await;
    }
    world.tick().await;
    let names = async |query: &str| {
        let reply = world.get(&format!("/api/v1/monitors{query}"), &owner).await.expect(200);
        let names: Vec<String> = reply
            .data()
            .iter()
            .map(|monitor| monitor["name"].as_str().unwrap_or_default().replace("Shop ", ""))
            .collect();
        (names.join(""), reply.json["has_more"] == true)
    };
    assert_eq!(names("").await, ("01234".into(), false));
    assert_eq!(names("?limit=2").await, ("01".into(), true));
    assert_eq!(names("?limit=2&page=3").await, ("4".into(), false));
    assert_eq!(names("?status=down").await, ("3".into(), false));
    assert_eq!(names("?status=up&tag=t1").await, ("1".into(), false));
    assert_eq!(names("?q=sHOP%204").await, ("4".into(), false));
    assert_eq!(names("?check_type=http&limit=200").await, ("01234".into(), false));
    for (query, pointer) in [
        ("?limit=0", "/limit"),
        ("?limit=201", "/limit"),
        ("?page=0", "/page"),
        ("?page=101&limit=100", "/page"),
        ("?status=odd", "/status"),
        ("?sort=x", "/sort"),
        ("?q=a&q=b", "/q"),
    ] {
        let reply = world.get(&format!("/api/v1/monitors{query}"), &owner).await.expect(422);
        assert_eq!(reply.problem(), ("validation_failed", vec![pointer]), "{query}");
    }
    let latest = world.get("/api/v1/monitors", &owner).await;
    assert!(latest.data().iter().all(|monitor| monitor["last_check_at"] == json!(world.now())));
}

#[tokio::test]
async fn the_plan_bounds_the_monitors_also_when_they_come_at_once() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Lite).await;
    for _ in 0..8 {
        world.monitor(&owner, "http://127.0.0.1:9/", json!({"regions": ["fra"]})).await;
    }
    world.advance(60);
    let body = json!({"url": "http://127.0.0.1:9/", "regions": ["fra"]});
    let replies = join_all((0..8).map(|_| world.post("/api/v1/monitors", &owner, body.clone()))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 2, "{statuses:?}");
    let refused = replies.iter().find(|reply| reply.status == 403).expect("a refusal");
    assert_eq!(refused.problem().0, "monitor_limit_reached");
    assert_eq!(world.get("/api/v1/account", &owner).await.expect(200).json["usage"]["monitors"], 10);
    // On a smaller plan all stay, can be changed, and none can be added.
    world.stack.app.store.set_plan(owner.account, Plan::Free, &world.audit(owner.account)).await.expect("a plan");
    let kept = world.get("/api/v1/monitors", &owner).await.expect(200).data().to_vec();
    assert_eq!(kept.len(), 10);
    let path = format!("/api/v1/monitors/{}", kept[0]["id"].as_str().expect("an id"));
    world.call("PATCH", &path, &owner.token, json!({"name": "Kept"})).await.expect(200);
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    let more = world.post("/api/v1/monitors", &owner, body).await.expect(403);
    assert_eq!(more.problem().0, "monitor_limit_reached");
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"webhook_url": "http://127.0.0.1:9/", "tags": ["b", "a"], "http": {"headers": {"X-Key": "1"}}});
    let id = world.monitor(&owner, "http://127.0.0.1:9/", body).await;
    let path = format!("/api/v1/monitors/{id}");
    let before = world.read(&owner, &id).await;
    world.advance(5);
    for patch in [
        json!({}),
        json!({"name": "127.0.0.1", "retries": 0, "tags": ["b", "a"]}),
        json!({"http": {"headers": {"X-Key": "***"}}, "webhook_url": "http://127.0.0.1:9/"}),
        json!({"check_interval": null}),
    ] {
        let reply = world.call("PATCH", &path, &owner.token, patch.clone()).await.expect(200);
        assert_eq!(reply.json, before, "{patch}");
        // The key's own meter.
        assert!((reply.usage.wru - 1.0).abs() < 0.01, "{patch}: {:?}", reply.usage);
    }
    let log = world.get("/api/v1/audit-log?action=monitor.updated", &owner).await.expect(200);
    assert!(log.data().is_empty());
    let reply = world.call("PATCH", &path, &owner.token, json!({"name": "New"})).await.expect(200);
    assert_eq!(reply.json["updated_at"], json!(world.now()));
}

#[tokio::test]
async fn what_was_written_comes_back_as_written() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let typed = site.url().replace("http", "HTTP").trim_end_matches('/').to_owned();
    let body = json!({
        "url": typed, "regions": ["usc", "hel", "fra"], "tags": ["z", "a", "z"], "webhook_url": "HTTPS://Hooks.example.com",
        "http": {"headers": {"X-Api-Key": "1", "accept-Language": "fi"}, "expected_status": "200, 204-299"},
    });
    let created = world.post("/api/v1/monitors", &owner, body).await.expect(201);
    let id = created.text("/id");
    for answer in [&created.json, &world.read(&owner, &id).await] {
        assert_eq!((&answer["url"], &answer["target"]), (&json!(typed), &json!(site.url())));
        assert_eq!(answer["webhook_url"], "HTTPS://Hooks.example.com");
        assert_eq!((&answer["regions"], &answer["tags"]), (&json!(["usc", "hel", "fra"]), &json!(["z", "a"])));
        assert_eq!(answer["http"]["headers"], json!({"X-Api-Key": "***", "accept-Language": "***"}));
        assert_eq!(answer["http"]["expected_status"], "200, 204-299");
    }
    world.tick().await;
    assert!(site.requests().remove(0).contains("x-api-key: 1\r\n"));
    let path = format!("/api/v1/monitors/{id}");
    let patch = json!({"regions": ["fra", "usc", "hel"], "http": {"headers": {"x-api-key": "***"}}});
    let patched = world.call("PATCH", &path, &owner.token, patch).await.expect(200);
    assert_eq!(patched.json["regions"], json!(["fra", "usc", "hel"]));
    assert_eq!(patched.json["http"]["headers"], json!({"accept-Language": "***", "x-api-key": "***"}));
    assert_eq!(patched.json["last_check_at"], json!(world.now()), "it keeps its places");
}

#[tokio::test]
async fn hosts_and_records_come_back_as_written_too() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for (kind, settings, target) in [
        ("ssl", json!({"host": "Example.COM."}), "example.com:443"),
        ("tcp", json!({"host": "[::1]", "port": 25}), "[::1]:25"),
        ("ping", json!({"host": "0x7f.1", "port": 80}), "127.0.0.1"),
        (
            "dns",
            json!({"name": "B\u{fc}cher.Example.", "resolver": "1.1.1.1:53", "expected": ["192.0.2.1"]}),
            "xn--bcher-kva.example A",
        ),
        (
            "dns",
            json!({"name": "192.0.2.7", "record_type": "PTR", "expected": ["Host.Example."]}),
            "7.2.0.192.in-addr.arpa PTR",
        ),
        ("dns", json!({"name": "a.example", "record_type": "MX", "expected": ["010 Mail.Example."]}), "a.example MX"),
    ] {
        let created =
            world.post("/api/v1/monitors", &owner, json!({"check_type": kind, kind: settings})).await.expect(201);
        let path = format!("/api/v1/monitors/{}", created.text("/id"));
        let etag = world.get(&path, &owner).await.expect(200).header("etag").to_owned();
        let again = world.call("PATCH", &path, &owner.token, json!({kind: settings})).await.expect(200);
        assert_eq!(again.header("etag"), etag, "nothing changed: {settings}");
        for answer in [created.json.clone(), world.get(&path, &owner).await.expect(200).json] {
            for (member, given) in settings.as_object().expect("an object") {
                assert_eq!(answer[kind][member], *given, "{kind} {member}");
            }
            assert!(answer["target"].as_str().is_some_and(|shown| shown.starts_with(target)), "{}", answer["target"]);
        }
    }
}

#[tokio::test]
async fn monitors_that_are_made_at_once_all_get_a_place_of_their_own() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": "http://127.0.0.1:9/"});
    let replies = join_all((0..20).map(|_| world.post("/api/v1/monitors", &owner, body.clone()))).await;
    let mut places = std::collections::BTreeSet::new();
    for reply in replies {
        let id = reply.expect(201).text("/id").parse().expect("an id");
        let monitor = world.stack.app.store.monitor(owner.account, id).await.expect("the monitor");
        places.extend(monitor.places.iter().map(|place| (place.cohort(), place.slot)));
    }
    assert_eq!(places.len(), 60);
}

#[tokio::test]
async fn a_deleted_monitor_is_gone_and_its_checks_with_it() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    let path = format!("/api/v1/monitors/{id}");
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(404);
    let seen = site.requests().len();
    world.tick().await;
    assert_eq!(site.requests().len(), seen, "nobody checks it any more");
    assert_eq!(world.get("/api/v1/account", &owner).await.json["usage"]["monitors"], 0);
}

#[tokio::test]
async fn the_history_is_filtered_and_paged() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &site.url(), json!({})).await;
    for minute in 0..6 {
        site.answers(if minute == 2 { 500 } else { 200 });
        world.tick().await;
    }
    let last = world.now();
    let times = async |query: &str| -> Vec<(String, String)> {
        let reply = world.get(&format!("/api/v1/monitors/{id}/checks{query}"), &owner).await.expect(200);
        let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
        reply.data().iter().map(|check| (text(check, "at"), text(check, "region"))).collect()
    };
    assert_eq!(times("").await.len(), 18);
    assert_eq!(times("?region=fra").await.len(), 6);
    assert_eq!(
        times("?outcome=down").await,
        ["hel", "fra", "usc"].map(|region| (last.plus_seconds(-180).to_string(), region.into()))
    );
    let window = format!("?from={}&to={}", last.plus_seconds(-120), last);
    assert_eq!(times(&window).await.len(), 6, "from is in, to is out");
    assert_eq!(times(&format!("?from={}", last.plus_ms(1))).await.len(), 0, "to the millisecond");
    let (first, second) = (times("?limit=10").await, times("?limit=10&page=2").await);
    assert_eq!([first, second].concat(), times("").await);
    let reply = world.get(&format!("/api/v1/monitors/{id}/checks?outcome=maybe&from=noon"), &owner).await.expect(422);
    assert_eq!(reply.problem().1, ["/outcome", "/from"]);
}

#[tokio::test]
async fn changes_that_come_at_once_are_made_one_after_the_other_and_none_is_our_fault() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"webhook_url": "http://127.0.0.1:9/"});
    let id = world.monitor(&owner, "http://127.0.0.1:9/", body).await;
    let path = format!("/api/v1/monitors/{id}");
    let rotation = json!({"monitor_id": id});
    let patches =
        join_all((0..40).map(|place| world.call("PATCH", &path, &owner.token, json!({"tags": [format!("t{place}")]}))));
    let rotations = join_all((0..8).map(|_| world.post("/api/v1/webhooks/rotate-secret", &owner, rotation.clone())));
    let (patches, rotations) = futures::future::join(patches, rotations).await;
    for reply in patches.iter().chain(&rotations) {
        match reply.status.as_u16() {
            200 => {}
            409 => assert_eq!((reply.problem().0, reply.header("retry-after")), ("collision", "1")),
            other => panic!("{other}: {}", reply.json),
        }
    }
    let made = patches.iter().filter(|reply| reply.status == 200).count();
    let log = world.get("/api/v1/audit-log?action=monitor.updated&limit=200", &owner).await.expect(200);
    assert_eq!(log.data().len(), made, "what was told as done was done, once");
    assert!(made > 0);
}
