//! The account, its keys and its audit log.

mod account;
mod audit_log;
mod keys;

use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::{App, Needs};

/// It needs the store alone.
pub const NEEDS: Needs = Needs { queue: false, events: false, targets: false, region: false };

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(account::read))
        .routes(routes!(audit_log::list))
        .routes(routes!(keys::list::list, keys::create::create))
        .routes(routes!(keys::revoke::revoke))
        .routes(routes!(keys::rotate::rotate))
}
