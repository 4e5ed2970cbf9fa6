//! The OpenAPI document of the whole API, made from the routes themselves; what all operations have in common is added here.

mod failures;
mod links;
mod unions;
mod webhooks;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use valpero_domain::Kind;
use valpero_http::{Code, ProblemDocument, RECEIPT_HOURS};
use valpero_views::{
    WebhookEvent,
    schema::{ActorFilter, FilterValue},
};

/// Schemas that no route names by itself.
#[derive(OpenApi)]
#[openapi(components(schemas(Code, ProblemDocument, WebhookEvent, ActorFilter, FilterValue)))]
struct Shared;

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
        "description": "API key. Each operation lists the scopes that it needs.",
    }});
    document["components"]["headers"] = headers();
    document["components"]["responses"] = failures::shared();
    document["components"]["schemas"]["GatewayMessage"] = failures::gateway_message();
    describe_answers(&mut document["components"]["schemas"]);
    unions::divide(&mut document["components"]["schemas"]);
    for (path, item) in members(&mut document["paths"]) {
        for (method, operation) in members(item) {
            complete(path, method, operation);
        }
    }
    links::add(&mut document);
    let bodies = close_bodies(&document);
    for name in bodies {
        document["components"]["schemas"][name]["additionalProperties"] = json!(false);
    }
    document["webhooks"] = webhooks::webhooks();
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

/// What an answer shows of a request's fields is described by them.
fn describe_answers(schemas: &mut Value) {
    for (name, object) in valpero_views::FIELDS {
        for field in object.fields {
            let Some(shown) = schemas[name]["properties"].get_mut(field.name) else { continue };
            shown["description"] = json!(field.answer_description(may_be_null(shown)));
            if let Kind::Integer { min, max, step, .. } = field.kind {
                (shown["minimum"], shown["maximum"]) = (json!(min), json!(max));
                if step > 1 {
                    shown["multipleOf"] = json!(step);
                }
            }
        }
    }
}

fn may_be_null(schema: &Value) -> bool {
    let is_null = |one: &Value| one == "null" || one["type"] == "null";
    ["type", "oneOf"].iter().any(|of| schema[*of].as_array().into_iter().flatten().any(is_null))
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

fn info() -> Value {
    let row = |code: &Code| {
        let (status, name, means) = (code.status(), code.as_str(), code.means());
        format!("| {status} | <span id=\"problem-{name}\">`{name}`</span> | {means} |\n")
    };
    let rows: String = Code::ALL.iter().map(row).collect();
    let description = format!(
        "Uptime monitoring from several regions. Requests and responses are JSON; times are RFC 3339 in UTC.\n\n\
         # Requests\n\n\
         Send an API key as `Authorization: Bearer val_key_…`. Every response under `/api` has the rate limit of the key for the \
         current calendar minute (`X-RateLimit-*`, `RateLimit`, `RateLimit-Policy`, and `Retry-After`, which is `0` while requests \
         remain) and the ID of the request (`X-Request-Id`).\n\n\
         Unknown fields in bodies and unknown query parameters are errors, so that a typo is never ignored. When creating, null \
         means the same as absent; in a PATCH it restores the default.\n\n\
         # Lists\n\n\
         Lists take `limit`, and either `page` or `cursor`. Following `next_cursor` is the cheapest way, has no depth limit, and \
         returns every item exactly once, even while new items arrive. A cursor is only valid for the same list and filters.\n\n\
         # Idempotency\n\n\
         Every operation that creates something takes an `Idempotency-Key`. A repeated request with the same value and body, from the \
         same API key and within {RECEIPT_HOURS} hours, gets the first response again, with `Idempotent-Replayed: true`; with another \
         body it is 422. So a request whose response was lost can safely be sent again. A key that rotates itself should set `grace_seconds`, \
         or the repeated request gets 401. Rejected requests are not remembered.\n\n\
         # Problems\n\n\
         Errors are problem documents (RFC 9457) with a stable `code`.\n\n\
         | status | code | meaning |\n|---|---|---|\n{rows}\n\
         On AWS the gateway rejects some requests before Valpero sees them: 429 above the deployment's request rate, 413 above \
         10 MB, 500 and 503 if a function cannot run. Their body is `{{\"message\": …}}`, and they have none of the headers above.\n\n\
         # Webhooks\n\n\
         Events are sent by POST to the monitor's `webhook_url`. Each is signed twice: `X-Valpero-Signature` is the HMAC-SHA-256 of \
         the body with the secret exactly as shown; the other three headers follow \
         [Standard Webhooks](https://www.standardwebhooks.com). Any 2xx is success, 410 switches the webhook off. Other responses are \
         retried after 5 s, 1 m, 5 m, 30 m, 2 h, 5 h and 10 h, or later if `Retry-After` (seconds or a date) says so. Events \
         may arrive late and more than once: drop repeats by `webhook-id`. Within one incident no event that changes its status is sent \
         after a newer one was accepted: the older one is then `superseded` in the delivery log, and what it would have said follows from \
         the newer one. A comment is sent in any case, also after the end, and shows the incident as it was then. Events of different \
         incidents, and events of no incident, may arrive in any order: compare `created_at`. A delivery that was sent again by \
         hand has the header `X-Valpero-Redelivered: true`, and may arrive after newer events. If a monitor is deleted while it is down, its \
         webhook receives `incident.resolved` as the last event. A webhook that is removed from a monitor, or replaced, receives nothing more.\n"
    );
    json!({
        "title": "Valpero API",
        "version": "1",
        "summary": "Uptime monitoring as an API.",
        "description": description,
        "contact": {"name": "The operator of this deployment"},
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    })
}

fn tags() -> Value {
    json!([
        {"name": "account", "description": "The account of the API key, and its audit log."},
        {"name": "keys", "description": "API keys: scopes, expiry, rotation."},
        {"name": "people", "description": "People who use the dashboard: roles, invitations, a person's own sessions."},
        {"name": "monitors", "description": "Monitors and their checks."},
        {"name": "incidents", "description": "Periods in which a monitor was down, with their timelines."},
        {"name": "webhooks", "description": "Webhook secrets, deliveries with their attempts, test events."},
        {"name": "events", "description": "Events that are sent to the webhooks of monitors."},
        {"name": "alerts", "description": "Channels: where people and their tools are told of incidents. `type` decides which settings a channel has. Secrets are write-only: answers show `***` in their place, and `***` in a change keeps the stored one. An escalation policy says which channels are told of an incident and when, and alert routes which policy applies to which monitors."},
        {"name": "status pages", "description": "Pages that readers see without a key: components, which are the worst of their monitors, and posts about incidents and maintenance. `url` is where a page is found; there are also a JSON API in the shape of Atlassian Statuspage, feeds, badges and a calendar, which docs/STATUS.md describes."},
        {"name": "tools", "description": "One probe of any target, from where the API runs. Nothing is stored; each counts as one request of the key. A key with `monitors:read` alone can probe public targets, by GET or HEAD, without headers, body or credentials of its own. With `monitors:write` it can probe whatever a monitor can."},
        {"name": "metrics", "description": "Metrics for Prometheus."},
        {"name": "docs", "description": "This reference, and a health check. No API key is needed."},
    ])
}

fn headers() -> Value {
    let integer = |says: &str, example: i64| json!({"description": says, "required": true, "schema": {"type": "integer", "minimum": 0}, "example": example});
    let text = |says: &str, example: &str| json!({"description": says, "required": true, "schema": {"type": "string"}, "example": example});
    json!({
        "X-RateLimit-Limit": integer("Requests per calendar minute that the key may make; 0 without a valid key.", 300),
        "X-RateLimit-Remaining": integer("Requests that remain in this minute.", 299),
        "X-RateLimit-Reset": integer("End of the minute, in seconds since 1970.", 1_795_000_080),
        "Retry-After": integer("Whole seconds to wait before the next request; 0 while requests remain.", 0),
        "RateLimit-Policy": text("The limit, in the format of the IETF draft.", "\"plan\";q=300;w=60"),
        "RateLimit": text("The remaining requests, in the format of the IETF draft.", "\"plan\";r=299;t=42"),
        "X-Request-Id": text("ID of the request, also used in the server's logs.", "req_01M82PJFFSY9XKXCV0WRMX4C7M"),
        "Location": text("URL of the created object.", "/api/v1/monitors/mon_01M82PJFFSY9XKXCV0WRMX4C7M"),
        "WWW-Authenticate": text("How to authenticate.", "Bearer"),
        "ETag": {
            "description": "Version of the settings, for `If-Match`. It does not change with the results of checks.",
            "schema": {"type": "string", "example": "\"19aca1e0d60\""},
        },
        "Link": {
            "description": "The next page (RFC 8288), with `rel=\"next\"`. Absent on the last page.",
            "schema": {"type": "string", "example": "</api/v1/monitors?limit=50&cursor=…>; rel=\"next\""},
        },
        "Idempotent-Replayed": {
            "description": "The response is that of an earlier request with the same `Idempotency-Key`.",
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

/// Operations whose 201 says where the new object is.
const CREATIONS: [&str; 3] = ["create_monitor", "create_channel", "create_escalation_policy"];

/// Operations whose answer says which version of the settings it shows.
const VERSIONED: [&str; 8] = [
    "get_monitor",
    "update_monitor",
    "get_channel",
    "update_channel",
    "get_escalation_policy",
    "update_escalation_policy",
    "get_alert_routes",
    "set_alert_routes",
];

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
        let creates = (CREATIONS.contains(&id.as_str()) && status == "201") || id == "check_monitor";
        let versioned = VERSIONED.contains(&id.as_str());
        let schema = response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
        let lists = schema.ends_with("List");
        let more = [("Location", creates), ("Idempotent-Replayed", repeatable), ("ETag", versioned), ("Link", lists)];
        for (name, _) in more.into_iter().filter(|(_, has)| *has) {
            headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        response["headers"] = headers;
    }
    if keyed {
        let failures = failures::of(path, method, operation, repeatable);
        operation["responses"].as_object_mut().into_iter().for_each(|all| all.extend(failures.clone()));
    } else {
        operation["security"] = json!([]);
        let failures = failures::without_key(operation);
        operation["responses"].as_object_mut().into_iter().for_each(|all| all.extend(failures.clone()));
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

/// The monitor of examples.
const MONITOR: &str = "mon_01M82PJFFSY9XKXCV0WRMX4C7M";

/// The API key of examples.
const KEY: &str = "key_01M82PJFFSY9XKXCV0WRMX4C7M";

/// The channel of examples.
const CHANNEL: &str = "chn_01M82PJFFSY9XKXCV0WRMX4C7M";

/// The escalation policy of examples.
const POLICY: &str = "pol_01M82PJFFSY9XKXCV0WRMX4C7M";

/// The component of examples.
const COMPONENT: &str = "cmp_01M82PJFFSY9XKXCV0WRMX4C7M";

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
        "update_account" => json!({"language": "fi", "time_zone": "Europe/Helsinki"}),
        "redeem_deal_code" => json!({"code": "VAL-7K3M-9QXF-2T8D-5WHN"}),
        "update_person" => json!({"role": "admin"}),
        "invite_person" => json!({"email": "dev@example.com", "role": "member"}),
        "create_key" => json!({"name": "prometheus", "scopes": ["monitors:read", "incidents:read"]}),
        "update_key" => json!({"name": "grafana"}),
        "rotate_key" | "rotate_channel_secret" => json!({"grace_seconds": 3600}),
        "acknowledge_incident" | "resolve_incident" => json!({"note": "On it."}),
        "rotate_webhook_secret" => json!({"monitor_id": MONITOR, "grace_seconds": 86_400}),
        "test_webhook" => json!({"monitor_id": MONITOR}),
        "create_channel" => json!({"name": "On call", "type": "ntfy", "topic": "shop-alerts"}),
        "update_channel" => json!({"events": ["incident.opened", "incident.acknowledged", "incident.resolved"]}),
        "preview_channel" => json!({
            "type": "webhook",
            "url": "https://hooks.example.com/valpero",
            "template": "{\"text\": {{ message.title }}}",
            "event": "incident.opened",
        }),
        "create_escalation_policy" => json!({
            "name": "On call",
            "steps": [{"after_minutes": 0, "channel_ids": [CHANNEL]}],
            "repeat_minutes": 30,
        }),
        "update_escalation_policy" => json!({"repeat_minutes": null}),
        "set_alert_routes" => json!({
            "routes": [{"match": {"tags_any": ["production"]}, "policy_id": POLICY}, {"policy_id": POLICY}],
        }),
        "mute_monitor" | "mute_account" => json!({"until": "2026-12-24T06:00:00Z"}),
        "create_status_page" => json!({
            "slug": "acme",
            "title": "Acme",
            "components": [{"name": "Website", "monitor_ids": [MONITOR]}],
            "auto_publish": {"incidents": true},
        }),
        "update_status_page" => json!({"theme": {"accent": "#2563eb"}, "time_zone": "Europe/Helsinki"}),
        "set_component_status" => json!({"status": "under_maintenance", "until": "2026-12-24T06:00:00Z"}),
        "set_page_domain" => json!({
            "domain": "status.example.com",
            "target": "d-abc123.execute-api.eu-central-1.amazonaws.com",
        }),
        "create_page_post" => json!({
            "kind": "incident",
            "title": "Payments fail",
            "impact": "major",
            "components": [{"id": COMPONENT, "status": "major_outage"}],
            "body": "We are looking into it.",
            "notify": true,
        }),
        "update_page_post" => json!({"impact": "minor"}),
        "add_page_post_update" => json!({"state": "resolved", "body": "Payments work again.", "notify": true}),
        "probe_http" => json!({"url": "https://example.com/health", "expected_status": "200-299"}),
        "probe_ssl" | "probe_ping" => json!({"host": "example.com", "port": 443}),
        "probe_dns" => json!({"name": "example.com", "record_type": "MX"}),
        "probe_headers" => json!({"url": "https://example.com/"}),
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
