//! The state of an account's monitors, for Prometheus.

mod exposition;
mod metrics;

use tower_http::compression::CompressionLayer;
use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::{App, Needs};

/// It needs the store alone.
pub const NEEDS: Needs = Needs { queue: false, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(metrics::read)).layer(CompressionLayer::new())
}
