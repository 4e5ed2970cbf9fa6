//! The http probe against real sockets.

use std::sync::Arc;

use rustls::RootCertStore;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpListener};
use valpero_domain::{
    Fields, Timestamp,
    check::Check,
    http_check::HttpCheck,
    monitor::HttpUrl,
    probe::{ErrorCode, Outcome, ProbeResult},
};
use valpero_outbound::{Guard, Outbound, Resolve, Tls};

use crate::harness::{Site, fixed_names};

/// Ways out to loopback, where names resolve as this resolver says.
pub fn outbound(resolver: Arc<dyn Resolve>, roots: RootCertStore) -> Outbound {
    Outbound::new(Guard::allowing_private(Vec::new()), resolver, Tls::trusting(roots).expect("TLS"))
}

async fn probe(url: &str, settings: Value) -> ProbeResult {
    let check: HttpCheck = {
        let mut faults = valpero_domain::Faults::default();
        let mut fields = Fields::of(&settings, "/http", &mut faults);
        let check = HttpCheck::read(&mut fields, &mut faults);
        fields.finish(&mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        check
    };
    let url = HttpUrl::try_from(url.to_owned()).expect("a URL");
    valpero_outbound::probe(
        &outbound(fixed_names(&[]), RootCertStore::empty()),
        &Check::Http(url, check),
        2_000,
        Timestamp::from_ms(0),
    )
    .await
    .0
}

fn code(result: &ProbeResult) -> Option<ErrorCode> {
    result.cause.as_ref().map(|cause| cause.code)
}

#[tokio::test]
async fn the_expected_status_decides() {
    let site = Site::start().await;
    for (answer, expected, outcome) in [
        (200, "200-299", Outcome::Up),
        (404, "200-299", Outcome::Down),
        (404, "404", Outcome::Up),
        (503, "200,503", Outcome::Up),
    ] {
        site.answers(answer);
        let result = probe(&site.url(), json!({"expected_status": expected})).await;
        assert_eq!((result.outcome, result.http_status), (outcome, Some(answer)), "{answer} for {expected}");
    }
}

#[tokio::test]
async fn method_headers_and_body_reach_the_target() {
    let site = Site::start().await;
    let settings = json!({"method": "POST", "headers": {"X-Token": "abc", "User-Agent": "mine"}, "body": "a=1"});
    assert_eq!(probe(&format!("{}a?b=c", site.url()), settings).await.outcome, Outcome::Up);
    let request = site.requests().remove(0);
    assert!(request.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{request}");
    for part in ["x-token: abc\r\n", "user-agent: mine\r\n", "content-length: 3\r\n"] {
        assert!(request.contains(part), "{part} is not in {request}");
    }
    assert!(request.contains(&format!("host: {}\r\n", site.address())));
}

#[tokio::test]
async fn a_post_without_a_body_announces_its_length() {
    let site = Site::start().await;
    assert_eq!(probe(&site.url(), json!({"method": "POST"})).await.outcome, Outcome::Up);
    assert!(site.requests()[0].contains("content-length: 0\r\n"), "{}", site.requests()[0]);
}

#[tokio::test]
async fn phases_are_measured_and_add_up() {
    let site = Site::start().await;
    let result = probe(&site.url(), json!({})).await;
    let phases = result.phases;
    assert_eq!((phases.dns_us, phases.tls_us), (None, None), "a literal address over plain HTTP");
    let sum = phases.connect_us.zip(phases.first_byte_us).map(|(connect, first_byte)| connect + first_byte);
    assert_eq!(sum, Some(phases.total_us()));
    assert!(phases.total_us() > 0);
}

#[tokio::test]
async fn redirects_are_followed_to_the_end_or_taken_as_they_are() {
    let (site, other) = (Site::start().await, Site::start().await);
    site.says(format!("HTTP/1.1 302 Found\r\nlocation: {}landed\r\ncontent-length: 0\r\n\r\n", other.url()).as_bytes());
    let settings = json!({"method": "POST", "body": "x", "headers": {"authorization": "Bearer s3cret"}});
    let result = probe(&site.url(), settings).await;
    assert_eq!((result.outcome, result.http_status), (Outcome::Up, Some(200)));
    let landed = other.requests().remove(0);
    assert!(landed.starts_with("GET /landed "), "{landed}");
    assert!(!landed.contains("s3cret"), "credentials are for the origin that the owner named");
    let as_is = probe(&site.url(), json!({"follow_redirects": false, "expected_status": "302"})).await;
    assert_eq!((as_is.outcome, as_is.http_status), (Outcome::Up, Some(302)));
}

#[tokio::test]
async fn endless_and_senseless_redirects_end() {
    let site = Site::start().await;
    site.says(b"HTTP/1.1 301 X\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(code(&probe(&site.url(), json!({})).await), Some(ErrorCode::RedirectLimit));
    assert_eq!(site.requests().len(), 11, "the first and ten more");
    for location in ["ftp://example.com/", "http://user:pass@127.0.0.1/", "http://"] {
        site.says(format!("HTTP/1.1 301 X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").as_bytes());
        assert_eq!(code(&probe(&site.url(), json!({})).await), Some(ErrorCode::RedirectInvalid), "{location}");
    }
}

#[tokio::test]
async fn every_way_to_fail_has_its_own_code() {
    let site = Site::start().await;
    site.hangs_up();
    assert_eq!(code(&probe(&site.url(), json!({})).await), Some(ErrorCode::ConnectionClosed));
    site.says(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    assert_eq!(code(&probe(&site.url(), json!({})).await), Some(ErrorCode::HttpProtocol));
    let flood =
        [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-flood: 0123456789abcdef0123456789abcdef\r\n".repeat(10_000)].concat();
    site.says(&flood);
    assert_eq!(code(&probe(&site.url(), json!({})).await), Some(ErrorCode::HttpProtocol));
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    assert_eq!(code(&probe(&format!("http://{closed}/"), json!({})).await), Some(ErrorCode::ConnectRefused));
    assert_eq!(code(&probe("http://nowhere.example/", json!({})).await), Some(ErrorCode::DnsNxdomain));
}

#[tokio::test]
async fn a_target_that_never_answers_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = HttpUrl::try_from(format!("http://{}/", listener.local_addr().expect("an address"))).expect("a URL");
    let swallow = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("the prober hangs up");
    });
    let ways = outbound(fixed_names(&[]), RootCertStore::empty());
    let result =
        valpero_outbound::probe(&ways, &Check::Http(url, HttpCheck::default()), 200, Timestamp::from_ms(0)).await.0;
    assert_eq!((result.outcome, code(&result)), (Outcome::Down, Some(ErrorCode::ResponseTimeout)));
    assert!(result.phases.first_byte_us.is_some_and(|us| us >= 100_000), "the time waited is told");
    swallow.await.expect("the connection ends with the probe");
}
