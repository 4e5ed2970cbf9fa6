//! `GET /api/v1/incidents/{id}`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_app::{
    App,
    http::{Auth, ObjectId, Problem, need},
};
use valpero_domain::IncidentId;

/// One incident with its timeline.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{id}",
    tag = "incidents",
    security(("key" = ["incidents:read"])),
    params(("id" = String, Path, description = "The incident's id")),
    responses((status = 200, description = "The incident"))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsRead>,
    ObjectId(id): ObjectId<IncidentId>,
) -> Result<Json<Value>, Problem> {
    crate::view(&app, caller.account(), id).await.map(Json)
}
