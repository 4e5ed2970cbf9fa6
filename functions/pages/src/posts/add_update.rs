//! `POST /api/v1/status-pages/{id}/posts/{post_id}/updates`.

use axum::{extract::State, response::Response};
use valpero_domain::{
    AuditAction, PageId, PostId, PostUpdateId,
    pages::{
        NewUpdate,
        post::{TEXT_MAX, UPDATES_MAX},
    },
};
use valpero_http::{Answer, Auth, Code, Idempotency, IdempotencyParam, JsonBody, ObjectIds, Problem, Ticket, need};
use valpero_monitoring::pages::{announce_updates, refreshed};
use valpero_runtime::{App, entropy};
use valpero_storage::PostRow;
use valpero_views::{PagePost, schema};

use super::PagePostUpdateCreate;

/// Add an update to a post. An update of a post that is over takes it up again, where its state says so. At most 100 a post, and 150,000
/// bytes of text, then 409 `post_is_full`.
#[utoipa::path(
    post,
    path = "/api/v1/status-pages/{id}/posts/{post_id}/updates",
    operation_id = "add_page_post_update",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("post_id" = schema::PostId, Path, description = "ID of the post"),
        IdempotencyParam,
    ),
    request_body = PagePostUpdateCreate,
    responses((status = 201, description = "The post with the update", body = PagePost))
)]
pub async fn add_update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(page_id, id): ObjectIds<PageId, PostId>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let add = async |ticket: Ticket| {
        let account = caller.account();
        let (page, old) = tokio::try_join!(app.store.page(account, page_id), app.store.post(account, page_id, id))?;
        let new = NewUpdate::read(&body, old.post.kind, &super::components(&page))?;
        if old.post.is_full() {
            let detail =
                format!("A post has at most {UPDATES_MAX} updates, and {TEXT_MAX} bytes of text. Make another post.");
            return Err(Problem::conflict(Code::PostIsFull, detail));
        }
        let now = app.now().max(old.updated_at.plus_ms(1));
        let components = new.components.clone();
        let mut post = old.post.clone();
        post.add(new.into_update(PostUpdateId::new(now, entropy()), caller.author.clone(), now), components);
        let row = PostRow { post, updated_at: now, ..old.clone() };
        let answer = Answer::created(None, &PagePost::of(&row, now));
        let trail = ticket.trail(AuditAction::PostUpdateAdded, &id, &answer, now)?;
        app.store.update_post(&old, &row, &trail).await?;
        refreshed(&app, account, page_id).await;
        announce_updates(&app, &row, Some(&old)).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, add).await
}
