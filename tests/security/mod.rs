//! The outbound guard, on the real probe: everything that is not the public internet is refused, with a clear outcome.

mod policies;

use rustls::RootCertStore;
use serde_json::json;
use valpero_domain::{
    Plan, Timestamp,
    check::Check,
    http_check::HttpCheck,
    monitor::HttpUrl,
    probe::{ErrorCode, Outcome},
};
use valpero_outbound::{Guard, Outbound, Tls};

use crate::harness::{Site, World, WorldOptions, fixed_names};

fn deny(names: &[(&str, &[&str])]) -> Outbound {
    Outbound::new(Guard::public_only(), fixed_names(names), Tls::trusting(RootCertStore::empty()).expect("TLS"))
}

async fn outcome(outbound: &Outbound, url: &str) -> (Outcome, Option<ErrorCode>) {
    let url = HttpUrl::try_from(url.to_owned()).unwrap_or_else(|error| panic!("{url}: {error}"));
    let result =
        valpero_outbound::probe(outbound, &Check::Http(url, HttpCheck::default()), 1_000, Timestamp::from_ms(0))
            .await
            .0;
    (result.outcome, result.cause.map(|cause| cause.code))
}

const BLOCKED: (Outcome, Option<ErrorCode>) = (Outcome::Down, Some(ErrorCode::BlockedAddress));

#[tokio::test]
async fn literal_addresses_in_every_spelling_are_refused() {
    let outbound = deny(&[]);
    for url in [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.170.2/",
        "http://[fd00:ec2::254]/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0x7f.0.0.0x1/",
        "http://0/",
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://198.18.0.1/",
        "http://①②⑦.⓪.⓪.①/",
    ] {
        assert_eq!(outcome(&outbound, url).await, BLOCKED, "{url}");
    }
}

#[tokio::test]
async fn names_that_resolve_to_private_addresses_are_refused() {
    let private = [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "fd00::1",
        "100.100.100.100",
    ];
    for address in private {
        let outbound = deny(&[("sneaky.example", &[address])]);
        assert_eq!(outcome(&outbound, "http://sneaky.example/").await, BLOCKED, "{address}");
    }
}

#[tokio::test]
async fn user_names_that_look_like_hosts_are_refused_before_anything_is_sent() {
    for url in [
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1:80@example.com/",
        "http://example.com:pw@[::1]/",
        "http://@127.0.0.1@x/",
    ] {
        assert!(HttpUrl::try_from(url.to_owned()).is_err(), "{url}");
    }
    // A backslash is a slash to the URL standard, so this is the host 127.0.0.1, and refused as that.
    assert_eq!(outcome(&deny(&[]), "http://127.0.0.1\\@example.com/").await, BLOCKED);
}

#[tokio::test]
async fn a_name_that_resolves_differently_the_second_time_is_vetted_the_second_time() {
    let site = Site::start().await;
    let outbound = deny(&[("rebind.example", &["192.0.2.1", "127.0.0.1"])]);
    let url = format!("http://rebind.example:{}/", site.address().port());
    for _ in 0..3 {
        assert_eq!(outcome(&outbound, &url).await, BLOCKED);
    }
    assert!(site.requests().is_empty(), "nothing ever reached it");
}

#[tokio::test]
async fn a_redirect_to_our_own_store_is_refused_even_where_private_targets_are_allowed() {
    let (site, hidden) = (Site::start().await, Site::start().await);
    let guard = Guard::allowing_private(vec![hidden.address()]);
    let outbound = Outbound::new(guard, fixed_names(&[]), Tls::trusting(RootCertStore::empty()).expect("TLS"));
    let port = hidden.address().port();
    // Every name of that very socket; another loopback address is another socket.
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]"] {
        site.says(format!("HTTP/1.1 307 X\r\nlocation: http://{host}:{port}/\r\ncontent-length: 0\r\n\r\n").as_bytes());
        assert_eq!(outcome(&outbound, &site.url()).await, BLOCKED, "{host}");
    }
    assert!(hidden.requests().is_empty());
}

#[tokio::test]
async fn a_monitor_whose_name_points_inside_says_so_in_its_checks() {
    let site = Site::start().await;
    let names = fixed_names(&[("inside.example", &["127.0.0.1"])]);
    let world = World::with(WorldOptions { private_targets: false, resolver: names, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, &format!("http://inside.example:{}/", site.address().port()), json!({})).await;
    world.tick().await;
    let checks = world.get(&format!("/api/v1/monitors/{id}/checks"), &owner).await.expect(200);
    assert_eq!(checks.data()[0]["error"]["code"], "blocked_address");
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn literals_are_refused_when_a_monitor_is_made_or_changed() {
    let world = World::with(WorldOptions { private_targets: false, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let id = world.monitor(&owner, "https://example.com/", json!({})).await;
    for url in ["http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/", "http://169.254.169.254/"] {
        let made = world.post("/api/v1/monitors", &owner, json!({"url": url})).await.expect(422);
        assert_eq!(made.problem().1, ["/url"], "{url}");
        let patch = json!({"webhook_url": url});
        let changed = world.call("PATCH", &format!("/api/v1/monitors/{id}"), &owner.token, patch).await.expect(422);
        assert_eq!(changed.problem().1, ["/webhook_url"], "{url}");
    }
}
