//! The API's reference, and a word for load balancers; no key is needed.

mod health;
mod reference;

use axum::routing::{any, get};
use tower_http::compression::CompressionLayer;
use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::{App, Needs, http::Problem};

pub use reference::DOCUMENT;

/// It needs nothing.
pub const NEEDS: Needs = Needs { queue: false, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(reference::page))
        .routes(routes!(reference::document))
        .routes(routes!(health::health))
        .route(reference::BUNDLE_PATH, get(reference::bundle))
        .route("/docs/{*rest}", any(|| async { Problem::no_route() }))
        .layer(CompressionLayer::new())
}
