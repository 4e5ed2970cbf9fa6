//! `DELETE /api/v1/status-pages/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, PageId};
use valpero_http::{Auth, ETag, IfMatch, IfMatchParam, NoBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::App;
use valpero_views::schema;

/// Delete a status page with its posts. Its URL leads nowhere from then on. If `If-Match` names another version, 412
/// `precondition_failed`.
#[utoipa::path(
    delete,
    path = "/api/v1/status-pages/{id}",
    operation_id = "delete_status_page",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page"), IfMatchParam),
    responses((status = 204, description = "The status page is deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectId(id): ObjectId<PageId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let row = retry_on_conflict(|| async {
        let now = app.now();
        let row = app.store.page(caller.account(), id).await?;
        if_match.holds(&ETag::of(row.updated_at))?;
        let audit = caller.audit(now, AuditAction::PageDeleted, Some(id.to_string()));
        app.store.delete_page(&row, now, &audit).await?;
        Ok(row)
    })
    .await?;
    for monitor in row.linked {
        // One that is left goes when its status changes.
        app.store.link_monitor(row.account_id, monitor, id, false).await?;
    }
    refreshed(&app, caller.account(), id).await;
    Ok(StatusCode::NO_CONTENT)
}
