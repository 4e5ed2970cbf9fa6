//! The OpenAPI document of the whole API, made from the routes themselves; what all operations have in common is added here.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use valpero_domain::delivery::EventType;
use valpero_http::{PROBLEMS, ProblemDocument};
use valpero_views::WebhookEvent;

/// Schemas that no route names by itself.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDocument, WebhookEvent)))]
struct Shared;

/// Operations by which others can be reached: from an answer's member to an operation's parameter.
const LINKS: [(&str, &str, &str, &str); 13] = [
    ("create_monitor", "201", "id", "get_monitor"),
    ("create_monitor", "201", "id", "update_monitor"),
    ("create_monitor", "201", "id", "pause_monitor"),
    ("create_monitor", "201", "id", "check_monitor"),
    ("create_monitor", "201", "id", "list_checks"),
    ("create_monitor", "201", "id", "list_response_times"),
    ("create_monitor", "201", "id", "delete_monitor"),
    ("pause_monitor", "200", "id", "resume_monitor"),
    ("create_key", "201", "id", "rotate_key"),
    ("create_key", "201", "id", "revoke_key"),
    ("rotate_key", "201", "id", "revoke_key"),
    ("test_webhook", "202", "id", "get_delivery"),
    ("test_webhook", "202", "id", "redeliver"),
];

/// The document.
pub fn document() -> Value {
    let mut routes = crate::routes().document();
    routes.merge(Shared::openapi());
    let mut document = name_lists(json!(routes));
    document["info"] = info();
    document["servers"] = json!([{"url": "/", "description": "The deployment that serves this document"}]);
    document["tags"] = tags();
    document["components"]["securitySchemes"] = json!({"key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "val_key_…",
        "description": "An API key. Each operation names the scopes that it needs.",
    }});
    document["components"]["headers"] = headers();
    document["components"]["responses"] = responses();
    for (path, item) in members(&mut document["paths"]) {
        for (method, operation) in members(item) {
            complete(path, method, operation);
        }
    }
    let bodies = close_bodies(&document);
    for name in bodies {
        document["components"]["schemas"][name]["additionalProperties"] = json!(false);
    }
    document["webhooks"] = webhooks();
    document
}

/// A list is named after its items, and refers to them, in place of a copy of theirs.
fn name_lists(mut document: Value) -> Value {
    let schemas = document["components"]["schemas"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let mut renamed = Map::new();
    for (name, mut schema) in schemas {
        let item = name.strip_prefix("List_").map(str::to_owned);
        if let Some(item) = &item {
            schema["properties"]["data"]["items"] = json!({"$ref": format!("#/components/schemas/{item}")});
        }
        renamed.insert(item.map_or(name, |item| format!("{item}List")), schema);
    }
    document["components"]["schemas"] = Value::Object(renamed);
    tidy(&mut document);
    document
}

fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            // What may be null is described as a whole, where people look for it.
            let described = object.get_mut("oneOf").and_then(|choices| choices.get_mut(0)?.as_object_mut());
            if let Some(description) = described.and_then(|choice| choice.remove("description")) {
                object.insert("description".into(), description);
            }
            if let Some(Value::String(at)) = object.get_mut("$ref")
                && let Some(item) = at.strip_prefix("#/components/schemas/List_")
            {
                *at = format!("#/components/schemas/{item}List");
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn info() -> Value {
    let rows: String = PROBLEMS
        .iter()
        .map(|(status, code, means)| format!("| {status} | <span id=\"problem-{code}\">`{code}`</span> | {means} |\n"))
        .collect();
    let description = format!(
        "Uptime monitoring, from several regions at once. All of it is JSON; times are RFC 3339 in UTC.\n\n\
         # Requests\n\n\
         Send a key as `Authorization: Bearer val_key_…`. Every answer under `/api` says where the key stands in its calendar \
         minute: `X-RateLimit-*`, `RateLimit`, `RateLimit-Policy` and `Retry-After`, which is `0` while requests remain; and \
         names the request: `X-Request-Id`.\n\n\
         Unknown fields of bodies and unknown parameters of lists are faults, so that a typo is never dropped silently. In a body \
         that creates, null is the same as absent; in a PATCH it goes back to the default.\n\n\
         # Lists\n\n\
         Lists take `page` and `limit`, or `cursor` and `limit`. A walk by `next_cursor` costs least, has no end, and shows \
         every item once, also while others arrive. A cursor is bound to its list and to the filters it was asked with.\n\n\
         # Doing a thing once\n\n\
         Every operation that creates takes an `Idempotency-Key`. The same key with the same body, from the same API key and \
         within 24 hours, gets the first answer again, with `Idempotent-Replayed: true`; with another body it is a fault. So a \
         request whose answer was lost can be sent again without care; but a key that rotates itself is refused once its grace is \
         over, so give it one. A request that was refused is not remembered.\n\n\
         # Problems\n\n\
         Errors are problem documents (RFC 9457) with a `code` that stays the same:\n\n\
         | status | code | means |\n|---|---|---|\n{rows}\n\
         On AWS the gateway answers some requests by itself, before any of this code runs: 429 above the deployment's pace, 413 \
         above 10 MB, 500 and 503 where a function cannot run. Those are `{{\"message\": …}}`, without these headers.\n\n\
         # Webhooks\n\n\
         An event is sent by POST to the monitor's `webhook_url`, signed twice: `X-Valpero-Signature`, HMAC-SHA-256 of the body \
         under the secret as it is shown, and the three headers of [Standard Webhooks](https://www.standardwebhooks.com). Only \
         2xx is success. Other answers are tried again after 5 s, 1 m, 5 m, 30 m, 2 h, 5 h and 10 h, or later where \
         `Retry-After` asks for it; 410 switches the webhook off.\n"
    );
    json!({
        "title": "Valpero API",
        "version": "1",
        "summary": "Uptime monitoring as an API.",
        "description": description,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    })
}

fn tags() -> Value {
    json!([
        {"name": "account", "description": "Who you are, and who did what."},
        {"name": "keys", "description": "API keys: scopes, expiry, rotation."},
        {"name": "monitors", "description": "What is checked, and what was found."},
        {"name": "incidents", "description": "Each time that a monitor was down, and its story."},
        {"name": "webhooks", "description": "Secrets, deliveries and their attempts, tests."},
        {"name": "tools", "description": "One probe of any target, from where the API runs. Nothing is stored; it counts as a request of the key. With `monitors:read` a key looks at public targets, by GET or HEAD and without anything of its own; with `monitors:write` as well it reaches what a monitor may reach."},
        {"name": "metrics", "description": "For Prometheus."},
        {"name": "docs", "description": "This reference, and a word for load balancers. No key is needed."},
    ])
}

fn headers() -> Value {
    let integer = |says: &str, example: i64| json!({"description": says, "required": true, "schema": {"type": "integer", "minimum": 0}, "example": example});
    let text = |says: &str, example: &str| json!({"description": says, "required": true, "schema": {"type": "string"}, "example": example});
    json!({
        "X-RateLimit-Limit": integer("Requests that the key may make in a calendar minute; 0 without a known key.", 300),
        "X-RateLimit-Remaining": integer("Requests that are left in this minute.", 299),
        "X-RateLimit-Reset": integer("When the minute ends, in seconds since 1970.", 1_795_000_080),
        "Retry-After": integer("Whole seconds until a request makes sense: 0 while requests remain.", 0),
        "RateLimit-Policy": text("The same as the IETF's draft has it.", "\"plan\";q=300;w=60"),
        "RateLimit": text("The same as the IETF's draft has it.", "\"plan\";r=299;t=42"),
        "X-Request-Id": text("Names the request, in our logs too.", "req_01M82PJFFSY9XKXCV0WRMX4C7M"),
        "Location": text("Where what was made is found.", "/api/v1/monitors/mon_01M82PJFFSY9XKXCV0WRMX4C7M"),
        "WWW-Authenticate": text("How to authenticate.", "Bearer"),
        "Idempotent-Replayed": {
            "description": "This is the answer that an earlier request with this `Idempotency-Key` got.",
            "schema": {"type": "string", "enum": ["true"]},
        },
    })
}

/// The headers of every answer under /api.
const COMMON: [&str; 7] = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "RateLimit-Policy",
    "RateLimit",
    "X-Request-Id",
];

fn header_refs(names: &[&str]) -> Value {
    let refs = names.iter().map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})));
    Value::Object(refs.collect())
}

/// Answers that many operations share: status, name, and what it is.
const ANSWERS: [(&str, &str, &str); 12] = [
    ("400", "BadRequest", "The body is not valid JSON."),
    ("401", "Unauthorized", "No valid API key."),
    ("403", "Forbidden", "The key lacks a scope, or a limit of the account is reached."),
    ("404", "NotFound", "There is no such object in this account."),
    ("409", "Conflict", "Not possible in this state."),
    ("413", "TooLarge", "The body is above 64 KiB."),
    ("415", "UnsupportedMediaType", "The body is not JSON by its own word."),
    ("422", "Invalid", "The request is not valid; `errors` names every fault."),
    ("429", "TooManyRequests", "A limit of requests is reached; `Retry-After` says for how long."),
    ("500", "InternalError", "Something failed on our side."),
    ("503", "Unavailable", "Try again soon; `Retry-After` says when."),
    ("504", "TimedOut", "The request took too long."),
];

fn responses() -> Value {
    let response = |(status, name, says): (&str, &str, &str)| {
        let mut headers = header_refs(&COMMON);
        if status == "401" {
            headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WWW-Authenticate"});
        }
        let of_status = PROBLEMS.iter().filter(|(of, ..)| of.to_string() == status);
        let examples: Map<String, Value> = of_status
            .map(|(status, code, means)| {
                let problem = json!({
                    "type": format!("/docs/api#problem-{code}"),
                    "title": says.trim_end_matches('.'),
                    "status": status,
                    "detail": means,
                    "code": code,
                    "request_id": "req_01M82PJFFSY9XKXCV0WRMX4C7M",
                });
                ((*code).to_owned(), json!({"value": problem}))
            })
            .collect();
        let content = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
        let response =
            json!({"description": says, "headers": headers, "content": {"application/problem+json": content}});
        (name.to_owned(), response)
    };
    Value::Object(ANSWERS.into_iter().map(response).collect())
}

/// Adds to an operation what it has in common with others.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let keyed = path.starts_with("/api/");
    summarise(operation);
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        // In a URL there is no null: what is optional is left out.
        if let Some(schema) = parameter.get_mut("schema") {
            strip_null(schema);
        }
    }
    if let Some(body) = operation.get_mut("requestBody") {
        let schema = &mut body["content"]["application/json"]["schema"];
        let optional = schema.get("oneOf").is_some();
        strip_null(schema);
        body["required"] = json!(!optional);
    }
    if let Some(example) = example(&id) {
        operation["requestBody"]["content"]["application/json"]["example"] = example;
    }
    let repeatable = has_idempotency(&operation["parameters"]);
    for (status, response) in members(&mut operation["responses"]) {
        let mut headers = header_refs(if keyed { &COMMON } else { &["X-Request-Id"] });
        let creates = id == "create_monitor" && status == "201";
        let more = [("Location", creates), ("Idempotent-Replayed", repeatable)];
        for (name, _) in more.into_iter().filter(|(_, has)| *has) {
            headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        response["headers"] = headers;
        let links = LINKS.iter().filter(|(from, of, ..)| *from == id && of == status);
        for (_, _, member, to) in links {
            response["links"][*to] =
                json!({"operationId": to, "parameters": {"id": format!("$response.body#/{member}")}});
        }
    }
    if keyed {
        for status in failures(&id, path, method, operation) {
            let name = ANSWERS.iter().find(|(of, ..)| *of == status).map_or("", |(_, name, _)| *name);
            operation["responses"][status] = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
}

/// The first sentence of a handler's documentation is the operation's summary, the others describe it.
fn summarise(operation: &mut Value) {
    let part = |name: &str| operation[name].as_str().unwrap_or_default().replace('\n', " ");
    let whole = format!("{} {}", part("summary"), part("description"));
    let (summary, description) = whole.trim().split_once(". ").unwrap_or((whole.trim(), ""));
    operation["summary"] = json!(summary.trim_end_matches('.'));
    if !description.is_empty() {
        operation["description"] = json!(description);
    }
}

fn has_idempotency(parameters: &Value) -> bool {
    parameters.as_array().into_iter().flatten().any(|parameter| parameter["name"] == "Idempotency-Key")
}

/// The statuses with which an operation fails.
fn failures(id: &str, path: &str, method: &str, operation: &Value) -> Vec<&'static str> {
    let mut statuses = vec!["401", "403", "429", "500", "503", "504"];
    let names_an_object = path.contains("{id}") || ["rotate_webhook_secret", "test_webhook"].contains(&id);
    let has_query = operation["parameters"].as_array().into_iter().flatten().any(|one| one["in"] == "query");
    if names_an_object {
        statuses.push("404");
    }
    if method != "get" {
        statuses.extend(["400", "413", "415"]);
    }
    if method != "get" || has_query || id == "get_metrics" {
        statuses.push("422");
    }
    // Whatever changes something may collide with others who change it.
    if method != "get" && !path.starts_with("/api/v1/tools/") {
        statuses.push("409");
    }
    statuses
}

/// A body that does what people do most.
fn example(id: &str) -> Option<Value> {
    Some(match id {
        "create_monitor" => json!({
            "url": "https://example.com/health",
            "name": "Shop",
            "tags": ["production"],
            "webhook_url": "https://hooks.example.com/valpero",
            "http": {"expected_status": "200-299"},
        }),
        "update_monitor" => json!({"check_interval": 300, "http": {"headers": {"authorization": "Bearer s3cret"}}}),
        "create_key" => json!({"name": "prometheus", "scopes": ["monitors:read", "incidents:read"]}),
        "rotate_key" => json!({"grace_seconds": 3600}),
        "acknowledge_incident" | "resolve_incident" => json!({"note": "On it."}),
        "comment_on_incident" => json!({"body": "The disk was full."}),
        _ => return None,
    })
}

/// Takes the null out of an optional schema.
fn strip_null(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    choices.retain(|one| one["type"] != "null");
    if let [one] = choices.as_slice() {
        let mut only = one.clone();
        if let (Some(only), Some(outer)) = (only.as_object_mut(), schema.as_object()) {
            only.extend(
                outer.iter().filter(|(name, _)| *name != "oneOf").map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        *schema = only;
    }
}

/// The schemas of bodies, those within them too: they take no other fields.
fn close_bodies(document: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut todo: Vec<&Value> = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        for operation in item.as_object().into_iter().flat_map(Map::values) {
            todo.push(&operation["requestBody"]);
        }
    }
    while let Some(value) = todo.pop() {
        match value {
            Value::Object(object) => {
                let name = object.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
                if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
                    let schema = &document["components"]["schemas"][name];
                    todo.push(schema);
                    if schema.get("properties").is_some() {
                        names.push(name.to_owned());
                    }
                }
                todo.extend(object.values());
            }
            Value::Array(items) => todo.extend(items),
            _ => {}
        }
    }
    names
}

fn webhooks() -> Value {
    let header = |name: &str, says: &str, example: &str| json!({"name": name, "in": "header", "required": true, "description": says, "schema": {"type": "string"}, "example": example});
    let parameters = json!([
        header(
            "X-Valpero-Signature",
            "HMAC-SHA-256 of the raw body, keyed with the secret exactly as it is shown.",
            "sha256=…"
        ),
        header("X-Valpero-Event", "The event's type.", "incident.opened"),
        header("X-Valpero-Delivery", "The delivery.", "dlv_01M82PJFFSY9XKXCV0WRMX4C7M"),
        header("webhook-id", "The event: the same on every attempt.", "evt_01M82PJFFSY9XKXCV0WRMX4C7M"),
        header("webhook-timestamp", "When this attempt was signed, in seconds since 1970.", "1795000020"),
        header("webhook-signature", "As Standard Webhooks says; two during a secret's grace.", "v1,…"),
    ]);
    let of_event = |event: EventType| {
        let means = match event {
            EventType::IncidentOpened => "A monitor went down",
            EventType::IncidentAcknowledged => "Somebody took an incident",
            EventType::IncidentCommented => "Somebody wrote on an incident",
            EventType::IncidentResolved => "A monitor is up again, or somebody closed its incident",
            EventType::MonitorDegraded => "A minority of regions sees a monitor down",
            EventType::MonitorRecovered => "No region sees it down any more, or one can probe it again",
            EventType::MonitorUnwatched => "No region can probe it, so nobody knows whether it is up",
            EventType::SslExpiring => "A certificate expires in 30, 14, 7 or 1 days: each told once",
            EventType::WebhookTest => "Somebody tries the webhook",
        };
        let post = json!({
            "summary": means,
            "operationId": format!("on_{}", event.as_str().replace('.', "_")),
            "tags": ["webhooks"],
            "parameters": parameters,
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookEvent"}}},
            },
            "responses": {
                "2XX": {"description": "It has arrived."},
                "410": {"description": "Nobody listens here any more: the webhook is switched off."},
                "default": {"description": "It is tried again."},
            },
        });
        (event.as_str().to_owned(), json!({"post": post}))
    };
    Value::Object(EventType::ALL.into_iter().map(of_event).collect())
}
