//! Connections that are refused before a request is processed, and how connections end.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::HeaderMap;
use hyper::body::Bytes;
use tokio::time::{sleep, timeout};
use tokio_rustls::server::TlsStream;
use valpero_domain::monitor::HttpUrl;

use super::seen as probed;
use super::*;
use crate::webhook;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const NO_ERROR: u8 = 0;
const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;
const HTTP_1_1_REQUIRED: u8 = 13;

/// A frame of HTTP/2 whose payload is short.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

fn reset(reason: u8) -> Vec<u8> {
    frame(RESET, 0, 1, &[0, 0, 0, reason])
}

fn go_away(last: u8, reason: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, reason])
}

/// 200, and nothing else.
fn ok() -> Vec<u8> {
    frame(HEADERS, 5, 1, &[0x88])
}

/// What a server saw of its connections: the protocol of each, and how each ended.
type Seen = Arc<Mutex<Vec<String>>>;

fn note(seen: &Seen, what: impl Into<String>) {
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
}

fn noted(seen: &Seen) -> Vec<String> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The protocols of the connections.
fn connections(seen: &Seen) -> Vec<String> {
    noted(seen).into_iter().filter(|what| what.starts_with("h")).collect()
}

/// A server of HTTP/2 and HTTP/1.1 that sends the next of these texts on each connection of HTTP/2, once it has been asked.
async fn http2_site(said: Vec<Vec<u8>>) -> (u16, Seen, RootCertStore) {
    let (mut config, roots) = tls_server("site.example");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Seen::default();
    let noting = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut said = said.into_iter();
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut tls = acceptor.accept(stream).await.expect("a handshake");
            let protocol = String::from_utf8_lossy(tls.get_ref().1.alpn_protocol().unwrap_or_default()).into_owned();
            note(&noting, &protocol);
            if protocol == "h2" {
                tls.write_all(&frame(SETTINGS, 0, 0, &[])).await.expect("written");
                heard_headers(&mut tls).await;
                tls.write_all(&said.next().expect("as many texts as connections")).await.expect("written");
                tls.flush().await.expect("written");
                let noting = Arc::clone(&noting);
                tokio::spawn(async move {
                    let end = end(&mut tls).await;
                    note(&noting, end);
                });
            } else {
                answer(&mut tls, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                let end = end(&mut tls).await;
                note(&noting, end);
            }
        }
    });
    (port, seen, roots)
}

/// Reads the preface of a connection, and its frames up to the one that asks.
async fn heard_headers(tls: &mut TlsStream<tokio::net::TcpStream>) {
    let mut preface = [0; 24];
    tls.read_exact(&mut preface).await.expect("a preface");
    loop {
        let mut head = [0; 9];
        tls.read_exact(&mut head).await.expect("a frame");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        tls.read_exact(&mut vec![0; length]).await.expect("its payload");
        if head[3] == HEADERS {
            return;
        }
    }
}

/// How the other side leaves.
async fn end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut last = Vec::new();
    match stream.read_to_end(&mut last).await {
        Ok(_) if last.windows(5).any(|part| part == [GOAWAY, 0, 0, 0, 0]) => "said goodbye".to_owned(),
        Ok(_) => "ended".to_owned(),
        Err(error) => format!("broke: {:?}", error.kind()),
    }
}

/// What was noted, once there is this much of it.
async fn all_noted(seen: &Seen, count: usize) -> Vec<String> {
    let enough = async {
        while noted(seen).len() < count {
            sleep(Duration::from_millis(1)).await;
        }
    };
    // What is missing is missing from what is returned, too.
    let _late = timeout(Duration::from_secs(5), enough).await;
    noted(seen)
}

#[tokio::test]
async fn a_request_that_was_not_processed_is_sent_again() {
    let interim = [frame(HEADERS, 4, 1, &[8, 3, b'1', b'0', b'3']), ok()].concat();
    for (name, said, expected, protocols) in [
        ("1.1 for a stream", vec![reset(HTTP_1_1_REQUIRED)], None, vec!["h2", "http/1.1"]),
        ("1.1 for all", vec![go_away(0, HTTP_1_1_REQUIRED)], None, vec!["h2", "http/1.1"]),
        (
            "1.1 after a refusal",
            vec![reset(REFUSED_STREAM), reset(HTTP_1_1_REQUIRED)],
            None,
            vec!["h2", "h2", "http/1.1"],
        ),
        ("refused", vec![reset(REFUSED_STREAM), ok()], None, vec!["h2", "h2"]),
        ("gone before it", vec![go_away(0, NO_ERROR), ok()], None, vec!["h2", "h2"]),
        ("gone in anger", vec![go_away(0, INTERNAL_ERROR), ok()], None, vec!["h2", "h2"]),
        (
            "refused twice",
            vec![reset(REFUSED_STREAM), go_away(0, NO_ERROR)],
            Some(ErrorCode::ConnectionClosed),
            vec!["h2", "h2"],
        ),
        ("failed", vec![reset(INTERNAL_ERROR)], Some(ErrorCode::ConnectionClosed), vec!["h2"]),
        ("gone after it", vec![[go_away(1, NO_ERROR), ok()].concat()], None, vec!["h2"]),
        ("hinted", vec![interim], None, vec!["h2"]),
    ] {
        let (port, seen, roots) = http2_site(said).await;
        let monitor = json!({"url": format!("https://site.example:{port}/")});
        let result = probed(&outbound(roots, false), &monitor).await;
        assert_eq!(code(&result), expected, "{name}: {:?}", result.cause);
        assert_eq!(connections(&seen), protocols, "{name}");
    }
}

#[tokio::test]
async fn a_webhook_that_was_not_processed_is_sent_again() {
    let (port, seen, roots) = http2_site(vec![go_away(0, NO_ERROR), reset(HTTP_1_1_REQUIRED)]).await;
    let url = HttpUrl::try_from(format!("https://site.example:{port}/")).expect("a URL");
    let sent = webhook::post(&outbound(roots, false), &url, HeaderMap::new(), Bytes::from_static(b"{}"), NOW).await;
    assert_eq!(sent.map(|reply| reply.status), Ok(200));
    assert_eq!(connections(&seen), ["h2", "h2", "http/1.1"]);
}

#[tokio::test]
async fn http2_and_tls_end_with_a_goodbye() {
    let body = [frame(HEADERS, 4, 1, &[0x88]), frame(DATA, 1, 1, b"ok")].concat();
    let begun = [frame(HEADERS, 4, 1, &[0x88]), frame(DATA, 0, 1, b"ok")].concat();
    for (said, http) in [
        (ok(), json!({})),
        (body.clone(), json!({})),
        (body, json!({"keyword": {"contains": "ok"}})),
        // A body that does not end.
        (begun, json!({})),
    ] {
        let (port, seen, roots) = http2_site(vec![said]).await;
        let monitor = json!({"url": format!("https://site.example:{port}/"), "http": http});
        assert_eq!(code(&probed(&outbound(roots, false), &monitor).await), None);
        assert_eq!(all_noted(&seen, 2).await, ["h2", "said goodbye"], "{http}");
    }
    let (port, seen, roots) = http2_site(vec![reset(HTTP_1_1_REQUIRED)]).await;
    let monitor = json!({"url": format!("https://site.example:{port}/")});
    assert_eq!(code(&probed(&outbound(roots, false), &monitor).await), None);
    // With close_notify, or rustls would call it an error.
    assert_eq!(all_noted(&seen, 4).await, ["h2", "said goodbye", "http/1.1", "ended"]);
}

/// A server of one request that answers with a body, says whether it is over, and tells how the other side leaves.
async fn body_site(body: usize, is_whole: bool) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let length = if is_whole { body } else { body + 1 };
    let said = [format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes(), vec![b'x'; body]].concat();
    let leaving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        answer(&mut stream, &said).await;
        end(&mut stream).await
    });
    (port, leaving)
}

#[tokio::test]
async fn a_body_that_is_not_read_is_no_reset() {
    for (body, is_whole) in [(0, true), (2, true), (2, false), (60_000, true), (50_000, false)] {
        let (port, leaving) = body_site(body, is_whole).await;
        let monitor = json!({"url": format!("http://site.example:{port}/")});
        assert_eq!(code(&probed(&outbound(RootCertStore::empty(), false), &monitor).await), None);
        assert_eq!(leaving.await.expect("told"), "ended", "{body} {is_whole}");
    }
}

#[tokio::test]
async fn a_body_without_end_does_not_hold_a_probe_up() {
    let (port, _leaving) = body_site(10, false).await;
    let monitor = json!({"url": format!("http://site.example:{port}/"), "timeout_ms": 1_000});
    let outbound = outbound(RootCertStore::empty(), false);
    let probing = probed(&outbound, &monitor);
    assert_eq!(code(&timeout(Duration::from_millis(500), probing).await.expect("soon")), None);
}
