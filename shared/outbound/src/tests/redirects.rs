//! What goes along with redirects: cookies, and headers that are no credentials.

use super::*;

/// A server that gives these answers in turn, each on a connection of its own, and what it heard.
async fn turns(said: Vec<String>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    (listener.local_addr().expect("an address").port(), serve(listener, said))
}

fn serve(listener: TcpListener, said: Vec<String>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut heard = Vec::new();
        for said in said {
            let (stream, _) = listener.accept().await.expect("a connection");
            heard.push(answer(stream, said.as_bytes()).await);
        }
        heard
    })
}

fn moved(location: &str, more: &str) -> String {
    format!("HTTP/1.1 307 Moved\r\nlocation: {location}\r\n{more}content-length: 0\r\n\r\n")
}

fn ok() -> String {
    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()
}

/// The value of a header in the head of a request.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn cookies_are_sent_back_within_the_chain() {
    let (port, heard) = turns(vec![
        moved("/a/b", "set-cookie: one=1; Path=/; Max-Age=60\r\nset-cookie: own=new; Path=/\r\n"),
        moved("/a/c", "set-cookie: two=2\r\nset-cookie: one=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
        ok(),
        ok(),
    ])
    .await;
    let monitor = json!({
        "url": format!("http://site.example:{port}/"),
        "http": {"headers": {"Cookie": "own=old; kept=yes"}},
    });
    let outbound = outbound(RootCertStore::empty(), false);
    assert_eq!(code(&seen(&outbound, &monitor).await), None);
    // Another probe begins without them.
    assert_eq!(code(&seen(&outbound, &monitor).await), None);
    let heard = heard.await.expect("heard");
    let cookies: Vec<Option<&str>> = heard.iter().map(|head| header(head, "cookie")).collect();
    let expected = ["own=old; kept=yes", "kept=yes; one=1; own=new", "kept=yes; two=2; own=new", "own=old; kept=yes"];
    assert_eq!(cookies, expected.map(Some));
}

#[tokio::test]
async fn credentials_stay_at_home_and_harmless_headers_go_along() {
    let home = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = home.local_addr().expect("an address").port();
    let back = moved(&format!("http://home.example:{port}/back"), "set-cookie: there=1; Path=/\r\n");
    let (away, heard_away) = turns(vec![back]).await;
    let heard_home =
        serve(home, vec![moved(&format!("http://away.example:{away}/"), "set-cookie: here=1; Path=/\r\n"), ok()]);
    let headers = json!({
        "User-Agent": "Mozilla/5.0", "Accept": "text/html", "Accept-Language": "de", "Cookie": "own=1", "X-Api-Key": "s3cret",
        "Authorization": "Bearer s3cret", "Proxy-Authorization": "Basic s3cret", "Content-Type": "application/json",
    });
    let monitor = json!({
        "url": format!("http://home.example:{port}/"),
        "http": {"method": "POST", "body": "{\"password\":\"s3cret\"}", "headers": headers},
    });
    assert_eq!(code(&seen(&outbound(RootCertStore::empty(), false), &monitor).await), None);
    let [first, last] = heard_home.await.expect("heard").try_into().expect("two requests");
    let [away] = heard_away.await.expect("heard").try_into().expect("one request");
    assert!(!away.contains("s3cret") && !away.contains("here=1"), "{away}");
    for (name, everywhere, at_home) in [
        ("user-agent", Some("Mozilla/5.0"), Some("Mozilla/5.0")),
        ("accept", Some("text/html"), Some("text/html")),
        ("accept-language", Some("de"), Some("de")),
        ("x-api-key", None, Some("s3cret")),
        ("authorization", None, Some("Bearer s3cret")),
        ("proxy-authorization", None, Some("Basic s3cret")),
        ("cookie", None, Some("own=1")),
        ("content-type", None, Some("application/json")),
    ] {
        assert_eq!(header(&away, name), everywhere, "{name}");
        assert_eq!(header(&first, name), at_home, "{name}");
    }
    // Back at home the owner's headers are sent again, and what home set before; the body is not.
    assert_eq!(header(&last, "authorization"), Some("Bearer s3cret"));
    assert_eq!(header(&last, "cookie"), Some("own=1; here=1"));
    assert_eq!((header(&last, "content-type"), header(&last, "content-length")), (None, Some("0")));
}

#[tokio::test]
async fn a_packed_body_is_unpacked_whatever_was_asked_for() {
    // `ok`, with the frame of zlib, and in zstd.
    let zlib = b"\x78\x9c\xcb\xcf\x06\x00\x01\x4b\x00\xdb";
    let zstd = b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00ok";
    for (coding, body, expected) in [
        ("deflate", &zlib[..], None),
        ("deflate", &zlib[2..6], None),
        ("zstd", zstd, None),
        ("compress", b"ok", Some(ErrorCode::BodyEncoding)),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n", body.len());
        let (port, hearing) = site([head.as_bytes(), body].concat()).await;
        let http = json!({"keyword": {"contains": "ok"}, "headers": {"Accept-Encoding": "gzip, deflate, br, zstd"}});
        let monitor = json!({"url": format!("http://site.example:{port}/"), "http": http});
        let result = seen(&outbound(RootCertStore::empty(), false), &monitor).await;
        assert_eq!(code(&result), expected, "{coding} {:?}", result.cause);
        assert_eq!(header(&hearing.await.expect("heard"), "accept-encoding"), Some("gzip, deflate, br, zstd"));
    }
}
