//! API keys as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{KeyId, Scopes, Timestamp, UserId};
use valpero_storage::ApiKey;

use crate::{Shown, schema};

/// Seconds after which a key should be rotated: a year.
const ROTATION_S: i64 = 365 * 86_400;

/// An API key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Unique ID.
    #[schema(value_type = schema::KeyId)]
    pub id: KeyId,
    /// Name of the key.
    #[schema(value_type = schema::Name)]
    pub name: String,
    /// Scopes.
    #[schema(value_type = Vec<schema::Scope>)]
    pub scopes: Scopes,
    /// Last four characters of the token.
    #[schema(example = "0000")]
    last4: String,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last request with this key. Null: never.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_used_at: Option<Timestamp>,
    /// Expiry time. Null: never.
    #[schema(value_type = Option<schema::Time>, required)]
    pub expires_at: Option<Timestamp>,
    /// Time of revocation. Null: not revoked.
    #[schema(value_type = Option<schema::Time>, required)]
    pub revoked_at: Option<Timestamp>,
    /// ID of the person who created it in the dashboard. Null: a key or the operator did.
    #[schema(value_type = Option<schema::UserId>, required)]
    pub minted_by: Option<UserId>,
    /// Time at which the key should be rotated: one year after creation.
    #[schema(value_type = schema::Time)]
    pub rotation_due_at: Timestamp,
    /// Token. Only in the response that creates the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::Token, required = false)]
    pub token: Option<Shown>,
}

impl Key {
    /// A key as its owner sees it; without its token, which nobody keeps.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            last4: key.last4.clone(),
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            minted_by: key.minted_by,
            rotation_due_at: key.created_at.plus_seconds(ROTATION_S),
            token: None,
        }
    }

    /// A key with its token, for the one answer that shows it.
    pub fn minted(key: &ApiKey, token: &str) -> Self {
        Self { token: Some(Shown::from(token)), ..Self::of(key) }
    }
}
