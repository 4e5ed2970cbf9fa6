//! `GET /api/v1/audit-log`.

use axum::{Json, extract::State};
use serde_json::{Value, json};
use valpero_app::{
    App,
    http::{Auth, Params, Problem, need},
};
use valpero_storage::{AuditFilter, AuditRow};

/// Who did what, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/audit-log",
    tag = "account",
    security(("key" = ["account:read"])),
    params(
        ("actor" = Option<String>, Query, description = "A key's id, `operator`, `checker:REGION` or `delivery`"),
        ("action" = Option<String>, Query, description = "Such as `monitor.created`"),
        ("page" = Option<u32>, Query, description = "From 1"),
        ("limit" = Option<u32>, Query, description = "1 to 200"),
    ),
    responses((status = 200, description = "A page of the audit log"))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AccountRead>,
    mut params: Params,
) -> Result<Json<Value>, Problem> {
    let filter = AuditFilter { actor: params.take("actor"), action: params.take("action") };
    let page = params.page();
    params.finish()?;
    let rows = app.store.audit_rows(caller.account(), &filter, page.count()).await?;
    let (rows, has_more) = page.cut(rows);
    let data: Vec<Value> = rows.iter().map(view).collect();
    Ok(page.answer(&data, has_more))
}

fn view(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "actor": row.actor,
        "actor_name": row.actor_name,
        "action": row.action,
        "target": row.target,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "at": row.at,
    })
}
