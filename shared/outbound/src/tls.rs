//! TLS for all outbound connections: one configuration, built once. Handshakes accept any certificate, unless its key is proven not to be
//! the peer's; whether it is trusted is decided afterwards by `Certificate::verify`, so that the fault can be reported.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustls::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, NamedGroup, ProtocolVersion,
    RootCertStore, SignatureScheme,
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
use tokio_rustls::TlsConnector;
use url::Host;
use valpero_domain::{
    Timestamp,
    host_checks::StartTls,
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound, Trace,
    certificate::{Certificate, unsafe_key},
    connection::Connection,
    dial::redial,
    legacy, old_ciphers,
    peer_name::PeerName,
    starttls,
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
    /// The protocol whose own command starts TLS, also on a second connection.
    pub starttls: Option<StartTls>,
    /// The time at which the certificate must be valid.
    pub now: Timestamp,
    /// Deadline of the handshake.
    pub deadline: Instant,
}

/// A connection after its handshake.
pub(crate) struct Secured {
    /// The encrypted stream.
    pub stream: Connection,
    /// Whether HTTP/2 was negotiated.
    pub http2: bool,
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
        // Each handshake sets one of its own.
        let peer = Arc::new(Peer::of(Arc::clone(&provider)));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(peer)
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

    /// Judges the certificates of a handshake, and adds the first to `trace`.
    fn judge(&self, shown: Shown<'_>, name: &PeerName, terms: Terms, trace: &mut Trace) -> Result<(), Cause> {
        let Some(mut certificate) = Certificate::shown(shown.chain, shown.version, shown.cipher) else {
            return Err(Cause::seen(ErrorCode::TlsHandshake, "The target showed no certificate."));
        };
        let verified = certificate.verify(&self.roots, &self.algorithms, &self.verified, name, terms.now);
        trace.note_certificate(certificate);
        match (terms.verify, shown.unproven) {
            (false, _) => Ok(()),
            // A key that proves nothing cannot be trusted, whoever signed it.
            (true, Some(cause)) if verified.is_ok() || cause.code == ErrorCode::TlsWeak => Err(cause),
            (true, _) => verified,
        }
    }
}

/// What a handshake showed.
struct Shown<'a> {
    chain: Option<&'a [CertificateDer<'static>]>,
    version: Option<ProtocolVersion>,
    cipher: Option<CipherSuite>,
    /// Why the target's signature does not prove that it holds the certificate's key; none where it does.
    unproven: Option<Cause>,
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
        let address = stream.peer_addr().ok();
        let shown = name.in_handshake(address.map_or(Ipv4Addr::UNSPECIFIED.into(), |address| address.ip()));
        let (asked, peer) =
            (Arc::new(Asked::default()), Arc::new(Peer::of(Arc::clone(self.tls.config.crypto_provider()))));
        let mut config = ClientConfig::clone(&self.tls.config);
        config.client_auth_cert_resolver = Arc::clone(&asked) as Arc<dyn ResolvesClientCert>;
        config.dangerous().set_certificate_verifier(Arc::clone(&peer) as Arc<dyn ServerCertVerifier>);
        // A server without HTTP may refuse a handshake that offers nothing else.
        config.alpn_protocols.retain(|protocol| match terms.http {
            Http::None => false,
            Http::One => protocol != HTTP_2,
            Http::Any => true,
        });
        let started = Instant::now();
        let shaken = timeout_at(terms.deadline, TlsConnector::from(Arc::new(config)).connect(shown, stream)).await;
        Trace::add(&mut trace.phases.tls_us, started);
        let error = match shaken {
            Ok(Ok(stream)) => {
                let session = stream.get_ref().1;
                let shown = Shown {
                    chain: session.peer_certificates(),
                    version: session.protocol_version(),
                    cipher: session.negotiated_cipher_suite().map(|suite| suite.suite()),
                    unproven: peer.unproven(),
                };
                self.tls.judge(shown, &name, terms, trace)?;
                let http2 = session.alpn_protocol() == Some(HTTP_2);
                return Ok(Secured { stream: Box::new(stream), http2, asked_for_certificate: asked.was() });
            }
            Ok(Err(error)) => error,
            Err(_) => return Err(Cause::of(ErrorCode::TlsTimeout)),
        };
        let cause = failure(&error, asked.was());
        let may_know_others =
            matches!(cause.code, ErrorCode::TlsProtocol | ErrorCode::TlsHandshake | ErrorCode::ConnectionClosed);
        match address {
            Some(address) if may_know_others => {
                Box::pin(self.greet_again(host, &name, address, terms, trace, cause)).await
            }
            _ => Err(cause),
        }
    }

    /// Greets a server once more that refused the ciphers, or the version, of the first handshake. Some just hang up on those.
    ///
    /// # Errors
    /// Why its certificate is not trusted; the old version that it speaks, where that is all; else `cause`.
    async fn greet_again(
        &self,
        host: &Host<&str>,
        name: &PeerName,
        address: SocketAddr,
        terms: Terms,
        trace: &mut Trace,
        cause: Cause,
    ) -> Result<Secured, Cause> {
        let domain = match host {
            Host::Domain(name) => Some(*name),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        let started = Instant::now();
        let greet = async {
            let stream = another(self, address, name, terms).await?;
            old_ciphers::greet(stream, domain, terms.http != Http::None).await
        };
        // Who knows neither TLS 1.2 nor 1.3 is only asked what it knows.
        let greeted = match cause.code {
            ErrorCode::TlsProtocol => None,
            _ => timeout_at(terms.deadline, greet).await.ok().flatten(),
        };
        Trace::add(&mut trace.phases.tls_us, started);
        let Some(greeted) = greeted else {
            return Err(match cause.code {
                ErrorCode::ConnectionClosed => cause,
                _ => name_old_version(self, cause, (domain, name), address, terms).await,
            });
        };
        let (cipher, version) = (greeted.hello.cipher, ProtocolVersion::TLSv1_2);
        let shown =
            Shown { chain: Some(&greeted.hello.chain), version: Some(version), cipher: Some(cipher), unproven: None };
        self.tls.judge(shown, name, terms, trace)?;
        let detail = format!(
            "The target speaks TLS 1.2 with {} and nothing safer, which browsers still take.",
            cipher.as_str().unwrap_or("an old cipher")
        );
        trace.remark = Some(Cause::seen(ErrorCode::TlsLegacy, detail));
        Ok(Secured { stream: Box::new(greeted.stream), http2: false, asked_for_certificate: false })
    }
}

/// Another connection to the same server, up to where TLS begins; none where it cannot be made.
async fn another(outbound: &Outbound, address: SocketAddr, name: &PeerName, terms: Terms) -> Option<TcpStream> {
    let mut stream = redial(outbound, address).await.ok()?;
    if let Some(protocol) = terms.starttls {
        starttls::ask(&mut stream, protocol, &name.to_str(), terms.deadline, &mut Trace::default()).await.ok()?;
    }
    Some(stream)
}

/// The same cause, or, where the server speaks only an old version, that version's name.
async fn name_old_version(
    outbound: &Outbound,
    cause: Cause,
    (domain, name): (Option<&str>, &PeerName),
    address: SocketAddr,
    terms: Terms,
) -> Cause {
    let ask = async { legacy::spoken(another(outbound, address, name, terms).await?, domain).await };
    match timeout_at(terms.deadline.min(Instant::now() + LEGACY_ANSWER), ask).await {
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
        E::InvalidCertificate(_) => {
            Cause::seen(ErrorCode::TlsHandshake, "The target could not prove that it holds the key of its certificate.")
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

/// The server of one connection. Any certificate will do, and its signature is checked as far as its key can be.
#[derive(Debug)]
struct Peer {
    provider: Arc<CryptoProvider>,
    unproven: Mutex<Option<Cause>>,
}

impl Peer {
    fn of(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, unproven: Mutex::new(None) }
    }

    /// Why the signature does not prove that it holds the certificate's key, where it was accepted all the same.
    fn unproven(&self) -> Option<Cause> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Accepts what cannot be checked, and remembers why; whether that matters is decided with the certificate. Only a signature that is
    /// wrong ends the handshake.
    fn accept(
        &self,
        certificate: &CertificateDer<'_>,
        checked: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let Err(error) = checked else { return checked };
        let cause = match (unsafe_key(certificate), &error) {
            (Some(what), _) => {
                Cause::seen(ErrorCode::TlsWeak, format!("The target's certificate has {what}, which is not safe."))
            }
            (None, rustls::Error::InvalidCertificate(CertificateError::BadSignature)) => return Err(error),
            (None, _) => {
                Cause::seen(ErrorCode::TlsUntrusted, "The certificate, or its key, is of a kind that nobody trusts.")
            }
        };
        *self.unproven.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Peer {
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
        let algorithms = &self.provider.signature_verification_algorithms;
        self.accept(certificate, verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.accept(certificate, verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
