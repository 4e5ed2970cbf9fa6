//! `GET /api/v1/incidents`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_app::{
    App,
    http::{Auth, Params, Problem, need},
    views,
};
use valpero_storage::IncidentFilter;

/// The account's incidents, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    tag = "incidents",
    security(("key" = ["incidents:read"])),
    params(
        ("status" = Option<String>, Query, description = "ongoing or resolved"),
        ("monitor_id" = Option<String>, Query, description = "Only of this monitor"),
        ("from" = Option<String>, Query, description = "Only those that started then or later"),
        ("to" = Option<String>, Query, description = "Only those that started before"),
        ("page" = Option<u32>, Query, description = "From 1"),
        ("limit" = Option<u32>, Query, description = "1 to 200"),
    ),
    responses((status = 200, description = "A page of incidents"))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::IncidentsRead>,
    mut params: Params,
) -> Result<Json<Value>, Problem> {
    let filter = IncidentFilter {
        status: params.take("status"),
        monitor: params.take("monitor_id"),
        from: params.take("from"),
        to: params.take("to"),
    };
    let page = params.page();
    params.finish()?;
    let (incidents, has_more) = page.cut(app.store.incidents(caller.account(), &filter, page.count()).await?);
    let data: Vec<Value> = incidents.iter().map(views::incident).collect();
    Ok(page.answer(&data, has_more))
}
