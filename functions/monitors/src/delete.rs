//! `DELETE /api/v1/monitors/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, MonitorId, Status};
use valpero_http::{Auth, ETag, IfMatch, IfMatchParam, NoBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_monitoring::{notify, resolution::resolution};
use valpero_runtime::App;
use valpero_views::schema;

/// Delete a monitor. Its incidents are kept; an open one is resolved, and its webhook is sent `incident.resolved` as its last event.
/// If `If-Match` names another version of the settings, 412 `precondition_failed`.
#[utoipa::path(
    delete,
    path = "/api/v1/monitors/{id}",
    operation_id = "delete_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor"), IfMatchParam),
    responses((status = 204, description = "The monitor is deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    retry_on_conflict(|| async {
        let now = app.now();
        let monitor = app.store.monitor(caller.account(), id).await?;
        if_match.holds(&ETag::of(monitor.updated_at))?;
        let note = Some("The monitor was deleted.".to_owned());
        let end = resolution(&app, &monitor, Status::Paused, &caller.author, note, now).await?;
        let audit = caller.audit(now, AuditAction::MonitorDeleted, Some(id.to_string()));
        app.store.delete_monitor(&monitor, &end.incident, end.event.as_ref(), &audit).await?;
        notify::announce(&app, end.event.as_ref()).await;
        notify::announce_pages_of(&app, &monitor).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
