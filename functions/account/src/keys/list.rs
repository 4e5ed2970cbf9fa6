//! `GET /api/v1/keys`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_app::{
    App,
    http::{Auth, Params, Problem, need},
};

/// The account's keys, oldest first, ended ones too.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    tag = "keys",
    security(("key" = ["keys:read"])),
    params(
        ("page" = Option<u32>, Query, description = "From 1"),
        ("limit" = Option<u32>, Query, description = "1 to 200"),
    ),
    responses((status = 200, description = "A page of keys, without their tokens"))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysRead>,
    mut params: Params,
) -> Result<Json<Value>, Problem> {
    let page = params.page();
    params.finish()?;
    let (keys, has_more) = page.cut(app.store.keys(caller.account()).await?);
    let data: Vec<Value> = keys.iter().map(super::view).collect();
    Ok(page.answer(&data, has_more))
}
