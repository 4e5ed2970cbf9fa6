//! What requests to the tools say, as the OpenAPI document describes it. A test holds these fields against those that are read.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use valpero_views::{
    bodies::{BasicAuthSettings, JsonSettings, KeywordSettings, new_headers},
    schema,
};

/// What to ask of a URL, and what to expect. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct HttpTool {
    /// The target.
    #[schema(value_type = schema::Url)]
    url: String,
    /// How long it may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 20000, example = 10000)]
    timeout_ms: Option<u32>,
    /// The request's method: GET unless told otherwise. Any but GET and HEAD needs the scope `monitors:write`.
    #[schema(value_type = Option<schema::Method>)]
    method: Option<String>,
    /// Its headers, at most 20. They need the scope `monitors:write`.
    #[schema(schema_with = new_headers)]
    headers: Option<BTreeMap<String, String>>,
    /// Its body, at most 16 KiB, for methods that carry one: not GET or HEAD. It needs the scope `monitors:write`.
    #[schema(max_length = 16384)]
    body: Option<String>,
    /// Which statuses are up: `200-299` unless told otherwise.
    #[schema(value_type = Option<schema::ExpectedStatus>)]
    expected_status: Option<String>,
    /// Whether redirects are followed, at most 10: true unless told otherwise.
    follow_redirects: Option<bool>,
    /// Whether the certificate must be valid for the host: true unless told otherwise.
    verify_tls: Option<bool>,
    /// A user name and a password (RFC 7617), in place of an authorization header. They need the scope `monitors:write`.
    basic_auth: Option<BasicAuthSettings>,
    /// What the body must contain, or must not. A body is read up to 1 MiB, also unpacked (gzip, br).
    keyword: Option<KeywordSettings>,
    /// What the body, as JSON, must say.
    #[schema(max_items = 10)]
    json: Option<Vec<JsonSettings>>,
    /// Up to when the head of the answer should be there, in milliseconds.
    #[schema(minimum = 1, maximum = 30000, example = 800)]
    max_response_time_ms: Option<u32>,
    /// What it means that it is not: `degraded` unless told otherwise.
    #[schema(value_type = Option<schema::SlowOutcome>)]
    slow_outcome: Option<String>,
}

/// Whose certificate to look at. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct SslTool {
    /// Who shows it.
    #[schema(value_type = schema::Host)]
    host: String,
    /// Where: 443 unless told otherwise.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
    /// Down where it, or one of those that vouch for it, expires within so many days: 14 unless told otherwise.
    #[schema(minimum = 0, maximum = 365, example = 14)]
    min_days_remaining: Option<u16>,
    /// How long it may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 20000, example = 10000)]
    timeout_ms: Option<u32>,
}

/// What to ask the DNS for. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct DnsTool {
    /// Of which name.
    #[schema(value_type = schema::Host)]
    name: String,
    /// Which records: A unless told otherwise.
    #[schema(value_type = Option<schema::RecordType>)]
    record_type: Option<String>,
    /// What they must be, as a zone file spells them; any unless told otherwise.
    #[schema(value_type = Option<Vec<schema::DnsRecord>>, max_items = 20)]
    expected: Option<Vec<String>>,
    /// How the answer must relate to `expected`: `exact` unless told otherwise.
    #[schema(value_type = Option<schema::DnsMatch>)]
    r#match: Option<String>,
    /// Which name server is asked: that of the API unless told otherwise. One that is not on the public internet needs the scope
    /// `monitors:write`.
    #[schema(value_type = Option<schema::NameServer>)]
    resolver: Option<String>,
    /// How long it may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 20000, example = 10000)]
    timeout_ms: Option<u32>,
}

/// With whom to shake hands: AWS Lambda has no ICMP, so this measures the TCP handshake. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct PingTool {
    /// With whom.
    #[schema(value_type = schema::Host)]
    host: String,
    /// Where: 443 unless told otherwise.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
    /// How long it may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 20000, example = 10000)]
    timeout_ms: Option<u32>,
}

/// Whose headers to look at. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct HeadersTool {
    /// The site.
    #[schema(value_type = schema::Url)]
    url: String,
    /// Whether redirects are followed, at most 10: true unless told otherwise.
    follow_redirects: Option<bool>,
    /// Whether the certificate must be valid for the host: true unless told otherwise.
    verify_tls: Option<bool>,
    /// How long it may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 20000, example = 10000)]
    timeout_ms: Option<u32>,
}
