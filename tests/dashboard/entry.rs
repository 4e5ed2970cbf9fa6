//! Coming in: links, passwords, wrong tries, sessions, and what other sites cannot do.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use futures::future::join_all;
use valpero_auth::{Password, PasswordHash};
use valpero_domain::{Plan, Role, mail_address::MailAddress};
use valpero_mail::Mailer;
use valpero_storage::SESSIONS_MAX;

use crate::harness::{
    Mailbox, Reply, Tenant, World, WorldOptions,
    people::{cookie, encoded},
};

/// A password's hash. Made once: it takes its time on purpose.
pub fn hash() -> PasswordHash {
    static HASH: std::sync::OnceLock<PasswordHash> = std::sync::OnceLock::new();
    HASH.get_or_init(|| Password::choose(PASSWORD).expect("a password").hash().expect("a hash")).clone()
}

pub const PASSWORD: &str = "correct horse";

/// The token in the answer's cookie.
pub fn session_of(reply: &Reply) -> Option<String> {
    let set = reply.headers.get(header::SET_COOKIE)?.to_str().expect("text");
    let value = set.strip_prefix("__Host-valpero=").expect("the cookie's name").split(';').next()?;
    (!value.is_empty()).then(|| value.to_owned())
}

async fn sign_in(world: &World, email: &str, password: &str) -> Reply {
    world.submit_as_nobody("/sign-in", &[("email", email), ("password", password)]).await
}

/// The paths of the links that were mailed, oldest first.
pub fn mailed_links(mailbox: &Mailbox) -> Vec<String> {
    let link = |mail: &String| {
        let mail = mail.replace("=\r\n", "");
        let (_, rest) = mail.split_once("https://valpero.example.com/enter/")?;
        let of_it = |one: &char| one.is_ascii_alphanumeric() || "-_".contains(*one);
        Some(format!("/enter/{}", rest.chars().take_while(of_it).collect::<String>()))
    };
    mailbox.messages().iter().filter_map(link).collect()
}

/// The path of the link in the last mail.
fn mailed_link(mailbox: &Mailbox) -> Option<String> {
    mailed_links(mailbox).pop()
}

#[tokio::test]
async fn a_link_leads_in_once_and_looking_at_it_uses_nothing_up() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let (_, link) = world.invitation(&tenant, "ada@example.com", Role::Owner).await;
    for _ in 0..2 {
        let page = world.call("GET", &link, "", serde_json::Value::Null).await;
        assert_eq!(page.status, 200);
        assert!(page.body().contains("ada@example.com"), "{}", page.body());
    }
    for (name, password, says) in [("", PASSWORD, "Name"), ("Ada", "short", "Password")] {
        let refused = world.submit_as_nobody(&link, &[("name", name), ("password", password)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body().contains(says) && session_of(&refused).is_none(), "{}", refused.body());
    }
    let form = [("name", "Ada"), ("password", PASSWORD), ("email", "eve@example.com")];
    let entered = world.submit_as_nobody(&link, &form).await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/monitors"));
    let set = entered.header("set-cookie");
    for part in ["__Host-valpero=val_ses_", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=7776000"] {
        assert!(set.contains(part), "{set} lacks {part}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let people = world.get("/api/v1/people", &tenant).await.expect(200);
    assert_eq!(people.text("/data/0/email"), "ada@example.com", "whoever is invited, and nobody else");
    for reply in [
        world.submit_as_nobody(&link, &form).await,
        world.call("GET", &link, "", serde_json::Value::Null).await,
        world.call("GET", "/enter/x", "", serde_json::Value::Null).await,
    ] {
        assert_eq!(reply.status, 404);
        assert!(reply.body().contains("leads nowhere") && session_of(&reply).is_none());
    }
    let actions = world.get("/api/v1/audit-log", &tenant).await.expect(200);
    let told: Vec<(&str, &str)> = actions.json["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["action"].as_str().expect("an action"), row["actor"]["name"].as_str().unwrap_or_default()))
        .collect();
    for action in ["person.joined", "session.opened"] {
        assert!(told.contains(&(action, "Ada")), "{told:?}");
    }
}

#[tokio::test]
async fn an_invitation_ends_by_time_and_by_withdrawal() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let (invitation, link) = world.invitation(&tenant, "ada@example.com", Role::Viewer).await;
    let path = format!("/api/v1/people/invitations/{}", invitation.id);
    world.call("DELETE", &path, &tenant.token, serde_json::Value::Null).await.expect(204);
    let form = [("name", "Ada"), ("password", PASSWORD)];
    assert_eq!(world.submit_as_nobody(&link, &form).await.status, 404);
    let (_, link) = world.invitation(&tenant, "ada@example.com", Role::Viewer).await;
    world.advance(7 * 86_400);
    assert_eq!(world.submit_as_nobody(&link, &form).await.status, 404, "seven days later");
}

#[tokio::test]
async fn known_and_unknown_people_are_answered_alike_and_the_right_password_opens_a_new_session() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let wrong = sign_in(&world, &ada.email, "wrong horse").await;
    let nobody = sign_in(&world, "nobody@example.com", "wrong horse").await;
    assert_eq!((wrong.status.as_u16(), nobody.status.as_u16()), (422, 422));
    let same = |reply: &Reply, email: &str| reply.body().replace(email, "X");
    assert_eq!(same(&wrong, &ada.email), same(&nobody, "nobody@example.com"));
    assert_eq!(wrong.usage.round_trips, nobody.usage.round_trips, "as many calls of the store");
    // A cookie from before, such as one that somebody else has set, is not the one afterwards.
    let fixed = cookie(&ada.token);
    let form = [("email", ada.email.as_str()), ("password", PASSWORD), ("next", "/incidents?status=open")];
    let request = world.form("/sign-in", &form).header(header::COOKIE, fixed).header("sec-fetch-site", "same-origin");
    let entered = world.send(request.body(encoded(&form)).expect("a request")).await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/incidents?status=open"));
    assert_ne!(session_of(&entered).as_deref(), Some(ada.token.as_str()));
    for next in ["//evil.example", "https://evil.example/", "/\\evil.example"] {
        let entered = world.submit_as_nobody("/sign-in", &[form[0], form[1], ("next", next)]).await;
        assert_eq!(entered.header("location"), "/", "{next}");
    }
    let upper = sign_in(&world, &ada.email.to_uppercase(), PASSWORD).await;
    assert_eq!(upper.status, 303, "the case of an address does not matter");
}

/// The same, from a client of this address.
/// A form from this address.
async fn submit_from(world: &World, ip: &str, path: &str, form: &[(&str, &str)]) -> Reply {
    let request = world.form(path, form).header("sec-fetch-site", "same-origin");
    let mut request = request.body(encoded(form)).expect("a request");
    let address = SocketAddr::new(ip.parse().expect("an address"), 4711);
    request.extensions_mut().insert(ConnectInfo(address));
    world.send(request).await
}

async fn from(world: &World, ip: &str, email: &str, password: &str) -> u16 {
    submit_from(world, ip, "/sign-in", &[("email", email), ("password", password)]).await.status.as_u16()
}

#[tokio::test]
async fn many_tries_are_stopped_and_the_owner_is_not_locked_out() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    assert_eq!(from(&world, "192.0.2.1", &ada.email, PASSWORD).await, 303, "home");
    // Many passwords from many addresses for one person.
    for host in 0..20 {
        assert_eq!(from(&world, &format!("198.51.100.{host}"), &ada.email, "wrong horse").await, 422);
    }
    assert_eq!(from(&world, "198.51.100.99", &ada.email, "wrong horse").await, 429);
    assert_eq!(from(&world, "198.51.100.99", &ada.email, PASSWORD).await, 429, "also the right one");
    assert_eq!(from(&world, "192.0.2.1", &ada.email, PASSWORD).await, 303, "from home it goes on");
    // One password for many people from one address.
    for person in 0..20 {
        assert_eq!(from(&world, "203.0.113.1", &format!("p{person}@example.com"), "wrong horse").await, 422);
    }
    assert_eq!(from(&world, "203.0.113.1", "other@example.com", "wrong horse").await, 429);
    world.advance(900);
    assert_eq!(from(&world, "203.0.113.1", &ada.email, PASSWORD).await, 303, "a quarter of an hour later");
    // Who knows the password is not stopped by using it.
    for _ in 0..25 {
        assert_eq!(from(&world, "203.0.113.2", &ada.email, PASSWORD).await, 303);
    }
}

#[tokio::test]
async fn the_answer_about_a_forgotten_password_does_not_wait_for_slow_mail() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://127.0.0.1:{}", server.local_addr().expect("an address").port());
    let from = MailAddress::try_from("valpero@example.com".to_owned()).expect("an address");
    let mailer = Mailer::smtp(url.parse().expect("a URL"), &from).expect("a mailer");
    let world = World::with(WorldOptions { mailer, ..WorldOptions::default() }).await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let known = world.submit_as_nobody("/forgot", &[("email", &ada.email)]).await.expect(200);
    let (connection, _) = server.accept().await.expect("the mail's connection");
    // It has not been given up: it still waits for the server's first word.
    let read = connection.try_read(&mut [0]);
    assert_eq!(read.map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock));
    let nobody = world.submit_as_nobody("/forgot", &[("email", "nobody@example.com")]).await;
    assert_eq!((known.status, known.body()), (nobody.status, nobody.body()));
}

#[tokio::test]
async fn who_asks_for_links_is_counted_by_the_network_that_a_client_has() {
    let mailbox = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    let tenant = world.tenant(Plan::Business).await;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push((format!("2001:db8::{number}"), world.person(&tenant, Role::Viewer, Some(hash())).await.email));
    }
    let asked = people.iter().map(async |(ip, email)| submit_from(&world, ip, "/forgot", &[("email", email)]).await);
    for answer in join_all(asked).await {
        answer.expect(200);
    }
    assert_eq!(mailbox.messages().len(), 9, "three times what one address may have");
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_mailed_link_and_signs_out_everywhere() {
    let mailbox = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let nobody = world.submit_as_nobody("/forgot", &[("email", "nobody@example.com")]).await;
    assert!(mailed_link(&mailbox).is_none());
    let known = world.submit_as_nobody("/forgot", &[("email", &ada.email)]).await;
    assert_eq!((known.status, known.body()), (nobody.status, nobody.body()));
    let link = mailed_link(&mailbox).expect("a link");
    let form = [("password", "another horse")];
    let (one, other) = tokio::join!(world.submit_as_nobody(&link, &form), world.submit_as_nobody(&link, &form));
    let [set, late] = if one.status == 303 { [one, other] } else { [other, one] };
    assert_eq!((set.status.as_u16(), late.status.as_u16()), (303, 422), "once, also by two at once");
    assert!(session_of(&set).is_some());
    assert_eq!(world.page("/monitors", &ada).await.header("location"), "/sign-in?next=%2Fmonitors", "signed out");
    assert_eq!(sign_in(&world, &ada.email, PASSWORD).await.status, 422);
    assert_eq!(sign_in(&world, &ada.email, "another horse").await.status, 303);
    assert_eq!(world.submit_as_nobody(&link, &[("password", "third horse")]).await.status, 404, "once");
    // Bounded, without a word.
    let before = mailbox.messages().len();
    for _ in 0..5 {
        world.submit_as_nobody("/forgot", &[("email", &ada.email)]).await.expect(200);
    }
    assert_eq!(mailbox.messages().len() - before, 2, "three in a quarter of an hour");
    let link = mailed_link(&mailbox).expect("a link");
    world.advance(3600);
    assert_eq!(world.submit_as_nobody(&link, &[("password", "third horse")]).await.status, 404, "an hour later");
}

#[tokio::test]
async fn an_invitation_is_mailed_where_mail_is_sent() {
    let mailbox = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    let tenant = world.tenant(Plan::Business).await;
    let body = serde_json::json!({"email": "new@example.com", "role": "member"});
    let invited = world.post("/api/v1/people/invitations", &tenant, body).await.expect(201);
    assert_eq!(invited.json["mailed"], true);
    let link = mailed_link(&mailbox).expect("a link");
    assert!(invited.text("/invite_url").ends_with(&link));
    let entered = world.submit_as_nobody(&link, &[("name", "New"), ("password", PASSWORD)]).await;
    assert_eq!(entered.status, 303);
}

#[tokio::test]
async fn a_person_who_is_known_joins_a_second_account_by_the_password_and_changes_between_them() {
    let world = World::new().await;
    let (first, second) = (world.tenant(Plan::Business).await, world.tenant(Plan::Business).await);
    let ada = world.person(&first, Role::Viewer, Some(hash())).await;
    let (_, link) = world.invitation(&second, &ada.email, Role::Admin).await;
    let refused = world.submit_as_nobody(&link, &[("name", "Eve"), ("password", "another horse")]).await;
    assert_eq!(refused.status, 422, "the link alone is not enough for who has a password");
    let entered = world.submit_as_nobody(&link, &[("password", PASSWORD)]).await;
    assert_eq!(entered.status, 303);
    let people = async |tenant: &Tenant| world.get("/api/v1/people", tenant).await.expect(200).json["data"].clone();
    let (here, there) = (people(&first).await, people(&second).await);
    assert_eq!(here[0]["user_id"], there[0]["user_id"]);
    assert_eq!((&here[0]["role"], &there[0]["role"]), (&"viewer".into(), &"admin".into()));
    let account = second.account.to_string();
    let switched = world.submit("/settings/two-factor", &ada, &[("do", "switch"), ("account", &account)]).await;
    assert_eq!(switched.status, 303);
    assert_eq!(world.page("/monitors", &ada).await.status, 303, "the session there takes the place of the one here");
    let ada = world.sign_in(&first, ada.user).await;
    let stranger = world.tenant(Plan::Business).await.account.to_string();
    let refused = world.submit("/settings/two-factor", &ada, &[("do", "switch"), ("account", &stranger)]).await;
    assert_eq!(refused.status, 404);
    let here = first.account.to_string();
    let same = world.submit("/settings/two-factor", &ada, &[("do", "switch"), ("account", &here)]).await;
    assert!(session_of(&same).is_none(), "a session does not renew itself");
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_pages_cannot_be_framed() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Owner, Some(hash())).await;
    let form = [("url", "https://example.com/"), ("email", ada.email.as_str()), ("password", PASSWORD)];
    for path in ["/monitors", "/sign-in", "/sign-out", "/forgot", "/settings/two-factor"] {
        for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x-nothing", "")] {
            let request = world.form(path, &form).header(header::COOKIE, cookie(&ada.token)).header(name, value);
            let reply = world.send(request.body(encoded(&form)).expect("a request")).await;
            assert_eq!(reply.status, 403, "{path} {name}: {}", reply.body());
            assert!(session_of(&reply).is_none());
            // As browsers send it from elsewhere: without the cookie, which it must not take away.
            let request = world.form(path, &form).header(name, value);
            let reply = world.send(request.body(encoded(&form)).expect("a request")).await;
            assert!(reply.headers.get(header::SET_COOKIE).is_none(), "{path} {name}: signs nobody out");
        }
    }
    let monitors = world.get("/api/v1/monitors", &tenant).await.expect(200);
    assert_eq!(monitors.json["data"], serde_json::json!([]));
    for (path, who) in [("/monitors", Some(&ada)), ("/sign-in", None), ("/nowhere", Some(&ada))] {
        let page = match who {
            Some(browser) => world.page(path, browser).await,
            None => world.call("GET", path, "", serde_json::Value::Null).await,
        };
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("x-frame-options", "DENY")]
        {
            assert_eq!(page.header(name), value, "{path}");
        }
        assert!(page.header("strict-transport-security").starts_with("max-age="));
    }
}

#[tokio::test]
async fn who_was_removed_or_has_signed_out_is_led_to_the_door() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    world.person(&tenant, Role::Owner, None).await;
    let ada = world.person(&tenant, Role::Admin, Some(hash())).await;
    let other = world.sign_in(&tenant, ada.user).await;
    world.page("/monitors", &ada).await.expect(200);
    let out = world.submit("/sign-out", &ada, &[]).await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/sign-in"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.page("/", &ada).await.header("location"), "/sign-in");
    world.page("/monitors", &other).await.expect(200);
    let path = format!("/api/v1/people/{}", ada.user);
    world.call("DELETE", &path, &tenant.token, serde_json::Value::Null).await.expect(200);
    let tab = world.page("/monitors", &other).await;
    assert_eq!((tab.status.as_u16(), tab.header("location")), (303, "/sign-in?next=%2Fmonitors"));
    let form = world.submit("/monitors", &other, &[("url", "https://example.com/")]).await;
    assert_eq!(form.header("location"), "/sign-in");
    let again = sign_in(&world, &ada.email, PASSWORD).await;
    assert_eq!(again.status, 403, "the password is right, and there is no account");
    assert!(session_of(&again).is_none());
}

#[tokio::test]
async fn many_who_sign_in_at_once_have_no_more_sessions_than_one_after_the_other() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let many = (0..40).map(|_| sign_in(&world, &ada.email, PASSWORD));
    let opened = join_all(many).await.iter().filter(|reply| reply.status == 303).count();
    assert!(opened > 0);
    let sessions = world.stack.app.store.sessions(tenant.account, ada.user).await.expect("sessions");
    assert!(sessions.len() <= SESSIONS_MAX, "{} sessions", sessions.len());
    let path = format!("/api/v1/people/{}", ada.user);
    world.call("DELETE", &path, &tenant.token, serde_json::Value::Null).await.expect(200);
}

#[tokio::test]
async fn an_invitation_ends_with_whoever_made_it() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    world.person(&tenant, Role::Owner, None).await;
    let admin = world.person(&tenant, Role::Admin, None).await;
    let form = [("email", "back@example.com"), ("role", "admin")];
    let page = world.submit("/settings/people/invitations", &admin, &form).await;
    let (_, rest) = page.body().split_once("https://valpero.example.com/enter/").expect("the link, once");
    let link = format!("/enter/{}", rest.chars().take(43).collect::<String>());
    assert_eq!(world.call("GET", &link, "", serde_json::Value::Null).await.status, 200);
    let path = format!("/api/v1/people/{}", admin.user);
    world.call("DELETE", &path, &tenant.token, serde_json::Value::Null).await.expect(200);
    let back = world.submit_as_nobody(&link, &[("name", "Back"), ("password", PASSWORD)]).await;
    assert_eq!(back.status, 404);
}

#[tokio::test]
async fn of_many_sessions_the_oldest_ends() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let mut last = String::new();
    for _ in 0..SESSIONS_MAX {
        world.advance(60);
        last = session_of(&sign_in(&world, &ada.email, PASSWORD).await).expect("a session");
    }
    assert_eq!(world.page("/monitors", &ada).await.status, 303, "the one before all of these");
    let request = Request::get("/api/v1/sessions").header(header::COOKIE, cookie(&last));
    let listed = world.send(request.body(Body::empty()).expect("a request")).await.expect(200);
    assert_eq!(listed.json["data"].as_array().map(Vec::len), Some(SESSIONS_MAX));
}
