//! `GET /api/v1/keys/{id}`.

use axum::{Json, extract::State};
use valpero_domain::KeyId;
use valpero_http::{Auth, NoQuery, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::{Key, schema};

/// Get an API key. Also a revoked or expired one. Its token is never shown.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    operation_id = "get_key",
    tag = "keys",
    security(("key" = ["keys:read"])),
    params(("id" = schema::KeyId, Path, description = "ID of the key")),
    responses((status = 200, description = "The key, without its token", body = Key))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<KeyId>,
) -> Result<Json<Key>, Problem> {
    Ok(Json(Key::of(&app.store.key(caller.account(), id).await?)))
}
