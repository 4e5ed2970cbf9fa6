//! Monitors and their checks.

mod bodies;
mod check;
mod check_request;
mod checks;
mod create;
mod delete;
mod depends_on;
mod list;
mod pause;
mod read;
mod regions;
mod response_times;
mod update;

use valpero_domain::{MonitorId, Plan, RegionCode, monitor::Allowance};
use valpero_http::{Routes, routes};
use valpero_runtime::{App, Needs};

/// It asks regions for checks, refuses private targets, and tells of incidents that end with their monitor.
pub const NEEDS: Needs = Needs { queue: true, events: true, targets: true, ..Needs::NONE };

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(list::list, create::create))
        .with(routes!(read::read, update::update, delete::delete))
        .with(routes!(pause::pause))
        .with(routes!(pause::resume))
        .with(routes!(check::check))
        .with(routes!(check_request::read))
        .with(routes!(checks::list))
        .with(routes!(response_times::list))
        .with(routes!(regions::list))
}

/// What this deployment and the account's plan allow a monitor to be.
fn allowance<'a>(
    app: &App,
    plan: Plan,
    id: Option<MonitorId>,
    regions: &'a [RegionCode],
    kept: &'a [RegionCode],
) -> Allowance<'a> {
    Allowance {
        id,
        regions,
        kept,
        private_targets: app.settings.private_targets,
        blocked_ports: app.settings.blocked_ports,
        limits: plan.limits(),
    }
}
