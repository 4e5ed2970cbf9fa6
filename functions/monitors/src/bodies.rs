//! What requests about monitors say, as the OpenAPI document describes it. A test holds these fields against those that are read.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        Object, RefOr, Schema,
        schema::{ObjectBuilder, SchemaType, Type},
    },
};
use valpero_app::schema;
use valpero_domain::http_check::OWN_HEADERS;

/// A monitor to be made. Only `url` is needed; null is the same as absent.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct NewMonitor {
    /// The target.
    #[schema(value_type = schema::Url)]
    url: String,
    /// What people call it; the URL's host unless told otherwise.
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
    /// What changes of the http check; merged field by field.
    http: Option<HttpPatch>,
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
}

/// A header's value: at most 2,048 visible ASCII characters, and not the mark that stands for a hidden one.
const VALUE: &str = "^(?!\\*\\*\\*$)[\\t -~]*$";

fn header_map(values: impl Into<Schema>, example: Value) -> Object {
    // The characters of a token (RFC 9110), but for the names that the probe sets itself, in any case.
    let any_case = |letter: char| match letter {
        'a'..='z' => format!("[{letter}{}]", letter.to_ascii_uppercase()),
        other => other.to_string(),
    };
    let own: String = OWN_HEADERS.join("|").chars().map(any_case).collect();
    let name = format!("^(?!({own})$)[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,100}}$");
    let names = ObjectBuilder::new().schema_type(Type::String).pattern(Some(name)).build();
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .property_names(Some(names))
        .additional_properties(Some(RefOr::T(values.into())))
        .max_properties(Some(20))
        .examples([example])
        .build()
}

fn new_headers() -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(2048)).pattern(Some(VALUE)).build();
    header_map(value, json!({"authorization": "Bearer …"}))
}

fn changed_headers() -> Object {
    let value =
        ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).max_length(Some(2048));
    header_map(value.pattern(Some("^[\\t -~]*$")).build(), json!({"authorization": "Bearer …", "x-old": null}))
}
