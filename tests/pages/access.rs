//! Who may see a page: unlisted ones, passwords, networks, domains of their own.

use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo, http::Request};
use serde_json::json;
use valpero_domain::Plan;

use super::{page, view};
use crate::harness::{Reply, World};

async fn from(world: &World, address: &str, path: &str) -> Reply {
    let address: SocketAddr = address.parse().expect("an address");
    world.send(Request::get(path).extension(ConnectInfo(address)).body(Body::empty()).expect("a request")).await
}

async fn try_password(world: &World, password: &str) -> Reply {
    world.post_form("/status/acme/password", &format!("password={password}")).await
}

#[tokio::test]
async fn a_page_with_a_password_shows_nothing_without_it() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let refused = json!({"slug": "acme", "title": "Acme", "visibility": "password"});
    let refused = world.post("/api/v1/status-pages", &owner, refused).await.expect(422);
    assert_eq!(refused.problem().1, ["/password"]);
    let more = json!({"visibility": "password", "password": "correct horse", "description": "HIDDEN"});
    let (id, _) = page(&world, &owner, "acme", json!([{"name": "HIDDEN"}]), more).await;
    for path in ["", "/feed.atom", "/api/v2/summary.json", "/badge/page.svg", "/embed", "/history", "/robots.txt"] {
        let asked = view(&world, &format!("/status/acme{path}")).await.expect(401);
        assert!(!asked.body().contains("HIDDEN"), "{path}");
        assert_eq!(asked.header("cache-control"), "private, no-store", "{path}");
    }
    try_password(&world, "wrong").await.expect(403);
    let right = try_password(&world, "correct+horse").await.expect(303);
    let cookie = right.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("Max-Age=2592000"), "{cookie}");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let with = async |cookie: &str| {
        let request = Request::get("/status/acme").header("cookie", cookie).body(Body::empty());
        world.send(request.expect("a request")).await
    };
    let seen = with(&format!("a=b; {cookie}")).await.expect(200);
    assert!(seen.body().contains("HIDDEN"));
    assert_eq!((seen.header("cache-control"), seen.header("access-control-allow-origin")), ("private, no-store", ""));
    with(&format!("{cookie}0")).await.expect(401);
    let read = world.get(&format!("/api/v1/status-pages/{id}"), &owner).await.expect(200);
    assert!(read.json["has_password"] == true && !read.body().contains("correct") && !read.body().contains("argon"));
    let other = json!({"password": "another one"});
    world.call("PATCH", &format!("/api/v1/status-pages/{id}"), &owner.token, other).await.expect(200);
    world.advance(11);
    with(&cookie).await.expect(401);
}

#[tokio::test]
async fn passwords_are_not_tried_without_end() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "acme", json!([]), json!({"visibility": "password", "password": "correct horse"})).await;
    for _ in 0..10 {
        try_password(&world, "wrong").await.expect(403);
    }
    try_password(&world, "correct+horse").await.expect(429);
    world.advance(901);
    try_password(&world, "correct+horse").await.expect(303);
}

#[tokio::test]
async fn a_page_is_seen_from_its_networks_alone() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let more = json!({"ip_allow": ["192.0.2.0/24", "2001:db8:1::/48"]});
    page(&world, &owner, "acme", json!([]), more).await;
    for (address, status) in [
        ("192.0.2.9:1", 200),
        ("[::ffff:192.0.2.9]:1", 200),
        ("192.0.3.9:1", 403),
        ("[2001:db8:1:ff::1]:1", 200),
        ("[2001:db8:2::1]:1", 403),
    ] {
        from(&world, address, "/status/acme").await.expect(status);
        from(&world, address, "/status/acme/feed.atom").await.expect(status);
    }
    view(&world, "/status/acme").await.expect(403);
    assert_eq!(from(&world, "192.0.2.9:1", "/status/acme").await.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn what_is_unlisted_is_in_no_sitemap_and_not_indexed() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    page(&world, &owner, "seen", json!([]), json!({})).await;
    page(&world, &owner, "unlisted", json!([]), json!({"visibility": "unlisted"})).await;
    page(&world, &owner, "hidden", json!([]), json!({"noindex": true})).await;
    let map = view(&world, "/status/seen/sitemap.xml").await.expect(200);
    assert!(map.body().contains("/status/seen/</loc>") && !map.body().contains("unlisted"), "{}", map.body());
    assert!(view(&world, "/status/seen/robots.txt").await.expect(200).body().contains("Sitemap: "));
    for slug in ["unlisted", "hidden"] {
        view(&world, &format!("/status/{slug}/sitemap.xml")).await.expect(404);
        let robots = view(&world, &format!("/status/{slug}/robots.txt")).await.expect(200);
        assert_eq!(robots.body(), "User-agent: *\nDisallow: /\n");
        let html = view(&world, &format!("/status/{slug}")).await.expect(200);
        assert!(html.body().contains("name=\"robots\" content=\"noindex\""));
    }
}
