//! The whole API: the routes of every function, as the gateway puts them together on AWS.

pub mod openapi;

use axum::Router;
use valpero_alerts::Alerts;
use valpero_http::{Routes, finish, finish_open, inner};
use valpero_runtime::{App, Needs};
use valpero_tools::Tools;

/// What the handlers that connect to other hosts need.
#[derive(Debug, Clone)]
pub struct WaysOut {
    /// For probes on request.
    pub tools: Tools,
    /// For test messages.
    pub alerts: Alerts,
}

impl WaysOut {
    fn beside(self, routes: Router) -> Router {
        self.alerts.beside(self.tools.beside(routes))
    }
}

/// The routes of one function.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The function.
    pub name: &'static str,
    /// Its routes.
    pub routes: fn() -> Routes,
    /// What it needs.
    pub needs: Needs,
    /// Whether its routes need a key.
    pub keyed: bool,
}

/// Every function that answers requests.
pub const GROUPS: [Group; 8] = [
    Group { name: "account", routes: valpero_account::routes, needs: valpero_account::NEEDS, keyed: true },
    Group { name: "monitors", routes: valpero_monitors::routes, needs: valpero_monitors::NEEDS, keyed: true },
    Group { name: "incidents", routes: valpero_incidents::routes, needs: valpero_incidents::NEEDS, keyed: true },
    Group { name: "webhooks", routes: valpero_webhooks::routes, needs: valpero_webhooks::NEEDS, keyed: true },
    Group { name: "alerts", routes: valpero_alerts::routes, needs: valpero_alerts::NEEDS, keyed: true },
    Group { name: "metrics", routes: valpero_metrics::routes, needs: valpero_metrics::NEEDS, keyed: true },
    Group { name: "tools", routes: valpero_tools::routes, needs: valpero_tools::NEEDS, keyed: true },
    Group { name: "docs", routes: valpero_docs::routes, needs: valpero_docs::NEEDS, keyed: false },
];

/// The routes that need a key, or those that need none.
fn routes_of(keyed: bool) -> Routes {
    let groups = GROUPS.iter().filter(|group| group.keyed == keyed);
    groups.fold(Routes::new(), |all, group| all.merge((group.routes)()))
}

/// Every route.
pub fn routes() -> Routes {
    routes_of(true).merge(routes_of(false))
}

/// The API for a client in this process: see [`inner`].
pub fn inner_router(app: App, ways_out: WaysOut) -> Router {
    ways_out.beside(inner(routes(), app))
}

/// The API, ready to serve, with its ways out. What is no route at all asks for a key first, as the account function does on AWS.
pub fn router(app: App, ways_out: WaysOut) -> Router {
    let all = Router::new()
        .merge(finish_open(routes_of(false), app.clone()).reset_fallback())
        .fallback_service(finish(routes_of(true), app));
    ways_out.beside(all)
}
