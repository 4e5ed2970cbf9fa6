//! The account, its keys and its audit log.

mod account;
mod audit_log;
mod keys;

use valpero_http::{Routes, routes};
use valpero_runtime::Needs;

/// It needs the store alone.
pub const NEEDS: Needs = Needs::NONE;

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(account::read, account::update))
        .with(routes!(account::redeem))
        .with(routes!(audit_log::list))
        .with(routes!(keys::list::list, keys::create::create))
        .with(routes!(keys::read::read, keys::rename::rename, keys::revoke::revoke))
        .with(routes!(keys::rotate::rotate))
}
