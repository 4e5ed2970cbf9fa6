//! `GET /api/v1/status-pages/{id}/posts/{post_id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::{PageId, PostId};
use valpero_http::{Auth, ETag, NoQuery, ObjectIds, Problem, need};
use valpero_runtime::App;
use valpero_views::{PagePost, schema};

/// Get a post of a status page. `ETag` is its version, for `If-Match` of a change.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages/{id}/posts/{post_id}",
    operation_id = "get_page_post",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("post_id" = schema::PostId, Path, description = "ID of the post"),
    ),
    responses((status = 200, description = "The post", body = PagePost))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    ObjectIds(page, id): ObjectIds<PageId, PostId>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let row = app.store.post(caller.account(), page, id).await?;
    Ok((ETag::of(row.updated_at).header(), Json(PagePost::of(&row, app.now()))))
}
