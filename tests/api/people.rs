//! People of an account by the API: roles, invitations, removal, sessions, and what a cookie opens.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use valpero_domain::{Plan, Role, SessionId};

use crate::harness::{Browser, Reply, Tenant, World, people::cookie};

/// A request to the API with the session's cookie, as a page of this deployment sends it.
async fn by_cookie(world: &World, browser: &Browser, method: &str, path: &str, body: Value) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::COOKIE, cookie(&browser.token))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.send(request.body(body).expect("a request")).await
}

async fn set_role(world: &World, tenant: &Tenant, browser: &Browser, role: &str) -> Reply {
    let path = format!("/api/v1/people/{}", browser.user);
    world.call("PATCH", &path, &tenant.token, json!({"role": role})).await
}

#[tokio::test]
async fn a_session_is_a_key_of_its_persons_role_and_is_listed_among_no_keys() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let viewer = world.person(&owner, Role::Viewer, None).await;
    let account = by_cookie(&world, &viewer, "GET", "/api/v1/account", Value::Null).await.expect(200);
    assert_eq!((account.json["usage"]["people"].as_u64(), account.header("x-ratelimit-limit")), (Some(1), "1000"));
    let refused = by_cookie(&world, &viewer, "POST", "/api/v1/monitors", json!({"url": "https://example.com/"})).await;
    assert_eq!(refused.problem().0, "missing_scope");
    for path in ["/api/v1/keys", "/api/v1/people"] {
        assert_eq!(by_cookie(&world, &viewer, "GET", path, Value::Null).await.problem().0, "missing_scope", "{path}");
    }
    let keys = world.get("/api/v1/keys", &owner).await.expect(200);
    assert_eq!(keys.json["data"].as_array().map(Vec::len), Some(1), "the tenant's own alone");
    // As a bearer it opens nothing: it belongs to a browser.
    let bearer = world.call("GET", "/api/v1/account", &viewer.token, Value::Null).await;
    assert_eq!(bearer.status, 401);
}

#[tokio::test]
async fn a_cookie_changes_nothing_from_another_site() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let admin = world.person(&owner, Role::Admin, None).await;
    let host = "valpero.example.com";
    let sites: [(&[(&str, &str)], u16); 9] = [
        (&[], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "https://valpero.example.com.evil.example")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", "https://valpero.example.com")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "none")], 403),
        (&[("origin", "https://valpero.example.com")], 200),
        (&[("sec-fetch-site", "same-origin")], 200),
    ];
    for (headers, status) in sites {
        let mut request = Request::patch("/api/v1/account")
            .header(header::COOKIE, cookie(&admin.token))
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = world.send(request.body(Body::from(r#"{"language": "fi"}"#)).expect("a request")).await;
        assert_eq!(reply.status.as_u16(), status, "{headers:?}: {}", reply.json);
        if status == 403 {
            assert_eq!(reply.problem().0, "cross_site");
        }
    }
    // To look does no harm, and the page that looks cannot read the answer.
    let look = Request::get("/api/v1/account").header(header::COOKIE, cookie(&admin.token));
    world.send(look.body(Body::empty()).expect("a request")).await.expect(200);
    // The plain name is taken only where the deployment itself is reached without TLS; of two cookies neither is.
    for cookies in [format!("valpero={}", admin.token), format!("{0}; {0}", cookie(&admin.token))] {
        let request = Request::get("/api/v1/account").header(header::COOKIE, &cookies);
        let reply = world.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.status, 401, "{cookies}");
    }
}

#[tokio::test]
async fn another_role_counts_from_the_next_request() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let admin = world.person(&owner, Role::Admin, None).await;
    let second = world.sign_in(&owner, admin.user).await;
    set_role(&world, &owner, &admin, "viewer").await.expect(200);
    for browser in [&admin, &second] {
        let refused = by_cookie(&world, browser, "PATCH", "/api/v1/account", json!({"language": "fi"})).await;
        assert_eq!(refused.problem().0, "missing_scope");
    }
    let logged = world.get("/api/v1/audit-log?action=person.role_changed", &owner).await.expect(200);
    assert_eq!(logged.json["data"].as_array().map(Vec::len), Some(1));
    set_role(&world, &owner, &admin, "viewer").await.expect(200);
    let logged = world.get("/api/v1/audit-log?action=person.role_changed", &owner).await.expect(200);
    assert_eq!(logged.json["data"].as_array().map(Vec::len), Some(1), "the same role again is not recorded");
    set_role(&world, &owner, &admin, "member").await.expect(200);
    by_cookie(&world, &second, "POST", "/api/v1/monitors", json!({"url": "https://example.com/"})).await.expect(201);
}

#[tokio::test]
async fn owners_alone_make_owners_and_an_account_keeps_one() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let owner = world.person(&tenant, Role::Owner, None).await;
    let admin = world.person(&tenant, Role::Admin, None).await;
    let path = |browser: &Browser| format!("/api/v1/people/{}", browser.user);
    let invite = json!({"email": "new@example.com", "role": "owner"});
    let invitations = "/api/v1/people/invitations";
    for (method, path, body) in [
        ("PATCH", path(&admin), json!({"role": "owner"})),
        ("PATCH", path(&owner), json!({"role": "viewer"})),
        ("DELETE", path(&owner), Value::Null),
        ("POST", invitations.to_owned(), invite.clone()),
    ] {
        let by_admin = by_cookie(&world, &admin, method, &path, body.clone()).await;
        assert_eq!(by_admin.problem().0, "owners_only", "{method} {path}");
        let by_key = world.call(method, &path, &tenant.token, body).await;
        assert_eq!(by_key.problem().0, "owners_only", "{method} {path}");
    }
    for (method, body) in [("PATCH", json!({"role": "admin"})), ("DELETE", Value::Null)] {
        let last = by_cookie(&world, &owner, method, &path(&owner), body).await;
        assert_eq!(last.problem().0, "last_owner", "{method}");
    }
    by_cookie(&world, &owner, "POST", invitations, invite).await.expect(201);
    by_cookie(&world, &owner, "PATCH", &path(&admin), json!({"role": "owner"})).await.expect(200);
    by_cookie(&world, &owner, "DELETE", &path(&owner), Value::Null).await.expect(200);
    assert_eq!(by_cookie(&world, &owner, "GET", "/api/v1/account", Value::Null).await.status, 401, "out at once");
    let last = by_cookie(&world, &admin, "DELETE", &path(&admin), Value::Null).await;
    assert_eq!(last.problem().0, "last_owner");
}

#[tokio::test]
async fn nobody_gives_more_than_they_hold() {
    use valpero_domain::{Scope, Scopes};
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let viewer = world.person(&tenant, Role::Viewer, None).await;
    let admin = world.person(&tenant, Role::Admin, None).await;
    let scopes = Scopes::parse([Scope::PeopleWrite]).expect("scopes");
    let key = world.key(tenant.account, Plan::Business, scopes).await;
    let of = |browser: &Browser| format!("/api/v1/people/{}", browser.user);
    for (method, path, body) in [
        ("POST", "/api/v1/people/invitations".to_owned(), json!({"email": "a@example.com", "role": "admin"})),
        ("POST", "/api/v1/people/invitations".to_owned(), json!({"email": "a@example.com", "role": "viewer"})),
        ("PATCH", of(&viewer), json!({"role": "admin"})),
        ("PATCH", of(&admin), json!({"role": "viewer"})),
        ("DELETE", of(&admin), Value::Null),
    ] {
        let refused = world.call(method, &path, &key, body).await;
        assert_eq!(refused.problem().0, "scope_beyond_key", "{method} {path}: {}", refused.json);
    }
    // A key answers for those that it mints, and for those that it rotates.
    let body = json!({"name": "first", "scopes": ["keys:write", "monitors:read"]});
    let first = by_cookie(&world, &admin, "POST", "/api/v1/keys", body).await.expect(201);
    let body = json!({"name": "second", "scopes": ["monitors:read"]});
    let second = world.call("POST", "/api/v1/keys", &first.text("/token"), body).await.expect(201);
    assert_eq!(second.text("/minted_by"), admin.user.to_string());
    let others =
        world.post("/api/v1/keys", &tenant, json!({"name": "ci", "scopes": ["monitors:read"]})).await.expect(201);
    assert_eq!(others.json["minted_by"], Value::Null);
    let path = format!("/api/v1/keys/{}/rotate", others.text("/id"));
    let rotated = by_cookie(&world, &admin, "POST", &path, json!({})).await.expect(201);
    assert_eq!(rotated.text("/minted_by"), admin.user.to_string());
}

#[tokio::test]
async fn invitations_are_counted_by_the_hour() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let path = "/api/v1/people/invitations";
    for number in 0..20 {
        let body = json!({"email": format!("a{number}@example.com"), "role": "viewer"});
        world.post(path, &tenant, body).await.expect(201);
    }
    let more = json!({"email": "more@example.com", "role": "viewer"});
    assert_eq!(world.post(path, &tenant, more.clone()).await.problem().0, "invitation_quota_reached");
    world.advance(3600);
    world.post(path, &tenant, more).await.expect(201);
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let world = World::new().await;
    for _ in 0..4 {
        let tenant = world.tenant(Plan::Business).await;
        let one = world.person(&tenant, Role::Owner, None).await;
        let other = world.person(&tenant, Role::Owner, None).await;
        let leave = async |browser: &Browser| {
            by_cookie(&world, browser, "DELETE", &format!("/api/v1/people/{}", browser.user), Value::Null).await.status
        };
        let ended = tokio::join!(leave(&one), leave(&other));
        let people = world.get("/api/v1/people", &tenant).await.expect(200);
        let owners =
            people.json["data"].as_array().expect("people").iter().filter(|one| one["role"] == "owner").count();
        assert_eq!(owners, 1, "{ended:?}");
    }
}

#[tokio::test]
async fn who_leaves_is_shown_with_the_keys_that_stay_behind() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    world.person(&tenant, Role::Owner, None).await;
    let leaver = world.person(&tenant, Role::Admin, None).await;
    let mint = async |name: &str| {
        let body = json!({"name": name, "scopes": ["monitors:read"]});
        by_cookie(&world, &leaver, "POST", "/api/v1/keys", body).await.expect(201)
    };
    let (kept, rotated) = (mint("grafana").await, mint("terraform").await);
    assert_eq!(kept.text("/minted_by"), leaver.user.to_string());
    let limit = world.call("GET", "/api/v1/monitors", &kept.text("/token"), Value::Null).await;
    assert_eq!(limit.header("x-ratelimit-limit"), "1000", "the plan's, not the session's");
    let path = format!("/api/v1/keys/{}/rotate", rotated.text("/id"));
    let rotated = world.post(&path, &tenant, Value::Null).await.expect(201);
    let path = format!("/api/v1/people/{}", leaver.user);
    let gone = world.call("DELETE", &path, &tenant.token, Value::Null).await.expect(200);
    let mut named: Vec<&str> =
        gone.json["keys"].as_array().expect("keys").iter().filter_map(|key| key["name"].as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["grafana", "terraform"], "also a successor");
    world.call("GET", "/api/v1/monitors", &rotated.text("/token"), Value::Null).await.expect(200);
    // Asked again, for instance because the answer was lost, it goes on with the keys.
    let again = format!("{path}?revoke_keys=true");
    let gone = world.call("DELETE", &again, &tenant.token, Value::Null).await.expect(200);
    assert_eq!(gone.json["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.call("GET", "/api/v1/monitors", &rotated.text("/token"), Value::Null).await.status, 401);
    assert_eq!(world.call("DELETE", &path, &tenant.token, Value::Null).await.problem().0, "not_found");

    let second = world.person(&tenant, Role::Admin, None).await;
    let body = json!({"name": "ci", "scopes": ["monitors:read"]});
    let key = by_cookie(&world, &second, "POST", "/api/v1/keys", body).await.expect(201).text("/token");
    let path = format!("/api/v1/people/{}?revoke_keys=true", second.user);
    let gone = world.call("DELETE", &path, &tenant.token, Value::Null).await.expect(200);
    assert!(gone.json["keys"][0]["revoked_at"].is_string(), "{}", gone.json);
    assert_eq!(world.call("GET", "/api/v1/monitors", &key, Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_persons_sessions_are_the_persons_own() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, None).await;
    world.advance(1);
    let phone = world.sign_in(&tenant, ada.user).await;
    let bob = world.person(&tenant, Role::Viewer, None).await;
    let listed = by_cookie(&world, &ada, "GET", "/api/v1/sessions", Value::Null).await.expect(200);
    let sessions = listed.json["data"].as_array().expect("sessions");
    let current: Vec<bool> = sessions.iter().map(|one| one["current"] == true).collect();
    assert_eq!((sessions.len(), current), (2, vec![true, false]));
    assert_eq!((sessions[1]["ip"].as_str(), sessions[1]["user_agent"].as_str()), (Some("192.0.2.7"), Some("tests/1")));
    let of = |browser: &Browser| format!("/api/v1/sessions/{}", SessionId::of_key(browser.session));
    assert_eq!(by_cookie(&world, &bob, "DELETE", &of(&phone), Value::Null).await.problem().0, "not_found");
    by_cookie(&world, &ada, "DELETE", &of(&phone), Value::Null).await.expect(204);
    assert_eq!(by_cookie(&world, &phone, "GET", "/api/v1/account", Value::Null).await.status, 401);
    by_cookie(&world, &ada, "GET", "/api/v1/account", Value::Null).await.expect(200);
    assert_eq!(world.get("/api/v1/sessions", &tenant).await.expect(200).json["data"], json!([]), "a key has none");
}

#[tokio::test]
async fn a_session_ends_after_two_weeks_of_silence_and_after_ninety_days_in_any_case() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, None).await;
    let looks = async || by_cookie(&world, &ada, "GET", "/api/v1/account", Value::Null).await.status.as_u16();
    let day = 86_400;
    for _ in 0..6 {
        world.advance(14 * day - 60);
        assert_eq!(looks().await, 200);
    }
    world.advance(7 * day);
    assert_eq!(looks().await, 401, "91 days old");
    let ada = world.sign_in(&tenant, ada.user).await;
    world.advance(14 * day);
    let silent = by_cookie(&world, &ada, "GET", "/api/v1/account", Value::Null).await;
    assert_eq!(silent.status, 401);
}

#[tokio::test]
async fn the_plan_bounds_people_with_those_who_are_invited() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Lite).await;
    world.person(&tenant, Role::Owner, None).await;
    let path = "/api/v1/people/invitations";
    let invite = async |email: &str| world.post(path, &tenant, json!({"email": email, "role": "viewer"})).await;
    let first = invite("a@example.com").await.expect(201);
    assert!(first.text("/invite_url").starts_with("https://valpero.example.com/enter/"), "{}", first.json);
    assert_eq!(invite("b@example.com").await.problem().0, "people_limit_reached");
    let listed = world.get(path, &tenant).await.expect(200);
    assert_eq!(
        (listed.json["data"][0]["email"].as_str(), &listed.json["data"][0]["invite_url"]),
        (Some("a@example.com"), &Value::Null)
    );
    world.call("DELETE", &format!("{path}/{}", first.text("/id")), &tenant.token, Value::Null).await.expect(204);
    invite("b@example.com").await.expect(201);
    world.advance(8 * 86_400);
    invite("c@example.com").await.expect(201);
    let people = world.get("/api/v1/people", &tenant).await.expect(200);
    let email = people.json["data"][0]["email"].as_str().expect("an address").to_owned();
    assert_eq!(invite(&email).await.problem().0, "already_member");
}
