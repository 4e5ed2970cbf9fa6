//! An answer of the API.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use serde_json::Value;
use valpero_storage::Usage;

/// Status, headers and body of an answer.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, `null` where it is no JSON.
    pub json: Value,
    /// The body as it came.
    pub bytes: Bytes,
    /// What the request consumed of the store.
    pub usage: Usage,
}

impl Reply {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        self
    }

    /// A header's text, empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// A member's text.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        match self.json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            other => panic!("{pointer} is {other:?} in {}", self.json),
        }
    }

    /// The items of a list.
    #[track_caller]
    pub fn data(&self) -> &[Value] {
        self.json["data"].as_array().unwrap_or_else(|| panic!("no list: {}", self.json))
    }

    /// A problem's code and the pointers of its faults.
    pub fn problem(&self) -> (&str, Vec<&str>) {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pointers = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
        (self.json["code"].as_str().unwrap_or_default(), pointers)
    }
}
