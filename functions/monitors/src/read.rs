//! `GET /api/v1/monitors/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::MonitorId;
use valpero_http::{Auth, ETag, NoQuery, ObjectId, Problem, latest::latest_of, need};
use valpero_runtime::App;
use valpero_views::{Monitor, schema};

/// Get a monitor. Includes its status and the results of its latest checks. `ETag` is the version of its settings, for `If-Match` of a
/// change; it does not change with the results of checks.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}",
    operation_id = "get_monitor",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(("id" = schema::MonitorId, Path, description = "ID of the monitor")),
    responses((status = 200, description = "The monitor", body = Monitor))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<MonitorId>,
) -> Result<impl IntoResponse, Problem> {
    let monitor = app.store.monitor(caller.account(), id).await?;
    let latest = latest_of(&app, &monitor).await?;
    Ok((ETag::of(monitor.updated_at).header(), Json(Monitor::of(&monitor, &latest, app.now()))))
}
