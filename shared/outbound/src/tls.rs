//! TLS for all outbound connections: one configuration, built once. Handshakes accept any certificate whose key the peer holds; whether
//! it is trusted is decided afterwards by `Certificate::verify`, so that the fault can be reported.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, NamedGroup, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        ResolvesClientCert, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound, Trace,
    certificate::{Certificate, weak_key},
    dial::redial,
    legacy,
    peer_name::PeerName,
    verified::VerifiedChains,
};

/// How long a server that refuses TLS 1.2 and 1.3 may take to name the version it speaks.
const LEGACY_ANSWER: Duration = Duration::from_secs(2);

/// Client configuration and trust: no session resumption, since a resumed session hides the certificate that is served now.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    verified: Arc<VerifiedChains>,
}

/// The public web's certificate authorities, as Mozilla keeps them.
pub fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Versions of HTTP that may follow a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http {
    /// No HTTP follows.
    None,
    /// HTTP/1.1.
    One,
    /// HTTP/2 or HTTP/1.1.
    Any,
}

/// HTTP/2, as ALPN calls it (RFC 9113, section 3.1).
const HTTP_2: &[u8] = b"h2";

/// The terms of a handshake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Whether the certificate must be valid for the host.
    pub verify: bool,
    /// Which versions of HTTP are offered (ALPN, RFC 7301).
    pub http: Http,
    /// The time at which the certificate must be valid.
    pub now: Timestamp,
    /// Deadline of the handshake.
    pub deadline: Instant,
}

/// A connection after its handshake.
pub(crate) struct Secured {
    /// The encrypted stream.
    pub stream: TlsStream<TcpStream>,
    /// Whether the server asked for a client certificate. In TLS 1.3 it reports only later whether it requires one.
    pub asked_for_certificate: bool,
}

impl Tls {
    /// A client that trusts these authorities.
    ///
    /// # Errors
    /// Where the cryptography has no TLS version that rustls accepts.
    pub fn trusting(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let mut provider = aws_lc_rs::default_provider();
        // Its key share is 1.2 KB, more than everything else that a check sends, and data sent is the largest part of the bill. A server
        // that is offered it without a share would ask for one, which costs a round trip.
        provider.kx_groups.retain(|group| group.name() != NamedGroup::X25519MLKEM768);
        let provider = Arc::new(provider);
        let algorithms = provider.signature_verification_algorithms;
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AcceptAnything(provider)))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), roots: Arc::new(roots), algorithms, verified: Arc::default() })
    }

    /// Seeds the random generator before a process's first handshake. It takes some thirty milliseconds, which would count as the
    /// target's time.
    pub(crate) fn gather_entropy(&self) {
        static GATHERED: Once = Once::new();
        // Where this fails, the handshake fails too, and reports it.
        GATHERED.call_once(|| self.config.crypto_provider().secure_random.fill(&mut [0; 32]).unwrap_or_default());
    }

    fn judge(
        &self,
        stream: &TlsStream<TcpStream>,
        name: &PeerName,
        terms: Terms,
        trace: &mut Trace,
    ) -> Result<(), Cause> {
        let session = stream.get_ref().1;
        let cipher = session.negotiated_cipher_suite().map(|suite| suite.suite());
        let shown = Certificate::shown(session.peer_certificates(), session.protocol_version(), cipher);
        let Some(mut certificate) = shown else {
            return Err(Cause::seen(ErrorCode::TlsHandshake, "The target showed no certificate."));
        };
        let verified = certificate.verify(&self.roots, &self.algorithms, &self.verified, name, terms.now);
        trace.note_certificate(certificate);
        if terms.verify { verified } else { Ok(()) }
    }
}

impl Outbound {
    /// Does the handshake on a fresh connection, and adds timings and the certificate to `trace`.
    ///
    /// # Errors
    /// Why the handshake failed, or why the certificate is not trusted.
    pub(crate) async fn secure(
        &self,
        host: &Host<&str>,
        stream: TcpStream,
        terms: Terms,
        trace: &mut Trace,
    ) -> Result<Secured, Cause> {
        let name = PeerName::of(host);
        let peer = stream.peer_addr().ok();
        let shown = name.in_handshake(peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip()));
        let asked = Arc::new(Asked::default());
        let mut config = ClientConfig::clone(&self.tls.config);
        config.client_auth_cert_resolver = Arc::clone(&asked) as Arc<dyn ResolvesClientCert>;
        // A server without HTTP may refuse a handshake that offers nothing else.
        config.alpn_protocols.retain(|protocol| match terms.http {
            Http::None => false,
            Http::One => protocol != HTTP_2,
            Http::Any => true,
        });
        let started = Instant::now();
        let shaken = timeout_at(terms.deadline, TlsConnector::from(Arc::new(config)).connect(shown, stream)).await;
        let result = match shaken {
            Ok(Ok(stream)) => self.tls.judge(&stream, &name, terms, trace).map(|()| stream),
            Ok(Err(error)) => Err(failure(&error, asked.was())),
            Err(_) => Err(Cause::of(ErrorCode::TlsTimeout)),
        };
        Trace::add(&mut trace.phases.tls_us, started);
        match result {
            Ok(stream) => Ok(Secured { stream, asked_for_certificate: asked.was() }),
            Err(cause) if cause.code == ErrorCode::TlsProtocol || cause.code == ErrorCode::TlsHandshake => {
                Err(name_old_version(self, cause, host, peer, terms.deadline).await)
            }
            Err(cause) => Err(cause),
        }
    }
}

/// The same cause, or, where the server speaks only an old version, that version's name.
async fn name_old_version(
    outbound: &Outbound,
    cause: Cause,
    host: &Host<&str>,
    peer: Option<SocketAddr>,
    deadline: Instant,
) -> Cause {
    let Some(peer) = peer else { return cause };
    let name = match host {
        Host::Domain(name) => Some(*name),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    };
    let ask = async { legacy::spoken(redial(outbound, peer).await.ok()?, name).await };
    match timeout_at(deadline.min(Instant::now() + LEGACY_ANSWER), ask).await {
        Ok(Some(version)) => {
            let detail = format!("The target speaks {version} and nothing newer, which is too old to be safe.");
            Cause::seen(ErrorCode::TlsProtocol, detail)
        }
        Ok(None) | Err(_) => cause,
    }
}

/// What a failed handshake says about the target.
fn failure(error: &std::io::Error, asked: bool) -> Cause {
    use rustls::Error as E;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<E>());
    let Some(tls) = inner else {
        let closed = matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset);
        let code = if closed { ErrorCode::ConnectionClosed } else { ErrorCode::TlsHandshake };
        return Cause::seen(code, format!("The TLS handshake failed: {error}."));
    };
    match tls {
        E::AlertReceived(alert) if asked && wants_certificate(*alert) => Cause::of(ErrorCode::TlsClientCertificate),
        E::AlertReceived(AlertDescription::ProtocolVersion) => Cause::of(ErrorCode::TlsProtocol),
        E::InvalidCertificate(CertificateError::Other(OtherError(weak))) if weak.is::<WeakKey>() => {
            Cause::seen(ErrorCode::TlsWeak, weak.to_string())
        }
        E::InvalidMessage(_) => Cause::seen(ErrorCode::TlsHandshake, "The target does not speak TLS on this port."),
        _ => Cause::seen(ErrorCode::TlsHandshake, format!("The TLS handshake failed: {tls}.")),
    }
}

/// Alerts by which servers demand a client certificate; before TLS 1.3 there is no alert of its own for it (RFC 8446, section 6.2).
pub(crate) fn wants_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate
            | AlertDescription::AccessDenied
    )
}

/// Offers no client certificate, and remembers whether one was asked for.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl Asked {
    fn was(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A certificate's key is too short for its signatures to prove anything.
#[derive(Debug, thiserror::Error)]
#[error("The target's certificate has {0}, which is too short to be safe.")]
struct WeakKey(String);

/// Accepts any certificate whose key the peer holds.
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

impl AcceptAnything {
    /// The same error, or what is weak about the key, where that is why its signatures are not checked.
    fn explain(certificate: &CertificateDer<'_>, error: rustls::Error) -> rustls::Error {
        match weak_key(certificate) {
            Some(weak) => CertificateError::Other(OtherError(Arc::new(WeakKey(weak)))).into(),
            None => error,
        }
    }
}

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
            .map_err(|error| Self::explain(certificate, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
            .map_err(|error| Self::explain(certificate, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
