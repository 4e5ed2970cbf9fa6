//! The whole API: the routes of every function, as the gateway puts them together on AWS.

pub mod openapi;

use axum::{Extension, Router};
use valpero_alerts::Alerts;
use valpero_http::{Routes, finish_both, inner};
use valpero_people::Post;
use valpero_runtime::{App, Needs};
use valpero_tools::Tools;

/// What the handlers that connect to other hosts need.
#[derive(Debug, Clone)]
pub struct WaysOut {
    /// For probes on request.
    pub tools: Tools,
    /// For test messages.
    pub alerts: Alerts,
    /// For invitations.
    pub post: Post,
}

impl WaysOut {
    fn beside(self, routes: Router) -> Router {
        // As one layer, since each is put around every route.
        routes.layer((Extension(self.post), Extension(self.alerts), Extension(self.tools)))
    }
}

/// The routes of one function.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The function.
    pub name: &'static str,
    /// Those of its routes that need a key.
    pub routes: fn() -> Routes,
    /// Those that need none.
    pub open_routes: fn() -> Routes,
    /// What it needs.
    pub needs: Needs,
}

/// Every function that answers requests.
pub const GROUPS: [Group; 10] = [
    Group { name: "account", routes: valpero_account::routes, open_routes: Routes::new, needs: valpero_account::NEEDS },
    Group {
        name: "monitors",
        routes: valpero_monitors::routes,
        open_routes: Routes::new,
        needs: valpero_monitors::NEEDS,
    },
    Group {
        name: "incidents",
        routes: valpero_incidents::routes,
        open_routes: valpero_incidents::open_routes,
        needs: valpero_incidents::NEEDS,
    },
    Group {
        name: "webhooks",
        routes: valpero_webhooks::routes,
        open_routes: Routes::new,
        needs: valpero_webhooks::NEEDS,
    },
    Group { name: "alerts", routes: valpero_alerts::routes, open_routes: Routes::new, needs: valpero_alerts::NEEDS },
    Group { name: "pages", routes: valpero_pages::routes, open_routes: Routes::new, needs: valpero_pages::NEEDS },
    Group { name: "people", routes: valpero_people::routes, open_routes: Routes::new, needs: valpero_people::NEEDS },
    Group { name: "metrics", routes: valpero_metrics::routes, open_routes: Routes::new, needs: valpero_metrics::NEEDS },
    Group { name: "tools", routes: valpero_tools::routes, open_routes: Routes::new, needs: valpero_tools::NEEDS },
    Group { name: "docs", routes: Routes::new, open_routes: valpero_docs::routes, needs: valpero_docs::NEEDS },
];

/// Every route that needs a key.
fn keyed() -> Routes {
    GROUPS.iter().fold(Routes::new(), |all, group| all.merge((group.routes)()))
}

/// Every route that needs none.
fn open() -> Routes {
    GROUPS.iter().fold(Routes::new(), |all, group| all.merge((group.open_routes)()))
}

/// Every route.
pub fn routes() -> Routes {
    keyed().merge(open())
}

/// The API for a client in this process: see [`inner`].
pub fn inner_router(app: App, ways_out: WaysOut) -> Router {
    ways_out.beside(inner(routes(), app))
}

/// The API, ready to serve, with its ways out. What is no route at all asks for a key first, as the account function does on AWS.
pub fn router(app: App, ways_out: WaysOut) -> Router {
    ways_out.beside(finish_both(open(), keyed(), app))
}
