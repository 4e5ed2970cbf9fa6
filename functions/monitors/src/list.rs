//! `GET /api/v1/monitors`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_app::{
    App,
    http::{Auth, Params, Problem, need},
    views,
};
use valpero_domain::monitor::MonitorFilter;

use crate::latest::latest;

/// The account's monitors, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/monitors",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("status" = Option<String>, Query, description = "up, down, degraded, paused or pending"),
        ("check_type" = Option<String>, Query, description = "http"),
        ("tag" = Option<String>, Query, description = "A tag"),
        ("q" = Option<String>, Query, description = "Part of the name or the URL, in any case"),
        ("page" = Option<u32>, Query, description = "From 1"),
        ("limit" = Option<u32>, Query, description = "1 to 200"),
    ),
    responses((status = 200, description = "A page of monitors"))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Json<Value>, Problem> {
    let filter = MonitorFilter {
        status: params.take("status"),
        check_type: params.take("check_type"),
        tag: params.take("tag"),
        q: params.take("q"),
    };
    let page = params.page();
    params.finish()?;
    let accepts = |monitor: &valpero_storage::Monitor| filter.accepts(&monitor.spec, monitor.status);
    let monitors = app.store.monitors(caller.account(), accepts, page.count()).await?;
    let (monitors, has_more) = page.cut(monitors);
    let mut latest = latest(&app, &monitors).await?;
    let data: Vec<Value> = monitors
        .iter()
        .map(|monitor| views::monitor(monitor, &latest.remove(&monitor.id).unwrap_or_default()))
        .collect();
    Ok(page.answer(&data, has_more))
}
