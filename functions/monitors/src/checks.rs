//! `GET /api/v1/monitors/{id}/checks`.

use axum::extract::State;
use futures::future::try_join_all;
use valpero_domain::{MonitorId, Timestamp, packed::Record, probe::Outcome};
use valpero_http::{Auth, List, Listed, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{CheckPosition, CheckResult, CheckSpan};
use valpero_views::{CheckView, schema};

/// List a monitor's checks, newest first. Contains scheduled and requested checks of the last 30 days.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}/checks",
    operation_id = "list_checks",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("id" = schema::MonitorId, Path, description = "ID of the monitor"),
        ("region" = Option<Vec<schema::Region>>, Query, style = Form, explode = false, min_items = 1, description = "Only checks from one of these regions, separated by commas"),
        ("from" = Option<schema::Time>, Query, description = "Only checks at or after this time"),
        ("to" = Option<schema::Time>, Query, description = "Only checks before this time"),
        ("outcome" = Option<Vec<schema::Outcome>>, Query, style = Form, explode = false, min_items = 1, description = "Only checks with one of these outcomes, separated by commas"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<CheckView>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Listed<CheckView>, Problem> {
    let regions = params.regions();
    let outcomes: Vec<Outcome> = params.any_of("outcome");
    let soon = app.now().plus_seconds(60);
    let (from, to) = params.from_to();
    let span = CheckSpan { from: from.unwrap_or(Timestamp::from_ms(0)), to: to.map_or(soon, |to| to.min(soon)) };
    let page: Page<CheckPosition> = params.page(caller.account());
    params.finish()?;
    let monitor = app.store.monitor(caller.account(), id).await?;
    let places = monitor.places.iter().chain(&monitor.past_places);
    let accepts = |record: &Record| outcomes.is_empty() || outcomes.contains(&record.outcome);
    let reads = places
        .filter(|place| regions.is_empty() || regions.contains(&place.region))
        .map(|place| app.store.checks(place, span, page.after().copied(), accepts, page.count()));
    let mut checks: Vec<CheckResult> = try_join_all(reads).await?.into_iter().flatten().collect();
    checks.sort_by_key(CheckResult::position);
    checks.truncate(page.count());
    Ok(page.answer(&page.cut(checks), CheckResult::position, CheckView::of))
}
