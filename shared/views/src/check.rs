//! What a check asks and expects, as clients see it.

use std::collections::BTreeMap;

use serde::Serialize;
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
    /// What an http check asks and expects.
    pub http: Option<HttpView>,
    /// Whose certificate an ssl check looks at.
    pub ssl: Option<SslView>,
    /// What a tcp check connects to.
    pub tcp: Option<TcpView>,
    /// What a dns check asks for.
    pub dns: Option<DnsView>,
    /// What a ping check connects to.
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

/// What the http check asks and expects.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HttpView {
    /// The request's method.
    #[schema(value_type = schema::Method)]
    pub method: Method,
    /// Its headers by name. Values are never shown: each is answered as `***`.
    pub headers: BTreeMap<String, &'static str>,
    /// Its body. Null: none.
    #[schema(required)]
    pub body: Option<String>,
    /// Which statuses are up.
    #[schema(value_type = schema::ExpectedStatus)]
    pub expected_status: String,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// Whether the certificate must be valid for the host.
    pub verify_tls: bool,
    /// What the request says of its sender. Null: nothing.
    #[schema(required)]
    pub basic_auth: Option<BasicAuthView>,
    /// What the body must contain, or must not. Null: anything.
    #[schema(required)]
    pub keyword: Option<KeywordView>,
    /// What the body, as JSON, must say.
    pub json: Vec<JsonView>,
    /// Up to when the head of the answer must be there, in milliseconds. Null: until the time-out.
    #[schema(required, minimum = 1, maximum = 30000)]
    pub max_response_time_ms: Option<u32>,
    /// What it means that it is not.
    #[schema(value_type = schema::SlowOutcome)]
    pub slow_outcome: SlowOutcome,
}

/// A user name, and a password that is never shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BasicAuthView {
    /// The user name.
    pub username: String,
    /// Always `***`.
    pub password: &'static str,
}

/// Texts that a body must have, or must not have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeywordView {
    /// What must be in it. Null: anything.
    #[schema(required)]
    pub contains: Option<String>,
    /// What must not. Null: nothing.
    #[schema(required)]
    pub not_contains: Option<String>,
}

impl KeywordView {
    fn of(keyword: &Keyword) -> Self {
        let text = |needle: &Option<_>| needle.clone().map(String::from);
        Self { contains: text(&keyword.contains), not_contains: text(&keyword.not_contains) }
    }
}

/// One thing that a JSON body must say.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JsonView {
    /// Of which nodes (JSONPath, RFC 9535).
    pub path: String,
    /// How they are compared.
    #[schema(value_type = schema::JsonOp)]
    pub op: &'static str,
    /// With what. Null also for `exists` and `absent`.
    #[schema(schema_with = schema::scalar, required)]
    pub value: serde_json::Value,
}

impl JsonView {
    fn of(assertion: &JsonAssertion) -> Self {
        Self { path: assertion.path.clone().into(), op: assertion.op.as_str(), value: assertion.value.clone() }
    }
}

impl HttpView {
    fn of(check: &HttpCheck) -> Self {
        let basic_auth = check.basic_auth.as_ref();
        Self {
            method: check.method,
            headers: check.headers.iter().map(|(name, _)| (name.to_owned(), REDACTED)).collect(),
            body: check.body.clone().map(String::from),
            expected_status: check.expected_status.to_string(),
            follow_redirects: check.follow_redirects,
            verify_tls: check.verify_tls,
            basic_auth: basic_auth.map(|auth| BasicAuthView { username: auth.username.clone(), password: REDACTED }),
            keyword: check.keyword.as_ref().map(KeywordView::of),
            json: check.json.iter().map(JsonView::of).collect(),
            max_response_time_ms: check.max_response_time_ms,
            slow_outcome: check.slow_outcome,
        }
    }
}

/// Whose certificate an ssl check looks at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SslView {
    /// Who shows it.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// Where.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// Down where it, or one of those that vouch for it, expires within so many days.
    #[schema(minimum = 0, maximum = 365)]
    pub min_days_remaining: u16,
}

impl SslView {
    fn of(check: &SslCheck) -> Self {
        Self { host: check.host.clone(), port: check.port, min_days_remaining: check.min_days_remaining }
    }
}

/// What a tcp check connects to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TcpView {
    /// To whom.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// Where.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// What is sent once connected. Null: nothing.
    #[schema(required)]
    pub send: Option<String>,
    /// What must come. Null: nothing.
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

/// What a dns check asks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DnsView {
    /// Of which name.
    #[schema(value_type = schema::Host)]
    pub name: HostName,
    /// Which records.
    #[schema(value_type = schema::RecordType)]
    pub record_type: RecordType,
    /// What they must be. Empty: any.
    pub expected: Vec<String>,
    /// How the answer must relate to `expected`.
    #[serde(rename = "match")]
    #[schema(value_type = schema::DnsMatch)]
    pub matching: DnsMatch,
    /// Which name server is asked. Null: the checker's own.
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

/// What a ping check connects to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PingView {
    /// With whom.
    #[schema(value_type = schema::Host)]
    pub host: HostName,
    /// Where.
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
}

impl PingView {
    fn of(check: &PingCheck) -> Self {
        Self { host: check.host.clone(), port: check.port }
    }
}
