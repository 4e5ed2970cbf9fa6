//! `GET /api/v1/keys`.

use axum::extract::State;
use valpero_domain::KeyId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::Key;

/// List API keys, oldest first. Includes revoked and expired keys. Tokens are never shown.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    operation_id = "list_keys",
    tag = "keys",
    security(("key" = ["keys:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of keys, without tokens", body = List<Key>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysRead>,
    mut params: Params,
) -> Result<Listed<Key>, Problem> {
    let page: Page<KeyId> = params.page(caller.account());
    params.finish()?;
    let mut keys = app.store.keys(caller.account()).await?;
    keys.retain(|key| page.after().is_none_or(|after| key.id > *after));
    Ok(page.answer(&page.cut(keys), |key| key.id, Key::of))
}
