//! `GET /api/v1/monitors/{id}/checks`.

use axum::{Json, extract::State};
use futures::future::try_join_all;
use valpero_domain::{MonitorId, RegionCode, Timestamp, packed::Record, probe::Outcome};
use valpero_http::{Auth, List, ObjectId, Page, PageParams, Params, Problem, need};
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
        ("region" = Option<schema::Region>, Query, description = "Only checks from this region"),
        ("from" = Option<schema::Time>, Query, description = "Only checks at or after this time"),
        ("to" = Option<schema::Time>, Query, description = "Only checks before this time"),
        ("outcome" = Option<schema::Outcome>, Query, description = "Only checks with this outcome"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<CheckView>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Json<List<CheckView>>, Problem> {
    let region: Option<RegionCode> = params.take("region");
    let outcome: Option<Outcome> = params.take("outcome");
    let soon = app.now().plus_seconds(60);
    let (from, to) = params.from_to();
    let span = CheckSpan { from: from.unwrap_or(Timestamp::from_ms(0)), to: to.map_or(soon, |to| to.min(soon)) };
    let page: Page<CheckPosition> = params.page(caller.account());
    params.finish()?;
    let monitor = app.store.monitor(caller.account(), id).await?;
    let places = monitor.places.iter().chain(&monitor.past_places);
    let accepts = |record: &Record| outcome.is_none_or(|asked| asked == record.outcome);
    let reads = places
        .filter(|place| region.is_none_or(|asked| asked == place.region))
        .map(|place| app.store.checks(place, span, page.after().copied(), accepts, page.count()));
    let mut checks: Vec<CheckResult> = try_join_all(reads).await?.into_iter().flatten().collect();
    checks.sort_by_key(CheckResult::position);
    checks.truncate(page.count());
    Ok(page.answer(&page.cut(checks), CheckResult::position, CheckView::of))
}
