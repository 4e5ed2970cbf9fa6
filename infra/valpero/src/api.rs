//! The whole API: the routes of every function, as the gateway puts them together on AWS.

use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use valpero_app::{App, Needs, http::finish};

/// The routes of one function.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The function.
    pub name: &'static str,
    /// Its routes.
    pub routes: fn() -> OpenApiRouter<App>,
    /// What it needs.
    pub needs: Needs,
}

/// Every function that answers requests.
pub const GROUPS: [Group; 4] = [
    Group { name: "account", routes: valpero_account::routes, needs: valpero_account::NEEDS },
    Group { name: "monitors", routes: valpero_monitors::routes, needs: valpero_monitors::NEEDS },
    Group { name: "incidents", routes: valpero_incidents::routes, needs: valpero_incidents::NEEDS },
    Group { name: "webhooks", routes: valpero_webhooks::routes, needs: valpero_webhooks::NEEDS },
];

/// Every route.
pub fn routes() -> OpenApiRouter<App> {
    GROUPS.iter().fold(OpenApiRouter::new(), |all, group| all.merge((group.routes)()))
}

/// The API, ready to serve.
pub fn router(app: App) -> Router {
    finish(routes(), app)
}
