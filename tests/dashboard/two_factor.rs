//! The second factor: set up, asked for, used once, taken away.

use serde_json::Value;
use valpero_auth::TotpSecret;
use valpero_domain::{Plan, Role, Timestamp};

use super::entry::{PASSWORD, hash, mailed_links, session_of};
use crate::harness::{Browser, Mailbox, Reply, World, WorldOptions};

/// The code of the secret at a moment: of all codes the one that fits.
fn code(secret: &str, at: Timestamp) -> String {
    let secret: TotpSecret = serde_json::from_str(&format!("{secret:?}")).expect("a secret");
    let step = u64::try_from(at.seconds() / 30).expect("a step");
    let fits = |code: &String| secret.step_of(code, at, None) == Some(step);
    (0..1_000_000).map(|number| format!("{number:06}")).find(fits).expect("one of all codes")
}

/// What stands between two marks of a page.
fn between(page: &str, before: &str, after: &str) -> String {
    let (_, rest) = page.split_once(before).expect("the mark");
    rest.split_once(after).expect("the other mark").0.to_owned()
}

const PAGE: &str = "/settings/two-factor";

async fn set_up(world: &World, ada: &Browser) -> String {
    assert_eq!(world.submit(PAGE, ada, &[("do", "offer"), ("old", "wrong horse")]).await.status, 422);
    world.submit(PAGE, ada, &[("do", "offer"), ("old", PASSWORD)]).await.expect(303);
    let page = world.page(PAGE, ada).await.expect(200);
    let secret = between(page.body(), "<code id=\"secret\">", "</code>");
    assert!(page.body().contains("<svg class=\"qr\""));
    let wrong = world.submit(PAGE, ada, &[("do", "confirm"), ("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    let right = code(&secret, world.now());
    let on = world.submit(PAGE, ada, &[("do", "confirm"), ("code", &right)]).await;
    assert_eq!(on.header("location"), "/settings/two-factor?done=two_factor_on");
    secret
}

async fn password(world: &World, ada: &Browser) -> Reply {
    world.submit_as_nobody("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await
}

async fn give(world: &World, asked: &Reply, code: &str) -> Reply {
    let step = between(asked.body(), "name=\"step\" value=\"", "\"");
    world.submit_as_nobody("/sign-in/code", &[("step", &step), ("code", code)]).await
}

#[tokio::test]
async fn a_code_is_asked_for_and_is_good_once() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let secret = set_up(&world, &ada).await;
    let people = world.get("/api/v1/people", &tenant).await.expect(200);
    assert_eq!(people.json["data"][0]["has_totp"], true);

    let first = password(&world, &ada).await.expect(200);
    assert!(session_of(&first).is_none(), "the password alone opens nothing");
    let used = code(&secret, world.now());
    assert_eq!(give(&world, &first, &used).await.status, 422, "the code that turned it on was used by it");
    world.advance(30);
    let next = code(&secret, world.now());
    let entered = give(&world, &first, &next).await;
    assert_eq!(entered.status, 303);
    assert!(session_of(&entered).is_some());
    assert_eq!(give(&world, &first, &next).await.header("location"), "/sign-in", "the step is over");
    let second = password(&world, &ada).await.expect(200);
    assert_eq!(give(&world, &second, &next).await.status, 422, "seen over a shoulder");
    world.advance(301);
    let late = code(&secret, world.now());
    assert_eq!(give(&world, &second, &late).await.header("location"), "/sign-in", "five minutes later");
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let secret = set_up(&world, &ada).await;
    world.advance(30);
    let asked = password(&world, &ada).await.expect(200);
    for _ in 0..5 {
        assert_eq!(give(&world, &asked, "000000").await.status, 422);
    }
    let right = code(&secret, world.now());
    assert_eq!(give(&world, &asked, &right).await.status, 429);
    let anew = password(&world, &ada).await.expect(200);
    assert_eq!(give(&world, &anew, &right).await.status, 429, "the password again does not help");
}

#[tokio::test]
async fn a_link_to_a_new_password_is_no_way_around_the_code() {
    let mailbox = Mailbox::new();
    let world = World::with(WorldOptions { mailer: mailbox.mailer(), ..WorldOptions::default() }).await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let secret = set_up(&world, &ada).await;
    world.advance(30);
    let step = password(&world, &ada).await.expect(200);
    for _ in 0..2 {
        world.submit_as_nobody("/forgot", &[("email", &ada.email)]).await.expect(200);
    }
    let links = mailed_links(&mailbox);
    let guess =
        async |code: &str| world.submit_as_nobody(&links[0], &[("password", "another horse"), ("code", code)]).await;
    for _ in 0..5 {
        assert_eq!(guess("000000").await.status, 422);
    }
    let right = code(&secret, world.now());
    assert!(guess(&right).await.body().contains("Too many tries"));
    world.advance(900);
    let right = code(&secret, world.now());
    assert_eq!(guess(&right).await.status, 303);
    let other = world.submit_as_nobody(&links[1], &[("password", "third horse"), ("code", "000000")]).await;
    assert_eq!(other.status, 404, "the password that it was for is no more");
    assert_eq!(give(&world, &step, "000000").await.header("location"), "/sign-in", "nor is the step after the old one");
}

#[tokio::test]
async fn it_is_turned_off_by_a_code_alone_and_the_password_is_changed_by_the_password() {
    let world = World::new().await;
    let tenant = world.tenant(Plan::Business).await;
    let ada = world.person(&tenant, Role::Viewer, Some(hash())).await;
    let other = world.sign_in(&tenant, ada.user).await;
    let secret = set_up(&world, &ada).await;
    assert_eq!(world.submit(PAGE, &ada, &[("do", "remove"), ("code", "000000")]).await.status, 422);
    // An offer does not replace what is in force.
    world.submit(PAGE, &ada, &[("do", "offer"), ("old", PASSWORD)]).await.expect(303);
    let page = world.page(PAGE, &ada).await.expect(200);
    assert!(!page.body().contains("id=\"secret\""), "the secret is shown once");
    world.advance(30);
    let right = code(&secret, world.now());
    world.submit(PAGE, &ada, &[("do", "remove"), ("code", &right)]).await.expect(303);
    assert_eq!(password(&world, &ada).await.status, 303);

    let change = async |old: &str| {
        let form = [("do", "password"), ("old", old), ("password", "another horse")];
        world.submit(PAGE, &ada, &form).await.status.as_u16()
    };
    assert_eq!((change("wrong horse").await, change(PASSWORD).await), (422, 303));
    assert_eq!(world.page("/monitors", &other).await.status, 303, "others are signed out");
    world.page("/monitors", &ada).await.expect(200);
    let log = world.get("/api/v1/audit-log?limit=200", &tenant).await.expect(200).json;
    let seen = |action: &str| log["data"].as_array().expect("rows").iter().any(|row| row["action"] == action);
    for action in ["person.totp_set", "person.totp_removed", "person.password_set", "session.ended"] {
        assert!(seen(action), "{action}");
    }
    let _: Value = log;
}
