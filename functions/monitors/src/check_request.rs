//! `GET /api/v1/monitors/{id}/check-requests/{check_id}`.

use axum::{
    Json,
    extract::{Path, State},
};
use futures::future::try_join_all;
use valpero_domain::{AuditId, CheckId, MonitorId, Timestamp};
use valpero_http::{Auth, NoQuery, Problem, need};
use valpero_runtime::App;
use valpero_storage::{CheckSpan, Place, StoreError};
use valpero_views::{CheckRequest, CheckView, RegionResult, RequestStatus, ResultStatus, schema};

use crate::check::REQUESTED;

/// Seconds after which a result no longer comes: an attempt of a check ends within 50 s.
const COMES_WITHIN_S: i64 = 120;

/// Get the results of a requested check. `status` is `pending` until each region's result is in, or is missing after two minutes.
/// Results are kept for 30 days.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}/check-requests/{check_id}",
    operation_id = "get_check_request",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("id" = schema::MonitorId, Path, description = "ID of the monitor"),
        ("check_id" = schema::CheckId, Path, description = "ID of the requested check"),
    ),
    responses((status = 200, description = "The results so far", body = CheckRequest))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    _: NoQuery,
    Path((id, check_id)): Path<(String, String)>,
) -> Result<Json<CheckRequest>, Problem> {
    let id: MonitorId = id.parse().map_err(|_| Problem::not_found())?;
    let check_id: CheckId = check_id.parse().map_err(|_| Problem::not_found())?;
    let (account, at) = (caller.account(), check_id.at());
    let row = app.store.audit_row(account, AuditId::of_check(check_id));
    let (row, monitor) = tokio::try_join!(row, app.store.monitor(account, id))?;
    let target = id.to_string();
    row.filter(|row| row.action == REQUESTED.as_str() && row.target.as_ref() == Some(&target))
        .ok_or_else(Problem::not_found)?;
    let over = app.now().ms_since(at) > COMES_WITHIN_S * 1000;
    let places = monitor.places.iter().chain(&monitor.past_places);
    let places = places.filter(|place| place.from <= at && place.until.is_none_or(|until| until >= at));
    let mut regions = try_join_all(places.map(|place| result(&app, place, at, over))).await?;
    regions.sort_by_key(|result| monitor.spec.regions.iter().position(|region| *region == result.region));
    let pending = regions.iter().any(|result| result.status == ResultStatus::Pending);
    let status = if pending { RequestStatus::Pending } else { RequestStatus::Done };
    Ok(Json(CheckRequest { check_id, requested_at: at, status, regions }))
}

/// What a region found: a requested check is kept under the moment of its request, which is the same in every region.
async fn result(app: &App, place: &Place, at: Timestamp, over: bool) -> Result<RegionResult, StoreError> {
    let span = CheckSpan { from: at, to: at.plus_ms(1) };
    let found = app.store.checks(place, span, None, |_| true, 2).await?;
    let check = found.iter().find(|check| check.requested && check.at == at).map(CheckView::of);
    let status = match check {
        Some(_) => ResultStatus::Done,
        None if over => ResultStatus::Missing,
        None => ResultStatus::Pending,
    };
    Ok(RegionResult { region: place.region, status, check })
}
