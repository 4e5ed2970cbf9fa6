//! `GET /api/v1/audit-log`.

use axum::extract::State;
use valpero_domain::AuditId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::AuditFilter;
use valpero_views::{AuditRow, schema};

/// List the audit log, newest first. One row for each change, and one `key.used` row per key and day. Rows are kept for 400 days.
#[utoipa::path(
    get,
    path = "/api/v1/audit-log",
    operation_id = "list_audit_log",
    tag = "account",
    security(("key" = ["account:read"])),
    params(
        ("actor" = Option<Vec<schema::ActorFilter>>, Query, style = Form, explode = false, min_items = 1, description = "Only rows of one of these actors, separated by commas: the id of a key, user or channel, `operator`, `checker`, `checker:REGION`, `delivery`, `recovery` or `system`"),
        ("action" = Option<Vec<schema::AuditAction>>, Query, style = Form, explode = false, min_items = 1, description = "Only rows with one of these actions, separated by commas"),
        ("target" = Option<Vec<schema::FilterValue>>, Query, style = Form, explode = false, min_items = 1, description = "Only rows of one of these objects, by ID, separated by commas"),
        ("from" = Option<schema::Time>, Query, description = "Only rows at or after this time"),
        ("to" = Option<schema::Time>, Query, description = "Only rows before this time"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the audit log", body = List<AuditRow>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    mut params: Params,
) -> Result<Listed<AuditRow>, Problem> {
    let (actor, action, target) = (params.any_of("actor"), params.any_of("action"), params.any_text("target"));
    let (from, to) = params.from_to();
    let filter = AuditFilter { actor, action, target, from, to };
    let page: Page<AuditId> = params.page(caller.account());
    params.finish()?;
    let rows = app.store.audit_rows(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(rows), |row| row.id, AuditRow::of))
}
