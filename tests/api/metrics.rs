//! Metrics: what Prometheus reads of an account.

use std::io::Read;

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::{Plan, Scope};

use crate::harness::{Reply, Site, Tenant, World};

async fn scrape(world: &World, owner: &Tenant, headers: &[(header::HeaderName, &str)]) -> Reply {
    let mut request = Request::get("/api/metrics").header(header::AUTHORIZATION, format!("Bearer {}", owner.token));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    world.send(request.body(Body::empty()).expect("a request")).await.expect(200)
}

/// The samples of a family, those with this label.
fn samples(text: &str, family: &str, label: &str) -> Vec<f64> {
    let of_family = text.lines().filter(|line| line.starts_with(&format!("{family}{{")) && line.contains(label));
    of_family.map(|line| line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a value")).collect()
}

#[tokio::test]
async fn every_monitor_has_its_series_and_no_other() {
    let world = World::new().await;
    let (sound, broken) = (Site::start().await, Site::start().await);
    let (owner, stranger) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let up = world.monitor(&owner, &sound.url(), json!({"name": "Shop \"one\""})).await;
    let down = world.monitor(&owner, &broken.url(), json!({"name": "Broken"})).await;
    let paused = world.monitor(&owner, &sound.url(), json!({"name": "Paused"})).await;
    world.monitor(&stranger, &sound.url(), json!({"name": "Theirs"})).await;
    world.tick().await;
    broken.answers(500);
    world.post(&format!("/api/v1/monitors/{paused}/pause"), &owner, Value::Null).await.expect(200);
    world.tick().await;
    let pending = world.monitor(&owner, &sound.url(), json!({"name": "Pending"})).await;
    world.advance(60);
    let reply = scrape(&world, &owner, &[]).await;
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = reply.body();
    let of = |family: &str, id: &str| samples(text, family, &format!("monitor_id=\"{id}\""));
    assert_eq!((of("valpero_up", &up), of("valpero_up", &down)), (vec![1.0], vec![0.0]));
    assert_eq!((of("valpero_up", &paused), of("valpero_up", &pending)), (vec![], vec![]), "absent");
    assert_eq!(of("valpero_response_time_ms", &up).len(), 3, "one a region");
    let (ms, seconds) = (of("valpero_response_time_ms", &up), of("valpero_response_time_seconds", &up));
    assert!((ms[0] / 1000.0 - seconds[0]).abs() < 1e-9 && ms[0] > 0.0, "{ms:?} {seconds:?}");
    assert_eq!(of("valpero_response_time_ms", &down), Vec::<f64>::new(), "a failure has no response time");
    assert_eq!(of("valpero_response_time_ms", &paused), Vec::<f64>::new());
    assert_eq!((of("valpero_incidents_open", &up), of("valpero_incidents_open", &down)), (vec![0.0], vec![1.0]));
    assert_eq!(of("valpero_uptime_7d", &up), [1.0]);
    assert_eq!(of("valpero_uptime_7d", &down), [0.5], "up for a minute, down for a minute");
    assert_eq!(of("valpero_uptime_7d", &pending), Vec::<f64>::new());
    let ticks = samples(text, "valpero_region_last_tick_timestamp_seconds", "region=");
    assert_eq!(ticks.len(), 3);
    assert!(text.contains("name=\"Shop \\\"one\\\"\",check_type=\"http\""), "{text}");
    assert!(!text.contains("Theirs") && !text.contains("http://"), "no URL, and nobody else's");
    for line in text.lines().filter(|line| line.starts_with("# TYPE")) {
        let name = line.split(' ').nth(2).expect("a name");
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        assert_eq!(text.matches(&format!("# TYPE {name} {kind}\n")).count(), 1, "one family, one group");
    }
    world.call("DELETE", &format!("/api/v1/monitors/{down}"), &owner.token, Value::Null).await.expect(204);
    assert!(!scrape(&world, &owner, &[]).await.body().contains(&down), "never a series for a deleted monitor");
}

#[tokio::test]
async fn a_region_that_is_silent_shows_no_old_times() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    world.monitor(&owner, &site.url(), json!({})).await;
    world.tick().await;
    assert_eq!(samples(scrape(&world, &owner, &[]).await.body(), "valpero_response_time_ms", "").len(), 3);
    world.advance(241);
    assert!(samples(scrape(&world, &owner, &[]).await.body(), "valpero_response_time_ms", "").is_empty());
}

#[tokio::test]
async fn formats_and_encodings_are_those_that_were_asked_for() {
    let world = World::new().await;
    let site = Site::start().await;
    let owner = world.tenant(Plan::Business).await;
    for number in 0..60 {
        world.monitor(&owner, &site.url(), json!({"name": format!("Monitor {number}")})).await;
    }
    world.tick().await;
    let plain = scrape(&world, &owner, &[]).await;
    assert_eq!((plain.header("content-encoding"), plain.body().contains("# EOF")), ("", false));
    assert_eq!(samples(plain.body(), "valpero_response_time_seconds", "").len(), 180, "also over many pieces");
    let open = scrape(&world, &owner, &[(header::ACCEPT, "application/openmetrics-text; version=1.0.0")]).await;
    assert_eq!(open.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    // A counter's family is named without the end of its samples' names.
    let same = plain.body().replace("# HELP valpero_deliveries_total", "# HELP valpero_deliveries");
    let same = same.replace("# TYPE valpero_deliveries_total", "# TYPE valpero_deliveries");
    assert_eq!(open.body(), format!("{same}# EOF\n"));
    let packed = scrape(&world, &owner, &[(header::ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.bytes.as_ref()).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, plain.body());
    assert!(packed.bytes.len() * 8 < text.len(), "{} of {}", packed.bytes.len(), text.len());
}

#[tokio::test]
async fn it_needs_both_scopes() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    for scope in [Scope::MonitorsRead, Scope::IncidentsRead] {
        let lesser = world.key_without(owner.account, scope).await;
        let refused = world.call("GET", "/api/metrics", &lesser, Value::Null).await.expect(403);
        assert!(refused.text("/detail").contains(scope.as_str()));
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
}
