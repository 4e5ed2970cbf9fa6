//! What a check asks and expects, as clients see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    body_check::{JsonAssertion, Keyword},
    check::Check,
    dns_check::{DnsCheck, DnsMatch, RecordType},
    dns_name::DnsName,
    host::HostName,
    host_checks::{PingCheck, SslCheck, StartTls, TcpCheck},
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
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct HttpView {
    #[schema(value_type = schema::Method)]
    pub method: Method,
    pub headers: BTreeMap<String, String>,
    #[schema(required)]
    pub body: Option<String>,
    #[schema(value_type = schema::ExpectedStatus)]
    pub expected_status: String,
    pub follow_redirects: bool,
    pub verify_tls: bool,
    #[schema(required)]
    pub basic_auth: Option<BasicAuthView>,
    #[schema(required)]
    pub keyword: Option<KeywordView>,
    pub json: Vec<JsonView>,
    pub hide_values: bool,
    #[schema(required)]
    pub max_response_time_ms: Option<u32>,
    #[schema(value_type = schema::SlowOutcome)]
    pub slow_outcome: SlowOutcome,
}

/// HTTP Basic credentials. The password is never shown.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BasicAuthView {
    pub username: String,
    pub password: String,
}

/// Texts that the response body must or must not contain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeywordView {
    #[schema(required)]
    pub contains: Option<String>,
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
    pub path: String,
    #[schema(value_type = schema::JsonOp)]
    pub op: String,
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
            hide_values: check.hide_values,
            max_response_time_ms: check.max_response_time_ms,
            slow_outcome: check.slow_outcome,
        }
    }
}

/// Settings of an ssl check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct SslView {
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    pub port: u16,
    pub min_days_remaining: u16,
    pub verify: bool,
    #[schema(value_type = Option<schema::StartTls>, required)]
    pub starttls: Option<StartTls>,
}

impl SslView {
    fn of(check: &SslCheck) -> Self {
        Self {
            host: check.host.clone(),
            port: check.port,
            min_days_remaining: check.min_days_remaining,
            verify: check.verify,
            starttls: check.starttls,
        }
    }
}

/// Settings of a tcp check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct TcpView {
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    pub port: u16,
    #[schema(required)]
    pub send: Option<String>,
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
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct DnsView {
    #[schema(value_type = schema::DnsName)]
    pub name: DnsName,
    #[schema(value_type = schema::RecordType)]
    pub record_type: RecordType,
    pub expected: Vec<String>,
    #[serde(rename = "match")]
    #[schema(value_type = schema::DnsMatch)]
    pub matching: DnsMatch,
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
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct PingView {
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    pub port: u16,
}

impl PingView {
    fn of(check: &PingCheck) -> Self {
        Self { host: check.host.clone(), port: check.port }
    }
}
