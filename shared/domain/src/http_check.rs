//! The http check: what to ask and what to expect.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Fields, Invalid,
    body_check::{JsonAssertion, Keyword},
};

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

/// Status codes that count as up, such as `200-299,301`: at most 20 codes or ranges within 100 to 599.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExpectedStatus(Vec<(u16, u16)>);

impl ExpectedStatus {
    /// Any status at all.
    pub fn any() -> Self {
        Self(vec![(100, 999)])
    }

    /// Whether this status counts as up.
    pub fn accepts(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl Default for ExpectedStatus {
    fn default() -> Self {
        Self(vec![(200, 299)])
    }
}

impl fmt::Display for ExpectedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (low, high)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            if low == high { write!(f, "{comma}{low}")? } else { write!(f, "{comma}{low}-{high}")? }
        }
        Ok(())
    }
}

impl TryFrom<String> for ExpectedStatus {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let fault = || Invalid::new("must be status codes or ranges within 100 to 599, such as \"200-299,301\"");
        let code = |part: &str| {
            let digits = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            let code = part.parse::<u16>().ok().filter(|code| digits && (100..=599).contains(code));
            code.ok_or_else(fault)
        };
        let ranges: Vec<(u16, u16)> = text
            .split(',')
            .map(|part| {
                let (low, high) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
                let (low, high) = (code(low)?, code(high)?);
                if low <= high { Ok((low, high)) } else { Err(fault()) }
            })
            .collect::<Result<_, _>>()?;
        if ranges.len() <= 20 { Ok(Self(ranges)) } else { Err(Invalid::new("must have at most 20 codes or ranges")) }
    }
}

impl From<ExpectedStatus> for String {
    fn from(expected: ExpectedStatus) -> Self {
        expected.to_string()
    }
}

/// Request headers, by lower-case name. Values are secrets: never printed, never answered.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct RequestHeaders(BTreeMap<String, String>);

/// What the probe itself sets, or what would change the meaning of its request on the wire.
pub const OWN_HEADERS: [&str; 9] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

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
        if given.len() > 20 {
            return Err(Invalid::new("must have at most 20 headers"));
        }
        let mut headers = BTreeMap::new();
        for (name, value) in given {
            let name = name.to_ascii_lowercase();
            // RFC 9110, section 5.6.2: the characters of a token.
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
                return Err(Invalid::new(format!("{name:?} is not a header name")));
            }
            if OWN_HEADERS.contains(&name.as_str()) {
                return Err(Invalid::new(format!("{name} is set by the probe itself")));
            }
            let visible = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
            if value.len() > 2048 || !value.bytes().all(visible) {
                return Err(Invalid::new(format!("the value of {name} must be at most 2048 visible ASCII characters")));
            }
            if value == REDACTED {
                return Err(Invalid::new(format!("the value of {name} is the mark that stands for a hidden value")));
            }
            if headers.insert(name.clone(), value).is_some() {
                return Err(Invalid::new(format!("{name} is given twice")));
            }
        }
        Ok(Self(headers))
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
        if text.len() <= 16 * 1024 { Ok(Self(text)) } else { Err(Invalid::new("must be at most 16 KiB")) }
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
    /// Up to 255 bytes, without a colon.
    pub username: String,
    /// Up to 255 bytes.
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("username", &self.username).finish_non_exhaustive()
    }
}

impl BasicAuth {
    fn read(value: &Value, base: &str, faults: &mut Faults) -> Option<Self> {
        let mut fields = Fields::of(value, base, faults);
        let username: Option<String> = fields.required("username", faults);
        let password: Option<String> = fields.required("password", faults);
        let fits = |text: &String| text.len() <= 255 && !text.chars().any(char::is_control);
        if username.as_ref().is_some_and(|name| !fits(name) || name.contains(':')) {
            faults.add(
                fields.pointer("username"),
                "must be at most 255 bytes without a colon (RFC 7617) and without control characters",
            );
        }
        if password.as_ref().is_some_and(|password| !fits(password)) {
            faults.add(fields.pointer("password"), "must be at most 255 bytes without control characters");
        }
        if password.as_deref() == Some(REDACTED) {
            faults.add(fields.pointer("password"), "is the mark that stands for a hidden value");
        }
        fields.finish(faults);
        username.zip(password).map(|(username, password)| Self { username, password })
    }
}

/// What it means that a target is slower than `max_response_time_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlowOutcome {
    /// The check is degraded, which counts as up.
    #[default]
    Degraded,
    /// The target is down.
    Down,
}

/// What the http check asks and expects. What is as usual is not written down: every tick reads it of every monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpCheck {
    /// The request's method.
    #[serde(skip_serializing_if = "is_default")]
    pub method: Method,
    /// Its headers.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: RequestHeaders,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<RequestBody>,
    /// Which statuses are up.
    #[serde(skip_serializing_if = "is_default")]
    pub expected_status: ExpectedStatus,
    /// Whether to follow redirects, at most 10.
    #[serde(skip_serializing_if = "is_true")]
    pub follow_redirects: bool,
    /// Whether the certificate must be valid for the host.
    #[serde(skip_serializing_if = "is_true")]
    pub verify_tls: bool,
    /// What the request says of its sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<BasicAuth>,
    /// What the body must contain, or must not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<Keyword>,
    /// What the body, as JSON, must say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<JsonAssertion>,
    /// Up to when the head of the answer must be there: 1 to 30,000 milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_time_ms: Option<u32>,
    /// What it means that it is not.
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

    /// Reads the `http` object of a request.
    pub fn read(value: &Value, base: &str, faults: &mut Faults) -> Self {
        let mut fields = Fields::of(value, base, faults);
        let check = Self::read_fields(&mut fields, faults);
        fields.finish(faults);
        check
    }

    /// Reads the check's fields.
    pub fn read_fields(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let ours = Self::default();
        let check = Self {
            method: fields.optional("method", faults).unwrap_or(ours.method),
            headers: fields.optional("headers", faults).unwrap_or(ours.headers),
            body: fields.optional("body", faults),
            expected_status: fields.optional("expected_status", faults).unwrap_or(ours.expected_status),
            follow_redirects: fields.optional("follow_redirects", faults).unwrap_or(ours.follow_redirects),
            verify_tls: fields.optional("verify_tls", faults).unwrap_or(ours.verify_tls),
            basic_auth: fields
                .value("basic_auth")
                .and_then(|value| BasicAuth::read(value, &fields.pointer("basic_auth"), faults)),
            keyword: fields.value("keyword").map(|value| Keyword::read(value, &fields.pointer("keyword"), faults)),
            json: fields
                .value("json")
                .map(|value| JsonAssertion::read_all(value, &fields.pointer("json"), faults))
                .unwrap_or_default(),
            max_response_time_ms: fields.optional("max_response_time_ms", faults),
            slow_outcome: fields.optional("slow_outcome", faults).unwrap_or_default(),
        };
        if check.body.is_some() && matches!(check.method, Method::Get | Method::Head) {
            faults
                .add(fields.pointer("body"), "needs a method that carries a body: POST, PUT, PATCH, DELETE or OPTIONS");
        }
        if check.basic_auth.is_some() && check.headers.iter().any(|(name, _)| name == "authorization") {
            faults.add(fields.pointer("basic_auth"), "does not go with an authorization header: give one of the two");
        }
        if check.max_response_time_ms.is_some_and(|most| !(1..=30_000).contains(&most)) {
            faults.add(fields.pointer("max_response_time_ms"), "must be 1 to 30000");
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
    fn expected_status_reads_codes_and_ranges() {
        let expected = ExpectedStatus::try_from("200-204, 301".to_owned());
        assert_eq!(expected.as_ref().map(ToString::to_string), Ok("200-204,301".to_owned()));
        let accepted: Vec<u16> = (100..600).filter(|s| expected.as_ref().is_ok_and(|e| e.accepts(*s))).collect();
        assert_eq!(accepted, [200, 201, 202, 203, 204, 301]);
    }

    #[test]
    fn expected_status_refuses_what_is_no_status() {
        for bad in ["", ",", "99", "600", "299-200", "2xx", "200-", "+200", "0200", "200-299-300", &"200,".repeat(30)] {
            assert!(ExpectedStatus::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn header_values_are_not_printed() {
        let headers =
            RequestHeaders::try_from(BTreeMap::from([("Authorization".to_owned(), "Bearer s3cret".to_owned())]));
        assert_eq!(format!("{headers:?}"), r#"Ok({"authorization": "***"})"#);
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
