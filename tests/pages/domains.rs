//! Domains of pages: shown by their host, looked at, and said to be broken when their record goes.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use valpero_domain::Plan;

use super::{page, view};
use crate::harness::{Mailbox, Reply, World, WorldOptions, changing_names};

async fn at_host(world: &World, host: &str, path: &str) -> Reply {
    let request = Request::get(path).header("host", host).body(Body::empty()).expect("a request");
    world.send(request).await
}

#[tokio::test]
async fn a_domain_is_live_once_its_record_leads_here_and_broken_when_that_goes() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Names that have the address of this machine.
    let known: Arc<Mutex<Vec<&'static str>>> = Arc::new(Mutex::new(vec!["valpero.example.com"]));
    let mail = Mailbox::new();
    let world = World::with(WorldOptions {
        resolver: changing_names(Arc::clone(&known)),
        public_url: format!("http://valpero.example.com:{port}"),
        mailer: mail.mailer(),
        ..WorldOptions::default()
    })
    .await;
    let owner = world.tenant(Plan::Business).await;
    let (id, _) = page(&world, &owner, "acme", json!([{"name": "Site"}]), json!({})).await;
    let (other, _) = page(&world, &owner, "other", json!([]), json!({})).await;
    world.deliver().await;
    let path = format!("/api/v1/status-pages/{id}/domain");
    world.get(&path, &owner).await.expect(404);
    let put = async |path: &str, domain: &str| world.call("PUT", path, &owner.token, json!({"domain": domain})).await;
    let set = put(&path, "status.example.com").await.expect(200);
    assert_eq!(
        (set.text("/state"), set.json["record"].clone()),
        ("pending_dns".into(), json!({"type": "CNAME", "name": "status.example.com", "value": "valpero.example.com"}))
    );
    assert_eq!(
        put(&format!("/api/v1/status-pages/{other}/domain"), "status.example.com").await.problem().0,
        "page_domain_taken"
    );
    for bad in ["valpero.example.com", "localhost", "192.0.2.1", "https://status.example.com"] {
        put(&path, bad).await.expect(422);
    }
    let state = async |seconds: i64| {
        world.advance(seconds);
        world.sweep().await;
        world.deliver().await;
        world.get(&path, &owner).await.expect(200)
    };
    let seen = state(1).await;
    assert_eq!(seen.text("/state"), "pending_dns");
    assert!(seen.text("/detail").contains("Set a CNAME record that leads to valpero.example.com"), "{}", seen.json);
    known.lock().expect("names").push("status.example.com");
    let seen = state(60).await;
    assert_eq!(seen.text("/state"), "issuing", "nothing listens yet: {}", seen.json);
    let router = world.stack.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(state(60).await.text("/state"), "live");
    let read = world.get(&format!("/api/v1/status-pages/{id}"), &owner).await.expect(200);
    assert_eq!(read.text("/url"), format!("http://status.example.com:{port}"), "links lead there from now on");
    let shown = at_host(&world, "status.example.com", "/").await.expect(200);
    assert!(shown.body().contains("Acme") && !shown.body().contains("/status/acme"), "{}", shown.body());
    at_host(&world, "other.example.com", "/").await.expect(303);

    known.lock().expect("names").retain(|name| *name != "status.example.com");
    mail.clear();
    for (seconds, expected) in [(900, "live"), (60, "live"), (60, "broken"), (900, "broken")] {
        assert_eq!(state(seconds).await.text("/state"), expected);
    }
    let told = mail.messages();
    assert_eq!(told.len(), 1, "the owner is told once: {told:?}");
    assert!(told[0].contains("Subject: Domain broken: status.example.com"), "{}", told[0]);
    known.lock().expect("names").push("status.example.com");
    assert_eq!(state(900).await.text("/state"), "live", "and live again by itself");

    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    world.call("DELETE", &path, &owner.token, Value::Null).await.expect(204);
    world.get(&path, &owner).await.expect(404);
    world.advance(11);
    view(&world, "/status/acme").await.expect(200);
    assert_ne!(at_host(&world, "status.example.com", "/").await.status.as_u16(), 200, "the host shows it no more");
    put(&format!("/api/v1/status-pages/{other}/domain"), "status.example.com").await.expect(200);
    world.call("DELETE", &format!("/api/v1/status-pages/{other}"), &owner.token, Value::Null).await.expect(204);
    put(&path, "status.example.com").await.expect(200);
    server.abort();
}

#[tokio::test]
async fn a_domain_that_is_never_proved_is_kept_from_others_for_a_week() {
    let mail = Mailbox::new();
    let resolver = changing_names(Arc::new(Mutex::new(vec!["valpero.example.com"])));
    let world = World::with(WorldOptions { resolver, mailer: mail.mailer(), ..WorldOptions::default() }).await;
    let (owner, other) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let (first, _) = page(&world, &owner, "acme", json!([]), json!({})).await;
    let (second, _) = page(&world, &other, "other", json!([]), json!({})).await;
    let [path, theirs] = [&first, &second].map(|id| format!("/api/v1/status-pages/{id}/domain"));
    let domain = json!({"domain": "status.example.com"});
    world.call("PUT", &path, &owner.token, domain.clone()).await.expect(200);
    world.deliver().await;
    let pass = async |seconds: i64| {
        world.advance(seconds);
        world.sweep().await;
        world.deliver().await;
    };
    pass(7 * 86_400 - 901).await;
    assert_eq!(world.get(&path, &owner).await.expect(200).text("/state"), "pending_dns");
    world.call("PUT", &theirs, &other.token, domain.clone()).await.expect(409);
    mail.clear();
    pass(902).await;
    world.get(&path, &owner).await.expect(404);
    let told = mail.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Subject: Domain removed: status.example.com"), "{}", told[0]);
    let log = world.get("/api/v1/audit-log", &owner).await.expect(200);
    let row = &log.data()[0];
    assert_eq!(
        (row["action"].as_str(), row["actor"]["type"].as_str()),
        (Some("page.domain_set"), Some("delivery")),
        "{row}"
    );
    world.call("PUT", &theirs, &other.token, domain).await.expect(200);
    pass(900).await;
    assert_eq!(mail.messages().len(), 1, "and nobody looks any more");
}
