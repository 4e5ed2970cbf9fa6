//! `GET /api/v1/incidents/{id}`.

use axum::{Json, extract::State};
use valpero_domain::IncidentId;
use valpero_http::{Auth, NoQuery, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::{Incident, schema};

/// Get an incident with its timeline. The timeline has the changes of its state and the comments, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/incidents/{id}",
    operation_id = "get_incident",
    tag = "incidents",
    security(("key" = ["incidents:read"])),
    params(("id" = schema::IncidentId, Path, description = "ID of the incident")),
    responses((status = 200, description = "The incident with its timeline", body = Incident))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<IncidentId>,
) -> Result<Json<Incident>, Problem> {
    crate::view(&app, caller.account(), id).await.map(Json)
}
