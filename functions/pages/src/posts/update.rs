//! `PATCH /api/v1/status-pages/{id}/posts/{post_id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::{AuditAction, PageId, PostId};
use valpero_http::{Auth, ETag, IfMatch, IfMatchParam, JsonBody, ObjectIds, Problem, need, retry_on_conflict};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::App;
use valpero_storage::PostRow;
use valpero_views::{PagePost, schema};

use super::PagePostPatch;

/// Update a post's title, impact or schedule. Its updates never change: add another one. The body is a JSON Merge Patch (RFC 7396). Nobody
/// is told of the change. If `If-Match` names another version, 412 `precondition_failed`.
#[utoipa::path(
    patch,
    path = "/api/v1/status-pages/{id}/posts/{post_id}",
    operation_id = "update_page_post",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("post_id" = schema::PostId, Path, description = "ID of the post"),
        IfMatchParam,
    ),
    request_body = PagePostPatch,
    responses((status = 200, description = "The updated post", body = PagePost))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(page, id): ObjectIds<PageId, PostId>,
    if_match: IfMatch,
    JsonBody(patch): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let row = retry_on_conflict(|| async {
        let old = app.store.post(caller.account(), page, id).await?;
        if_match.holds(&ETag::of(old.updated_at))?;
        let post = old.post.patched(&patch)?;
        if post == old.post {
            return Ok(old);
        }
        let now = app.now().max(old.updated_at.plus_ms(1));
        let new = PostRow { post, updated_at: now, ..old.clone() };
        let audit = caller.audit(now, AuditAction::PostUpdated, Some(id.to_string()));
        app.store.update_post(&old, &new, &audit.into()).await?;
        Ok(new)
    })
    .await?;
    refreshed(&app, caller.account(), page).await;
    Ok((ETag::of(row.updated_at).header(), Json(PagePost::of(&row, app.now()))))
}
