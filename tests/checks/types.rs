//! Every type of check against real sockets, and through the API.

use std::{io::Write, net::SocketAddr, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use http_body_util::Full;
use hyper::{Response, body::Bytes, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::RootCertStore;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use valpero_domain::{
    Faults, Fields, Plan, Timestamp,
    check::Check,
    probe::{ErrorCode, Outcome, ProbeResult},
};
use valpero_outbound::{Facts, Guard, Outbound, Tls};

use super::{certificates::certificate, probing::outbound};
use crate::harness::{Site, World, WorldOptions, fixed_names, turning_names};

fn check(body: &Value) -> Check {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let check = Check::read(&mut fields, true, &mut faults);
    fields.finish(&mut faults);
    faults.finish(check).unwrap_or_else(|faults| panic!("{body}: {faults:?}"))
}

async fn probe(body: Value) -> ProbeResult {
    let ways = outbound(fixed_names(&[("site.example", &["127.0.0.1"])]), RootCertStore::empty());
    valpero_outbound::probe(&ways, &check(&body), 1_000, Timestamp::from_ms(0)).await.0
}

fn seen(result: &ProbeResult) -> (Outcome, Option<ErrorCode>) {
    (result.outcome, result.cause.as_ref().map(|cause| cause.code))
}

fn down(code: ErrorCode) -> (Outcome, Option<ErrorCode>) {
    (Outcome::Down, Some(code))
}

const UP: (Outcome, Option<ErrorCode>) = (Outcome::Up, None);

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("packed");
    encoder.finish().expect("packed")
}

#[tokio::test]
async fn bodies_are_read_and_judged() {
    let site = Site::start().await;
    let keyword = json!({"keyword": {"contains": "all good"}});
    let fields = json!({"json": [{"path": "$.status", "op": "eq", "value": "ok"}]});
    let packed = gzip(b"all good");
    let bomb = gzip(&vec![b'a'; 4 << 20]);
    for (answer, settings, expected) in [
        (answer("", b"yes, all good"), &keyword, UP),
        (answer("", b"all bad"), &keyword, down(ErrorCode::KeywordMissing)),
        (answer("", b"boo"), &json!({"keyword": {"not_contains": "boo"}}), down(ErrorCode::KeywordPresent)),
        (answer("content-encoding: gzip\r\n", &packed), &keyword, UP),
        (answer("content-encoding: gzip\r\n", &packed[..12]), &keyword, down(ErrorCode::BodyEncoding)),
        (answer("content-encoding: gzip\r\n", &bomb), &keyword, down(ErrorCode::BodyTooLarge)),
        (answer("content-encoding: br\r\n", b"\x8b\x03\x80all good\x03"), &keyword, UP),
        (answer("content-encoding: zstd\r\n", b"all good"), &keyword, down(ErrorCode::BodyEncoding)),
        (answer("", &vec![b'a'; (1 << 20) + 1]), &keyword, down(ErrorCode::BodyTooLarge)),
        (answer("", br#"{"status": "ok"}"#), &fields, UP),
        (answer("", br#"{"status": "no"}"#), &fields, down(ErrorCode::JsonMismatch)),
        (answer("", b"<html>"), &fields, down(ErrorCode::JsonInvalid)),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nall".to_vec(), &keyword, down(ErrorCode::ConnectionClosed)),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n".to_vec(),
            &keyword,
            down(ErrorCode::HttpProtocol),
        ),
    ] {
        site.says(&answer);
        let result = probe(json!({"url": site.url(), "http": settings})).await;
        let start = String::from_utf8_lossy(&answer[..answer.len().min(80)]).into_owned();
        assert_eq!(seen(&result), expected, "{start} {:?}", result.cause);
    }
    assert!(site.requests()[0].contains("accept-encoding: gzip, br\r\n"), "{}", site.requests()[0]);
}

#[tokio::test]
async fn who_asks_says_who_they_are() {
    let site = Site::start().await;
    let auth = json!({"basic_auth": {"username": "Aladdin", "password": "open sesame"}});
    assert_eq!(seen(&probe(json!({"url": site.url(), "http": auth})).await), UP);
    let request = site.requests().remove(0);
    // The example of RFC 7617.
    assert!(request.contains("authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{request}");
}

#[tokio::test]
async fn a_slow_target_is_slow_or_down_as_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).await.expect("a request") > 0);
            // So long it takes, by the clock of the probe.
            tokio::time::pause();
            tokio::time::advance(std::time::Duration::from_millis(20)).await;
            tokio::time::resume();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("written");
        }
    });
    let asked = |more: &str| json!({"url": url, "http": {"max_response_time_ms": 1, "slow_outcome": more}});
    assert_eq!(seen(&probe(asked("slow")).await), (Outcome::Slow, Some(ErrorCode::SlowResponse)));
    assert_eq!(seen(&probe(asked("down")).await), down(ErrorCode::TooSlow));
    serving.await.expect("served");
}

#[tokio::test]
async fn http2_is_spoken_where_tls_negotiates_it() {
    let (mut server, roots) = certificate("site.example", 2020, 2090);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let tls = TlsAcceptor::from(Arc::new(server)).accept(stream).await.expect("a handshake");
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
            let said = format!("{} {:?}", request.uri(), request.version());
            Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(said))))
        });
        // It ends with the prober's connection, which is cut.
        let _cut = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(tls), service)
            .await;
    });
    let url = format!("https://site.example:{port}/a?b=c");
    let said = format!("{url} HTTP/2.0");
    let ways = outbound(fixed_names(&[("site.example", &["127.0.0.1"])]), roots);
    let check = check(&json!({"url": url, "http": {"keyword": {"contains": said}}}));
    let now: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
    let (result, facts) = valpero_outbound::probe(&ways, &check, 5_000, now).await;
    assert_eq!(seen(&result), UP, "{:?}", result.cause);
    let Facts { http_version, remote, certificate, .. } = facts;
    assert_eq!((http_version, remote.map(|remote| remote.port())), (Some(hyper::Version::HTTP_2), Some(port)));
    let names = certificate.and_then(|certificate| certificate.describe()).map(|described| described.names);
    assert_eq!(names, Some(vec!["site.example".to_owned()]));
    serving.await.expect("the connection ends with the probe");
}

#[tokio::test]
async fn the_next_address_is_tried_where_one_fails() {
    let site = Site::start().await;
    let url = format!("http://both.example:{}/", site.address().port());
    // IPv4 goes first; nobody listens at the first of them.
    let ways = outbound(turning_names(&["::1", "127.0.0.2", "127.0.0.1"]), RootCertStore::empty());
    let check = check(&json!({"url": url}));
    let (result, facts) = valpero_outbound::probe(&ways, &check, 2_000, Timestamp::from_ms(0)).await;
    assert_eq!((seen(&result), facts.remote), (UP, Some(site.address())));
}

#[tokio::test]
async fn a_fault_has_the_same_words_in_whatever_order_addresses_come() {
    let names = turning_names(&["127.0.0.3", "127.0.0.2", "::1", "127.0.0.4"]);
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let check = check(&json!({"url": format!("http://many.example:{port}/")}));
    let refusing = outbound(Arc::clone(&names), RootCertStore::empty());
    let blocking = Outbound::new(Guard::public_only(), names, Tls::trusting(RootCertStore::empty()).expect("TLS"));
    for _ in 0..4 {
        let (result, _) = valpero_outbound::probe(&refusing, &check, 2_000, Timestamp::from_ms(0)).await;
        let said = result.cause.expect("refused");
        assert_eq!(said.code, ErrorCode::ConnectRefused);
        assert_eq!(said.detail, format!("127.0.0.2:{port} refused the connection."));
        let (result, _) = valpero_outbound::probe(&blocking, &check, 2_000, Timestamp::from_ms(0)).await;
        let said = result.cause.expect("blocked").detail;
        assert_eq!(said, "many.example is 127.0.0.2, 127.0.0.3, 127.0.0.4, ::1, which is not on the public internet.");
    }
}

/// A server that greets, and then says what it hears.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut part = [0; 64];
                // The prober may have gone: that is its right.
                let _gone = stream.write_all(b"220 ready\r\n").await;
                while let Ok(read @ 1..) = stream.read(&mut part).await {
                    let _gone = stream.write_all(&part[..read]).await;
                    if part[..read].contains(&b'!') {
                        break;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn tcp_connects_sends_and_expects() {
    let address = echo().await;
    let (host, port) = (address.ip().to_string(), address.port());
    let tcp = |more: Value| {
        let mut settings = json!({"host": host, "port": port});
        settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        probe(json!({"check_type": "tcp", "tcp": settings}))
    };
    let connected = tcp(json!({})).await;
    assert_eq!(seen(&connected), UP);
    assert!(connected.phases.connect_us.is_some() && connected.phases.first_byte_us.is_none());
    assert_eq!(seen(&tcp(json!({"expect": "220 "})).await), UP);
    assert_eq!(seen(&tcp(json!({"send": "PING", "expect": "ready\r\nPING"})).await), UP);
    assert_eq!(seen(&tcp(json!({"send": "PING!", "expect": "PONG"})).await), down(ErrorCode::TcpMismatch));
    assert_eq!(seen(&tcp(json!({"expect": "nothing of this"})).await), down(ErrorCode::TcpMismatch));
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let refused = json!({"check_type": "ping", "ping": {"host": "127.0.0.1", "port": closed}});
    assert_eq!(seen(&probe(refused).await), down(ErrorCode::ConnectRefused));
    let ping = probe(json!({"check_type": "ping", "ping": {"host": "site.example", "port": port}})).await;
    assert_eq!(seen(&ping), UP);
    let phases = ping.phases;
    let sum = phases.dns_us.zip(phases.connect_us).map(|(dns, connect)| dns + connect);
    assert_eq!(sum, Some(phases.total_us()));
}

#[tokio::test]
async fn a_certificate_is_looked_at_before_its_end() {
    for (now, trusted, expected) in [
        ("2089-06-01T00:00:00Z", true, UP),
        ("2089-12-25T00:00:00Z", true, down(ErrorCode::TlsExpiring)),
        ("2089-06-01T00:00:00Z", false, down(ErrorCode::TlsUntrusted)),
    ] {
        let (server, roots) = certificate("site.example", 2020, 2090);
        let roots = if trusted { roots } else { RootCertStore::empty() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            TlsAcceptor::from(Arc::new(server)).accept(stream).await.map(drop).map_err(|error| error.to_string())
        });
        let ways = outbound(fixed_names(&[("site.example", &["127.0.0.1"])]), roots);
        let check = check(&json!({"check_type": "ssl", "ssl": {"host": "site.example", "port": port}}));
        let now: Timestamp = now.parse().expect("a time");
        let (result, _) = valpero_outbound::probe(&ways, &check, 2_000, now).await;
        assert_eq!(seen(&result), expected, "{now} {:?}", result.cause);
        let expiry = result.certificate_expires_at.map(|at| at.to_string());
        assert_eq!(expiry.as_deref(), Some("2090-01-01T00:00:00.000Z"), "known whatever the verdict");
        assert_eq!(serving.await.expect("served"), Ok(()), "the handshake itself is complete");
    }
}

#[tokio::test]
async fn every_type_is_made_checked_and_changed_through_the_api() {
    let names = fixed_names(&[("site.example", &["127.0.0.1"])]);
    let world = World::with(WorldOptions { resolver: names, ..WorldOptions::default() }).await;
    let owner = world.tenant(Plan::Business).await;
    let address = echo().await;
    let port = address.port();
    for (body, target, status, code) in [
        (
            json!({"check_type": "tcp", "tcp": {"host": "site.example", "port": port}}),
            format!("site.example:{port}"),
            "up",
            None,
        ),
        (json!({"check_type": "ping", "ping": {"host": "127.0.0.1", "port": port}}), address.to_string(), "up", None),
        (
            json!({"check_type": "dns", "dns": {"name": "site.example", "expected": ["127.0.0.1"]}}),
            "site.example A".to_owned(),
            "up",
            None,
        ),
        (
            json!({"check_type": "dns", "retries": 0, "dns": {"name": "site.example", "expected": ["192.0.2.1"]}}),
            "site.example A".to_owned(),
            "down",
            Some("dns_mismatch"),
        ),
        (
            json!({"check_type": "ssl", "retries": 0, "ssl": {"host": "site.example", "port": port}}),
            format!("site.example:{port}"),
            "down",
            Some("tls_handshake"),
        ),
    ] {
        let made = world.post("/api/v1/monitors", &owner, body.clone()).await.expect(201).json;
        let kind = body["check_type"].as_str().expect("a type");
        assert_eq!((&made["target"], &made["url"], made[kind].is_object()), (&json!(target), &Value::Null, true));
        world.tick().await;
        world.tick().await;
        let id = made["id"].as_str().expect("an id");
        assert_eq!(world.status(&owner, id).await, status, "{body}");
        let checks = world.get(&format!("/api/v1/monitors/{id}/checks?limit=1"), &owner).await.expect(200);
        assert_eq!(checks.json["data"][0]["error"]["code"].as_str(), code, "{}", checks.json);
        let (path, to) = (format!("/api/v1/monitors/{id}"), json!({"check_type": null, "url": "http://127.0.0.1:9/"}));
        let patched = world.call("PATCH", &path, &owner.token, to).await.expect(200).json;
        assert_eq!((&patched["check_type"], &patched[kind]), (&json!("http"), &Value::Null));
    }
}
