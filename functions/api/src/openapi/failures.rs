//! How operations fail: with problems that many share, and with those that an operation's description names.

use serde_json::{Map, Value, json};
use valpero_http::Code;

use super::{COMMON, header_refs};

/// Statuses of failures, and the name of the response that operations share.
const ANSWERS: [(u16, &str); 13] = [
    (400, "BadRequest"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "NotFound"),
    (409, "Conflict"),
    (412, "PreconditionFailed"),
    (413, "TooLarge"),
    (415, "UnsupportedMediaType"),
    (422, "Invalid"),
    (429, "TooManyRequests"),
    (500, "InternalError"),
    (503, "Unavailable"),
    (504, "TimedOut"),
];

/// Problems of every operation that fails with their status. Any other is a problem of the operations whose description names it.
const EVERYWHERE: [Code; 15] = [
    Code::BadJson,
    Code::BadRequest,
    Code::Unauthorized,
    Code::CrossSite,
    Code::MissingScope,
    Code::NotFound,
    Code::Collision,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
    Code::RateLimited,
    Code::InternalError,
    Code::Unavailable,
    Code::Unreachable,
    Code::TimedOut,
];

/// Problems of every operation that takes an `Idempotency-Key`.
const OF_REPEATED: [Code; 2] = [Code::IdempotencyInProgress, Code::IdempotencyKeyReused];

/// The responses that operations share.
pub(super) fn shared() -> Value {
    // A response without a problem of its own is named by no operation.
    let told = |status: u16| EVERYWHERE.iter().any(|code| code.status() == status);
    let named = ANSWERS
        .iter()
        .filter(|(status, _)| told(*status))
        .map(|(status, name)| ((*name).to_owned(), response(*status, &EVERYWHERE)));
    let mut responses: Map<String, Value> = named.collect();
    let schema = json!({"$ref": "#/components/schemas/GatewayMessage"});
    responses.insert(
        "GatewayLimit".into(),
        json!({
            "description": "On AWS, above the deployment's request rate: the gateway rejects the request before Valpero sees it.",
            "content": {"application/json": {"schema": schema, "example": {"message": "Too Many Requests"}}},
        }),
    );
    Value::Object(responses)
}

/// The schema of what the gateway answers.
pub(super) fn gateway_message() -> Value {
    let message = json!({"type": "string", "description": "What the gateway says."});
    json!({
        "type": "object",
        "description": "Response of the gateway, which is no problem document.",
        "required": ["message"],
        "properties": {"message": message},
    })
}

/// The response with those of these problems that have this status.
fn response(status: u16, codes: &[Code]) -> Value {
    let mut headers = header_refs(&COMMON);
    if status == 401 {
        headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WWW-Authenticate"});
    }
    let problems = || Code::ALL.iter().filter(|code| code.status() == status && codes.contains(code));
    let example = |code: &Code| {
        let problem = json!({
            "type": format!("/docs/api#problem-{}", code.as_str()),
            "title": code.title(),
            "status": status,
            "detail": code.means(),
            "code": code.as_str(),
            "request_id": "req_01M82PJFFSY9XKXCV0WRMX4C7M",
        });
        (code.as_str().to_owned(), json!({"value": problem}))
    };
    let examples: Map<String, Value> = problems().map(example).collect();
    let means: Vec<&str> = problems().map(|code| code.means()).collect();
    let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
    json!({"description": means.join(" "), "headers": headers, "content": {"application/problem+json": content}})
}

/// The responses with which an operation fails.
pub(super) fn of(path: &str, method: &str, operation: &Value, repeatable: bool) -> Map<String, Value> {
    let description = operation["description"].as_str().unwrap_or_default();
    let named: Vec<&str> = description.split('`').skip(1).step_by(2).collect();
    let own = |code: &Code| named.contains(&code.as_str()) || (repeatable && OF_REPEATED.contains(code));
    let own: Vec<Code> = Code::ALL.iter().copied().filter(own).collect();
    let codes = [EVERYWHERE.as_slice(), &own].concat();
    let general = statuses(path, method);
    let fails = |status: u16| general.contains(&status) || own.iter().any(|code| code.status() == status);
    let more = |status: u16| own.iter().any(|code| code.status() == status && !EVERYWHERE.contains(code));
    let described = |(status, name): &(u16, &str)| {
        let shared = || json!({"$ref": format!("#/components/responses/{name}")});
        (status.to_string(), if more(*status) { response(*status, &codes) } else { shared() })
    };
    ANSWERS.iter().filter(|(status, _)| fails(*status)).map(described).collect()
}

/// The responses with which an operation fails that needs no key, so that it has no rate limit.
pub(super) fn without_key(operation: &Value) -> Map<String, Value> {
    let mut failures = Map::new();
    if has_query(operation) {
        let mut invalid = response(422, &EVERYWHERE);
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
fn statuses(path: &str, method: &str) -> Vec<u16> {
    // An unknown query parameter is 422 everywhere.
    let mut statuses = vec![401, 403, 422, 429, 500, 503, 504];
    if path.contains("{id}") {
        statuses.push(404);
    }
    if method != "get" {
        statuses.extend([400, 413, 415]);
    }
    // Whatever changes something may collide with others who change it.
    if method != "get" && !path.starts_with("/api/v1/tools/") {
        statuses.push(409);
    }
    statuses
}
