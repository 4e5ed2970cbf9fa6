//! `GET /api/v1/account`.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use valpero_app::{
    App,
    http::{Auth, Problem, need},
};

/// The account behind the key: its plan, what the plan allows, and what is used of it.
#[utoipa::path(
    get,
    path = "/api/v1/account",
    tag = "account",
    security(("key" = ["account:read"])),
    responses((status = 200, description = "The account"))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
) -> Result<Json<Value>, Problem> {
    let account = app.store.account(caller.account()).await?;
    Ok(Json(json!({
        "id": account.id,
        "email": account.email,
        "plan": account.plan,
        "language": account.language,
        "created_at": account.created_at,
        "limits": account.plan.limits(),
        "usage": {"monitors": account.monitors},
    })))
}
