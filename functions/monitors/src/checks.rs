//! `GET /api/v1/monitors/{id}/checks`.

use axum::{Json, extract::State};
use futures::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    MonitorId, RegionCode, Timestamp,
    packed::Record,
    probe::{Cause, Outcome, Phases},
};
use valpero_http::{Auth, List, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{self as storage, CheckPosition, CheckSpan};
use valpero_views::{CauseView, PhasesView, ms, schema};

/// One check of a monitor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Check {
    /// Time.
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// Region that made the check.
    #[schema(value_type = schema::Region)]
    region: RegionCode,
    /// Result.
    #[schema(value_type = schema::Outcome)]
    outcome: Outcome,
    /// Sum of the phases, in milliseconds. Null if no phase started.
    #[schema(required, minimum = 0)]
    response_time_ms: Option<f64>,
    /// Time spent in each phase.
    phases: PhasesView,
    /// HTTP status of the last response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    http_status: Option<u16>,
    /// Why the check is not up. Null if it is up.
    #[schema(value_type = Option<CauseView>, required)]
    error: Option<Cause>,
}

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
    responses((status = 200, description = "One page of the list", body = List<Check>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Json<List<Check>>, Problem> {
    let region: Option<RegionCode> = params.take("region");
    let outcome: Option<Outcome> = params.take("outcome");
    let soon = app.now().plus_seconds(60);
    let span = CheckSpan {
        from: params.take("from").unwrap_or(Timestamp::from_ms(0)),
        to: params.take("to").map_or(soon, |to: Timestamp| to.min(soon)),
    };
    let page: Page<CheckPosition> = params.page(caller.account());
    params.finish()?;
    let monitor = app.store.monitor(caller.account(), id).await?;
    let places = monitor.places.iter().chain(&monitor.past_places);
    let accepts = |record: &Record| outcome.is_none_or(|asked| asked == record.outcome);
    let reads = places
        .filter(|place| region.is_none_or(|asked| asked == place.region))
        .map(|place| app.store.checks(place, span, page.after().copied(), accepts, page.count()));
    let mut checks: Vec<storage::Check> = try_join_all(reads).await?.into_iter().flatten().collect();
    checks.sort_by_key(storage::Check::position);
    checks.truncate(page.count());
    Ok(page.answer(&page.cut(checks), storage::Check::position, Check::of))
}

impl Check {
    fn of(check: &storage::Check) -> Self {
        let record = &check.record;
        let phases = record.phases;
        Self {
            at: check.at,
            region: check.region,
            outcome: record.outcome,
            response_time_ms: (phases != Phases::default()).then(|| ms(phases.total_us())),
            phases: PhasesView::of(&phases),
            http_status: record.http_status,
            error: check.cause.clone(),
        }
    }
}
