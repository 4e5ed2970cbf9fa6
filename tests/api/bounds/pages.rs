//! What the bodies of status pages need beside the value that is tried.

use serde_json::{Value, json};
use valpero_domain::Timestamp;

use super::schema::name;
use crate::harness::{Tenant, World};

/// Where status pages are.
pub const PAGES: &str = "/api/v1/status-pages";

/// Components of the page that posts are tried on: as many as a post may name, and one more.
const COMPONENTS: usize = 101;

/// A page with components; answers its ID and theirs. No page has more than 100, so that the last ID is nobody's.
pub async fn page(world: &World, owner: &Tenant) -> (String, Vec<String>) {
    let names: Vec<Value> = (1..COMPONENTS).map(|number| json!({"name": format!("C{number}")})).collect();
    let body = json!({"slug": "tried", "title": "Tried", "components": names});
    let made = world.post(PAGES, owner, body).await.expect(201);
    let ids = made.json["components"].as_array().expect("components").iter();
    let mut ids: Vec<String> = ids.map(|one| one["id"].as_str().expect("an ID").to_owned()).collect();
    ids.push("cmp_01M82PJFFSY9XKXCV0WRMX4C7M".to_owned());
    (made.text("/id"), ids)
}

/// A text of a schema that only status pages have; none of any other.
pub fn text(schema: &Value, turn: usize, length: Option<usize>) -> Option<String> {
    let padded = |start: &str, length: usize| format!("{start}{}", "a".repeat(length.saturating_sub(start.len())));
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    Some(match (schema["format"].as_str(), length) {
        (Some("network"), Some(2)) => "::".to_owned(),
        (Some("network"), Some(49)) => "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128".to_owned(),
        (Some("network"), Some(length)) => padded("", length),
        (Some("network"), None) => format!("10.{turn}.0.0/16"),
        (Some("uri"), Some(length @ ..=8)) if pattern.contains("[sS]:") => "https://"[..length].to_owned(),
        (Some("uri"), Some(9)) if pattern.contains("[sS]:") => "https://a".to_owned(),
        (Some("uri"), length) if pattern.contains("[sS]:") => padded("https://a/", length.unwrap_or(0)),
        // Of two labels at least.
        (_, length) if pattern.starts_with("^([a-z0-9]([a-z0-9-]{0,61}") => domain(length.unwrap_or(9)),
        (_, Some(length)) if pattern.starts_with("^#") => padded("#", length),
        (_, None) if pattern.starts_with("^#") => "#aaaaaa".to_owned(),
        _ => return None,
    })
}

/// A domain of so many characters, none where it has no place for two labels.
fn domain(length: usize) -> String {
    let end = if length > 2 { ".a" } else { "" };
    format!("{}{end}", name(length - end.len()))
}

fn maintenance(world: &World) -> (Value, Value) {
    let at = |days: i64| json!(world.now().plus_seconds(days * 86_400).to_string());
    (at(2), at(3))
}

/// What a body needs beside the value of this field.
pub fn complete(world: &World, path: &str, field: &str, body: &mut Value) {
    let is_planned = |word: &str| ["maintenance", "scheduled", "in_progress", "completed"].contains(&word);
    let (from, until) = maintenance(world);
    match field {
        "visibility" if body["visibility"] == "password" => body["password"] = json!("correct horse"),
        "kind" | "state" if path.ends_with("/posts") && is_planned(body[field].as_str().unwrap_or_default()) => {
            (body["kind"], body["scheduled_for"], body["scheduled_until"]) = (json!("maintenance"), from, until);
        }
        "scheduled_for" if path.ends_with("/posts") => {
            let begins: Option<Timestamp> = body["scheduled_for"].as_str().and_then(|text| text.parse().ok());
            let later = begins.map_or(until, |at| json!(at.plus_seconds(60)));
            (body["kind"], body["scheduled_until"]) = (json!("maintenance"), later);
        }
        "scheduled_until" if path.ends_with("/posts") => {
            let soon = json!(world.now().plus_seconds(60).to_string());
            (body["kind"], body["scheduled_for"]) = (json!("maintenance"), soon);
        }
        "kind" if path.ends_with("/posts") => {}
        _ if path.ends_with("/posts") => body["kind"] = json!("incident"),
        "state" => {}
        _ if path.ends_with("/updates") => body["state"] = json!("monitoring"),
        _ => {}
    }
}

/// The path with a page, a component and a post of its own, of the kind that the value is for.
pub async fn fresh(
    world: &World,
    owner: &Tenant,
    path: &str,
    page: &(String, Vec<String>),
    field: &str,
    value: &Value,
) -> String {
    if path == "/api/v1/status-pages/{id}" {
        let made = world.post(PAGES, owner, json!({"slug": "old", "title": "old"})).await.expect(201);
        return format!("{PAGES}/{}", made.text("/id"));
    }
    let (id, components) = page;
    if components.is_empty() {
        return path.to_owned();
    }
    let path = path.replace("{id}", id).replace("{component_id}", &components[0]);
    if !path.contains("{post_id}") {
        return path;
    }
    let word = value.as_str().unwrap_or_default();
    let is_planned = field.starts_with("scheduled_") || ["scheduled", "in_progress", "completed"].contains(&word);
    let body = if is_planned {
        let from = world.now().plus_seconds(60);
        let until = world.now().plus_seconds(9 * 86_400);
        json!({"kind": "maintenance", "title": "old", "body": "old", "notify": false, "scheduled_for": from, "scheduled_until": until})
    } else {
        json!({"kind": "incident", "title": "old", "body": "old", "notify": false})
    };
    let post = world.post(&format!("{PAGES}/{id}/posts"), owner, body).await.expect(201).text("/id");
    path.replace("{post_id}", &post)
}
