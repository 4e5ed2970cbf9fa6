//! The http check: what to ask and what to expect.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    Faults, Field, Fields, Invalid, Items, Kind, Literal, Object,
    body_check::{JsonAssertion, Keyword, Values},
    text_spec::{self, Text, values},
};

pub use crate::expected_status::ExpectedStatus;

/// Stands for a header's value in every answer; sent back, it keeps the value that is stored.
pub const REDACTED: &str = "***";

/// The methods a probe may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names of RFC 9110 say it")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// How it is spelled and described.
    pub const TEXT: Text =
        Text { name: "Method", says: "Method of the request.", example: "GET", values: values!(Method), ..Text::PLAIN };

    /// Every method.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// As the request line spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

/// Request headers, by name as it was given; names know no case. Values are secrets: never printed, never answered.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct RequestHeaders(BTreeMap<String, String>);

/// Headers of one request, at most.
const HEADERS_MAX: usize = 20;

/// What the probe itself sets, or what would change the meaning of its request on the wire.
pub const OWN_HEADERS: [&str; 9] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Headers that redirects to another origin take along: what describes the client and what it accepts. Any other may be a credential.
pub const HARMLESS_HEADERS: [&str; 17] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "pragma",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-gpc",
    "upgrade-insecure-requests",
    "user-agent",
];

impl RequestHeaders {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for RequestHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|name| (name, REDACTED))).finish()
    }
}

impl TryFrom<BTreeMap<String, String>> for RequestHeaders {
    type Error = Invalid;

    fn try_from(given: BTreeMap<String, String>) -> Result<Self, Invalid> {
        if given.len() > HEADERS_MAX {
            return Err(Invalid::new(format!("must have at most {HEADERS_MAX} headers")));
        }
        let mut seen = BTreeSet::new();
        for (given_name, value) in &given {
            let name = given_name.to_ascii_lowercase();
            // RFC 9110, section 5.6.2: the characters of a token.
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if text_spec::HEADER_NAME.fit(&name).is_err() || !name.bytes().all(token) {
                return Err(Invalid::new(format!("{name:?} is not a header name")));
            }
            if OWN_HEADERS.contains(&name.as_str()) {
                return Err(Invalid::new(format!("{name} is set by the probe itself")));
            }
            let visible = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
            if text_spec::HEADER_VALUE.fit(value).is_err() || !value.bytes().all(visible) {
                let most = text_spec::HEADER_VALUE.max.unwrap_or_default();
                let detail = format!("the value of {name} must be at most {most} visible ASCII characters");
                return Err(Invalid::new(detail));
            }
            if value == REDACTED {
                return Err(Invalid::new(format!("the value of {name} is the mark that stands for a hidden value")));
            }
            if !seen.insert(name) {
                return Err(Invalid::new(format!("{given_name} is given twice: names know no case")));
            }
        }
        Ok(Self(given))
    }
}

impl From<RequestHeaders> for BTreeMap<String, String> {
    fn from(headers: RequestHeaders) -> Self {
        headers.0
    }
}

/// A request body: at most 16 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestBody(String);

impl RequestBody {
    /// The bytes to send.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl TryFrom<String> for RequestBody {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text_spec::REQUEST_BODY.fit(&text).map(|()| Self(text))
    }
}

impl From<RequestBody> for String {
    fn from(body: RequestBody) -> Self {
        body.0
    }
}

/// A user name and a password (RFC 7617). The password is a secret: never printed, never answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasicAuth {
    /// User name, without a colon.
    pub username: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("username", &self.username).finish_non_exhaustive()
    }
}

const USERNAME: Field =
    Field::text("username", &text_spec::USERNAME).required().says("User name.").example(Literal::Str("monitor"));
const PASSWORD: Field = Field::text("password", &text_spec::PASSWORD)
    .required()
    .says("Password. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.")
    .example(Literal::Str("correct horse"));

impl BasicAuth {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "BasicAuthSettings",
        patch_name: "BasicAuthPatch",
        says: "User name and password (RFC 7617). The password is a secret: answers show `***` in its place.",
        fields: &[USERNAME, PASSWORD],
    };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let username: Option<String> = fields.read(&USERNAME, faults);
        let password: Option<String> = fields.read(&PASSWORD, faults);
        let has_control = |text: &String| text.chars().any(char::is_control);
        if username.as_ref().is_some_and(|name| has_control(name) || name.contains(':')) {
            faults.add(fields.pointer("username"), "must have no colon (RFC 7617) and no control characters");
        }
        if password.as_ref().is_some_and(has_control) {
            faults.add(fields.pointer("password"), "must have no control characters");
        }
        if password.as_deref() == Some(REDACTED) {
            faults.add(fields.pointer("password"), "is the mark that stands for a hidden value");
        }
        username.zip(password).map(|(username, password)| Self { username, password })
    }
}

/// What it means that a target is slower than `max_response_time_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlowOutcome {
    /// The check is slow, which counts as up.
    #[default]
    #[serde(alias = "degraded")]
    Slow,
    /// The target is down.
    Down,
}

impl SlowOutcome {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "SlowOutcome",
        says: "Outcome of a check that is slower than `max_response_time_ms`.",
        example: "slow",
        values: values!(SlowOutcome),
        ..Text::PLAIN
    };

    /// Both.
    pub const ALL: [Self; 2] = [Self::Slow, Self::Down];

    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Down => "down",
        }
    }
}

/// Method of the request.
pub const METHOD: Field =
    Field::text("method", &Method::TEXT).says("Method of the request.").default(Literal::Str(Method::Get.as_str()));

/// Headers of the request.
pub const HEADERS: Field = Field::of(
    "headers",
    Kind::Map {
        names: &text_spec::HEADER_NAME,
        reserved: &OWN_HEADERS,
        values: &text_spec::HEADER_VALUE,
        max: HEADERS_MAX,
    },
)
.says("Headers of the request by name, at most 20. Values are secrets: answers show `***` in their place. Only harmless ones, such as `user-agent` and `accept`, are sent to another origin on redirect.")
.on_patch("`null` as a value removes a header, `***` keeps its value.");

/// Body of the request.
pub const BODY: Field =
    Field::text("body", &text_spec::REQUEST_BODY).says("Body of the request, at most 16 KiB. Not with GET or HEAD.");

/// Statuses that count as up.
pub const EXPECTED_STATUS: Field = Field::text("expected_status", &text_spec::EXPECTED_STATUS)
    .says("Statuses that count as up.")
    .default(Literal::Str("200-299"));

/// Redirects that a probe follows, at most.
pub const REDIRECTS_MAX: usize = 10;

/// Whether redirects are followed.
pub const FOLLOW_REDIRECTS: Field = Field::boolean("follow_redirects")
    .says("Whether redirects are followed, at most 10. Cookies that they set are sent back within the same check.")
    .default(Literal::Bool(true));

/// Whether the certificate is verified.
pub const VERIFY_TLS: Field = Field::boolean("verify_tls")
    .says("Whether the certificate must be trusted and valid for the host.")
    .default(Literal::Bool(true));

/// User name and password.
pub const BASIC_AUTH: Field = Field::object("basic_auth", &BasicAuth::OBJECT)
    .says("User name and password (RFC 7617). Not with an `authorization` header.");

/// The longest body that is read, in bytes, both as received and decompressed.
pub const ANSWER_MAX: usize = 1024 * 1024;

/// Texts that the body must or must not contain.
pub const KEYWORD: Field = Field::object("keyword", &Keyword::OBJECT)
    .says("Texts that the body of the answer must or must not contain. At most 1 MiB of it is read, after decompression (gzip, deflate, br, zstd).");

/// Comparisons of the body.
pub const JSON: Field =
    Field::list("json", "comparison", Items::Objects(&JsonAssertion::OBJECT), 0, Some(JsonAssertion::MAX))
        .says("Comparisons that the body of the answer, as JSON, must fulfil.")
        .on_patch("Replaces the list.");

/// Whether values of the body are kept out of what failures tell.
pub const HIDE_VALUES: Field = Field::boolean("hide_values")
    .says("Whether a failed `json` comparison hides the value that was seen. By default its first 100 characters are part of the error, which is stored and sent to webhooks.")
    .default(Literal::Bool(false));

/// Time limit of the answer.
pub const MAX_RESPONSE_TIME_MS: Field = Field::milliseconds("max_response_time_ms", 1, 30_000)
    .says("Milliseconds until the head of the answer, above which `slow_outcome` applies.")
    .computed("no limit")
    .example(Literal::Int(800));

/// Outcome of an answer that takes longer.
pub const SLOW_OUTCOME: Field = Field::text("slow_outcome", &SlowOutcome::TEXT)
    .says("Outcome of a check that is slower than `max_response_time_ms`.")
    .default(Literal::Str(SlowOutcome::Slow.as_str()));

/// What the http check asks and expects. What is as usual is not written down: every tick reads it of every monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpCheck {
    /// Method of the request.
    #[serde(skip_serializing_if = "is_default")]
    pub method: Method,
    /// Its headers.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: RequestHeaders,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<RequestBody>,
    /// Statuses that count as up.
    #[serde(skip_serializing_if = "is_default")]
    pub expected_status: ExpectedStatus,
    /// Whether to follow redirects.
    #[serde(skip_serializing_if = "is_true")]
    pub follow_redirects: bool,
    /// Whether the certificate must be valid for the host.
    #[serde(skip_serializing_if = "is_true")]
    pub verify_tls: bool,
    /// User name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<BasicAuth>,
    /// Texts that the body must or must not contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<Keyword>,
    /// Comparisons that the body, as JSON, must fulfil.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonAssertion>,
    /// Whether failures tell nothing of the body's values.
    #[serde(skip_serializing_if = "is_default")]
    pub hide_values: bool,
    /// Milliseconds until the head of the answer, above which `slow_outcome` applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_time_ms: Option<u32>,
    /// Outcome of a check that is slower.
    #[serde(skip_serializing_if = "is_default")]
    pub slow_outcome: SlowOutcome,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_true(value: &bool) -> bool {
    *value
}

impl Default for HttpCheck {
    fn default() -> Self {
        Self {
            method: Method::default(),
            headers: RequestHeaders::default(),
            body: None,
            expected_status: ExpectedStatus::default(),
            follow_redirects: true,
            verify_tls: true,
            basic_auth: None,
            keyword: None,
            json: Vec::new(),
            hide_values: false,
            max_response_time_ms: None,
            slow_outcome: SlowOutcome::default(),
        }
    }
}

impl HttpCheck {
    /// Whether the body of the answer has to be read.
    pub fn reads_body(&self) -> bool {
        self.keyword.is_some() || !self.json.is_empty()
    }

    /// Whether failures tell the values that were seen.
    pub const fn values(&self) -> Values {
        if self.hide_values { Values::Hidden } else { Values::Shown }
    }

    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "HttpSettings",
        patch_name: "HttpPatch",
        says: "Settings of an http check.",
        fields: &[
            METHOD,
            HEADERS,
            BODY,
            EXPECTED_STATUS,
            FOLLOW_REDIRECTS,
            VERIFY_TLS,
            BASIC_AUTH,
            KEYWORD,
            JSON,
            HIDE_VALUES,
            MAX_RESPONSE_TIME_MS,
            SLOW_OUTCOME,
        ],
    };

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let ours = Self::default();
        let check = Self {
            method: fields.read(&METHOD, faults).unwrap_or(ours.method),
            headers: fields.read(&HEADERS, faults).unwrap_or(ours.headers),
            body: fields.read(&BODY, faults),
            expected_status: fields.read(&EXPECTED_STATUS, faults).unwrap_or(ours.expected_status),
            follow_redirects: fields.read(&FOLLOW_REDIRECTS, faults).unwrap_or(ours.follow_redirects),
            verify_tls: fields.read(&VERIFY_TLS, faults).unwrap_or(ours.verify_tls),
            basic_auth: fields.object(&BASIC_AUTH, faults, BasicAuth::read).flatten(),
            keyword: fields.object(&KEYWORD, faults, Keyword::read),
            json: JsonAssertion::read_all(fields, &JSON, faults),
            hide_values: fields.read(&HIDE_VALUES, faults).unwrap_or(ours.hide_values),
            max_response_time_ms: fields.read(&MAX_RESPONSE_TIME_MS, faults),
            slow_outcome: fields.read(&SLOW_OUTCOME, faults).unwrap_or(ours.slow_outcome),
        };
        if check.body.is_some() && matches!(check.method, Method::Get | Method::Head) {
            faults
                .add(fields.pointer("body"), "needs a method that carries a body: POST, PUT, PATCH, DELETE or OPTIONS");
        }
        if check.basic_auth.is_some()
            && check.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        {
            faults.add(fields.pointer("basic_auth"), "does not go with an authorization header: give one of the two");
        }
        if check.reads_body() && check.method == Method::Head {
            let place = if check.keyword.is_some() { "keyword" } else { "json" };
            faults.add(fields.pointer(place), "needs a body, and the answer to HEAD has none");
        }
        check
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stored_is_what_is_not_given() {
        let body = serde_json::json!({});
        let mut faults = Faults::default();
        let read = HttpCheck::read(&mut Fields::of(&body, "", &mut faults), &mut faults);
        assert_eq!((read, faults), (HttpCheck::default(), Faults::default()));
    }

    #[test]
    fn header_values_are_not_printed() {
        let headers =
            RequestHeaders::try_from(BTreeMap::from([("Authorization".to_owned(), "Bearer s3cret".to_owned())]));
        assert_eq!(format!("{headers:?}"), r#"Ok({"Authorization": "***"})"#);
    }

    #[test]
    fn headers_that_would_smuggle_are_refused() {
        for (name, value) in
            [("a b", "x"), ("", "x"), ("x", "a\r\nhost: b"), ("Host", "x"), ("content-length", "1"), ("x", "***")]
        {
            let headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            assert!(RequestHeaders::try_from(headers).is_err(), "{name}: {value}");
        }
    }
}
