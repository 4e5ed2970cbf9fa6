//! The OpenAPI document: that of the routes, and true of what they read.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use valpero_domain::Plan;
use valpero_http::Code;

use crate::harness::{Site, World};

#[test]
fn the_served_document_is_that_of_the_routes() {
    let made = valpero_api::openapi::document();
    let served: Value = serde_json::from_str(valpero_docs::DOCUMENT).expect("JSON");
    let hint = "functions/docs/openapi.json is not that of the routes; make it anew: \
                cargo run -- openapi > target/openapi.json && mv target/openapi.json functions/docs/openapi.json";
    assert!(made == served, "{hint}");
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("functions/docs/openapi.json");
    assert_eq!(fs::read_to_string(file).expect("the document"), format!("{made:#}\n"), "{hint}");
}

/// The names that the problem about an unknown field lists as known.
async fn known_fields(
    world: &World,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
    pointer: &str,
) -> BTreeSet<String> {
    let reply = world.call(method, path, token, body).await.expect(422);
    let errors = reply.json["errors"].as_array().cloned().unwrap_or_default();
    let unknown = errors.iter().find(|error| error["pointer"] == format!("{pointer}/zzz")).expect("the unknown field");
    let (_, known) = unknown["detail"].as_str().and_then(|text| text.split_once("there are ")).expect("a list");
    known.split(", ").map(str::to_owned).collect()
}

#[tokio::test]
async fn bodies_are_described_by_the_fields_that_are_read() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let site = Site::start().await;
    let monitor = world.monitor(&owner, &site.url(), json!({})).await;
    site.answers(500);
    world.tick().await;
    let incident = world.incidents(&owner).await[0]["id"].as_str().expect("an id").to_owned();
    let document = valpero_api::openapi::document();
    let zzz = || json!({"zzz": 1});
    let key = world.post("/api/v1/keys", &owner, json!({"name": "ci"})).await.expect(201).text("/id");
    let hook = json!({"name": "Ops", "type": "ntfy", "topic": "ops"});
    let channel = world.post("/api/v1/channels", &owner, hook).await.expect(201).text("/id");
    let policies = "/api/v1/escalation-policies";
    let steps = json!([{"after_minutes": 0, "channel_ids": [channel]}]);
    let policy = world.post(policies, &owner, json!({"name": "Ops", "steps": steps})).await.expect(201).text("/id");
    let policy = format!("{policies}/{policy}");
    let channel = format!("/api/v1/channels/{channel}");
    let named = format!("/api/v1/keys/{key}");
    let rotate = format!("{named}/rotate");
    let (one, story) = (format!("/api/v1/monitors/{monitor}"), format!("/api/v1/incidents/{incident}"));
    for (method, path, body, pointer, schema) in [
        ("POST", "/api/v1/monitors", zzz(), "", "MonitorCreate"),
        ("POST", "/api/v1/monitors", json!({"http": zzz()}), "/http", "HttpSettings"),
        ("PATCH", one.as_str(), zzz(), "", "MonitorPatch"),
        ("PATCH", one.as_str(), json!({"http": zzz()}), "/http", "HttpPatch"),
        ("POST", "/api/v1/keys", zzz(), "", "KeyCreate"),
        ("PATCH", &named, zzz(), "", "KeyPatch"),
        ("POST", &rotate, zzz(), "", "Rotation"),
        ("POST", &format!("{story}/acknowledge"), zzz(), "", "Note"),
        ("POST", &format!("{story}/comments"), zzz(), "", "CommentCreate"),
        ("POST", "/api/v1/webhooks/rotate-secret", zzz(), "", "SecretRotation"),
        ("POST", "/api/v1/webhooks/test", zzz(), "", "WebhookTest"),
        ("POST", "/api/v1/channels", zzz(), "", "ChannelCreate"),
        ("PATCH", &channel, zzz(), "", "ChannelPatch"),
        ("POST", "/api/v1/channels/preview", zzz(), "", "PreviewSettings"),
        ("POST", policies, zzz(), "", "EscalationPolicyCreate"),
        ("POST", policies, json!({"steps": [zzz()]}), "/steps/0", "EscalationStep"),
        ("PATCH", &policy, zzz(), "", "EscalationPolicyPatch"),
        ("PUT", "/api/v1/alert-routes", zzz(), "", "AlertRoutesPut"),
        ("PUT", "/api/v1/alert-routes", json!({"routes": [zzz()]}), "/routes/0", "AlertRoute"),
        ("PUT", "/api/v1/alert-routes", json!({"routes": [{"match": zzz()}]}), "/routes/0/match", "AlertMatch"),
        ("POST", "/api/v1/tools/http", zzz(), "", "HttpTool"),
        ("POST", "/api/v1/tools/ssl", zzz(), "", "SslTool"),
        ("POST", "/api/v1/tools/dns", zzz(), "", "DnsTool"),
        ("POST", "/api/v1/tools/ping", zzz(), "", "PingTool"),
        ("POST", "/api/v1/tools/headers", zzz(), "", "HeadersTool"),
    ] {
        let known = known_fields(&world, &owner.token, method, path, body, pointer).await;
        let schema_of = &document["components"]["schemas"][schema];
        let described: BTreeSet<String> =
            schema_of["properties"].as_object().into_iter().flat_map(|all| all.keys().cloned()).collect();
        assert_eq!(known, described, "{schema}");
        assert_eq!(schema_of["additionalProperties"], false, "{schema}");
    }
}

#[tokio::test]
async fn queries_are_described_by_the_parameters_that_are_read() {
    let world = World::new().await;
    let owner = world.tenant(Plan::Business).await;
    let monitor = world.monitor(&owner, "http://127.0.0.1:9/", json!({})).await;
    let page = json!({"slug": "acme", "title": "Acme"});
    let page = world.post("/api/v1/status-pages", &owner, page).await.expect(201).text("/id");
    let document = valpero_api::openapi::document();
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let described: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
            .collect();
        if described.is_empty() {
            continue;
        }
        let id = if path.starts_with("/api/v1/status-pages") { &page } else { &monitor };
        let known =
            known_fields(&world, &owner.token, "GET", &format!("{}?zzz=1", path.replace("{id}", id)), Value::Null, "")
                .await;
        assert_eq!(known, described, "{path}");
        lists += 1;
    }
    assert_eq!(lists, 18, "sixteen lists, the response times and the reference page");
}

#[test]
fn every_operation_says_how_it_fails_and_every_answer_carries_the_headers() {
    let document = valpero_api::openapi::document();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            assert!(operations.insert(id), "{method} {path}: each has a name of its own");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation.as_object().is_some_and(|all| all.values().all(|one| !one.is_null())), "{method} {path}");
            if !path.starts_with("/api/") {
                continue;
            }
            assert!(operation["security"][0]["key"].is_array(), "{method} {path}");
            let body = &operation["requestBody"]["content"]["application/json"];
            assert!(body.is_null() || body["example"].is_object(), "{method} {path}: an example of its body");
            let answers = operation["responses"].as_object().expect("answers");
            for status in ["401", "403", "429", "500", "503", "504"] {
                assert!(answers.contains_key(status), "{method} {path} {status}");
            }
            for (status, answer) in answers {
                let named = answer["$ref"].as_str().map(|at| at.trim_start_matches('#'));
                let answer = named.map_or(answer, |at| document.pointer(at).expect("it exists"));
                for header in ["X-RateLimit-Limit", "RateLimit", "Retry-After", "X-Request-Id"] {
                    assert!(answer["headers"].get(header).is_some(), "{method} {path} {status} {header}");
                }
            }
        }
    }
    assert_eq!(operations.len(), 89);
    assert_eq!(document["webhooks"].as_object().map(serde_json::Map::len), Some(9));
}

#[test]
fn generators_of_clients_find_no_name_twice() {
    let document = valpero_api::openapi::document();
    let tags_of = |section: &str| -> BTreeSet<String> {
        let items = document[section].as_object().expect("a section").values();
        let operations = items.flat_map(|item| item.as_object().expect("operations").values());
        operations.map(|operation| operation["tags"][0].as_str().expect("a tag").to_owned()).collect()
    };
    // One file a tag: a tag of both sections would have one of the two.
    let (called, sent) = (tags_of("paths"), tags_of("webhooks"));
    assert!(called.is_disjoint(&sent), "{called:?} {sent:?}");
    let declared: Vec<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(called.union(&sent).map(String::as_str).collect::<BTreeSet<_>>(), declared.into_iter().collect());
    // In Go each type has these beside it.
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in schemas.keys() {
        for beside in [format!("New{name}"), format!("New{name}WithDefaults"), format!("Nullable{name}")] {
            assert!(!schemas.contains_key(&beside), "{beside}");
        }
    }
}

#[test]
fn members_that_go_together_are_kinds_of_one_object() {
    let document = valpero_api::openapi::document();
    let schemas = &document["components"]["schemas"];
    let kinds = |name: &str| -> Vec<&str> {
        let choices = schemas[name]["oneOf"].as_array().expect("kinds");
        choices.iter().map(|one| one["$ref"].as_str().and_then(|at| at.rsplit('/').next()).expect("a name")).collect()
    };
    let has = |kind: &str, member: &str| schemas[kind]["properties"].get(member).is_some();
    let requires = |kind: &str, member: &str| {
        let required = schemas[kind]["required"].as_array().expect("required members");
        let nullable = schemas[kind]["properties"][member].get("oneOf").is_some();
        required.contains(&json!(member)) && !nullable
    };
    let types = ["http", "ssl", "tcp", "dns", "ping"];
    for (name, is_body) in [("Monitor", false), ("MonitorCreate", true)] {
        assert_eq!(kinds(name).len(), types.len(), "{name}");
        for (kind, own) in kinds(name).into_iter().zip(types) {
            assert_eq!(schemas[kind]["properties"]["check_type"]["enum"][0], own, "{kind}");
            // Nothing but the URL is needed for an http check.
            assert_eq!(requires(kind, own), own != "http" || !is_body, "{kind}");
            assert_eq!(requires(kind, "url"), own == "http", "{kind}");
            for other in types.into_iter().filter(|other| *other != own) {
                assert_eq!(has(kind, other), !is_body, "{kind} {other}");
            }
        }
    }
    for (event, item) in document["webhooks"].as_object().expect("webhooks") {
        let about = match event.as_str() {
            "monitor.unwatched" => "unwatched",
            "ssl.expiring" => "certificate",
            incident if incident.starts_with("incident.") => "incident",
            _ => continue,
        };
        let body = &item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let kind = document.pointer(body.as_str().expect("a reference").trim_start_matches('#')).expect("it exists");
        let data = kind["properties"]["data"]["$ref"].as_str().and_then(|at| at.rsplit('/').next()).expect("a name");
        assert!(requires(data, about), "{event}");
    }
    assert_eq!(kinds("WebhookEvent").len(), 4);
}

#[test]
fn answers_link_to_the_operations_on_what_they_name() {
    let document = valpero_api::openapi::document();
    let paths = document["paths"].as_object().expect("paths");
    let links = |path: &str, method: &str, status: &str| -> BTreeSet<String> {
        let links = paths[path][method]["responses"][status]["links"].as_object().expect("links");
        links.keys().cloned().collect()
    };
    for (collection, created) in [
        ("/api/v1/keys", ("post", "201")),
        ("/api/v1/monitors", ("post", "201")),
        ("/api/v1/incidents", ("get", "200")),
        ("/api/v1/webhooks/deliveries", ("get", "200")),
        ("/api/v1/channels", ("post", "201")),
        ("/api/v1/escalation-policies", ("post", "201")),
    ] {
        let on_one = paths.iter().filter(|(path, _)| path.starts_with(&format!("{collection}/{{id}}")));
        let operations = on_one.flat_map(|(_, item)| item.as_object().expect("operations").values());
        let operations: BTreeSet<String> =
            operations.map(|one| one["operationId"].as_str().expect("an id").to_owned()).collect();
        assert!(links(collection, created.0, created.1).is_superset(&operations), "{collection}");
        assert!(links(collection, "get", "200").is_superset(&operations), "{collection}");
    }
    assert!(links("/api/v1/incidents", "get", "200").contains("get_monitor"), "by monitor_id");
    for (path, item) in paths {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            let next = &item["get"]["responses"]["200"]["links"]["next_page"];
            assert_eq!(next["operationId"], item["get"]["operationId"], "{path}");
            assert_eq!(next["parameters"].get("id").is_some(), path.contains("{id}"), "{path}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn look(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(at)) = object.get("$ref") {
                    assert!(document.pointer(at.trim_start_matches('#')).is_some(), "{at}");
                }
                object.values().for_each(|value| look(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| look(value, document)),
            _ => {}
        }
    }
    let document = valpero_api::openapi::document();
    look(&document, &document);
}

/// The fields of an object and of those within it, as the page names them.
fn fields(document: &Value, schema: &Value, within: &str, found: &mut Vec<String>) {
    let named = schema["$ref"].as_str().map(|at| document.pointer(at.trim_start_matches('#')).expect("it exists"));
    let schema = named.unwrap_or(schema);
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        fields(document, choice, within, found);
    }
    if schema["items"].is_object() {
        fields(document, &schema["items"], &format!("{}[].", within.trim_end_matches('.')), found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.push(match within {
            "" => format!("<code>{name}</code>"),
            within => format!("<code><span class=\"within\">{within}</span>{name}</code>"),
        });
        fields(document, property, &format!("{within}{name}."), found);
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_with_its_fields_and_every_problem() {
    let world = World::new().await;
    let page = world.call("GET", "/docs/api", "", Value::Null).await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(!page.header("x-request-id").is_empty());
    let page = page.body();
    let document = valpero_api::openapi::document();
    let mut shown = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            let start = page.find(&format!("<article aria-labelledby=\"{id}\">")).expect("a part of its own");
            let part = page[start..].split("</article>").next().expect("an end");
            assert!(part.contains(&format!("{}</span> <code>{path}</code>", method.to_uppercase())), "{id}");
            let mut wanted = Vec::new();
            fields(&document, &operation["requestBody"]["content"]["application/json"]["schema"], "", &mut wanted);
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            wanted.extend(parameters.map(|one| format!("<code>{}</code>", one["name"].as_str().expect("a name"))));
            for field in wanted {
                assert!(part.contains(&field), "{id}: {field}");
                shown += 1;
            }
        }
    }
    assert!(shown > 150, "{shown} fields and parameters");
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        for field in schema["properties"].as_object().into_iter().flat_map(serde_json::Map::keys) {
            assert!(page.contains(&format!("{field}</code>")), "{name}.{field} is nowhere on the page");
        }
    }
    for problem in Code::ALL {
        let (status, code) = (problem.status(), problem.as_str());
        let line = format!("<div id=\"problem-{code}\"><dt><code>{code}</code> <span class=\"kind\">{status} ");
        assert!(page.contains(&line), "{code}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_and_redocs_only_the_very_file_that_was_chosen() {
    let world = World::new().await;
    let page = world.call("GET", "/docs/api", "", Value::Null).await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("script-src"), "{policy}");
    for loads in ["<script", "<iframe", "<img", "src=", "@import", "url(", " style=\"", "javascript:"] {
        assert!(!page.body().contains(loads), "{loads}");
    }
    let redoc = world.call("GET", "/docs/api?view=redoc", "", Value::Null).await.expect(200);
    assert!(redoc.body().contains("redoc.standalone.js\" integrity=\"sha384-"));
    assert!(redoc.header("content-security-policy").contains("default-src 'none'; script-src 'self'"));
    world.call("GET", "/docs/api?view=swagger", "", Value::Null).await.expect(422);
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let world = World::new().await;
    let served = world.call("GET", "/docs/api/openapi.json", "", Value::Null).await.expect(200);
    assert_eq!(served.json, valpero_api::openapi::document());
    assert_eq!(world.call("GET", "/health", "", Value::Null).await.expect(200).json, json!({"status": "ok"}));
    let problem = world.call("POST", "/health", "", Value::Null).await.expect(405);
    assert_eq!(problem.problem().0, "method_not_allowed");
    let nothing = world.call("GET", "/docs/nothing", "", Value::Null).await.expect(404);
    assert_eq!(nothing.problem().0, "no_route");
}
