//! Whether the OpenAPI document says of each operation that it can answer with the problems that the tests get from it.

use std::sync::LazyLock;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> = LazyLock::new(valpero_api::openapi::document);

/// Fails if this answer is a problem that the document does not list for the operation.
pub(super) fn check(method: &Method, path: &str, status: StatusCode, answer: &Value) {
    let Some(code) = answer["code"].as_str().filter(|_| !status.is_success()) else { return };
    let Some(operation) = operation(method, path) else { return };
    let response = &operation["responses"][status.as_str()];
    let named = response["$ref"].as_str().and_then(|at| DOCUMENT.pointer(at.trim_start_matches('#')));
    let examples = &named.unwrap_or(response)["content"]["application/problem+json"]["examples"];
    let known = examples[code].is_object();
    assert!(known, "{method} {path}: the description of the operation must name `{code}`, which is {status}");
}

/// The operation of this path. What the document does not describe is answered by the router alone.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let fits = |described: &str| {
        let same = |(known, part): (&str, &str)| known.starts_with('{') || known == part;
        described.split('/').count() == path.split('/').count() && described.split('/').zip(path.split('/')).all(same)
    };
    let paths = DOCUMENT["paths"].as_object().into_iter().flat_map(Map::iter);
    // A path without a parameter goes before one with.
    let best =
        paths.filter(|(described, _)| fits(described)).min_by_key(|(described, _)| described.matches('{').count());
    best.and_then(|(_, item)| item.get(method.as_str().to_lowercase()))
}
