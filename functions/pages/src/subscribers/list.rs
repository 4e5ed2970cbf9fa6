//! `GET /api/v1/status-pages/{id}/subscribers`.

use axum::extract::State;
use valpero_domain::{
    PageId, SubscriberId,
    pages::{SubscriberKind, SubscriberStatus},
};
use valpero_http::{Auth, List, Listed, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::Subscriber;
use valpero_views::{PageSubscriber, schema};

/// List the subscribers of a status page, in no particular order. People subscribe at the page, and confirm it by a link that they are sent.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages/{id}/subscribers",
    operation_id = "list_page_subscribers",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("kind" = Option<Vec<schema::SubscriberKind>>, Query, style = Form, explode = false, min_items = 1, description = "Only subscribers of one of these kinds, separated by commas"),
        ("status" = Option<Vec<schema::SubscriberStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Only subscriptions in one of these states, separated by commas"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<PageSubscriber>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    ObjectId(page_id): ObjectId<PageId>,
    mut params: Params,
) -> Result<Listed<PageSubscriber>, Problem> {
    let kinds: Vec<SubscriberKind> = params.any_of("kind");
    let states: Vec<SubscriberStatus> = params.any_of("status");
    let page: Page<SubscriberId> = params.page(caller.account());
    params.finish()?;
    app.store.page(caller.account(), page_id).await?;
    let now = app.now();
    let accepts = |row: &Subscriber| {
        (kinds.is_empty() || kinds.contains(&row.contact.kind())) && (states.is_empty() || states.contains(&row.status))
    };
    let after = page.after().copied();
    let found = app.store.subscribers(caller.account(), page_id, after, now, accepts, page.count()).await?;
    Ok(page.answer(&page.cut(found), |row| row.id, PageSubscriber::of))
}
