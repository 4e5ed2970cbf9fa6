//! `GET /api/v1/account`.

use axum::{Json, extract::State};
use valpero_domain::alerting::mute::is_muted;
use valpero_http::{Auth, NoQuery, Problem, need};
use valpero_runtime::App;
use valpero_views::{Account, Limits, Usage};

/// Get the account. Returns the account of the API key with its plan, the limits of the plan and the current usage.
#[utoipa::path(
    get,
    path = "/api/v1/account",
    operation_id = "get_account",
    tag = "account",
    security(("key" = ["account:read"])),
    responses((status = 200, description = "The account", body = Account))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    _: NoQuery,
) -> Result<Json<Account>, Problem> {
    let account = app.store.account(caller.account()).await?;
    let limits = account.plan.limits();
    Ok(Json(Account {
        id: account.id,
        email: account.email,
        plan: account.plan,
        language: account.language,
        muted_until: is_muted(account.muted_until, None, app.now()),
        created_at: account.created_at,
        limits: Limits {
            requests_per_minute: limits.requests_per_minute,
            monitors: limits.monitors,
            min_check_interval: limits.min_check_interval,
        },
        usage: Usage { monitors: account.monitors },
    }))
}
