//! The whole API: the routes of every function, as the gateway puts them together on AWS.

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use valpero_app::{App, http::finish};

/// Every route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(valpero_account::routes())
        .merge(valpero_monitors::routes())
        .merge(valpero_incidents::routes())
        .merge(valpero_webhooks::routes())
}

/// The API, ready to serve.
pub fn router(app: App) -> Router {
    finish(routes(), app)
}
