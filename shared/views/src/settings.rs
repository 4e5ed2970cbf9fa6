//! What a check asks and expects, as clients see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    body_check::{JsonAssertion, Keyword},
    check::Check,
    dns_check::{DnsCheck, DnsMatch, RecordType},
    host::HostName,
    host_checks::{PingCheck, SslCheck, TcpCheck},
    http_check::{HttpCheck, Method, REDACTED, SlowOutcome},
};

use crate::schema;

/// What a check asks and expects: one object, by its type.
#[derive(Debug, Clone, Default)]
pub struct SettingsView {
    /// Request and expectations of an http check.
    pub http: Option<HttpView>,
    /// Settings of an ssl check.
    pub ssl: Option<SslView>,
    /// Settings of a tcp check.
    pub tcp: Option<TcpView>,
    /// Settings of a dns check.
    pub dns: Option<DnsView>,
    /// Settings of a ping check, which measures a TCP handshake.
    pub ping: Option<PingView>,
}

impl SettingsView {
    /// A check's settings, without their secrets.
    pub fn of(check: &Check) -> Self {
        match check {
            Check::Http(_, check) => Self { http: Some(HttpView::of(check)), ..Self::default() },
            Check::Ssl(check) => Self { ssl: Some(SslView::of(check)), ..Self::default() },
            Check::Tcp(check) => Self { tcp: Some(TcpView::of(check)), ..Self::default() },
            Check::Dns(check) => Self { dns: Some(DnsView::of(check)), ..Self::default() },
            Check::Ping(check) => Self { ping: Some(PingView::of(check)), ..Self::default() },
        }
    }
}

/// Request and expectations of an http check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HttpView {
    /// Request method.
    #[schema(value_type = schema::Method)]
    pub method: Method,
    /// Request headers by name. Values are never shown: each is returned as `***`.
    pub headers: BTreeMap<String, String>,
    /// Request body. Null: none.
    #[schema(required)]
    pub body: Option<String>,
    /// Status codes that count as up.
    #[schema(value_type = schema::ExpectedStatus)]
    pub expected_status: String,
    /// Whether to follow redirects.
    pub follow_redirects: bool,
    /// Whether the certificate must be valid for the host.
    pub verify_tls: bool,
    /// HTTP Basic credentials. Null: none.
    #[schema(required)]
    pub basic_auth: Option<BasicAuthView>,
    /// Texts that the response body must or must not contain. Null: no condition.
    #[schema(required)]
    pub keyword: Option<KeywordView>,
    /// Conditions that the response body must satisfy as JSON. All must hold.
    pub json: Vec<JsonView>,
    /// Limit for the response headers, in milliseconds; a slower check has `slow_outcome`. Null: no limit below the timeout.
    #[schema(required, minimum = 1, maximum = 30000)]
    pub max_response_time_ms: Option<u32>,
    /// Outcome of a check slower than `max_response_time_ms`.
    #[schema(value_type = schema::SlowOutcome)]
    pub slow_outcome: SlowOutcome,
}

/// HTTP Basic credentials. The password is never shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BasicAuthView {
    /// User name.
    pub username: String,
    /// Always `***`.
    pub password: String,
}

/// Texts that the response body must or must not contain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeywordView {
    /// Text that the body must contain. Null: no condition.
    #[schema(required)]
    pub contains: Option<String>,
    /// Text that the body must not contain. Null: no condition.
    #[schema(required)]
    pub not_contains: Option<String>,
}

impl KeywordView {
    fn of(keyword: &Keyword) -> Self {
        let text = |needle: &Option<_>| needle.clone().map(String::from);
        Self { contains: text(&keyword.contains), not_contains: text(&keyword.not_contains) }
    }
}

/// A condition on a JSON body.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JsonView {
    /// JSONPath query (RFC 9535) that selects nodes.
    pub path: String,
    /// How each selected node is compared with `value`.
    #[schema(value_type = schema::JsonOp)]
    pub op: String,
    /// Value to compare with. Also null for `exists` and `absent`.
    #[schema(schema_with = schema::scalar, required)]
    pub value: serde_json::Value,
}

impl JsonView {
    fn of(assertion: &JsonAssertion) -> Self {
        Self {
            path: assertion.path.clone().into(),
            op: assertion.op.as_str().to_owned(),
            value: assertion.value.clone(),
        }
    }
}

impl HttpView {
    fn of(check: &HttpCheck) -> Self {
        let basic_auth = check.basic_auth.as_ref();
        Self {
            method: check.method,
            headers: check.headers.iter().map(|(name, _)| (name.to_owned(), REDACTED.to_owned())).collect(),
            body: check.body.clone().map(String::from),
            expected_status: check.expected_status.to_string(),
            follow_redirects: check.follow_redirects,
            verify_tls: check.verify_tls,
            basic_auth: basic_auth
                .map(|auth| BasicAuthView { username: auth.username.clone(), password: REDACTED.to_owned() }),
            keyword: check.keyword.as_ref().map(KeywordView::of),
            json: check.json.iter().map(JsonView::of).collect(),
            max_response_time_ms: check.max_response_time_ms,
            slow_outcome: check.slow_outcome,
        }
    }
}

/// Settings of an ssl check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SslView {
    /// Host to connect to.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// TCP port.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// Down if the certificate, or one of its chain, expires within this many days.
    #[schema(minimum = 0, maximum = 365)]
    pub min_days_remaining: u16,
}

impl SslView {
    fn of(check: &SslCheck) -> Self {
        Self { host: check.host.clone(), port: check.port, min_days_remaining: check.min_days_remaining }
    }
}

/// Settings of a tcp check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TcpView {
    /// Host to connect to.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// TCP port.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// Text to send after connecting. Null: nothing.
    #[schema(required)]
    pub send: Option<String>,
    /// Text that the first 64 KiB received must contain. Null: any.
    #[schema(required)]
    pub expect: Option<String>,
}

impl TcpView {
    fn of(check: &TcpCheck) -> Self {
        Self {
            host: check.host.clone(),
            port: check.port,
            send: check.send.clone().map(String::from),
            expect: check.expect.clone().map(String::from),
        }
    }
}

/// Settings of a dns check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DnsView {
    /// DNS name to query.
    #[schema(value_type = schema::Host)]
    pub name: HostName,
    /// Record type to query.
    #[schema(value_type = schema::RecordType)]
    pub record_type: RecordType,
    /// Expected records. Empty: any records.
    pub expected: Vec<String>,
    /// How to compare the answer with `expected`.
    #[serde(rename = "match")]
    #[schema(value_type = schema::DnsMatch)]
    pub matching: DnsMatch,
    /// Name server to query. Null: the checker's own resolver.
    #[schema(required)]
    pub resolver: Option<String>,
}

impl DnsView {
    fn of(check: &DnsCheck) -> Self {
        Self {
            name: check.name.clone(),
            record_type: check.record_type,
            expected: check.expected.clone(),
            matching: check.matching,
            resolver: check.resolver.clone().map(String::from),
        }
    }
}

/// Settings of a ping check, which measures a TCP handshake.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PingView {
    /// Host to connect to.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// TCP port.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
}

impl PingView {
    fn of(check: &PingCheck) -> Self {
        Self { host: check.host.clone(), port: check.port }
    }
}
