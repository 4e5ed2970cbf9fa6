//! `GET /docs/api`, the page, and `GET /docs/api/openapi.json`, the document that it is made from.

use std::{borrow::Cow, str::FromStr, sync::LazyLock};

use askama::Template;
use axum::{
    http::header,
    response::{Html, IntoResponse, Redirect, Response},
};
use utoipa::ToSchema;
use valpero_domain::Invalid;
use valpero_http::{Params, Problem};

use crate::page::{self, Redoc, Unrendered};

include!(concat!(env!("OUT_DIR"), "/redoc.rs"));

/// The OpenAPI document: made from the routes themselves by `valpero openapi`; a test holds the two against each other.
pub const DOCUMENT: &str = include_str!("../openapi.json");

/// Where Redoc's bundle is served, where this build has it.
pub(crate) const BUNDLE_PATH: &str = "/docs/api/redoc.standalone.js";

/// What Redoc's page may load: Redoc from here, or from the CDN where it is not embedded, and Redoc's own mark.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; style-src 'unsafe-inline'; \
                            img-src 'self' data: https://cdn.redoc.ly; connect-src 'self'; worker-src blob:; \
                            base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// Made by the first request, so that no start of the function waits for it.
static PAGE: LazyLock<Result<String, Unrendered>> = LazyLock::new(|| page::render(DOCUMENT));

/// `GET /` and `GET /docs`: where a person who types the address of the deployment wants to go.
pub(crate) async fn lead_there() -> Redirect {
    Redirect::permanent("/docs/api")
}

/// How the reference is shown.
#[derive(Debug, Clone, Copy, Default, ToSchema)]
#[schema(rename_all = "snake_case")]
enum View {
    /// One page without scripts.
    #[default]
    Plain,
    /// Redoc.
    Redoc,
}

impl FromStr for View {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "plain" => Ok(Self::Plain),
            "redoc" => Ok(Self::Redoc),
            _ => Err(Invalid::new("must be plain or redoc")),
        }
    }
}

/// Get this reference as a web page. Works without JavaScript and loads nothing from other hosts. `view=redoc` shows the same
/// document in Redoc, which is loaded from a CDN if this build does not contain it.
#[utoipa::path(
    get,
    path = "/docs/api",
    operation_id = "get_reference",
    tag = "docs",
    params(("view" = inline(Option<View>), Query, description = "How the reference is shown. Default: `plain`.")),
    responses((status = 200, description = "The HTML page", body = String, content_type = "text/html; charset=utf-8"))
)]
pub async fn page(mut params: Params) -> Result<Response, Problem> {
    let view: View = params.take("view").unwrap_or_default();
    params.finish()?;
    let (policy, page) = match view {
        View::Plain => (PAGE_POLICY, Cow::from(PAGE.as_ref().map_err(|error| Problem::internal(error))?)),
        View::Redoc => (REDOC_POLICY, Cow::from(redoc().map_err(|error| Problem::internal(&error))?)),
    };
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response())
}

fn redoc() -> Result<String, askama::Error> {
    let source = match BUNDLE {
        Some(_) => BUNDLE_PATH.to_owned(),
        None => format!("https://cdn.jsdelivr.net/npm/redoc@{VERSION}/bundles/redoc.standalone.js"),
    };
    Redoc { source, integrity: INTEGRITY, embedded: BUNDLE.is_some() }.render()
}

/// Get this reference as an OpenAPI document. Version 3.1, for generators of clients and other tools. Any origin may read it.
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
