//! `GET /api/v1/audit-log`.

use axum::{Json, extract::State};
use valpero_domain::AuditId;
use valpero_http::{Auth, List, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::AuditFilter;
use valpero_views::AuditRow;

/// List the audit log, newest first. One row for each change, and one `key.used` row per key and day. Rows are kept for 400 days.
#[utoipa::path(
    get,
    path = "/api/v1/audit-log",
    operation_id = "list_audit_log",
    tag = "account",
    security(("key" = ["account:read"])),
    params(
        ("actor" = Option<String>, Query, min_length = 1, description = "Only rows of this actor: the id of a key or user, `operator`, `checker:REGION`, `delivery`, `recovery` or `system`"),
        ("action" = Option<String>, Query, min_length = 1, description = "Only rows with this action, such as `monitor.created`"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the audit log", body = List<AuditRow>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    mut params: Params,
) -> Result<Json<List<AuditRow>>, Problem> {
    let filter = AuditFilter { actor: params.take("actor"), action: params.take("action") };
    let page: Page<AuditId> = params.page(caller.account());
    params.finish()?;
    let rows = app.store.audit_rows(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(rows), |row| row.id, AuditRow::of))
}
