//! `DELETE /api/v1/keys/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, KeyId};
use valpero_http::{Auth, NoBody, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::schema;

/// Revoke an API key. The next request with it gets 401. Idempotent. A key may revoke itself and keys whose scopes it holds;
/// any other key is 403 `scope_beyond_key`.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    operation_id = "revoke_key",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(("id" = schema::KeyId, Path, description = "ID of the key")),
    responses((status = 204, description = "The key is revoked"))
)]
pub async fn revoke(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    ObjectId(id): ObjectId<KeyId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    let key = app.store.key(caller.account(), id).await?;
    if key.id != caller.receipts.key_id
        && let Some(scope) = key.scopes.first_beyond(&caller.scopes)
    {
        return Err(Problem::revokes_beyond_key(scope));
    }
    let audit = caller.audit(now, AuditAction::KeyRevoked, Some(id.to_string()));
    app.store.revoke_key(&key, now, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}
