//! `GET /api/v1/status-pages/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::PageId;
use valpero_http::{Auth, ETag, NoQuery, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::{StatusPage, schema};

/// Get a status page. `ETag` is its version, for `If-Match` of a change.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages/{id}",
    operation_id = "get_status_page",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page")),
    responses((status = 200, description = "The status page", body = StatusPage))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    ObjectId(id): ObjectId<PageId>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let row = app.store.page(caller.account(), id).await?;
    let view = StatusPage::of(&row, app.settings.public_url.as_ref(), app.now());
    Ok((ETag::of(row.updated_at).header(), Json(view)))
}
