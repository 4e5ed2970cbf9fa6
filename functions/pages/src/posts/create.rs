//! `POST /api/v1/status-pages/{id}/posts`.

use axum::{extract::State, response::Response};
use valpero_domain::{AuditAction, PageId, PostId, PostUpdateId, pages::NewPost};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, ObjectId, Problem, Ticket, need};
use valpero_monitoring::pages::{announce_updates, refreshed};
use valpero_runtime::{App, entropy};
use valpero_storage::{Optional, PostRow};
use valpero_views::{PagePost, schema};

use super::PagePostCreate;

/// Post on a status page. A post tells of an incident, or of planned maintenance, which begins and ends by itself.
#[utoipa::path(
    post,
    path = "/api/v1/status-pages/{id}/posts",
    operation_id = "create_page_post",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page"), IdempotencyParam),
    request_body = PagePostCreate,
    responses((status = 201, description = "The post", body = PagePost))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectId(page_id): ObjectId<PageId>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let make = async |ticket: Ticket| {
        let now = app.now();
        let account = caller.account();
        let page = app.store.page(account, page_id).await?;
        let new = NewPost::read(&body, &super::components(&page))?;
        if let Some(incident) = new.incident_id
            && app.store.incident(account, incident).await.optional()?.is_none()
        {
            return Err(Problem::invalid_at("/incident_id", "must be the id of an incident"));
        }
        let id = PostId::new(now, entropy());
        let post = new.into_post(PostUpdateId::new(now, entropy()), caller.author.clone(), now);
        let row = PostRow { account_id: account, page_id, id, post, created_at: now, updated_at: now };
        let location = format!("/api/v1/status-pages/{page_id}/posts/{id}");
        let answer = Answer::created(Some(location), &PagePost::of(&row, now));
        let trail = ticket.trail(AuditAction::PostCreated, &id, &answer, now)?;
        app.store.create_post(&row, &trail).await?;
        refreshed(&app, account, page_id).await;
        announce_updates(&app, &row, None).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, make).await
}
