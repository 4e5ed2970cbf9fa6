//! API keys.

pub mod create;
pub mod list;
pub mod revoke;
pub mod rotate;

use serde::Serialize;
use utoipa::ToSchema;
use valpero_auth::Token;
use valpero_domain::{Faults, KeyId, Scopes, Timestamp};
use valpero_http::{Caller, Problem};
use valpero_storage::{ApiKey, LIVE_KEYS_MAX, StoreError};
use valpero_views::{Shown, schema};

/// Seconds after which a key should be rotated: a year.
const ROTATION_S: i64 = 365 * 86_400;

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    /// Unique ID.
    #[schema(value_type = schema::KeyId)]
    id: KeyId,
    /// Name of the key.
    #[schema(value_type = schema::Name)]
    name: String,
    /// Scopes.
    #[schema(value_type = Vec<schema::Scope>)]
    scopes: Scopes,
    /// Last four characters of the token.
    #[schema(example = "0000")]
    last4: String,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    /// Time of the last request with this key. Null: never.
    #[schema(value_type = Option<schema::Time>, required)]
    last_used_at: Option<Timestamp>,
    /// Expiry time. Null: never.
    #[schema(value_type = Option<schema::Time>, required)]
    expires_at: Option<Timestamp>,
    /// Time of revocation. Null: not revoked.
    #[schema(value_type = Option<schema::Time>, required)]
    revoked_at: Option<Timestamp>,
    /// Time at which the key should be rotated: one year after creation.
    #[schema(value_type = schema::Time)]
    rotation_due_at: Timestamp,
    /// Token. Only in the response that creates the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Token, required = false)]
    token: Option<Shown>,
}

impl Key {
    /// A key as its owner sees it; without its token, which nobody keeps.
    fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            last4: key.last4.clone(),
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            rotation_due_at: key.created_at.plus_seconds(ROTATION_S),
            token: None,
        }
    }

    /// A key with its token, for the one answer that shows it.
    fn minted(key: &ApiKey, token: &Token) -> Self {
        Self { token: Some(Shown::from(token.reveal())), ..Self::of(key) }
    }
}

/// Why a new key was not kept.
fn not_kept(error: StoreError) -> Problem {
    match error {
        StoreError::LimitReached => Problem::key_limit(LIVE_KEYS_MAX),
        error => error.into(),
    }
}

/// A key that ends can hand out none that ends later.
fn outlives(caller: &Caller, expires_at: Option<Timestamp>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if let Some(end) = caller.expires_at
        && expires_at.is_none_or(|asked| asked > end)
    {
        faults.add("/expires_at", format!("must be {end} or earlier, when the key that mints it expires"));
    }
    faults.finish(Some(()))
}
