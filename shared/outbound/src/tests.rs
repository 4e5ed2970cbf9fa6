//! Probes of loopback from end to end.

use std::{
    future::pending,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use futures::{FutureExt, future::BoxFuture};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use valpero_domain::{
    Faults, Fields, Timestamp,
    check::Check,
    dns_check::RecordType,
    dns_name::DnsName,
    probe::{Cause, ErrorCode, ProbeResult},
};

mod connections;
mod heads;
mod redirects;

use crate::{DnsAnswers, Guard, LOOKUPS, Outbound, Resolve, Tls, probe};

/// When certificates are judged: rcgen's are valid from 1975 to 4096.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Every name is this machine's, or is never answered.
struct Names {
    silent: bool,
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, Cause>> {
        if self.silent { pending().boxed() } else { async { Ok(vec![Ipv4Addr::LOCALHOST.into()]) }.boxed() }
    }

    fn records<'a>(
        &'a self,
        _: &'a DnsName,
        _: RecordType,
        _: &'a [SocketAddr],
    ) -> BoxFuture<'a, Result<DnsAnswers, Cause>> {
        if self.silent {
            pending().boxed()
        } else {
            async { Ok(DnsAnswers { records: vec!["127.0.0.1".to_owned()], cnames: Vec::new(), ttl_s: 60 }) }.boxed()
        }
    }

    fn is_well(&self) -> BoxFuture<'_, bool> {
        async { true }.boxed()
    }
}

fn outbound(roots: RootCertStore, silent: bool) -> Outbound {
    let guard = Guard::allowing_private(Vec::new());
    Outbound::new(guard, Arc::new(Names { silent }), Tls::trusting(roots).expect("TLS"))
}

async fn seen(outbound: &Outbound, monitor: &Value) -> ProbeResult {
    let mut faults = Faults::default();
    let mut fields = Fields::of(monitor, "", &mut faults);
    let check = Check::read(&mut fields, true, &mut faults).expect("a check");
    assert!(faults.is_empty(), "{faults:?}");
    probe(outbound, &check, 5_000, NOW).await.0
}

fn code(result: &ProbeResult) -> Option<ErrorCode> {
    result.cause.as_ref().map(|cause| cause.code)
}

/// Reads the head of a request, and answers.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, said: &[u8]) -> String {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(read @ 1..) => head.extend_from_slice(&part[..read]),
            _ => return String::new(),
        }
    }
    // The prober may have gone: that is its right.
    let _gone = stream.write_all(said).await;
    String::from_utf8(head).expect("a head")
}

/// A server of one request: its port, and what it hears.
async fn site(said: Vec<u8>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let hearing = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        answer(stream, &said).await
    });
    (port, hearing)
}

/// A TLS server with a certificate for this name, and who vouches for it.
fn tls_server(name: &str) -> (ServerConfig, RootCertStore) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &authority).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).expect("a root");
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("a server");
    (config, roots)
}

/// A server of one request behind TLS, with a certificate for this name and who vouches for it; what it hears begins with the name that
/// the handshake asked for.
async fn secure_site(name: &str) -> (u16, JoinHandle<(Option<String>, String)>, RootCertStore) {
    let (config, roots) = tls_server(name);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let hearing = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let tls = TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("a handshake");
        let asked = tls.get_ref().1.server_name().map(str::to_owned);
        (asked, answer(tls, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await)
    });
    (port, hearing, roots)
}

#[tokio::test]
async fn a_certificate_is_looked_at_whatever_its_host_is_called() {
    for (host, name, told, expected) in [
        ("my_app", "my_app", true, None),
        ("foo_bar.site.example", "*.site.example", true, None),
        ("my_app", "other.example", true, Some(ErrorCode::TlsHostname)),
        // These are no host names to TLS.
        ("-a.site.example", "*.site.example", false, None),
        ("a+b{}.site.example", "*.site.example", false, None),
        ("a+b.site.example", "site.example", false, Some(ErrorCode::TlsHostname)),
    ] {
        let (port, hearing, roots) = secure_site(name).await;
        let result = seen(&outbound(roots, false), &json!({"url": format!("https://{host}:{port}/")})).await;
        assert_eq!(code(&result), expected, "{host} {:?}", result.cause);
        let (asked, head) = hearing.await.expect("heard");
        assert_eq!(asked.as_deref(), told.then_some(host), "{host}");
        assert!(expected.is_some() || head.contains(&format!("host: {host}:{port}\r\n")), "{head}");
    }
    let (port, hearing, roots) = secure_site("my_app").await;
    let ssl = json!({"check_type": "ssl", "ssl": {"host": "my_app", "port": port}});
    assert_eq!(code(&seen(&outbound(roots, false), &ssl).await), None);
    assert_eq!(hearing.await.expect("heard").0.as_deref(), Some("my_app"));
}

#[tokio::test]
async fn a_server_of_an_old_tls_version_is_asked_once_more_which_one_it_speaks() {
    for (hello, expected) in [
        (Some([3, 1]), "The target speaks TLS 1.0 and nothing newer, which is too old to be safe."),
        (Some([3, 0]), "The target speaks SSL 3.0 and nothing newer, which is too old to be safe."),
        (None, ErrorCode::TlsProtocol.sentence()),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            // An alert of one fatal `protocol_version`, then the beginning of a ServerHello.
            let second = hello.map(|[major, minor]| vec![22, 3, 1, 0, 6, 2, 0, 0, 2, major, minor]);
            for said in [vec![21, 3, 1, 0, 2, 2, 70], second.unwrap_or_default()] {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                assert!(stream.read(&mut [0; 2048]).await.expect("a hello") > 0);
                stream.write_all(&said).await.expect("written");
            }
        });
        let ssl = json!({"check_type": "ssl", "ssl": {"host": "old.example", "port": port}});
        let cause = seen(&outbound(RootCertStore::empty(), false), &ssl).await.cause.expect("too old");
        assert_eq!((cause.code, cause.detail.as_str()), (ErrorCode::TlsProtocol, expected));
        serving.await.expect("asked twice");
    }
}

#[tokio::test]
async fn a_redirect_leads_to_any_host() {
    let (port, landing) = site(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let moved = format!("HTTP/1.1 302 Found\r\nlocation: http://my_app:{port}/\r\ncontent-length: 0\r\n\r\n");
    let (first, leaving) = site(moved.into_bytes()).await;
    let result =
        seen(&outbound(RootCertStore::empty(), false), &json!({"url": format!("http://a_b.t:{first}/")})).await;
    assert_eq!(code(&result), None, "{:?}", result.cause);
    assert!(leaving.await.expect("heard").contains(&format!("host: a_b.t:{first}\r\n")));
    assert!(landing.await.expect("heard").contains(&format!("host: my_app:{port}\r\n")));
}

#[tokio::test]
async fn bodies_are_read_as_they_are_declared() {
    let keyword = |name: &str| json!({"keyword": {name: "Störung"}});
    let status = json!({"json": [{"path": "$.status", "op": "eq", "value": "ok"}]});
    let latin: &[u8] = b"St\xf6rung";
    for (content_type, body, http, expected) in [
        ("text/html; charset=iso-8859-1", latin, keyword("contains"), None),
        ("text/html; charset=iso-8859-1", latin, keyword("not_contains"), Some(ErrorCode::KeywordPresent)),
        ("text/html; charset=utf-8", latin, keyword("not_contains"), Some(ErrorCode::BodyCharset)),
        ("text/html; charset=utf-8", b"all good", keyword("not_contains"), None),
        ("application/json", b"\xef\xbb\xbf{\"status\":\"ok\"}", status, None),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len());
        let (port, hearing) = site([head.as_bytes(), body].concat()).await;
        let monitor = json!({"url": format!("http://site.example:{port}/"), "http": http});
        let result = seen(&outbound(RootCertStore::empty(), false), &monitor).await;
        assert_eq!(code(&result), expected, "{content_type} {http} {:?}", result.cause);
        hearing.await.expect("heard");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_whose_servers_are_silent_is_down_and_the_resolver_is_not_blamed() {
    let outbound = outbound(RootCertStore::empty(), true);
    for monitor in [
        json!({"url": "http://dead.example/"}),
        json!({"check_type": "ping", "ping": {"host": "dead.example"}}),
        json!({"check_type": "dns", "dns": {"name": "dead.example"}}),
    ] {
        assert_eq!(code(&seen(&outbound, &monitor).await), Some(ErrorCode::DnsUnanswered), "{monitor}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_are_asked_for_in_turns_and_the_wait_is_none_of_the_targets() {
    let outbound = outbound(RootCertStore::empty(), false);
    let most = Arc::clone(&outbound.lookups).acquire_many_owned(LOOKUPS as u32 - 1).await.expect("leave");
    // One is enough for all that a probe asks, one after the other.
    let two = json!({"check_type": "dns", "dns": {"name": "site.example", "resolver": "ns.example"}});
    assert_eq!(code(&seen(&outbound, &two).await), None);
    let last = Arc::clone(&outbound.lookups).acquire_owned().await.expect("leave");
    let result = seen(&outbound, &two).await;
    assert_eq!(code(&result), Some(ErrorCode::Deadline));
    assert_eq!(result.phases.dns_us, None);
    drop((most, last));
    assert_eq!(code(&seen(&outbound, &two).await), None);
    assert_eq!(outbound.lookups.available_permits(), LOOKUPS, "each is given back");
}

#[test]
fn public_ways_out_share_everything_but_the_guard() {
    let tls = Tls::trusting(RootCertStore::empty()).expect("TLS");
    let all = Outbound::new(Guard::allowing_private(Vec::new()), Arc::new(Names { silent: false }), tls);
    let public = all.public_only();
    assert!(all.guard.allows_private() && !public.guard.allows_private());
    assert!(Arc::ptr_eq(&all.spare, &public.spare) && Arc::ptr_eq(&all.memory, &public.memory));
}
