//! The certificate that a target shows, and whether it is to be trusted.

use std::{ops::RangeInclusive, time::Duration};

use rustls::{CipherSuite, ProtocolVersion, RootCertStore, crypto::WebPkiSupportedAlgorithms};
use rustls_pki_types::{CertificateDer, UnixTime};
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode},
};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::{
    asn1_rs::Tag, certificate::X509Certificate, extensions::GeneralName, oid_registry::OID_KEY_TYPE_EC_PUBLIC_KEY,
    public_key::PublicKey,
};

use crate::{
    peer_name::{PeerName, wildcard_covers},
    verified::{ChainId, VerifiedChains},
};

/// The shortest RSA keys whose signatures rustls verifies (its `RSA_PKCS1_2048_8192_SHA256` and the like), so that a refusal of a shorter
/// one can be named.
const RSA_BITS_MIN: usize = 2048;

/// The certificates and parameters of a handshake.
#[derive(Debug, Clone)]
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    /// The negotiated version.
    pub version: Option<ProtocolVersion>,
    /// The negotiated cipher suite.
    pub cipher: Option<CipherSuite>,
    /// The earliest expiry on the path to the trusted authority, where there is one.
    path_expires_at: Option<Timestamp>,
}

/// A certificate in readable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Host names and addresses that it is valid for.
    pub names: Vec<String>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Serial number, in hexadecimal.
    pub serial: String,
    /// Key, such as `RSA 2048` or `EC 256`.
    pub key: String,
    /// Whether subject and issuer are the same.
    pub self_signed: bool,
}

impl Description {
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names: names(&parsed),
            not_before: Timestamp::from_seconds(parsed.validity().not_before.timestamp()),
            not_after: Timestamp::from_seconds(parsed.validity().not_after.timestamp()),
            serial: parsed.raw_serial_as_string(),
            key: key(&parsed),
            self_signed: parsed.subject() == parsed.issuer(),
        })
    }
}

impl Certificate {
    /// The certificate of a handshake; none where none was shown.
    pub(crate) fn shown(
        chain: Option<&[CertificateDer<'static>]>,
        version: Option<ProtocolVersion>,
        cipher: Option<CipherSuite>,
    ) -> Option<Self> {
        let chain = chain.filter(|chain| !chain.is_empty())?.to_vec();
        Some(Self { chain, version, cipher, path_expires_at: None })
    }

    /// When the leaf or a certificate above it expires; none where it does not parse.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.path_expires_at.or_else(|| validity(self.chain.first()?).map(|valid| *valid.end()))
    }

    /// The leaf in readable form; none where it does not parse.
    pub fn describe(&self) -> Option<Description> {
        Description::of(self.chain.first()?)
    }

    /// Number of certificates shown, the leaf included.
    pub fn chain_length(&self) -> usize {
        self.chain.len()
    }

    /// The certificates that were shown beside the leaf, in their order; without those that do not parse.
    pub fn others(&self) -> impl Iterator<Item = Description> {
        self.chain.iter().skip(1).filter_map(Description::of)
    }

    /// Whether it is valid at `now`, for this host, and signed by a trusted authority.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn verify(
        &mut self,
        roots: &RootCertStore,
        algorithms: &WebPkiSupportedAlgorithms,
        known: &VerifiedChains,
        name: &PeerName,
        now: Timestamp,
    ) -> Result<(), Cause> {
        let id = ChainId::of(&self.chain, name);
        if let Some(until) = known.until(&id, now) {
            self.path_expires_at = Some(until);
            return Ok(());
        }
        let [leaf, others @ ..] = self.chain.as_slice() else {
            return Err(Cause::seen(ErrorCode::TlsHandshake, "The target showed no certificate."));
        };
        let entity = EndEntityCert::try_from(leaf).map_err(|error| self.explain(&error, name))?;
        let path = entity
            .verify_for_usage(algorithms.all, &roots.roots, others, unix(now), KeyUsage::server_auth(), None, None)
            .map_err(|error| self.explain(&error, name))?;
        match name {
            PeerName::Plain(plain) => {
                entity.verify_is_valid_for_subject_name(plain).map_err(|error| self.explain(&error, name))?;
            }
            PeerName::Odd(odd) if covers(leaf, odd) => {}
            PeerName::Odd(_) => return Err(self.of_another_host(name)),
        }
        let above: Vec<CertificateDer<'_>> = path.intermediate_certificates().map(webpki::Cert::der).collect();
        let valid: Option<Vec<_>> = std::iter::once(leaf).chain(&above).map(validity).collect();
        let valid = valid.unwrap_or_default();
        self.path_expires_at = valid.iter().map(|valid| *valid.end()).min();
        let from = valid.iter().map(|valid| *valid.start()).max();
        if let Some((from, until)) = from.zip(self.path_expires_at) {
            known.add(id, from..=until);
        }
        Ok(())
    }

    fn of_another_host(&self, name: &PeerName) -> Cause {
        let names = self.describe().map(|leaf| leaf.names).unwrap_or_default();
        let names = if names.is_empty() { "no host at all".to_owned() } else { names.join(", ") };
        let unsaid = match name {
            PeerName::Plain(_) => "",
            PeerName::Odd(_) => " A TLS handshake cannot name such a host, so the target may have others.",
        };
        let detail = format!("The certificate is for {names}, not for {}.{unsaid}", name.to_str());
        Cause::seen(ErrorCode::TlsHostname, detail)
    }

    fn explain(&self, error: &webpki::Error, name: &PeerName) -> Cause {
        use webpki::Error as E;
        let leaf = self.describe();
        let seen = |code: ErrorCode, detail: String| Cause::seen(code, detail);
        match (error, leaf) {
            (E::CertExpired { not_after, .. }, leaf) => {
                let at = Timestamp::from_seconds(i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX));
                let whose = leaf.filter(|leaf| leaf.not_after != at).map_or("The certificate", |_| "A certificate above it");
                seen(ErrorCode::TlsExpired, format!("{whose} expired at {at}."))
            }
            (E::CertNotValidYet { not_before, .. }, _) => {
                let at = Timestamp::from_seconds(i64::try_from(not_before.as_secs()).unwrap_or(i64::MAX));
                seen(ErrorCode::TlsNotYetValid, format!("The certificate is valid from {at} on."))
            }
            (E::CertNotValidForName(_), _) => self.of_another_host(name),
            (E::UnknownIssuer | E::CaUsedAsEndEntity, Some(leaf)) if leaf.self_signed => {
                seen(ErrorCode::TlsSelfSigned, format!("The certificate of {} is signed by itself.", leaf.subject))
            }
            (E::UnknownIssuer, Some(leaf)) if self.chain.len() == 1 => seen(
                ErrorCode::TlsUntrusted,
                format!(
                    "The certificate is signed by {}, which the target does not send and nobody here trusts: an intermediate is missing, or it is a private authority.",
                    leaf.issuer
                ),
            ),
            (E::UnknownIssuer, _) => {
                seen(ErrorCode::TlsUntrusted, "The chain of certificates ends at an authority that nobody here trusts.".to_owned())
            }
            #[expect(deprecated, reason = "older names of the same fault still match")]
            (
                E::UnsupportedSignatureAlgorithm
                | E::UnsupportedSignatureAlgorithmContext(_)
                | E::UnsupportedSignatureAlgorithmForPublicKey
                | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_),
                _,
            ) => seen(
                ErrorCode::TlsWeak,
                "The certificate, or one above it, is signed in a way that is no longer safe, such as with SHA-1 or a short RSA key.".to_owned(),
            ),
            (_, Some(leaf)) if leaf.self_signed && self.chain.len() == 1 => seen(
                ErrorCode::TlsSelfSigned,
                format!("The certificate of {} is signed by itself.", leaf.subject),
            ),
            (E::UnsupportedCertVersion, _) => seen(
                ErrorCode::TlsUntrusted,
                "The certificate is of an old version of X.509 (not 3), which is trusted for no host.".to_owned(),
            ),
            (E::UnsupportedCriticalExtension, _) => seen(
                ErrorCode::TlsUntrusted,
                "The certificate has a critical extension that is not known here, so it must not be trusted (RFC 5280, section 4.2).".to_owned(),
            ),
            (E::RequiredEkuNotFoundContext(_), _) => {
                seen(ErrorCode::TlsUntrusted, "The certificate is not made for servers (extended key usage).".to_owned())
            }
            (E::NameConstraintViolation, _) => seen(
                ErrorCode::TlsUntrusted,
                "An authority in the chain may not sign for this host (name constraints).".to_owned(),
            ),
            (E::InvalidSignatureForPublicKey, _) => {
                seen(ErrorCode::TlsUntrusted, "A signature in the chain of certificates is wrong.".to_owned())
            }
            (E::EndEntityUsedAsCa | E::PathLenConstraintViolated, _) => seen(
                ErrorCode::TlsUntrusted,
                "A certificate in the chain is signed by one that may not sign others.".to_owned(),
            ),
            (other, _) => seen(ErrorCode::TlsUntrusted, format!("{} ({other})", ErrorCode::TlsUntrusted.sentence())),
        }
    }
}

/// What makes a certificate's key unfit to prove anything; none where it is sound, or does not parse.
pub(crate) fn unsafe_key(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, leaf) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let key = leaf.public_key();
    // RFC 5480, section 2.1.1: the parameters are the name of a curve, an OID.
    let unnamed = || key.algorithm.parameters().is_none_or(|named| named.tag() != Tag::Oid);
    if key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && unnamed() {
        return Some("a key on an elliptic curve without a name".to_owned());
    }
    match key.parsed().ok()? {
        PublicKey::RSA(rsa) if rsa.key_size() < RSA_BITS_MIN => Some(format!("an RSA key of {} bits", rsa.key_size())),
        _ => None,
    }
}

/// The validity of a certificate; none where it does not parse.
fn validity(certificate: &CertificateDer<'_>) -> Option<RangeInclusive<Timestamp>> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let valid = parsed.validity();
    let [from, until] = [valid.not_before, valid.not_after].map(|time| Timestamp::from_seconds(time.timestamp()));
    Some(from..=until)
}

/// The time as webpki takes it; no certificate is valid before 1970.
fn unix(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0)))
}

/// Whether a wildcard of a certificate covers a host.
fn covers(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok((_, leaf)) = x509_parser::parse_x509_certificate(certificate) else { return false };
    let Ok(Some(extension)) = leaf.subject_alternative_name() else { return false };
    let fits = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(name) if wildcard_covers(name, host));
    extension.value.general_names.iter().any(fits)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    };
    // A certificate may have thousands; these are enough to read.
    extension.value.general_names.iter().filter_map(name).take(100).collect()
}

fn key(certificate: &X509Certificate<'_>) -> String {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
        Ok(_) | Err(_) => "unknown".to_owned(),
    }
}
