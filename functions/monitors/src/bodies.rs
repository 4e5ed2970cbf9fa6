//! What requests about monitors say, as the OpenAPI document describes it. A test holds these fields against those that are read.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{
        Object,
        schema::{ObjectBuilder, SchemaType, Type},
    },
};
use valpero_views::{
    bodies::{BasicAuthSettings, JsonSettings, KeywordSettings, header_map, new_headers},
    schema,
};

/// A monitor to be made: with `url` alone it is an http check; each other type needs the object of its name. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct NewMonitor {
    /// The target of an http check, which needs it; no other type takes it.
    #[schema(value_type = Option<schema::Url>)]
    url: Option<String>,
    /// What people call it; the target's host unless told otherwise.
    #[schema(value_type = Option<schema::Name>)]
    name: Option<String>,
    /// How it is checked; `http` unless told otherwise.
    #[schema(value_type = Option<schema::CheckType>)]
    check_type: Option<String>,
    /// Seconds between two checks: 60 unless told otherwise.
    #[schema(minimum = 60, maximum = 86400, multiple_of = 60, example = 60)]
    check_interval: Option<u32>,
    /// Where it is checked from: all regions that are deployed unless told otherwise.
    #[schema(value_type = Option<Vec<schema::Region>>, min_items = 1, max_items = 20)]
    regions: Option<Vec<String>>,
    /// How long one attempt may take, in milliseconds: 10,000 unless told otherwise.
    #[schema(minimum = 100, maximum = 30000, example = 10000)]
    timeout_ms: Option<u32>,
    /// Further attempts within a minute, as far as it allows them, before a region says that it is down: 2 unless told otherwise.
    #[schema(minimum = 0, maximum = 5, example = 2)]
    retries: Option<u8>,
    /// How many regions must agree, up to the number of its regions; a majority of those that report unless told otherwise.
    #[schema(minimum = 1, maximum = 20, example = 2)]
    confirm_regions: Option<u8>,
    /// Labels to find it by.
    #[schema(value_type = Option<Vec<schema::Tag>>, max_items = 20)]
    tags: Option<Vec<String>>,
    /// Where events go. The answer then shows the webhook's secret.
    #[schema(value_type = Option<schema::Url>)]
    webhook_url: Option<String>,
    /// What the http check asks and expects.
    http: Option<HttpSettings>,
    /// Whose certificate an ssl check looks at.
    ssl: Option<SslSettings>,
    /// What a tcp check connects to.
    tcp: Option<TcpSettings>,
    /// What a dns check asks for.
    dns: Option<DnsSettings>,
    /// What a ping check connects to: AWS Lambda has no ICMP, so it measures the TCP handshake.
    ping: Option<PingSettings>,
}

/// What the http check asks and expects. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct HttpSettings {
    /// The request's method: GET unless told otherwise.
    #[schema(value_type = Option<schema::Method>)]
    method: Option<String>,
    /// Its headers, at most 20. Values are secrets: they are answered as `***`.
    #[schema(schema_with = new_headers)]
    headers: Option<BTreeMap<String, String>>,
    /// Its body, at most 16 KiB, for methods that carry one: not GET or HEAD.
    #[schema(max_length = 16384)]
    body: Option<String>,
    /// Which statuses are up: `200-299` unless told otherwise.
    #[schema(value_type = Option<schema::ExpectedStatus>)]
    expected_status: Option<String>,
    /// Whether redirects are followed, at most 10: true unless told otherwise.
    follow_redirects: Option<bool>,
    /// Whether the certificate must be valid for the host: true unless told otherwise.
    verify_tls: Option<bool>,
    /// A user name and a password (RFC 7617), in place of an authorization header.
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

/// What changes of the user name and password. `***` keeps the password.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct BasicAuthPatch {
    /// The user name.
    #[schema(max_length = 255, pattern = "^[^:\\u0000-\\u001f\\u007f-\\u009f]*$", example = "monitor")]
    username: Option<String>,
    /// The password.
    #[schema(max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example = "correct horse")]
    password: Option<String>,
}

/// Whose certificate an ssl check looks at. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct SslSettings {
    /// Who shows it.
    #[schema(value_type = schema::Host)]
    host: String,
    /// Where: 443 unless told otherwise.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
    /// Down where it, or one of those that vouch for it, expires within so many days: 14 unless told otherwise.
    #[schema(minimum = 0, maximum = 365, example = 14)]
    min_days_remaining: Option<u16>,
}

/// What a tcp check connects to. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct TcpSettings {
    /// To whom.
    #[schema(value_type = schema::Host)]
    host: String,
    /// Where.
    #[schema(minimum = 1, maximum = 65535, example = 25)]
    port: u16,
    /// What is sent once connected, at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1024, example = "PING\\r\\n")]
    send: Option<String>,
    /// What must be in the first 64 KiB that come, at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1024, example = "220 ")]
    expect: Option<String>,
}

/// What a dns check asks for. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct DnsSettings {
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
    /// Which name server is asked: the checker's own unless told otherwise.
    #[schema(value_type = Option<schema::NameServer>)]
    resolver: Option<String>,
}

/// What a ping check connects to. Null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct PingSettings {
    /// With whom.
    #[schema(value_type = schema::Host)]
    host: String,
    /// Where: 443 unless told otherwise.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
}

/// What changes of a monitor: a JSON Merge Patch (RFC 7396). What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct MonitorPatch {
    /// The target. With another scheme, host or port, the values of all `http.headers` must be sent anew.
    #[schema(value_type = schema::Url, required = false)]
    url: Option<String>,
    /// What people call it.
    #[schema(value_type = Option<schema::Name>)]
    name: Option<String>,
    /// How it is checked.
    #[schema(value_type = Option<schema::CheckType>)]
    check_type: Option<String>,
    /// Seconds between two checks.
    #[schema(minimum = 60, maximum = 86400, multiple_of = 60, example = 300)]
    check_interval: Option<u32>,
    /// Where it is checked from.
    #[schema(value_type = Option<Vec<schema::Region>>, min_items = 1, max_items = 20)]
    regions: Option<Vec<String>>,
    /// How long one attempt may take, in milliseconds.
    #[schema(minimum = 100, maximum = 30000, example = 5000)]
    timeout_ms: Option<u32>,
    /// Further attempts within a minute.
    #[schema(minimum = 0, maximum = 5, example = 3)]
    retries: Option<u8>,
    /// How many regions must agree, up to the number of its regions.
    #[schema(minimum = 1, maximum = 20, example = 1)]
    confirm_regions: Option<u8>,
    /// Labels to find it by, in place of those before.
    #[schema(value_type = Option<Vec<schema::Tag>>, max_items = 20)]
    tags: Option<Vec<String>>,
    /// Where events go; null: nowhere. Where there was none before, the answer shows the webhook's secret.
    #[schema(value_type = Option<schema::Url>)]
    webhook_url: Option<String>,
    /// What changes of the http check; merged field by field. With another `check_type`, the settings of the old one go.
    http: Option<HttpPatch>,
    /// What changes of the ssl check.
    ssl: Option<SslPatch>,
    /// What changes of the tcp check.
    tcp: Option<TcpPatch>,
    /// What changes of the dns check.
    dns: Option<DnsPatch>,
    /// What changes of the ping check.
    ping: Option<PingPatch>,
}

/// What changes of the http check. What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct HttpPatch {
    /// The request's method.
    #[schema(value_type = Option<schema::Method>)]
    method: Option<String>,
    /// Headers that change; null takes one away, and `***` keeps its value.
    #[schema(schema_with = changed_headers)]
    headers: Option<BTreeMap<String, String>>,
    /// Its body, at most 16 KiB, for methods that carry one: not GET or HEAD.
    #[schema(max_length = 16384)]
    body: Option<String>,
    /// Which statuses are up.
    #[schema(value_type = Option<schema::ExpectedStatus>)]
    expected_status: Option<String>,
    /// Whether redirects are followed, at most 10.
    follow_redirects: Option<bool>,
    /// Whether the certificate must be valid for the host.
    verify_tls: Option<bool>,
    /// The user name and password.
    basic_auth: Option<BasicAuthPatch>,
    /// What the body must contain, or must not.
    keyword: Option<KeywordSettings>,
    /// What the body, as JSON, must say, in place of what was before.
    #[schema(max_items = 10)]
    json: Option<Vec<JsonSettings>>,
    /// Up to when the head of the answer should be there, in milliseconds.
    #[schema(minimum = 1, maximum = 30000, example = 800)]
    max_response_time_ms: Option<u32>,
    /// What it means that it is not.
    #[schema(value_type = Option<schema::SlowOutcome>)]
    slow_outcome: Option<String>,
}

/// What changes of the ssl check. What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct SslPatch {
    /// Who shows it.
    #[schema(value_type = schema::Host, required = false)]
    host: Option<String>,
    /// Where.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
    /// Down where it, or one of those that vouch for it, expires within so many days.
    #[schema(minimum = 0, maximum = 365, example = 14)]
    min_days_remaining: Option<u16>,
}

/// What changes of the tcp check. What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct TcpPatch {
    /// To whom.
    #[schema(value_type = schema::Host, required = false)]
    host: Option<String>,
    /// Where.
    #[schema(value_type = u16, required = false, minimum = 1, maximum = 65535, example = 25)]
    port: Option<u16>,
    /// What is sent once connected, at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1024, example = "PING\\r\\n")]
    send: Option<String>,
    /// What must be in the first 64 KiB that come, at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1024, example = "220 ")]
    expect: Option<String>,
}

/// What changes of the dns check. What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct DnsPatch {
    /// Of which name.
    #[schema(value_type = schema::Host, required = false)]
    name: Option<String>,
    /// Which records.
    #[schema(value_type = Option<schema::RecordType>)]
    record_type: Option<String>,
    /// What they must be, in place of what was before.
    #[schema(value_type = Option<Vec<schema::DnsRecord>>, max_items = 20)]
    expected: Option<Vec<String>>,
    /// How the answer must relate to `expected`.
    #[schema(value_type = Option<schema::DnsMatch>)]
    r#match: Option<String>,
    /// Which name server is asked.
    #[schema(value_type = Option<schema::NameServer>)]
    resolver: Option<String>,
}

/// What changes of the ping check. What is absent stays; null goes back to the default.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "described, and never built")]
pub struct PingPatch {
    /// With whom.
    #[schema(value_type = schema::Host, required = false)]
    host: Option<String>,
    /// Where.
    #[schema(minimum = 1, maximum = 65535, example = 443)]
    port: Option<u16>,
}
fn changed_headers() -> Object {
    let value =
        ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).max_length(Some(2048));
    header_map(value.pattern(Some("^[\\t -~]*$")).build(), json!({"authorization": "Bearer …", "x-old": null}))
}
