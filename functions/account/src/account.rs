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
    /// Unique ID.
    #[schema(value_type = schema::AccountId)]
    id: AccountId,
    /// E-mail address of the owner.
    #[schema(example = "you@example.com")]
    email: String,
    /// Plan.
    #[schema(value_type = schema::Plan)]
    plan: Plan,
    /// Language of the owner.
    #[schema(example = "en")]
    language: String,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    created_at: Timestamp,
    /// Limits of the plan.
    limits: Limits,
    /// Current usage.
    usage: Usage,
}

/// Limits of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Requests per key and calendar minute (UTC).
    #[schema(example = 300)]
    requests_per_minute: u32,
    /// Maximum number of monitors.
    #[schema(example = 2000)]
    monitors: u32,
    /// Shortest check interval, in seconds.
    #[schema(example = 60)]
    min_check_interval: u32,
}

/// Usage of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    /// Number of monitors.
    #[schema(example = 7)]
    monitors: u32,
}

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
