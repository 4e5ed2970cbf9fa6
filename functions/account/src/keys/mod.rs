//! API keys.

pub mod create;
pub mod list;
pub mod revoke;
pub mod rotate;

use serde_json::{Value, json};
use valpero_app::http::Caller;
use valpero_domain::{Faults, Timestamp};
use valpero_storage::ApiKey;

/// Seconds after which a key should be rotated: a year.
const ROTATION_S: i64 = 365 * 86_400;

/// A key as its owner sees it; never its token.
fn view(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "last4": key.last4,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "rotation_due_at": key.created_at.plus_seconds(ROTATION_S),
    })
}

/// A key with its token, for the one answer that shows it.
fn view_with_token(key: &ApiKey, token: &valpero_auth::Token) -> Value {
    let mut view = view(key);
    view["token"] = json!(token.reveal());
    view
}

/// A key that ends can hand out none that ends later.
fn outlives(caller: &Caller, expires_at: Option<Timestamp>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if let Some(end) = caller.key.expires_at
        && expires_at.is_none_or(|asked| asked > end)
    {
        faults.add("/expires_at", format!("must be {end} or earlier, when the key that mints it expires"));
    }
    faults.finish(Some(()))
}
