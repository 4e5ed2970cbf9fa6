//! `GET /api/v1/audit-log`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{AuditId, Timestamp};
use valpero_http::{Auth, List, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{self as storage, AuditFilter};
use valpero_views::{ActorView, schema};

/// A row of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditRow {
    /// Unique ID.
    #[schema(value_type = schema::AuditId)]
    id: AuditId,
    /// Who did it.
    actor: ActorView,
    /// Action, such as `monitor.created`.
    #[schema(example = "monitor.created")]
    action: String,
    /// ID of the object that was acted on. Null for the account itself.
    #[schema(required)]
    target: Option<String>,
    /// IP address of the client. Null if there was no request.
    #[schema(required)]
    ip: Option<String>,
    /// `User-Agent` of the client. Null if there was none.
    #[schema(required)]
    user_agent: Option<String>,
    /// ID of the request, as in `X-Request-Id`. Null if there was no request.
    #[schema(required)]
    request_id: Option<String>,
    /// Time.
    #[schema(value_type = schema::Time)]
    at: Timestamp,
}

impl AuditRow {
    fn of(row: &storage::AuditRow) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            actor: ActorView::from(&row.by),
            action: row.action,
            target: row.target,
            ip: row.ip,
            user_agent: row.user_agent,
            request_id: row.request_id,
            at: row.at,
        }
    }
}

/// List the audit log, newest first. One row for each change, and one `key.used` row per key and day. Rows are kept for 400 days.
#[utoipa::path(
    get,
    path = "/api/v1/audit-log",
    operation_id = "list_audit_log",
    tag = "account",
    security(("key" = ["account:read"])),
    params(
        ("actor" = Option<String>, Query, description = "Only rows of this actor: the id of a key or user, `operator`, `checker:REGION`, `delivery`, `recovery` or `system`"),
        ("action" = Option<String>, Query, description = "Only rows with this action, such as `monitor.created`"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the audit log", body = List<AuditRow>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    mut params: Params,
) -> Result<Json<List<AuditRow>>, Problem> {
    let filter = AuditFilter { actor: params.text("actor"), action: params.text("action") };
    let page: Page<AuditId> = params.page(caller.account());
    params.finish()?;
    let rows = app.store.audit_rows(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(rows), |row| row.id, AuditRow::of))
}
