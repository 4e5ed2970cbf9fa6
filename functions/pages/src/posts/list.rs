//! `GET /api/v1/status-pages/{id}/posts`.

use axum::extract::State;
use valpero_domain::{
    PageId, PostId,
    pages::{PostKind, PostState},
};
use valpero_http::{Auth, List, Listed, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::PostRow;
use valpero_views::{PagePost, schema};

/// List the posts of a status page, newest first. Each has all of its updates.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages/{id}/posts",
    operation_id = "list_page_posts",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("kind" = Option<Vec<schema::PostKind>>, Query, style = Form, explode = false, min_items = 1, description = "Only posts of one of these kinds, separated by commas"),
        ("state" = Option<Vec<schema::PostState>>, Query, style = Form, explode = false, min_items = 1, description = "Only posts in one of these states, separated by commas"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<PagePost>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    ObjectId(page_id): ObjectId<PageId>,
    mut params: Params,
) -> Result<Listed<PagePost>, Problem> {
    let kinds: Vec<PostKind> = params.any_of("kind");
    let states: Vec<PostState> = params.any_of("state");
    let page: Page<PostId> = params.page(caller.account());
    params.finish()?;
    app.store.page(caller.account(), page_id).await?;
    let now = app.now();
    let accepts = |row: &PostRow| {
        (kinds.is_empty() || kinds.contains(&row.post.kind))
            && (states.is_empty() || states.contains(&row.post.state(now)))
    };
    let found = app.store.posts(caller.account(), page_id, page.after().copied(), accepts, page.count()).await?;
    Ok(page.answer(&page.cut(found), |row| row.id, |row| PagePost::of(row, now)))
}
