//! `DELETE /api/v1/status-pages/{id}/subscribers/{subscriber_id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, PageId, SubscriberId};
use valpero_http::{Auth, NoBody, ObjectIds, Problem, need};
use valpero_runtime::App;
use valpero_views::schema;

/// Remove a subscriber. Nothing more is sent to it, nobody is told, and nothing of it is kept. A quarantined address can be subscribed again
/// after this.
#[utoipa::path(
    delete,
    path = "/api/v1/status-pages/{id}/subscribers/{subscriber_id}",
    operation_id = "delete_page_subscriber",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("subscriber_id" = schema::SubscriberId, Path, description = "ID of the subscriber"),
    ),
    responses((status = 204, description = "The subscriber is removed"))
)]
pub async fn remove(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(page, id): ObjectIds<PageId, SubscriberId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let now = app.now();
    let row = app.store.subscriber(caller.account(), page, id, now).await?;
    let audit = caller.audit(now, AuditAction::SubscriberRemoved, Some(id.to_string()));
    app.store.remove_subscriber(&row, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}
