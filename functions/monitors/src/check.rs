//! `POST /api/v1/monitors/{id}/check`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use futures::future::join_all;
use serde_json::json;
use valpero_domain::{AuditAction, AuditId, CheckId, MonitorId, RegionCode, Status};
use valpero_http::{
    Answer, Auth, Caller, Code, Idempotency, IdempotencyParam, NoBody, ObjectId, Problem, Ticket, need,
};
use valpero_runtime::{
    App, entropy,
    event_bus::{CheckRequested, Event},
    telemetry::chain,
};
use valpero_storage::Quota;
use valpero_views::{RequestedCheck, schema};

/// Checks of one monitor that may be asked for in one calendar minute.
const A_MINUTE: u32 = 10;

/// The action of its row in the audit log.
pub(crate) const REQUESTED: AuditAction = AuditAction::MonitorCheckRequested;

/// Check a monitor now. All its regions check it once; the results appear in its checks within seconds, and can open or resolve
/// an incident. `Location` says where the results are found. The schedule does not change. At most 10 times a minute per monitor, then 429 `check_quota_reached`. A paused
/// monitor is 409 `monitor_paused`.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/check",
    operation_id = "check_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor"), IdempotencyParam),
    responses((status = 202, description = "The check was requested", body = RequestedCheck))
)]
pub async fn check(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    idempotency: Idempotency,
    _: NoBody,
) -> Result<Response, Problem> {
    idempotency.once(&app, &caller, &json!({}), |ticket| request(&app, &caller, id, ticket)).await
}

async fn request(app: &App, caller: &Arc<Caller>, id: MonitorId, ticket: Ticket) -> Result<Answer, Problem> {
    let now = app.now();
    let account_id = caller.account();
    let monitor = app.store.monitor(account_id, id).await?;
    if monitor.status == Status::Paused {
        return Err(Problem::conflict(Code::MonitorPaused, "A paused monitor is not checked; resume it first."));
    }
    if !app.store.count_request(account_id, id, Quota::Checks, now, A_MINUTE).await? {
        let wait_s = (now.minute() + 1) * 60 - now.seconds();
        let detail = format!("A monitor can be checked {A_MINUTE} times a minute on request.");
        return Err(Problem::too_many(Code::CheckQuotaReached, detail, wait_s));
    }
    let check_id = CheckId::new(now, entropy());
    let regions = publish(app, CheckRequested { check_id, account_id, monitor_id: id }, &monitor.spec.regions).await?;
    let location = format!("/api/v1/monitors/{id}/check-requests/{check_id}");
    let answer = Answer::accepted(&RequestedCheck { check_id, regions }).at(location);
    let mut trail = ticket.trail(REQUESTED, &id, &answer, now)?;
    // The row is what the request is known by.
    trail.audit.id = AuditId::of_check(check_id);
    app.store.append_trail(&trail).await?;
    Ok(answer)
}

/// Asks the regions; answers which of them were reached.
async fn publish(app: &App, check: CheckRequested, regions: &[RegionCode]) -> Result<Vec<RegionCode>, Problem> {
    let at = check.check_id.at();
    let event = Event::CheckRequested(check);
    let asked = regions.iter().map(async |region| (*region, app.events.publish(*region, &event, at).await));
    let mut reached: Vec<RegionCode> = Vec::new();
    let mut last_error = None;
    for (region, published) in join_all(asked).await {
        match published {
            Ok(()) => reached.push(region),
            Err(error) => {
                tracing::warn!(%region, error = chain(&error), "a region could not be asked for a check");
                last_error = Some(error);
            }
        }
    }
    match last_error {
        Some(error) if reached.is_empty() => Err(Problem::unavailable(&error)),
        _ => Ok(reached),
    }
}
