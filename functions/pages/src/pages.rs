//! Status pages: create, read, change and delete them.

pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;

use std::collections::BTreeSet;

use serde_json::Value;
use valpero_auth::password::{Password, PasswordHash};
use valpero_domain::{
    AccountId, ComponentId, MonitorId,
    pages::{
        StatusPageSpec, Visibility,
        settings::{PAGES_OF_MONITOR_MAX, fields::PASSWORD},
    },
};
use valpero_http::Problem;
use valpero_runtime::{App, entropy};
use valpero_views::body;

body!(StatusPageCreate, StatusPageSpec::OBJECT, Whole);
body!(StatusPagePatch, StatusPageSpec::OBJECT, Patch);

/// IDs for new components.
fn new_ids(app: &App) -> impl FnMut() -> ComponentId {
    let now = app.now();
    move || ComponentId::new(now, entropy())
}

/// Whether the account has all monitors that the page names, apart from those that it named before: one of these may have been deleted
/// since.
async fn check_monitors(
    app: &App,
    account: AccountId,
    page: &StatusPageSpec,
    before: &BTreeSet<MonitorId>,
) -> Result<(), Problem> {
    let new: BTreeSet<MonitorId> = page.monitors().difference(before).copied().collect();
    let found = app.store.monitors_by_id(account, &new).await?;
    let shown_often = found.values().filter(|monitor| monitor.pages.len() >= PAGES_OF_MONITOR_MAX);
    let shown_often = shown_often.map(|monitor| monitor.id).collect();
    let known = found.into_keys().chain(before.iter().copied()).collect();
    page.refused_monitors(&known, &shown_often).finish(Some(())).map_err(Problem::invalid)
}

/// The password's hash by a body: that of a new one, or the one from before. A page that asks for a password has one.
fn password(
    body: &Value,
    page: &StatusPageSpec,
    before: Option<PasswordHash>,
) -> Result<Option<PasswordHash>, Problem> {
    let hash = match body.get(PASSWORD.name) {
        Some(Value::String(text)) if text != "***" => match Password::claim(text) {
            Some(password) => Some(password.hash().map_err(|error| Problem::internal(&error))?),
            None => before,
        },
        Some(Value::Null) => None,
        _ => before,
    };
    if page.visibility == Visibility::Password && hash.is_none() {
        return Err(Problem::invalid_at("/password", "is required while visibility is password"));
    }
    Ok(hash)
}
