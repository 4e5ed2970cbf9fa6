//! `POST /api/v1/monitors/{id}/check`.

use axum::{Json, extract::State, http::StatusCode};
use futures::future::join_all;
use valpero_domain::{CheckId, MonitorId, RegionCode, Status};
use valpero_http::{Auth, Code, NoBody, ObjectId, Problem, need};
use valpero_runtime::{
    App, entropy,
    event_bus::{CheckRequested, Event},
    telemetry::chain,
};
use valpero_storage::Quota;
use valpero_views::{RequestedCheck, schema};

/// Checks of one monitor that may be asked for in one calendar minute.
const A_MINUTE: u32 = 10;

/// Check a monitor now. All its regions check it once; the results appear in its checks within seconds, and can open or resolve
/// an incident. The schedule does not change. At most 10 times a minute per monitor, then 429 `check_quota_reached`. A paused
/// monitor is 409 `monitor_paused`.
#[utoipa::path(
    post,
    path = "/api/v1/monitors/{id}/check",
    operation_id = "check_monitor",
    tag = "monitors",
    security(("key" = ["monitors:write"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor")),
    responses((status = 202, description = "The check was requested", body = RequestedCheck))
)]
pub async fn check(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsWrite>,
    ObjectId(id): ObjectId<MonitorId>,
    _: NoBody,
) -> Result<(StatusCode, Json<RequestedCheck>), Problem> {
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
    let check = CheckRequested { check_id: CheckId::new(now, entropy()), account_id, monitor_id: id };
    let event = Event::CheckRequested(check);
    let asked =
        monitor.spec.regions.iter().map(async |region| (*region, app.events.publish(*region, &event, now).await));
    let mut regions: Vec<RegionCode> = Vec::new();
    let mut last_error = None;
    for (region, published) in join_all(asked).await {
        match published {
            Ok(()) => regions.push(region),
            Err(error) => {
                tracing::warn!(%region, error = chain(&error), "a region could not be asked for a check");
                last_error = Some(error);
            }
        }
    }
    match last_error {
        Some(error) if regions.is_empty() => Err(Problem::unavailable(&error)),
        _ => {
            app.store.append_audit_row(&caller.audit(now, "monitor.check_requested", Some(id.to_string()))).await?;
            Ok((StatusCode::ACCEPTED, Json(RequestedCheck { check_id: check.check_id, regions })))
        }
    }
}
