//! `GET /docs/api`, Redoc over `GET /docs/api/openapi.json`.

use std::{fmt::Write, sync::LazyLock};

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use serde_json::Value;
use valpero_http::Problem;

include!(concat!(env!("OUT_DIR"), "/redoc.rs"));

/// The OpenAPI document: made from the routes themselves by `valpero openapi`; a test holds the two against each other.
pub const DOCUMENT: &str = include_str!("../openapi.json");

/// Where Redoc's bundle is served, where this build has it.
pub(crate) const BUNDLE_PATH: &str = "/docs/api/redoc.standalone.js";

/// What the page may load: its own files, Redoc from the CDN where it is not embedded, and Redoc's own mark.
const POLICY: &str = "default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; style-src 'unsafe-inline'; \
                      img-src 'self' data: https://cdn.redoc.ly; connect-src 'self'; worker-src blob:; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'none'";

static PAGE: LazyLock<String> = LazyLock::new(page_text);

/// Get this reference as a web page.
#[utoipa::path(
    get,
    path = "/docs/api",
    operation_id = "get_reference",
    tag = "docs",
    responses((status = 200, description = "The HTML page", body = String, content_type = "text/html; charset=utf-8"))
)]
pub async fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE.as_str()))
}

/// Get this reference as an OpenAPI document.
#[utoipa::path(
    get,
    path = "/docs/api/openapi.json",
    operation_id = "get_openapi",
    tag = "docs",
    responses((status = 200, description = "The OpenAPI document", body = Value, content_type = "application/json"))
)]
pub async fn document() -> impl IntoResponse {
    // Tools in browsers, such as editors and API clients, read it from other origins; it is no secret.
    ([(header::CONTENT_TYPE, "application/json"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], DOCUMENT)
}

/// Redoc's bundle.
pub(crate) async fn bundle() -> Response {
    match BUNDLE {
        Some(bytes) => {
            let headers = [(header::CONTENT_TYPE, "text/javascript"), (header::CACHE_CONTROL, "public, max-age=86400")];
            (headers, bytes).into_response()
        }
        None => Problem::not_found().into_response(),
    }
}

/// The page. Below Redoc's place is a plain list of all operations, which shows where Redoc's script does not come through.
fn page_text() -> String {
    let source = match BUNDLE {
        Some(_) => BUNDLE_PATH.to_owned(),
        None => format!("https://cdn.jsdelivr.net/npm/redoc@{VERSION}/bundles/redoc.standalone.js"),
    };
    let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let mut list = String::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let (method, path) = (escaped(&method.to_uppercase()), escaped(path));
            let summary = escaped(operation["summary"].as_str().unwrap_or_default());
            // A text takes whatever is written to it.
            let _always = writeln!(list, "<li><code>{method} {path}</code> {summary}</li>");
        }
    }
    for (event, item) in document["webhooks"].as_object().into_iter().flatten() {
        let summary = escaped(item["post"]["summary"].as_str().unwrap_or_default());
        let _always = writeln!(list, "<li>Webhook <code>{}</code> {summary}</li>", escaped(event));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Valpero API</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <style>body{{margin:0;font-family:system-ui,sans-serif}}main{{padding:2rem}}redoc:not(:empty)+main{{display:none}}</style>\n\
         </head>\n<body>\n<redoc spec-url=\"/docs/api/openapi.json\" expand-responses=\"200,201\" sort-props-alphabetically=\"false\"></redoc>\n\
         <main>\n<h1>Valpero API</h1>\n\
         <p>This is the short list. The full page needs JavaScript, from cdn.jsdelivr.net unless Redoc is built in; all fields, \
         scopes and examples are in <a href=\"/docs/api/openapi.json\">the OpenAPI document</a>.</p>\n<ul>\n{list}</ul>\n</main>\n\
         <script src=\"{source}\" integrity=\"{INTEGRITY}\" crossorigin=\"anonymous\"></script>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
