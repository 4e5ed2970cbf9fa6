//! What one probe saw, as clients see it.

use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    Timestamp,
    certificate::days_left,
    check::{Check, CheckType},
    probe::{Cause, Outcome, Phases, ProbeResult},
};
use valpero_outbound::{Facts, certificate::Certificate};
use valpero_views::{CauseView, PhasesView, ms, schema};

use crate::security_headers::{Finding, findings};

/// Result of one probe.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// Result.
    #[schema(value_type = schema::Outcome)]
    outcome: Outcome,
    /// Check type.
    #[schema(value_type = schema::CheckType)]
    check_type: CheckType,
    /// What was probed: a URL, a host and port, or a name and record type.
    target: String,
    /// Sum of the phases, in milliseconds. Null if no phase started.
    #[schema(required, minimum = 0)]
    response_time_ms: Option<f64>,
    /// Time spent in each phase.
    phases: PhasesView,
    /// HTTP status of the last response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    http_status: Option<u16>,
    /// Why the check is not up. Null if it is up.
    #[schema(value_type = Option<CauseView>, required)]
    error: Option<Cause>,
    /// Address and port of the last connection. Null if there was none.
    #[schema(required, example = "192.0.2.1:443")]
    remote_address: Option<String>,
    /// HTTP version of the last response. Null if there was none.
    #[schema(required, example = "2")]
    http_version: Option<String>,
    /// Redirect targets, in order.
    redirects: Vec<String>,
    /// Time to read the body, in milliseconds; not part of the response time. Null if the body was not read.
    #[schema(required, minimum = 0)]
    body_ms: Option<f64>,
    /// Certificate that was presented last. Null if there was none.
    #[schema(required)]
    certificate: Option<ShownCertificate>,
    /// Records of a dns check. Null for other check types, or if there was no answer.
    #[schema(required)]
    answers: Option<Vec<String>>,
}

/// A certificate presented by a target.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShownCertificate {
    /// Subject.
    #[schema(example = "CN=example.com")]
    subject: String,
    /// Issuer.
    #[schema(example = "C=US, O=Let's Encrypt, CN=E7")]
    issuer: String,
    /// Host names and IP addresses that it is valid for, at most 100.
    names: Vec<String>,
    /// Serial number in hexadecimal.
    #[schema(example = "05:c3:0f:11")]
    serial: String,
    /// Type and size of its public key.
    #[schema(example = "EC 256")]
    key: String,
    /// Start of validity.
    #[schema(value_type = schema::Time)]
    not_before: Timestamp,
    /// Expiry time.
    #[schema(value_type = schema::Time)]
    expires_at: Timestamp,
    /// Earliest expiry time of the certificate and its chain.
    #[schema(value_type = schema::Time)]
    chain_expires_at: Timestamp,
    /// Whole days until `chain_expires_at`; negative after that.
    days_remaining: i64,
    /// Number of certificates presented, including this one.
    #[schema(minimum = 1)]
    chain_length: usize,
    /// Whether it is self-signed.
    self_signed: bool,
    /// Negotiated TLS version. Null if there was none.
    #[schema(required, example = "TLS 1.3")]
    tls_version: Option<String>,
    /// Negotiated cipher suite. Null if there was none.
    #[schema(required, example = "TLS13_AES_128_GCM_SHA256")]
    cipher: Option<&'static str>,
}

/// Response headers of a site, and ratings of its security headers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeadersReport {
    /// The request. Its outcome is `up` if there was any response.
    probe: Report,
    /// Headers of the last response, in order. Empty if there was none.
    headers: Vec<HeaderView>,
    /// Ratings of the security headers. Empty if there was no response.
    security: Vec<Finding>,
}

/// A response header.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeaderView {
    /// Name in lower case.
    #[schema(example = "content-type")]
    name: String,
    /// Value. Bytes that are not UTF-8 are shown as U+FFFD.
    #[schema(example = "text/html")]
    value: String,
}

impl Report {
    /// What a probe saw; `now` says how many days a certificate has left.
    pub fn of(check: &Check, result: &ProbeResult, facts: &Facts, now: Timestamp) -> Self {
        let phases = result.phases;
        let began = phases != Phases::default();
        Self {
            outcome: result.outcome,
            check_type: check.check_type(),
            target: check.target(),
            // Of what is shown, so that the phases add up to it.
            response_time_ms: began.then(|| ms(shown_us(&phases))),
            phases: PhasesView::of(&phases),
            http_status: result.http_status,
            error: result.cause.clone(),
            remote_address: facts.remote.map(|remote| remote.to_string()),
            http_version: http_version(facts),
            redirects: facts.redirects.clone(),
            body_ms: facts.body_us.map(ms),
            certificate: facts.certificate.as_ref().and_then(|certificate| ShownCertificate::of(certificate, now)),
            answers: facts.answers.clone(),
        }
    }
}

impl HeadersReport {
    /// What a probe saw of a site's headers.
    pub(crate) fn of(check: &Check, result: &ProbeResult, facts: &Facts, now: Timestamp) -> Self {
        let probe = Report::of(check, result, facts, now);
        if result.http_status.is_none() {
            return Self { probe, headers: Vec::new(), security: Vec::new() };
        }
        let secure = facts.redirects.last().map_or(probe.target.as_str(), String::as_str).starts_with("https:");
        Self { headers: shown(&facts.headers), security: findings(&facts.headers, secure), probe }
    }
}

fn shown(headers: &HeaderMap) -> Vec<HeaderView> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| HeaderView { name: name.to_string(), value: text(value.as_bytes()) }).collect()
}

impl ShownCertificate {
    /// A certificate; none where it does not parse.
    pub fn of(certificate: &Certificate, now: Timestamp) -> Option<Self> {
        let described = certificate.describe()?;
        let chain_expires_at = certificate.expires_at()?;
        let version = certificate.version.and_then(|version| version.as_str());
        Some(Self {
            subject: described.subject,
            issuer: described.issuer,
            names: described.names,
            serial: described.serial,
            key: described.key,
            not_before: described.not_before,
            expires_at: described.not_after,
            chain_expires_at,
            days_remaining: days_left(chain_expires_at, now),
            chain_length: described.chain_length,
            self_signed: described.self_signed,
            tls_version: version.map(|name| name.replace("TLSv1_", "TLS 1.")),
            cipher: certificate.cipher.and_then(|cipher| cipher.as_str()),
        })
    }
}

/// The sum of the phases, each to 10 µs as it is shown.
pub fn shown_us(phases: &Phases) -> u32 {
    let phases = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us];
    phases.into_iter().flatten().map(|us| us.saturating_add(5) / 10 * 10).fold(0, u32::saturating_add)
}

/// The version of HTTP that the last answer came in, such as `1.1` or `2`.
pub fn http_version(facts: &Facts) -> Option<String> {
    let shown = format!("{:?}", facts.http_version?);
    let number = shown.trim_start_matches("HTTP/");
    Some(number.strip_suffix(".0").filter(|major| *major != "1").unwrap_or(number).to_owned())
}
