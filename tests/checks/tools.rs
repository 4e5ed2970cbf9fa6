//! The tools: one probe by API, of targets that are no monitors.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;
use valpero_domain::{Plan, Scope, Scopes};

use super::certificates::certificate;
use crate::harness::{Site, Tenant, World, WorldOptions, fixed_names};

async fn report(world: &World, owner: &Tenant, tool: &str, body: Value) -> Value {
    world.post(&format!("/api/v1/tools/{tool}"), owner, body).await.expect(200).json
}

/// Shakes hands with one client by TLS, in a world that trusts its authority; answers the world, its owner and the port.
async fn with_certificate(from: i32, until: i32) -> (World, Tenant, u16) {
    let (server, roots) = certificate("site.example", from, until);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        if let Ok(mut tls) = TlsAcceptor::from(Arc::new(server)).accept(stream).await {
            // The client may have seen enough and be gone.
            let _closed = tls.shutdown().await;
        }
    });
    let resolver = fixed_names(&[("site.example", &["127.0.0.1"])]);
    let world = World::with(WorldOptions { resolver, roots, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    (world, owner, port)
}

#[tokio::test]
async fn a_url_is_probed_as_by_a_checker_and_nothing_is_stored() {
    let (world, site) = (World::new().await, Site::start().await);
    let owner = world.tenant(Plan::Business).await;
    site.says(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\nall systems go\n");
    let body = json!({"url": site.url(), "method": "POST", "body": "x", "headers": {"x-mark": "seen"}, "keyword": {"contains": "systems"}});
    let seen = report(&world, &owner, "http", body).await;
    assert_eq!((seen["outcome"].as_str(), seen["http_status"].as_u64()), (Some("up"), Some(200)), "{seen}");
    assert_eq!(seen["target"], site.url());
    assert_eq!(seen["remote_address"], site.address().to_string());
    assert_eq!((seen["http_version"].as_str(), &seen["error"]), (Some("1.1"), &Value::Null));
    assert!(seen["body_ms"].is_f64(), "the body was read");
    let phase = |name: &str| seen["phases"][name].as_f64().unwrap_or_default();
    let sum = phase("connect_ms") + phase("first_byte_ms");
    let whole = seen["response_time_ms"].as_f64().expect("a time");
    assert!((whole - sum).abs() < 0.001 && sum > 0.0, "{seen}");
    let request = site.requests().concat();
    assert!(request.starts_with("POST / HTTP/1.1") && request.contains("x-mark: seen"), "{request}");

    let wrong = json!({"url": site.url(), "keyword": {"contains": "on fire"}});
    let seen = report(&world, &owner, "http", wrong).await;
    assert_eq!((seen["outcome"].as_str(), seen["error"]["code"].as_str()), (Some("down"), Some("keyword_missing")));
    assert!(world.get("/api/v1/monitors", &owner).await.expect(200).data().is_empty());
}

#[tokio::test]
async fn a_certificate_is_shown_whether_it_is_good_or_not() {
    let (world, owner, port) = with_certificate(2020, 2040).await;
    let seen = report(&world, &owner, "ssl", json!({"host": "site.example", "port": port})).await;
    assert_eq!((seen["outcome"].as_str(), &seen["error"]), (Some("up"), &Value::Null), "{seen}");
    let certificate = &seen["certificate"];
    assert_eq!(certificate["names"], json!(["site.example"]));
    assert_eq!(certificate["expires_at"], "2040-01-01T00:00:00.000Z");
    assert_eq!((certificate["key"].as_str(), certificate["tls_version"].as_str()), (Some("EC 256"), Some("TLS 1.3")));
    let [authority] = certificate["chain"].as_array().expect("a chain").as_slice() else { panic!("{certificate}") };
    assert_eq!(
        (&certificate["chain_length"], &certificate["issuer"]),
        (&json!(2), &authority["subject"]),
        "{certificate}"
    );
    assert!(authority["subject"].as_str().is_some_and(|subject| subject.contains("Test authority")), "{authority}");
    assert_eq!((&authority["issuer"], &authority["key"]), (&authority["subject"], &json!("EC 256")));
    assert!(certificate["days_remaining"].as_i64().is_some_and(|days| (4_000..5_000).contains(&days)), "{certificate}");

    let (world, owner, port) = with_certificate(2020, 2021).await;
    let seen = report(&world, &owner, "ssl", json!({"host": "site.example", "port": port})).await;
    assert_eq!((seen["outcome"].as_str(), seen["error"]["code"].as_str()), (Some("down"), Some("tls_expired")));
    assert!(seen["certificate"]["days_remaining"].as_i64().is_some_and(|days| days < -1_000), "{seen}");
}

#[tokio::test]
async fn names_are_asked_for_and_ports_shaken_hands_with() {
    let resolver = fixed_names(&[("site.example", &["127.0.0.1"])]);
    let world = World::with(WorldOptions { resolver, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let seen = report(&world, &owner, "dns", json!({"name": "site.example"})).await;
    assert_eq!((seen["outcome"].as_str(), &seen["answers"]), (Some("up"), &json!(["127.0.0.1"])), "{seen}");
    assert_eq!((&seen["ttl_seconds"], &seen["cnames"]), (&json!(60), &json!([])), "{seen}");
    let other = json!({"name": "site.example", "expected": ["192.0.2.1"]});
    let seen = report(&world, &owner, "dns", other).await;
    assert_eq!((seen["error"]["code"].as_str(), &seen["answers"]), (Some("dns_mismatch"), &json!(["127.0.0.1"])));
    let seen = report(&world, &owner, "dns", json!({"name": "nowhere.example"})).await;
    assert_eq!((seen["error"]["code"].as_str(), &seen["answers"]), (Some("dns_nxdomain"), &Value::Null));
    assert_eq!(seen["ttl_seconds"], Value::Null);

    let site = Site::start().await;
    let seen = report(&world, &owner, "ping", json!({"host": "site.example", "port": site.address().port()})).await;
    assert_eq!(seen["outcome"], "up");
    assert!(seen["phases"]["connect_ms"].is_f64() && seen["phases"]["first_byte_ms"].is_null(), "{seen}");
    let seen = report(&world, &owner, "ping", json!({"host": "127.0.0.1", "port": 9})).await;
    assert_eq!((seen["outcome"].as_str(), seen["error"]["code"].as_str()), (Some("down"), Some("connect_refused")));
}

#[tokio::test]
async fn headers_are_shown_and_judged_whatever_the_status() {
    let (world, site) = (World::new().await, Site::start().await);
    let owner = world.tenant(Plan::Business).await;
    site.says(
        b"HTTP/1.1 503 Busy\r\nX-Frame-Options: DENY\r\nX-Content-Type-Options: sniff\r\nset-cookie: a=1\r\nset-cookie: b=\xff\r\ncontent-length: 0\r\n\r\n",
    );
    let seen = report(&world, &owner, "headers", json!({"url": site.url()})).await;
    assert_eq!((seen["probe"]["outcome"].as_str(), seen["probe"]["http_status"].as_u64()), (Some("up"), Some(503)));
    assert_eq!(
        seen["headers"],
        json!([
            {"name": "x-frame-options", "value": "DENY"},
            {"name": "x-content-type-options", "value": "sniff"},
            {"name": "set-cookie", "value": "a=1"},
            {"name": "set-cookie", "value": "b=\u{fffd}"},
            {"name": "content-length", "value": "0"},
        ])
    );
    let verdicts: Vec<&str> =
        seen["security"].as_array().expect("findings").iter().filter_map(|one| one["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["missing", "missing", "weak", "good", "missing", "missing"]);

    site.hangs_up();
    let seen = report(&world, &owner, "headers", json!({"url": site.url()})).await;
    assert_eq!(seen["probe"]["outcome"], "down");
    assert_eq!((&seen["headers"], &seen["security"]), (&json!([]), &json!([])), "nothing is judged that did not come");
}

#[tokio::test]
async fn redirects_go_where_a_browser_would_go_and_nowhere_else() {
    let (world, site) = (World::new().await, Site::start().await);
    let owner = world.tenant(Plan::Business).await;
    site.says(b"HTTP/1.1 302 Found\r\nlocation: /\xc3\xbcber\r\ncontent-length: 0\r\n\r\n");
    let seen = report(&world, &owner, "http", json!({"url": site.url()})).await;
    assert_eq!(seen["error"]["code"], "redirect_limit");
    assert_eq!(seen["redirects"][0], format!("{}%C3%BCber", site.url()));
    for nowhere in ["http://a..example/", "http://.example/", "ftp://site.example/", "http://a:b@site.example/"] {
        site.says(format!("HTTP/1.1 302 Found\r\nlocation: {nowhere}\r\ncontent-length: 0\r\n\r\n").as_bytes());
        let seen = report(&world, &owner, "http", json!({"url": site.url()})).await;
        assert_eq!(
            (seen["outcome"].as_str(), seen["error"]["code"].as_str()),
            (Some("down"), Some("redirect_invalid"))
        );
    }
}

#[tokio::test]
async fn the_guard_stands_before_each_tool() {
    let resolver = fixed_names(&[("inside.example", &["10.0.0.1"])]);
    let world = World::with(WorldOptions { resolver, private_targets: false, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    for (tool, named, literal, pointer) in [
        ("http", json!({"url": "http://inside.example/"}), json!({"url": "http://0x7f.1/"}), "/url"),
        ("headers", json!({"url": "http://inside.example/"}), json!({"url": "http://[::1]/"}), "/url"),
        ("ssl", json!({"host": "inside.example"}), json!({"host": "169.254.169.254"}), "/host"),
        ("ping", json!({"host": "inside.example"}), json!({"host": "10.1"}), "/host"),
        (
            "dns",
            json!({"name": "a.example", "resolver": "inside.example"}),
            json!({"name": "a.example", "resolver": "127.0.0.1:53"}),
            "/resolver",
        ),
    ] {
        let path = format!("/api/v1/tools/{tool}");
        let refused = world.post(&path, &owner, literal).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{tool}");
        let seen = world.post(&path, &owner, named).await.expect(200).json;
        let seen = seen.get("probe").unwrap_or(&seen).clone();
        assert_eq!(seen["error"]["code"], "blocked_address", "{tool}: {seen}");
        assert_eq!(seen["remote_address"], Value::Null, "{tool}");
    }
}

#[tokio::test]
async fn every_fault_of_a_request_is_told_at_once() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let body = json!({"url": "ftp://example.com", "method": "BREW", "timeout_ms": 20_001, "colour": "red"});
    let problem = world.post("/api/v1/tools/http", &owner, body).await.expect(422).json;
    let pointers: Vec<&str> =
        problem["errors"].as_array().expect("faults").iter().filter_map(|one| one["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/url", "/method", "/timeout_ms", "/colour"]);
    world.post("/api/v1/tools/tcp", &owner, json!({})).await.expect(404);
    assert_eq!(world.get("/api/v1/tools/http", &owner).await.expect(405).header("allow"), "POST");
}

#[tokio::test]
async fn a_target_that_is_silent_is_told_of_and_no_fault_of_the_api() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    // The system shakes hands for it; nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let seen = report(&world, &owner, "http", json!({"url": url, "timeout_ms": 100})).await;
    assert_eq!(
        (seen["outcome"].as_str(), seen["error"]["code"].as_str()),
        (Some("down"), Some("response_timeout")),
        "{seen}"
    );
    assert!(seen["phases"]["connect_ms"].is_f64(), "{seen}");
}

#[tokio::test]
async fn when_all_places_wait_for_slow_targets_the_next_request_is_told_so() {
    let world = Arc::new(World::new().await);
    let owner = world.tenant(Plan::Business).await;
    let slow = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let body = json!({"url": format!("http://{}/", slow.local_addr().expect("an address")), "timeout_ms": 20_000});
    let (mut waiting, mut held) = (tokio::task::JoinSet::new(), Vec::new());
    for _ in 0..64 {
        let (world, owner, body) = (Arc::clone(&world), owner.clone(), body.clone());
        waiting.spawn(async move { report(&world, &owner, "http", body).await });
        held.push(slow.accept().await.expect("a connection"));
    }
    let refused = world.post("/api/v1/tools/http", &owner, body.clone()).await.expect(503);
    assert_eq!((refused.problem().0, refused.header("retry-after")), ("unavailable", "2"));
    drop(held);
    while let Some(seen) = waiting.join_next().await {
        assert_eq!(seen.expect("an answer")["outcome"], "down");
    }
    drop(slow);
    report(&world, &owner, "http", body).await;
}

#[tokio::test]
async fn a_key_that_only_reads_reaches_nothing_private_and_says_nothing_of_its_own() {
    let resolver = fixed_names(&[("inside.example", &["127.0.0.1"])]);
    let world = World::with(WorldOptions { resolver, ..WorldOptions::default() }).await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    let token = world.key(owner.account, Plan::Business, Scopes::parse([Scope::MonitorsRead]).expect("scopes")).await;
    let port = site.address().port();
    let named = format!("http://inside.example:{port}/");
    for (tool, body) in [
        ("http", json!({"url": site.url()})),
        ("http", json!({"url": named, "keyword": {"contains": "secret"}})),
        ("http", json!({"url": "http://192.0.2.1/", "method": "DELETE"})),
        ("http", json!({"url": "http://192.0.2.1/", "method": "POST", "body": "x"})),
        ("http", json!({"url": "http://192.0.2.1/", "headers": {"x-mark": "seen"}})),
        ("http", json!({"url": "http://192.0.2.1/", "basic_auth": {"username": "a", "password": "b"}})),
        ("headers", json!({"url": named})),
        ("ssl", json!({"host": "inside.example", "port": port})),
        ("ping", json!({"host": "127.0.0.1", "port": port})),
        ("dns", json!({"name": "a.example", "resolver": format!("127.0.0.1:{port}")})),
        ("dns", json!({"name": "a.example", "resolver": "inside.example"})),
    ] {
        let path = format!("/api/v1/tools/{tool}");
        let refused = world.call("POST", &path, &token, body.clone()).await.expect(403);
        assert_eq!(refused.problem().0, "missing_scope", "{tool} {body}");
        let detail = refused.text("/detail");
        assert!(detail.contains("monitors:write") && detail.contains("public targets alone"), "{detail}");
        assert!(!detail.contains("127.0.0.1"), "where the name leads stays untold: {detail}");
    }
    assert!(site.requests().is_empty(), "nothing arrived");
    let seen = world.call("POST", "/api/v1/tools/dns", &token, json!({"name": "nowhere.example"})).await.expect(200);
    assert_eq!(seen.json["error"]["code"], "dns_nxdomain", "what is public it may look at");
    report(&world, &owner, "http", json!({"url": named, "method": "PUT", "body": "x"})).await;
    assert!(site.requests().concat().starts_with("PUT / "), "a key that may make monitors reaches what they reach");
}
