//! `GET /api/v1/monitors`.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use valpero_domain::{MonitorId, monitor::MonitorFilter};
use valpero_http::{Auth, List, Page, PageParams, Params, Problem, latest::latest, need};
use valpero_runtime::App;
use valpero_storage as storage;
use valpero_views::{Monitor, schema};

/// List monitors, oldest first. Each has its status and the results of its latest checks.
#[utoipa::path(
    get,
    path = "/api/v1/monitors",
    operation_id = "list_monitors",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("status" = Option<schema::Status>, Query, description = "Only monitors with this status"),
        ("check_type" = Option<schema::CheckType>, Query, description = "Only monitors of this check type"),
        ("tag" = Option<String>, Query, min_length = 1, description = "Only monitors with this tag"),
        ("q" = Option<String>, Query, min_length = 1, description = "Only monitors whose name or URL contains this text; case is ignored"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Monitor>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Json<List<Monitor>>, Problem> {
    let filter = MonitorFilter {
        status: params.take("status"),
        check_type: params.take("check_type"),
        tag: params.take("tag"),
        q: params.take("q"),
    };
    let page: Page<MonitorId> = params.page(caller.account());
    params.finish()?;
    let accepts = |monitor: &storage::Monitor| filter.accepts(&monitor.spec, monitor.status);
    let monitors = app.store.monitors(caller.account(), page.after().copied(), accepts, page.count()).await?;
    let part = page.cut(monitors);
    let (latest, now) = (latest(&app, &part.items).await?, app.now());
    let none = BTreeMap::new();
    let view = |monitor: &storage::Monitor| Monitor::of(monitor, latest.get(&monitor.id).unwrap_or(&none), now);
    Ok(page.answer(&part, |monitor| monitor.id, view))
}
