//! HTTPS probes against a real TLS server: what its certificate is, and when it expires.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use valpero_domain::{
    Plan, Timestamp,
    check::Check,
    http_check::HttpCheck,
    monitor::HttpUrl,
    probe::{ErrorCode, Outcome, ProbeResult},
};

use super::probing::outbound;
use crate::harness::{Receiver, World, WorldOptions, fixed_names};

/// A certificate for a name, from one year to another, sent with that of a new authority which signed it; and the roots that trust the authority.
pub fn certificate(name: &str, from: i32, until: i32) -> (ServerConfig, RootCertStore) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "Test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let leaf = params.signed_by(&key, &authority).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone(), CertificateDer::from(authority.der().to_vec())], private)
        .expect("a server");
    (config, roots)
}

/// A time at which certificates are judged that is far from the machine's own.
const NOW: &str = "2050-06-01T00:00:00Z";

/// Serves one HTTPS request with this certificate and probes it under the name `site.example`, at the time [`NOW`].
async fn probe(server: ServerConfig, roots: RootCertStore, verify_tls: bool) -> ProbeResult {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        // A prober that does not trust us hangs up during the handshake.
        if let Ok(mut tls) = acceptor.accept(stream).await {
            let mut head = [0; 1024];
            let read = tls.read(&mut head).await.unwrap_or(0);
            if read > 0 {
                tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("written");
            }
        }
    });
    let url = HttpUrl::try_from(format!("https://site.example:{port}/")).expect("a URL");
    let ways = outbound(fixed_names(&[("site.example", &["127.0.0.1"])]), roots);
    let check = HttpCheck { verify_tls, ..HttpCheck::default() };
    let now: Timestamp = NOW.parse().expect("a time");
    let result = valpero_outbound::probe(&ways, &Check::Http(url, check), 5_000, now).await.0;
    serving.await.expect("served");
    result
}

fn expiry(result: &ProbeResult) -> String {
    result.certificate_expires_at.map(|at| at.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_sound_certificate_is_up_and_its_expiry_is_read() {
    let (server, roots) = certificate("site.example", 2050, 2051);
    let result = probe(server, roots, true).await;
    assert_eq!((result.outcome, result.http_status), (Outcome::Up, Some(200)), "{:?}", result.cause);
    assert_eq!(expiry(&result), "2051-01-01T00:00:00.000Z");
    assert!(result.phases.dns_us.is_some() && result.phases.tls_us.is_some());
}

#[tokio::test]
async fn unsound_certificates_are_told_apart() {
    for (name, from, until, trusted, expected) in [
        ("site.example", 2020, 2050, true, ErrorCode::TlsExpired),
        ("site.example", 2051, 2090, true, ErrorCode::TlsNotYetValid),
        ("other.example", 2050, 2051, true, ErrorCode::TlsHostname),
        ("site.example", 2050, 2051, false, ErrorCode::TlsUntrusted),
    ] {
        let (server, roots) = certificate(name, from, until);
        let roots = if trusted { roots } else { certificate(name, from, until).1 };
        let result = probe(server, roots, true).await;
        assert_eq!(result.cause.map(|cause| cause.code), Some(expected), "{name} {from} to {until}");
        assert_eq!(result.outcome, Outcome::Down);
    }
}

#[tokio::test]
async fn without_verification_it_is_up_and_the_expiry_is_read_all_the_same() {
    let (server, _) = certificate("other.example", 2000, 2001);
    let result = probe(server, RootCertStore::empty(), false).await;
    assert_eq!((result.outcome, expiry(&result).as_str()), (Outcome::Up, "2001-01-01T00:00:00.000Z"));
}

/// A site with this certificate; answers its port.
async fn secure_site(server: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(stream).await else { return };
                let mut head = [0; 1024];
                if tls.read(&mut head).await.is_ok_and(|read| read > 0) {
                    // The prober may have gone: that is its right.
                    let _gone = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn the_webhook_is_told_of_a_certificates_end_at_each_mark_once() {
    let (server, roots) = certificate("127.0.0.1", 2020, 2027);
    let end: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
    let world = World::with(WorldOptions { roots, ..WorldOptions::default() }).await;
    let (owner, receiver) = (world.tenant(Plan::Business).await, Receiver::start().await);
    let url = format!("https://127.0.0.1:{}/", secure_site(server).await);
    let more = json!({"webhook_url": receiver.url()});
    let id = world.monitor(&owner, &url, more).await;
    let mut told = Vec::new();
    for days in [43, 31, 30, 29, 20, 14, 13, 8, 7, 6, 2, 1, 0] {
        // Twice on the day in which that many whole days are left.
        for ahead_s in [86_000, 43_000] {
            world.advance(end.plus_seconds(-days * 86_400 - ahead_s).ms_since(world.now()) / 1000);
            world.tick().await;
            told.extend((told.len()..receiver.delivered().len()).map(|_| days));
        }
    }
    assert_eq!(told, [29, 13, 6, 0], "each mark once: {told:?}");
    let events = receiver.delivered();
    let certificate = |place: usize, name: &str| events[place].json["data"]["certificate"][name].clone();
    assert!(events.iter().all(|event| event.event() == "ssl.expiring"));
    let marks: Vec<Value> = (0..4).map(|place| certificate(place, "threshold_days")).collect();
    assert_eq!(marks, [json!(30), json!(14), json!(7), json!(1)]);
    assert_eq!((certificate(0, "expires_at"), certificate(0, "days_remaining")), (json!(end), json!(29)));
    let monitor = world.read(&owner, &id).await;
    assert_eq!((&monitor["ssl_expires_at"], &monitor["status"]), (&json!(end), &json!("up")));
    let metrics = world.get("/api/metrics", &owner).await.expect(200);
    assert!(metrics.body().contains("valpero_ssl_days_remaining{") && metrics.body().contains("} 1798761600\n"));
    // It expires by the world's clock, whatever the machine's says.
    world.advance(86_400);
    world.tick().await;
    assert_eq!(world.read(&owner, &id).await["status"], "down");
}
