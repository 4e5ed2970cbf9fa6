//! `GET /api/v1/incidents`.

use axum::extract::State;
use valpero_domain::IncidentId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::IncidentFilter;
use valpero_views::{Incident, schema};

/// List incidents, newest first. `from` and `to` select the incidents that overlap the period: also one that began before `from` and was
/// not over then, and one that is still ongoing.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    operation_id = "list_incidents",
    tag = "incidents",
    security(("key" = ["incidents:read"])),
    params(
        ("status" = Option<Vec<schema::IncidentStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Only incidents with one of these statuses, separated by commas"),
        ("monitor_id" = Option<Vec<schema::MonitorId>>, Query, style = Form, explode = false, min_items = 1, description = "Only incidents of one of these monitors, separated by commas"),
        ("acknowledged" = Option<bool>, Query, description = "Only incidents that were acknowledged, or only those that were not"),
        ("from" = Option<schema::Time>, Query, description = "Only incidents that were not resolved before this time"),
        ("to" = Option<schema::Time>, Query, description = "Only incidents that started before this time"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Incident>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsRead>,
    mut params: Params,
) -> Result<Listed<Incident>, Problem> {
    let (status, monitor) = (params.any_of("status"), params.any_of("monitor_id"));
    let acknowledged = params.flag("acknowledged");
    let (from, to) = params.from_to();
    let filter = IncidentFilter { status, monitor, acknowledged, from, to };
    let page: Page<IncidentId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.incidents(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |incident| incident.id, Incident::of))
}
