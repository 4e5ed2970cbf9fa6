//! Webhook secrets.

mod rotate_secret;

use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::App;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rotate_secret::rotate_secret))
}
