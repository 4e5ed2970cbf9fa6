//! `GET /api/v1/incidents`.

use axum::{Json, extract::State};
use valpero_domain::IncidentId;
use valpero_http::{Auth, List, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::IncidentFilter;
use valpero_views::{Incident, schema};

/// List incidents, newest first. `from` and `to` compare `started_at`: an incident that began before `from` is not listed, even
/// if it lasted longer.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    operation_id = "list_incidents",
    tag = "incidents",
    security(("key" = ["incidents:read"])),
    params(
        ("status" = Option<schema::IncidentStatus>, Query, description = "Only incidents with this status"),
        ("monitor_id" = Option<schema::MonitorId>, Query, description = "Only incidents of this monitor"),
        ("from" = Option<schema::Time>, Query, description = "Only incidents that started at or after this time"),
        ("to" = Option<schema::Time>, Query, description = "Only incidents that started before this time"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Incident>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsRead>,
    mut params: Params,
) -> Result<Json<List<Incident>>, Problem> {
    let (status, monitor) = (params.take("status"), params.take("monitor_id"));
    let (from, to) = params.from_to();
    let filter = IncidentFilter { status, monitor, from, to };
    let page: Page<IncidentId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.incidents(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |incident| incident.id, Incident::of))
}
