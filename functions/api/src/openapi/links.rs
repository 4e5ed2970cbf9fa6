//! Links from answers to operations: by the IDs that an answer has, and from a page of a list to the next one.

use serde_json::{Map, Value, json};

/// An operation on the object whose ID is in its path.
struct Target {
    id: String,
    method: String,
    /// Whether it is about the object itself, and not about something that belongs to it.
    whole: bool,
    /// The schema of the ID.
    of: String,
}

/// Adds links to every answer.
pub(super) fn add(document: &mut Value) {
    let targets = targets(&document["paths"]);
    let schemas = document["components"]["schemas"].clone();
    for (_, item) in super::members(&mut document["paths"]) {
        for (_, operation) in super::members(item) {
            let own = text(&operation["operationId"]).to_owned();
            let parameters = operation["parameters"].clone();
            for (_, response) in
                super::members(&mut operation["responses"]).filter(|(status, _)| status.starts_with('2'))
            {
                let answer = &schemas[name(&response["content"]["application/json"]["schema"])];
                let mut links = to_objects(answer, &schemas, &own, &targets);
                links.extend(to_next_page(answer, &parameters, &own));
                if !links.is_empty() {
                    response["links"] = Value::Object(links);
                }
            }
        }
    }
}

fn targets(paths: &Value) -> Vec<Target> {
    let mut targets = Vec::new();
    for (path, item) in paths.as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let mut parameters = operation["parameters"].as_array().into_iter().flatten();
            let Some(id) = parameters.find(|one| one["in"] == "path" && one["name"] == "id") else { continue };
            targets.push(Target {
                id: text(&operation["operationId"]).to_owned(),
                method: method.clone(),
                whole: path.ends_with("/{id}"),
                of: name(&id["schema"]).to_owned(),
            });
        }
    }
    targets
}

/// From the ID of an object, or of the first one in a list, to every operation on it; from any other ID to reading what it names.
fn to_objects(answer: &Value, schemas: &Value, own: &str, targets: &[Target]) -> Map<String, Value> {
    let items = &answer["properties"]["data"]["items"];
    let (object, place) = if items.is_null() { (answer, "") } else { (&schemas[name(items)], "data/0/") };
    let mut links = Map::new();
    for (member, schema) in object["properties"].as_object().into_iter().flatten() {
        let of = name(schema);
        let leads = |target: &&Target| {
            !of.is_empty() && target.of == of && (member == "id" || (target.whole && target.method == "get"))
        };
        for target in targets.iter().filter(leads).filter(|target| target.id != own) {
            let link =
                || json!({"operationId": target.id, "parameters": {"id": format!("$response.body#/{place}{member}")}});
            links.entry(target.id.clone()).or_insert_with(link);
        }
    }
    links
}

/// From `next_cursor` to the same list.
fn to_next_page(answer: &Value, parameters: &Value, own: &str) -> Option<(String, Value)> {
    let takes = |name: &str| parameters.as_array().into_iter().flatten().any(|one| one["name"] == name);
    if !takes("cursor") || answer["properties"]["next_cursor"].is_null() {
        return None;
    }
    let mut given = json!({"cursor": "$response.body#/next_cursor"});
    if takes("id") {
        given["id"] = json!("$request.path.id");
    }
    let description = "The next page, with the same filters.";
    Some(("next_page".into(), json!({"operationId": own, "parameters": given, "description": description})))
}

/// The name of the schema that is referred to, which may be null.
fn name(schema: &Value) -> &str {
    let choice = schema["oneOf"].as_array().and_then(|choices| choices.first());
    let at = choice.unwrap_or(schema)["$ref"].as_str();
    at.and_then(|at| at.rsplit('/').next()).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
