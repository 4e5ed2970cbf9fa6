//! The account, its keys and its audit log.

mod account;
mod audit_log;
mod keys;

use utoipa_axum::{router::OpenApiRouter, routes};
use valpero_app::App;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(account::read))
        .routes(routes!(audit_log::list))
        .routes(routes!(keys::list::list, keys::create::create))
        .routes(routes!(keys::revoke::revoke))
        .routes(routes!(keys::rotate::rotate))
}
