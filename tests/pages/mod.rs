//! Status pages: what readers see of what monitors and people say, whoever else does something at the same time, and whatever fails.

mod access;
pub mod crowd;
mod domains;
mod readers;
mod staying_up;
mod story;
mod subscribers;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::harness::{Reply, Tenant, World};

/// Makes a page of this name with these components; answers its ID and theirs.
pub async fn page(world: &World, tenant: &Tenant, slug: &str, components: Value, more: Value) -> (String, Vec<String>) {
    let mut body = json!({"slug": slug, "title": "Acme", "components": components});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let made = world.post("/api/v1/status-pages", tenant, body).await.expect(201);
    let ids = made.json["components"].as_array().expect("components").iter();
    (made.text("/id"), ids.map(|one| one["id"].as_str().expect("an ID").to_owned()).collect())
}

/// What anybody gets of a path.
pub async fn view(world: &World, path: &str) -> Reply {
    world.send(Request::get(path).body(Body::empty()).expect("a request")).await
}

/// The summary of a page, as of now: what is kept of it is old by then.
pub async fn summary(world: &World, slug: &str) -> Value {
    world.advance(11);
    view(world, &format!("/status/{slug}/api/v2/summary.json")).await.expect(200).json
}

/// The statuses of a page's components by its summary.
pub fn statuses(summary: &Value) -> Vec<&str> {
    let components = summary["components"].as_array().expect("components").iter();
    components.map(|one| one["status"].as_str().expect("a status")).collect()
}
