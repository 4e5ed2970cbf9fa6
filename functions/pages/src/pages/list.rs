//! `GET /api/v1/status-pages`.

use axum::extract::State;
use valpero_domain::PageId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::StatusPage;

/// List status pages, oldest first. Each has its settings and components, and the statuses that people set; what readers see is at its
/// `url`.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages",
    operation_id = "list_status_pages",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of the list", body = List<StatusPage>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    mut params: Params,
) -> Result<Listed<StatusPage>, Problem> {
    let page: Page<PageId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.pages(caller.account(), page.after().copied(), page.count()).await?;
    let now = app.now();
    let view = |row: &_| StatusPage::of(row, app.settings.public_url.as_ref(), now);
    Ok(page.answer(&page.cut(found), |row| row.id, view))
}
