//! `POST /api/v1/monitors/{id}/pause` and `/resume`.

use axum::{Json, extract::State};
use valpero_domain::{AuditAction, MonitorId, Status};
use valpero_http::{
    Auth, Caller, ETag, IfMatch, IfMatchParam, NoBody, ObjectId, Problem, latest::latest_of, need, retry_on_conflict,
};
use valpero_monitoring::{notify, resolution::resolution};
use valpero_runtime::App;
use valpero_storage::{Monitor, StatusChange};
use valpero_views as views;
use valpero_views::schema;

/// Pause a monitor. It is not checked until it is resumed; an open incident is resolved. Idempotent. If `If-Match` names
/// another version of the settings, 412 `precondition_failed`.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/pause",
    operation_id = "pause_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor"), IfMatchParam),
    responses((status = 200, description = "The paused monitor", body = views::Monitor))
)]
pub async fn pause(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<Json<views::Monitor>, Problem> {
    let monitor = retry_on_conflict(|| switch(&app, &caller, id, &if_match, Status::Paused)).await?;
    Ok(Json(views::Monitor::of(&monitor, &latest_of(&app, &monitor).await?, app.now())))
}

/// Resume a monitor. Its status is `pending` until its regions have checked it. Idempotent. If `If-Match` names another version of
/// the settings, 412 `precondition_failed`.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/resume",
    operation_id = "resume_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor"), IfMatchParam),
    responses((status = 200, description = "The resumed monitor", body = views::Monitor))
)]
pub async fn resume(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<Json<views::Monitor>, Problem> {
    let monitor = retry_on_conflict(|| switch(&app, &caller, id, &if_match, Status::Pending)).await?;
    Ok(Json(views::Monitor::of(&monitor, &latest_of(&app, &monitor).await?, app.now())))
}

async fn switch(app: &App, caller: &Caller, id: MonitorId, if_match: &IfMatch, to: Status) -> Result<Monitor, Problem> {
    let now = app.now();
    let monitor = app.store.monitor(caller.account(), id).await?;
    if_match.holds(&ETag::of(monitor.updated_at))?;
    if (to == Status::Paused) == (monitor.status == Status::Paused) {
        return Ok(monitor);
    }
    let (action, note) = match to {
        Status::Paused => (AuditAction::MonitorPaused, Some("The monitor was paused.".to_owned())),
        _ => (AuditAction::MonitorResumed, None),
    };
    let end = resolution(app, &monitor, to, &caller.author, note, now).await?;
    let audit = caller.audit(now, action, Some(id.to_string()));
    let change = StatusChange {
        monitor: &monitor,
        to,
        reason: None,
        at: now,
        forget_votes: true,
        incident: end.incident,
        event: end.event.as_ref(),
        audit: &audit,
    };
    Ok(notify::change_status(app, &change).await?)
}
