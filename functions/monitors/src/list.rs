//! `GET /api/v1/monitors`.

use std::collections::BTreeMap;

use axum::extract::State;
use futures::future::try_join;
use valpero_domain::{MonitorId, monitor::MonitorFilter};
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, latest::latest, need};
use valpero_monitoring::hours::{Hours, hours};
use valpero_runtime::App;
use valpero_storage as storage;
use valpero_views::{HourView, Monitor, schema};

/// List monitors, oldest first. Each has its status and the results of its latest checks.
#[utoipa::path(
    get,
    path = "/api/v1/monitors",
    operation_id = "list_monitors",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("status" = Option<Vec<schema::Status>>, Query, style = Form, explode = false, min_items = 1, description = "Only monitors with one of these statuses, separated by commas"),
        ("check_type" = Option<Vec<schema::CheckType>>, Query, style = Form, explode = false, min_items = 1, description = "Only monitors of one of these check types, separated by commas"),
        ("tag" = Option<Vec<schema::Tag>>, Query, style = Form, explode = false, min_items = 1, description = "Only monitors with at least one of these tags, separated by commas"),
        ("q" = Option<String>, Query, min_length = 1, description = "Only monitors whose name or URL contains this text; case is ignored"),
        ("include_hours" = Option<bool>, Query, description = "Whether each monitor has its last 24 hours, `hours`: false by default"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Monitor>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Listed<Monitor>, Problem> {
    let filter = MonitorFilter {
        status: params.any_of("status"),
        check_type: params.any_of("check_type"),
        tag: params.any_text("tag"),
        q: params.take("q"),
    };
    let with_hours = params.flag("include_hours") == Some(true);
    let page: Page<MonitorId> = params.page(caller.account());
    params.finish()?;
    let accepts = |monitor: &storage::Monitor| filter.accepts(&monitor.spec, monitor.status);
    let monitors = app.store.monitors(caller.account(), page.after().copied(), accepts, page.count()).await?;
    let part = page.cut(monitors);
    let read_hours = async {
        match with_hours {
            true => hours(&app, &part.items).await.map(Some),
            false => Ok(None),
        }
    };
    let (latest, hours) = try_join(latest(&app, &part.items), read_hours).await?;
    let (none, now) = (BTreeMap::new(), app.now());
    let view = |monitor: &storage::Monitor| Monitor {
        hours: hours.as_ref().map(|hours| hours.get(&monitor.id).map(shown).unwrap_or_default()),
        ..Monitor::of(monitor, latest.get(&monitor.id).unwrap_or(&none), now)
    };
    Ok(page.answer(&part, |monitor| monitor.id, view))
}

fn shown(hours: &Hours) -> Vec<HourView> {
    hours.iter().map(|(at, summary)| HourView::of(*at, summary)).collect()
}
