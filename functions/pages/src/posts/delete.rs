//! `DELETE /api/v1/status-pages/{id}/posts/{post_id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, PageId, PostId};
use valpero_http::{Auth, ETag, IfMatch, IfMatchParam, NoBody, ObjectIds, Problem, need, retry_on_conflict};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::App;
use valpero_views::schema;

/// Delete a post with its updates. Readers no longer see it, and nobody is told. The page makes no other post about its incident by itself. If `If-Match` names another version, 412
/// `precondition_failed`.
#[utoipa::path(
    delete,
    path = "/api/v1/status-pages/{id}/posts/{post_id}",
    operation_id = "delete_page_post",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("post_id" = schema::PostId, Path, description = "ID of the post"),
        IfMatchParam,
    ),
    responses((status = 204, description = "The post is deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(page, id): ObjectIds<PageId, PostId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    retry_on_conflict(|| async {
        let now = app.now();
        let row = app.store.post(caller.account(), page, id).await?;
        if_match.holds(&ETag::of(row.updated_at))?;
        let audit = caller.audit(now, AuditAction::PostDeleted, Some(id.to_string()));
        app.store.delete_post(&row, now, &audit).await?;
        Ok(())
    })
    .await?;
    refreshed(&app, caller.account(), page).await;
    Ok(StatusCode::NO_CONTENT)
}
