//! How operations fail: with problems that many share, and with those that an operation's description names.

use serde_json::{Map, Value, json};
use valpero_http::PROBLEMS;

use super::{COMMON, header_refs};

/// Statuses of failures: status, name of the response that operations share, title.
const ANSWERS: [(&str, &str, &str); 12] = [
    ("400", "BadRequest", "The body is not valid JSON"),
    ("401", "Unauthorized", "No valid API key"),
    ("403", "Forbidden", "The key lacks a scope"),
    ("404", "NotFound", "Not found"),
    ("409", "Conflict", "Not possible in this state"),
    ("413", "TooLarge", "The body is too large"),
    ("415", "UnsupportedMediaType", "Wrong content type"),
    ("422", "Invalid", "The request is not valid"),
    ("429", "TooManyRequests", "Too many requests"),
    ("500", "InternalError", "Something failed on our side"),
    ("503", "Unavailable", "Try again soon"),
    ("504", "TimedOut", "Try again soon"),
];

/// Problems of every operation that fails with their status. Any other is a problem of the operations whose description names it.
const EVERYWHERE: [&str; 14] = [
    "bad_json",
    "bad_request",
    "unauthorized",
    "missing_scope",
    "not_found",
    "collision",
    "body_too_large",
    "unsupported_media_type",
    "validation_failed",
    "rate_limited",
    "internal_error",
    "unavailable",
    "unreachable",
    "timed_out",
];

/// Problems of every operation that takes an `Idempotency-Key`.
const OF_REPEATED: [&str; 2] = ["idempotency_in_progress", "idempotency_key_reused"];

/// The responses that operations share.
pub(super) fn shared() -> Value {
    let named = ANSWERS.iter().map(|(status, name, _)| ((*name).to_owned(), response(status, &EVERYWHERE)));
    let mut responses: Map<String, Value> = named.collect();
    let schema = json!({"type": "object", "required": ["message"], "properties": {"message": {"type": "string", "description": "What the gateway says."}}});
    responses.insert(
        "GatewayLimit".into(),
        json!({
            "description": "On AWS, above the deployment's request rate: the gateway rejects the request before Valpero sees it.",
            "content": {"application/json": {"schema": schema, "example": {"message": "Too Many Requests"}}},
        }),
    );
    Value::Object(responses)
}

/// The response with those of these problems that have this status.
fn response(status: &str, codes: &[&str]) -> Value {
    let mut headers = header_refs(&COMMON);
    if status == "401" {
        headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WWW-Authenticate"});
    }
    let title = ANSWERS.iter().find(|(of, ..)| *of == status).map_or("", |(.., title)| *title);
    let problems = || PROBLEMS.iter().filter(|(of, code, _)| of.to_string() == status && codes.contains(code));
    let example = |(status, code, means): &(u16, &str, &str)| {
        let problem = json!({
            "type": format!("/docs/api#problem-{code}"),
            "title": title,
            "status": status,
            "detail": means,
            "code": code,
            "request_id": "req_01M82PJFFSY9XKXCV0WRMX4C7M",
        });
        ((*code).to_owned(), json!({"value": problem}))
    };
    let examples: Map<String, Value> = problems().map(example).collect();
    let means: Vec<&str> = problems().map(|(.., means)| *means).collect();
    let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
    json!({"description": means.join(" "), "headers": headers, "content": {"application/problem+json": content}})
}

/// The responses with which an operation fails.
pub(super) fn of(path: &str, method: &str, operation: &Value, repeatable: bool) -> Map<String, Value> {
    let description = operation["description"].as_str().unwrap_or_default();
    let named: Vec<&str> = description.split('`').skip(1).step_by(2).collect();
    let own = |code: &str| named.contains(&code) || (repeatable && OF_REPEATED.contains(&code));
    let own: Vec<_> = PROBLEMS.iter().filter(|(_, code, _)| own(code)).collect();
    let mut codes = EVERYWHERE.to_vec();
    codes.extend(own.iter().map(|(_, code, _)| *code));
    let general = statuses(path, method, operation);
    let fails = |status: &str| general.contains(&status) || own.iter().any(|(of, ..)| of.to_string() == status);
    let more = |status: &str| own.iter().any(|(of, code, _)| of.to_string() == status && !EVERYWHERE.contains(code));
    let described = |(status, name, _): &(&str, &str, &str)| {
        let shared = || json!({"$ref": format!("#/components/responses/{name}")});
        ((*status).to_owned(), if more(status) { response(status, &codes) } else { shared() })
    };
    ANSWERS.iter().filter(|(status, ..)| fails(status)).map(described).collect()
}

/// The responses with which an operation fails that needs no key, so that it has no rate limit.
pub(super) fn without_key(operation: &Value) -> Map<String, Value> {
    let mut failures = Map::new();
    if has_query(operation) {
        let mut invalid = response("422", &EVERYWHERE);
        invalid["headers"] = header_refs(&["X-Request-Id"]);
        failures.insert("422".into(), invalid);
    }
    failures.insert("429".into(), json!({"$ref": "#/components/responses/GatewayLimit"}));
    failures
}

fn has_query(operation: &Value) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|one| one["in"] == "query")
}

/// The statuses with which an operation fails for reasons that it shares with others.
fn statuses(path: &str, method: &str, operation: &Value) -> Vec<&'static str> {
    let mut statuses = vec!["401", "403", "429", "500", "503", "504"];
    if path.contains("{id}") {
        statuses.push("404");
    }
    if method != "get" {
        statuses.extend(["400", "413", "415"]);
    }
    if method != "get" || has_query(operation) || path == "/api/metrics" {
        statuses.push("422");
    }
    // Whatever changes something may collide with others who change it.
    if method != "get" && !path.starts_with("/api/v1/tools/") {
        statuses.push("409");
    }
    statuses
}
