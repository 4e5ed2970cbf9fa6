//! `POST /api/v1/status-pages`.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, response::Response};
use valpero_domain::{AuditAction, PageId, pages::StatusPageSpec};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::{App, entropy};
use valpero_storage::{StatusPageRow, StoreError};
use valpero_views as views;

use super::StatusPageCreate;

/// Create a status page. It is there at once, at `url`. Its monitors must exist. At most as many as the plan allows, then 403
/// `page_limit_reached`; 409 `page_slug_taken` if another page has the slug.
#[utoipa::path(
    post,
    path = "/api/v1/status-pages",
    operation_id = "create_status_page",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(IdempotencyParam),
    request_body = StatusPageCreate,
    responses((status = 201, description = "The status page", body = views::StatusPage))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let make = async |ticket: Ticket| {
        let now = app.now();
        let account = caller.account();
        let spec = StatusPageSpec::read(&body, &BTreeSet::new(), &mut super::new_ids(&app))?;
        super::check_monitors(&app, account, &spec, &BTreeSet::new()).await?;
        let most = app.store.account(account).await?.plan.limits().status_pages;
        let row = StatusPageRow {
            account_id: account,
            id: PageId::new(now, entropy()),
            password: super::password(&body, &spec, None)?,
            spec,
            domain: None,
            domain_watch: None,
            by_hand: BTreeMap::new(),
            linked: BTreeSet::new(),
            created_at: now,
            updated_at: now,
        };
        let location = format!("/api/v1/status-pages/{}", row.id);
        let answer =
            Answer::created(Some(location), &views::StatusPage::of(&row, app.settings.public_url.as_ref(), now));
        let trail = ticket.trail(AuditAction::PageCreated, &row.id, &answer, now)?;
        app.store.create_page(&row, most, &trail).await.map_err(|error| match error {
            StoreError::LimitReached => Problem::page_limit(most),
            error => crate::taken(error),
        })?;
        refreshed(&app, account, row.id).await;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, make).await
}
