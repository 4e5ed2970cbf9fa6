//! `GET /api/v1/account`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{AccountId, Plan, Timestamp};
use valpero_http::{Auth, Problem, need};
use valpero_runtime::App;
use valpero_views::schema;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// Its own name.
    #[schema(value_type = schema::AccountId)]
    id: AccountId,
    /// Where its owner is reached.
    #[schema(example = "you@example.com")]
    email: String,
    /// What it may do.
    #[schema(value_type = schema::Plan)]
    plan: Plan,
    /// The language of its owner.
    #[schema(example = "en")]
    language: String,
    /// When it was made.
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    /// What the plan allows.
    limits: Limits,
    /// What is used of it.
    usage: Usage,
}

/// The numbers of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Requests of one key in one calendar minute (UTC).
    #[schema(example = 300)]
    requests_per_minute: u32,
    /// Monitors of the account.
    #[schema(example = 2000)]
    monitors: u32,
    /// Seconds between two checks of a monitor, at least.
    #[schema(example = 60)]
    min_check_interval: u32,
}

/// What is used of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    /// Monitors that the account has.
    #[schema(example = 7)]
    monitors: u32,
}

/// The account behind the key. Its plan, what the plan allows, and what is used of it.
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
) -> Result<Json<Account>, Problem> {
    let account = app.store.account(caller.account()).await?;
    let limits = account.plan.limits();
    Ok(Json(Account {
        id: account.id,
        email: account.email,
        plan: account.plan,
        language: account.language,
        created_at: account.created_at,
        limits: Limits {
            requests_per_minute: limits.requests_per_minute,
            monitors: limits.monitors,
            min_check_interval: limits.min_check_interval,
        },
        usage: Usage { monitors: account.monitors },
    }))
}
