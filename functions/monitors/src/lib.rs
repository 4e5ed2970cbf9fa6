//! Monitors and their checks.

mod check;
mod checks;
mod create;
mod delete;
mod latest;
mod list;
mod pause;
mod read;
mod update;

use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::App;
use valpero_domain::{Plan, monitor::Allowance};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(read::read, update::update, delete::delete))
        .routes(routes!(pause::pause))
        .routes(routes!(pause::resume))
        .routes(routes!(check::check))
        .routes(routes!(checks::list))
}

/// What this deployment and the account's plan allow a monitor to be.
fn allowance(app: &App, plan: Plan) -> Allowance<'_> {
    let settings = &app.settings;
    Allowance { regions: &settings.regions, private_targets: settings.private_targets, limits: plan.limits() }
}
