//! What one probe saw, as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    Timestamp,
    check::CheckType,
    probe::{Cause, Outcome},
};

use crate::{CauseView, PhasesView, schema};

/// Result of one probe.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Result.
    #[schema(value_type = schema::Outcome)]
    pub outcome: Outcome,
    /// Check type.
    #[schema(value_type = schema::CheckType)]
    pub check_type: CheckType,
    /// What was probed: a URL, a host and port, or a name and record type.
    pub target: String,
    /// Sum of the phases, in milliseconds. Null if no phase started.
    #[schema(required, minimum = 0)]
    pub response_time_ms: Option<f64>,
    /// Time spent in each phase.
    pub phases: PhasesView,
    /// HTTP status of the last response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub http_status: Option<u16>,
    /// Why the check is not up, or a remark about a target that is up. Null if there is none.
    #[schema(value_type = Option<CauseView>, required)]
    pub error: Option<Cause>,
    /// Address and port of the last connection. Null if there was none.
    #[schema(required, example = "192.0.2.1:443")]
    pub remote_address: Option<String>,
    /// HTTP version of the last response. Null if there was none.
    #[schema(required, example = "2")]
    pub http_version: Option<String>,
    /// Redirect targets, in order.
    pub redirects: Vec<String>,
    /// Time to read the body, in milliseconds; not part of the response time. Null if the body was not read.
    #[schema(required, minimum = 0)]
    pub body_ms: Option<f64>,
    /// Certificate that was presented last. Null if there was none.
    #[schema(required)]
    pub certificate: Option<ShownCertificate>,
    /// Records of a dns check. Null for other check types, or if there was no answer.
    #[schema(required)]
    pub answers: Option<Vec<String>>,
    /// Names that CNAME records led to on the way to the `answers`, in order. Empty if there were none.
    pub cnames: Vec<String>,
    /// Lowest TTL of the `answers` and of the CNAME records on the way to them, in seconds. A resolver that has them in its cache
    /// shows what is left of it. Null if there are no `answers`.
    #[schema(required, minimum = 0, example = 300)]
    pub ttl_seconds: Option<u32>,
}

/// A certificate presented by a target.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShownCertificate {
    /// Subject.
    #[schema(example = "CN=example.com")]
    pub subject: String,
    /// Issuer.
    #[schema(example = "C=US, O=Let's Encrypt, CN=E7")]
    pub issuer: String,
    /// Host names and IP addresses that it is valid for, at most 100.
    pub names: Vec<String>,
    /// Serial number in hexadecimal.
    #[schema(example = "05:c3:0f:11")]
    pub serial: String,
    /// Type and size of its public key.
    #[schema(example = "EC 256")]
    pub key: String,
    /// Start of validity.
    #[schema(value_type = schema::Time)]
    pub not_before: Timestamp,
    /// Expiry time.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
    /// Earliest expiry time of the certificate and its chain.
    #[schema(value_type = schema::Time)]
    pub chain_expires_at: Timestamp,
    /// Whole days until `chain_expires_at`; negative after that.
    pub days_remaining: i64,
    /// Number of certificates presented, including this one.
    #[schema(minimum = 1)]
    pub chain_length: usize,
    /// The other certificates that were presented, in the order sent, at most 10.
    #[schema(max_items = 10)]
    pub chain: Vec<ChainCertificate>,
    /// Whether it is self-signed.
    pub self_signed: bool,
    /// Negotiated TLS version. Null if there was none.
    #[schema(required, example = "TLS 1.3")]
    pub tls_version: Option<String>,
    /// Negotiated cipher suite. Null if there was none.
    #[schema(required, example = "TLS13_AES_128_GCM_SHA256")]
    pub cipher: Option<String>,
}

/// A certificate that a target presented beside its own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChainCertificate {
    /// Subject.
    #[schema(example = "C=US, O=Let's Encrypt, CN=E7")]
    pub subject: String,
    /// Issuer.
    #[schema(example = "C=US, O=Internet Security Research Group, CN=ISRG Root X1")]
    pub issuer: String,
    /// Serial number in hexadecimal.
    #[schema(example = "8a:7d:3e:13")]
    pub serial: String,
    /// Type and size of its public key.
    #[schema(example = "EC 384")]
    pub key: String,
    /// Start of validity.
    #[schema(value_type = schema::Time)]
    pub not_before: Timestamp,
    /// Expiry time.
    #[schema(value_type = schema::Time)]
    pub expires_at: Timestamp,
}

/// Response headers of a site, and ratings of its security headers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeadersReport {
    /// The request. Its outcome is `up` if there was any response.
    pub probe: Report,
    /// Headers of the last response, in order. Empty if there was none.
    pub headers: Vec<HeaderView>,
    /// Ratings of the security headers. Empty if there was no response.
    pub security: Vec<Finding>,
}

/// A response header.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeaderView {
    /// Name in lower case.
    #[schema(example = "content-type")]
    pub name: String,
    /// Value. Bytes that are not UTF-8 are shown as U+FFFD.
    #[schema(example = "text/html")]
    pub value: String,
}

/// Rating of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(
    as = Verdict,
    description = "`missing`: not sent. `weak`: sent, but protects less than it could. `good`: effective.",
    example = "good"
)]
pub enum Rating {
    /// It is not there.
    Missing,
    /// It is there, and protects less than it could.
    Weak,
    /// It does what it is for.
    Good,
}

/// The rating of one security header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Name of the header.
    #[schema(example = "strict-transport-security")]
    pub header: String,
    /// Value; several values are joined by commas. Null if the header is missing.
    #[schema(required, example = "max-age=63072000")]
    pub value: Option<String>,
    /// Rating.
    pub verdict: Rating,
    /// Reason, and how to improve it.
    pub detail: String,
}
