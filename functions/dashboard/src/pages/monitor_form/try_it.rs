//! "Try it": one probe of what the form says, before it is saved.

use axum::http::Method;
use serde_json::{Map, Value};
use valpero_domain::{Fault, check::CheckType, http_check::REDACTED};
use valpero_http::Problem;
use valpero_views::{Report, ShownCertificate};

use crate::{
    charts::{Bar, bar},
    form::without_nulls,
    parts::State,
    visitor::Visitor,
    words::Words,
};

/// The longest time limit of a probe on request, in milliseconds.
const TIMEOUT_MAX_MS: u64 = 20_000;

/// What a probe found.
#[derive(Debug)]
pub struct Tried {
    /// The outcome.
    pub state: State,
    /// Status, version and time.
    pub says: String,
    /// Why it is not up.
    pub error: Option<String>,
    /// Where the time went.
    pub bar: Option<Bar>,
    /// The certificate that was seen.
    pub certificate: Option<String>,
    /// Records of a name.
    pub answers: Vec<String>,
    /// What was left out: secrets that are stored, which nobody may see.
    pub left_out: Option<&'static str>,
}

/// Probes what a form says once.
///
/// # Errors
/// The API's problem.
pub async fn probe(visitor: &Visitor, check_type: CheckType, body: &Value) -> Result<Tried, Problem> {
    let (asked, is_without_secrets) = request(check_type, body);
    let path = format!("/api/v1/tools/{}", check_type.as_str());
    let report: Report = visitor.client.send(Method::POST, &path, &asked).await?.read()?;
    let words = visitor.shell("").words();
    let mut tried = tell(&words, &report);
    tried.left_out = is_without_secrets.then_some(visitor.t.monitor_form.without_secrets);
    Ok(tried)
}

/// A tool's request: the fields of the type's object beside the target, without secrets that are stored. Says whether there were any.
fn request(check_type: CheckType, body: &Value) -> (Value, bool) {
    let settings = body.get(check_type.as_str()).cloned().unwrap_or(Value::Null);
    let settings = without_nulls(settings);
    let mut members: Map<String, Value> = settings.as_object().cloned().unwrap_or_default();
    if let Some(url) = body.get("url").filter(|url| !url.is_null()) {
        members.insert("url".to_owned(), url.clone());
    }
    match body.get("timeout_ms") {
        Some(Value::Null) | None => {}
        Some(limit) => {
            let longest = limit.as_u64().filter(|limit| (TIMEOUT_MAX_MS..=30_000).contains(limit));
            members.insert("timeout_ms".to_owned(), longest.map_or_else(|| limit.clone(), |_| TIMEOUT_MAX_MS.into()));
        }
    }
    let is_hidden = |value: &Value| value == REDACTED;
    let mut has_secrets = false;
    if let Some(headers) = members.get_mut("headers").and_then(Value::as_object_mut) {
        let before = headers.len();
        headers.retain(|_, value| !is_hidden(&*value));
        has_secrets = headers.len() < before;
    }
    if members.get("basic_auth").and_then(|auth| auth.get("password")).is_some_and(is_hidden) {
        members.remove("basic_auth");
        has_secrets = true;
    }
    (Value::Object(members), has_secrets)
}

/// A tool's faults, at the places of the form.
pub fn placed(check_type: CheckType, faults: &[Fault]) -> Vec<Fault> {
    let place = |fault: &Fault| {
        let pointer = match fault.pointer.as_str() {
            "/url" | "/timeout_ms" => fault.pointer.clone(),
            other => format!("/{}{other}", check_type.as_str()),
        };
        Fault { pointer, detail: fault.detail.clone() }
    };
    faults.iter().map(place).collect()
}

fn tell(words: &Words, report: &Report) -> Tried {
    let mut says: Vec<String> = Vec::new();
    says.extend(report.http_status.map(|status| status.to_string()));
    says.extend(report.http_version.as_ref().map(|version| format!("HTTP/{version}")));
    says.extend(report.response_time_ms.map(|ms| words.ms(&Some(ms))));
    says.extend(report.remote_address.clone());
    Tried {
        state: State::of_outcome(words.t, report.outcome),
        says: says.join(" · "),
        error: report.error.as_ref().map(|cause| words.t.cause(cause)),
        bar: bar(words, &report.phases),
        certificate: report.certificate.as_ref().map(|certificate| of_certificate(words, certificate)),
        answers: report.answers.clone().unwrap_or_default(),
        left_out: None,
    }
}

fn of_certificate(words: &Words, certificate: &ShownCertificate) -> String {
    let f = &words.t.monitor_form;
    (f.certificate)(&certificate.subject, &certificate.issuer, &certificate.days_remaining.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_probe_is_asked_without_stored_secrets_and_within_its_time() {
        let body = json!({
            "url": "https://example.com/", "timeout_ms": 30_000, "name": "x",
            "http": {"method": "GET", "headers": {"a": "***", "b": "1", "c": null}, "basic_auth": {"username": "u", "password": "***"}},
        });
        let asked =
            json!({"url": "https://example.com/", "timeout_ms": 20_000, "method": "GET", "headers": {"b": "1"}});
        assert_eq!(request(CheckType::Http, &body), (asked, true));
        let plain = json!({"ssl": {"host": "example.com", "port": null}, "timeout_ms": 500});
        assert_eq!(request(CheckType::Ssl, &plain), (json!({"host": "example.com", "timeout_ms": 500}), false));
    }
}
