//! A function's routes, each with a way to describe it for the reference.

use std::fmt;

use axum::{Router, routing::MethodRouter};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use valpero_runtime::App;

/// One path's handlers, as [`routes!`](macro@crate::routes) makes them.
pub struct Route {
    /// The path, in axum's words.
    pub path: String,
    /// Its handlers.
    pub handlers: MethodRouter<App>,
    /// How the reference describes them: called only to make the OpenAPI document, since to make the schemas of bodies and answers
    /// can take longer than all the rest of a function's start.
    pub describe: fn() -> UtoipaMethodRouter<App>,
}

/// The handlers of one path, each with `#[utoipa::path]`, as a [`Route`]: `routes!(list::list, create::create)`.
#[macro_export]
macro_rules! routes {
    ($($($part:ident)::+),+) => {{
        use $crate::utoipa_axum::PathItemExt as _;
        let [path, ..] = [$($crate::utoipa_axum::routes!(@path [path()] of $($part)::+)),+];
        let handlers = $crate::axum::routing::MethodRouter::new();
        $(
            let methods = $crate::utoipa_axum::routes!(@path [methods()] of $($part)::+);
            let handlers = methods.iter().fold(handlers, |all, method| all.on(method.to_method_filter(), $($part)::+));
        )+
        $crate::Route { path, handlers, describe: || $crate::utoipa_axum::routes!($($($part)::+),+) }
    }};
}

/// The routes of a function, or of several.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    described: Vec<fn() -> UtoipaMethodRouter<App>>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and one more.
    #[must_use]
    pub fn with(mut self, route: Route) -> Self {
        self.described.push(route.describe);
        Self { router: self.router.route(&route.path, route.handlers), ..self }
    }

    /// The same, with another router: for layers, and for what the reference does not name.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        Self { router: change(self.router), ..self }
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, those: Self) -> Self {
        self.described.extend(those.described);
        Self { router: self.router.merge(those.router), ..self }
    }

    /// What the reference says of them.
    pub fn document(&self) -> OpenApi {
        self.described.iter().fold(OpenApiRouter::new(), |all, describe| all.routes(describe())).into_openapi()
    }
}

impl From<Routes> for Router<App> {
    fn from(routes: Routes) -> Self {
        routes.router
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Routes").field("router", &self.router).finish_non_exhaustive()
    }
}
