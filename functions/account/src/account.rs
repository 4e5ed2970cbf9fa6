//! `GET` and `PATCH /api/v1/account`, and `POST /api/v1/account/redeem`.

use axum::{Json, extract::State, response::Response};
use serde_json::Value;
use valpero_auth::TokenHash;
use valpero_domain::{
    AccountId, AccountSettings, AuditAction, Faults, Field, Fields, Object, Timestamp,
    alerting::mute::is_muted,
    deal_code::{self, DealCode},
};
use valpero_http::{
    Answer, Auth, Code, Idempotency, IdempotencyParam, JsonBody, NoQuery, Problem, Ticket, need, retry_on_conflict,
};
use valpero_runtime::App;
use valpero_storage::{DealCodeRow, Optional, Quota, StoreError};
use valpero_views::{Account, Limits, Usage, body};

body!(AccountPatch, AccountSettings::OBJECT, Patch);

const CODE: Field = Field::text("code", &deal_code::TEXT).required().says("The deal code.");

/// The body of a redemption.
const REDEMPTION: Object = Object { name: "Redemption", patch_name: "", says: "A deal code to use.", fields: &[CODE] };

body!(Redemption, REDEMPTION, Whole);

/// Codes that an account may try in an hour.
const TRIES_AN_HOUR: u32 = 10;

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
    Ok(Json(view(&app, app.store.account(caller.account()).await?)))
}

/// The account as clients see it.
fn view(app: &App, account: valpero_storage::Account) -> Account {
    let limits = account.plan.limits();
    Account {
        id: account.id,
        email: account.email,
        plan: account.plan,
        language: account.language,
        time_zone: account.time_zone,
        muted_until: is_muted(account.muted_until, None, app.now()),
        created_at: account.created_at,
        limits: Limits {
            requests_per_minute: limits.requests_per_minute,
            monitors: limits.monitors,
            people: limits.people,
            status_pages: limits.status_pages,
            min_check_interval: limits.min_check_interval,
        },
        usage: Usage { monitors: account.monitors, people: account.people, status_pages: account.pages },
    }
}

/// Update the account. The body is a JSON Merge Patch (RFC 7396): fields in it change, `null` restores the default; a patch that changes
/// nothing is not recorded.
#[utoipa::path(
    patch,
    path = "/api/v1/account",
    operation_id = "update_account",
    tag = "account",
    security(("key" = ["account:write"])),
    request_body = AccountPatch,
    responses((status = 200, description = "The account", body = Account))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountWrite>,
    JsonBody(patch): JsonBody,
) -> Result<Json<Account>, Problem> {
    let account = retry_on_conflict(|| async {
        let account = app.store.account(caller.account()).await?;
        let old = AccountSettings { language: account.language, time_zone: account.time_zone };
        let new = old.patched(&patch)?;
        if new != old {
            let audit = caller.audit(app.now(), AuditAction::AccountUpdated, None);
            app.store.update_account(caller.account(), &new, &audit).await?;
        }
        Ok(valpero_storage::Account { language: new.language, time_zone: new.time_zone, ..account })
    });
    Ok(Json(view(&app, account.await?)))
}

/// Redeem a deal code. Moves the account to the plan of the code, which can be used once. A code that is wrong, used or expired is 404
/// `deal_code_refused`, one for no higher plan 409 `plan_not_raised`; it can still be used then. An account can try 10 codes an hour, then 429 `redeem_quota_reached`.
#[utoipa::path(
    post,
    path = "/api/v1/account/redeem",
    operation_id = "redeem_deal_code",
    tag = "account",
    security(("key" = ["account:write"])),
    params(IdempotencyParam),
    request_body = Redemption,
    responses((status = 200, description = "The account on its new plan", body = Account))
)]
pub async fn redeem(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let redeem = async |ticket: Ticket| {
        let (now, account) = (app.now(), caller.account());
        let code = code(&body)?;
        within_quota(&app, account, now).await?;
        let old = app.store.account(account).await?;
        let row = usable(&app, &old, code.as_ref(), now).await?;
        let answer = Answer::done(&view(&app, valpero_storage::Account { plan: row.plan, ..old }));
        let trail = ticket.trail(AuditAction::AccountRedeemed, &row.prefix, &answer, now)?;
        match app.store.redeem(account, &row, now, &trail).await {
            Ok(()) => {}
            Err(StoreError::NotFound) => return Err(Problem::deal_code()),
            Err(error) => return Err(error.into()),
        }
        app.store.give_pace(account, row.plan).await?;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, redeem).await
}

/// The code of a body; none where it is of no form that codes have.
fn code(body: &Value) -> Result<Option<DealCode>, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let code: Option<String> = fields.read(&CODE, &mut faults);
    fields.finish(&mut faults);
    faults.finish(code.map(|code| code.parse().ok()))
}

async fn within_quota(app: &App, account: AccountId, now: Timestamp) -> Result<(), Problem> {
    if app.store.count_account_request(account, Quota::DealCodes, now, TRIES_AN_HOUR).await? {
        return Ok(());
    }
    let detail = format!("An account may try {TRIES_AN_HOUR} deal codes an hour.");
    Err(Problem::too_many(Code::RedeemQuotaReached, detail, 3_600 - now.seconds() % 3_600))
}

/// The row of a code that nobody has used. Where this account has, its keys may lack the plan's pace, for they get it after the plan.
async fn usable(
    app: &App,
    account: &valpero_storage::Account,
    code: Option<&DealCode>,
    now: Timestamp,
) -> Result<DealCodeRow, Problem> {
    let code = code.ok_or_else(Problem::deal_code)?;
    let row = app.store.deal_code(&TokenHash::of(code.secret())).await.optional()?.ok_or_else(Problem::deal_code)?;
    if row.redeemed_by == Some(account.id) {
        app.store.give_pace(account.id, account.plan).await?;
    }
    let is_over = row.redeemed_at.is_some() || row.expires_at.is_some_and(|end| end <= now);
    if is_over {
        return Err(Problem::deal_code());
    }
    // An account on a higher plan would lose by it.
    if row.plan <= account.plan {
        let (code, has) = (row.plan.as_str(), account.plan.as_str());
        let detail = format!("The code is for the plan {code}, and the account has {has}. The code can still be used.");
        return Err(Problem::conflict(Code::PlanNotRaised, detail));
    }
    Ok(row)
}
