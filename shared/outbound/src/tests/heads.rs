//! Response heads and bodies of HTTP/1.x that curl reads.

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\n";
const BODY: &str = "Content-Length: 2\r\n\r\nok";

/// What a check says that looks for `ok` in what a server sends before it closes.
async fn verdict(sent: &[u8]) -> Option<ErrorCode> {
    let (port, hearing) = site(sent.to_vec()).await;
    let monitor = json!({"url": format!("http://site.example:{port}/"), "http": {"keyword": {"contains": "ok"}}});
    let result = seen(&outbound(RootCertStore::empty(), false), &monitor).await;
    hearing.await.expect("heard");
    code(&result)
}

#[tokio::test]
async fn heads_that_curl_reads_are_read() {
    let many = |count: usize| format!("{OK}{}{BODY}", (0..count).map(|n| format!("X-{n}: y\r\n")).collect::<String>());
    for head in [
        many(101),
        many(5_000),
        format!("{OK}X-A: a\r\n b\r\n\tc\r\n{BODY}"),
        format!("{OK}X-A:\r\n  \r\n{BODY}"),
        format!("{OK}Content-Length:\r\n 2\r\n\r\nok"),
        format!("{OK}Content-Length \t: 2\r\n\r\nok and more"),
        format!("{OK}X A: a\r\n{BODY}"),
        format!("{OK}X\u{1}A: a\r\n{BODY}"),
        format!("{OK}Xé: a\r\n{BODY}"),
        format!("{OK}: a\r\n{BODY}"),
        format!("{OK} X-A: a\r\n{BODY}"),
        format!("{OK}X-A: a\u{1}\u{7f}b\rc\r\n{BODY}"),
        format!("HTTP/1.1 200 OK\nX: y\n{}", BODY.replace('\r', "")),
        format!("\r\n{OK}{BODY}"),
        format!("http/1.1 200 ok\r\n{BODY}"),
        format!("HTTP/1.2 200 OK\r\n{BODY}"),
        format!("HTTP/1.1  200 OK\r\n{BODY}"),
        format!("HTTP/1.1 200\r\n{BODY}"),
        format!("HTTP/1.1 200 \r\n{BODY}"),
        format!("HTTP/1.1 200OK\r\n{BODY}"),
        format!("HTTP/1.1 200 O\u{1}K é\r\n{BODY}"),
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink : x\u{1}\r\n\r\nHTTP/1.1 102 P\r\n\r\n{OK}{BODY}"),
        format!("{OK}Content-Length: 2\r\n{BODY}"),
        format!("{OK}Content-Length: 2, 2\r\n\r\nok"),
        format!("{OK}Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=\"b\"\r\nok\r\n0\r\nX-T: y\r\n\r\n"),
        format!("{OK}Transfer-Encoding \t: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.0 200 OK\r\n\r\nok".to_owned(),
        format!("{OK}\r\nok"),
    ] {
        assert_eq!(verdict(head.as_bytes()).await, None, "{head:.200}");
    }
}

#[tokio::test]
async fn what_is_no_response_is_still_told() {
    let endless = format!("{OK}{}", "X-More: and more\r\n".repeat(5_000));
    let many = format!("{OK}{}{BODY}", "a:\n".repeat(5_200));
    for head in [
        many,
        endless,
        format!("{OK}no colon here\r\n{BODY}"),
        format!("HTTP/1.1 200 {}", "x".repeat(70_000)),
        format!("{OK}X-A: a\0b\r\n{BODY}"),
        format!("{OK}Content-Length: 3\r\n{BODY}"),
        format!("{OK}Content-Length: +2\r\n\r\nok"),
        format!("HTTP/1.1 2000 OK\r\n{BODY}"),
        format!("HTTP/1.1 099 OK\r\n{BODY}"),
        format!("HTTP/2 200 OK\r\n{BODY}"),
        format!("HTTP/1.1\r\n{BODY}"),
        "SSH-2.0-OpenSSH_9.2p1\r\n".to_owned(),
        "<html>hello</html>\n".to_owned(),
    ] {
        assert_eq!(verdict(head.as_bytes()).await, Some(ErrorCode::HttpProtocol), "{head:.200}");
    }
}

#[tokio::test]
async fn a_request_says_that_it_is_the_last_of_its_connection() {
    let (port, hearing) = site(format!("{OK}{BODY}").into_bytes()).await;
    let monitor = json!({"url": format!("http://site.example:{port}/")});
    seen(&outbound(RootCertStore::empty(), false), &monitor).await;
    let heard = hearing.await.expect("heard");
    assert!(heard.contains("connection: close\r\n"), "{heard}");
}

#[tokio::test]
async fn a_header_with_control_characters_keeps_its_meaning() {
    let (port, landing) = site(format!("{OK}{BODY}").into_bytes()).await;
    let moved =
        format!("HTTP/1.0 302\r\nLocation:\u{1}\r\n http://b.example:{port}/\u{7f}\r\nContent-Length: 0\r\n\r\n");
    let (first, leaving) = site(moved.into_bytes()).await;
    let monitor = json!({"url": format!("http://a.example:{first}/")});
    let outbound = outbound(RootCertStore::empty(), false);
    let mut faults = Faults::default();
    let check = Check::read(&mut Fields::of(&monitor, "", &mut faults), true, &mut faults).expect("a check");
    let (result, facts) = probe(&outbound, &check, 5_000, NOW).await;
    assert_eq!((code(&result), facts.http_version), (None, Some(http::Version::HTTP_11)), "{:?}", result.cause);
    assert!(landing.await.expect("heard").contains("connection: close\r\n"));
    leaving.await.expect("heard");
}

#[tokio::test]
async fn the_version_is_the_one_that_the_target_spoke() {
    for (version, expected) in [("HTTP/1.0", http::Version::HTTP_10), ("HTTP/1.1", http::Version::HTTP_11)] {
        let (port, hearing) = site(format!("{version} 200 OK\r\n{BODY}").into_bytes()).await;
        let monitor = json!({"url": format!("http://a.example:{port}/")});
        let mut faults = Faults::default();
        let check = Check::read(&mut Fields::of(&monitor, "", &mut faults), true, &mut faults).expect("a check");
        let (_, facts) = probe(&outbound(RootCertStore::empty(), false), &check, 5_000, NOW).await;
        assert_eq!(facts.http_version, Some(expected));
        hearing.await.expect("heard");
    }
}
