//! TLS for everything that goes out: one configuration, built once, in a strict and a reading-only form.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode},
};

/// Client configurations: no session resumption, since a resumed session hides the certificate that is served now.
#[derive(Clone)]
pub struct Tls {
    strict: Arc<ClientConfig>,
    lenient: Arc<ClientConfig>,
}

/// The public web's certificate authorities, as Mozilla keeps them.
pub fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

impl Tls {
    /// Trusts these authorities.
    ///
    /// # Errors
    /// Where the cryptography has no TLS version that rustls accepts.
    pub fn trusting(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            || ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let strict = builder()?.with_root_certificates(roots).with_no_client_auth();
        let anything = Arc::new(AcceptAnything(Arc::clone(&provider)));
        let lenient = builder()?.dangerous().with_custom_certificate_verifier(anything).with_no_client_auth();
        let finish = |mut config: ClientConfig| {
            config.resumption = Resumption::disabled();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Arc::new(config)
        };
        Ok(Self { strict: finish(strict), lenient: finish(lenient) })
    }

    pub(crate) fn config(&self, verify: bool) -> Arc<ClientConfig> {
        Arc::clone(if verify { &self.strict } else { &self.lenient })
    }
}

/// When a certificate expires; none where it does not parse.
pub(crate) fn expires_at(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(Timestamp::from_seconds(parsed.validity().not_after.timestamp()))
}

/// What a failed handshake says of the target, and the expiry of its certificate where that is the reason.
pub(crate) fn failure(error: &std::io::Error) -> (Cause, Option<Timestamp>) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(tls) = inner else {
        let code = if error.kind() == std::io::ErrorKind::UnexpectedEof
            || error.kind() == std::io::ErrorKind::ConnectionReset
        {
            ErrorCode::ConnectionClosed
        } else {
            ErrorCode::TlsHandshake
        };
        return (Cause::seen(code, format!("The TLS handshake failed: {error}.")), None);
    };
    let rustls::Error::InvalidCertificate(certificate) = tls else {
        return (Cause::seen(ErrorCode::TlsHandshake, format!("The TLS handshake failed: {tls}.")), None);
    };
    let (code, expires_at) = match certificate {
        CertificateError::ExpiredContext { not_after, .. } => {
            let seconds = i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX);
            (ErrorCode::TlsExpired, Some(Timestamp::from_seconds(seconds)))
        }
        CertificateError::Expired => (ErrorCode::TlsExpired, None),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (ErrorCode::TlsNotYetValid, None)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (ErrorCode::TlsHostname, None)
        }
        _ => (ErrorCode::TlsUntrusted, None),
    };
    (Cause::seen(code, format!("{} ({certificate})", code.sentence())), expires_at)
}

/// For monitors with `verify_tls` off: takes any certificate, but only from who holds its key.
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

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
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
