//! `GET /api/v1/monitors/{id}`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_app::{
    App,
    http::{Auth, ObjectId, Problem, need},
    views,
};
use valpero_domain::MonitorId;

use crate::latest::latest_of;

/// One monitor, with what its newest checks say.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(("id" = String, Path, description = "The monitor's id")),
    responses((status = 200, description = "The monitor"))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
) -> Result<Json<Value>, Problem> {
    let monitor = app.store.monitor(caller.account(), id).await?;
    let latest = latest_of(&app, &monitor).await?;
    Ok(Json(views::monitor(&monitor, &latest)))
}
