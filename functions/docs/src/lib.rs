//! The API reference and the health check. No key is needed.

mod health;
mod page;
mod reference;

use axum::routing::{any, get};
use valpero_http::{Problem, Routes, routes};
use valpero_runtime::Needs;

pub use health::Health;
pub use reference::DOCUMENT;

/// It needs nothing.
pub const NEEDS: Needs = Needs::NONE;

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new().with(routes!(reference::page)).with(routes!(reference::document)).with(routes!(health::health)).map(
        |router| {
            router
                .route(reference::BUNDLE_PATH, get(reference::bundle))
                .route("/docs", get(reference::lead_there))
                .route("/docs/{*rest}", any(|| async { Problem::no_route() }))
        },
    )
}
