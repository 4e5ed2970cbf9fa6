//! `GET /api/v1/monitors/{id}/response-times`.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use futures::future::try_join_all;
use valpero_domain::{
    MonitorId, RegionCode, Timestamp,
    rollup::{Span, Summary, Window},
};
use valpero_http::{Auth, ObjectId, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{Bucket, CheckSpan, Place, StoreError};
use valpero_views::{BucketView, ResponseTimes, ms, schema};

/// Hours that are summed up on demand, and days that are made of hours, the newest among them: those that the hourly summary has
/// not come to yet.
const ON_DEMAND: i64 = 3;

/// Get response times and failures for charts. One bucket per region and hour or, in longer windows, day. Only scheduled
/// checks are counted, not requested ones: those are not evenly spread, and would shift a chart to when somebody looked.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}/response-times",
    operation_id = "list_response_times",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("id" = schema::MonitorId, Path, description = "ID of the monitor"),
        ("window" = Option<schema::Window>, Query, description = "Period until now; by default the shortest"),
        ("region" = Option<Vec<schema::Region>>, Query, style = Form, explode = false, min_items = 1, description = "Only buckets of one of these regions, separated by commas"),
    ),
    responses((status = 200, description = "The buckets", body = ResponseTimes))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Json<ResponseTimes>, Problem> {
    let window: Window = params.take("window").unwrap_or(Window::ALL[0]);
    let regions = params.regions();
    params.finish()?;
    let (span, count) = window.buckets();
    let monitor = app.store.monitor(caller.account(), id).await?;
    let newest = span.start(app.now());
    let back = |buckets: i64| newest.plus_seconds(-span.seconds() * buckets);
    let asked = CheckSpan { from: back(count - 1), to: newest.plus_seconds(span.seconds()) };
    let places = monitor.places.iter().chain(&monitor.past_places);
    let places: Vec<&Place> = places.filter(|place| regions.is_empty() || regions.contains(&place.region)).collect();
    let found = match span {
        Span::Hour => hours(&app, &places, asked).await?,
        Span::Day => days(&app, &places, asked, back(ON_DEMAND - 1)).await?,
    };
    let data = merge(found, span);
    Ok(Json(ResponseTimes { window, bucket_seconds: span.seconds(), data }))
}

/// The hours of these places: summed up where that is done, from their ticks where it is not.
async fn hours(app: &App, places: &[&Place], asked: CheckSpan) -> Result<Vec<Bucket>, StoreError> {
    let newest = Span::Hour.start(app.now());
    let rolled = app.store.rolled(Span::Hour).await?.map_or(asked.from, |rolled| rolled.until);
    let rolled = rolled.max(newest.plus_seconds(-Span::Hour.seconds() * (ON_DEMAND - 1)));
    let reads = places.iter().map(|place| app.store.buckets(place, Span::Hour, asked, rolled));
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

/// The days of these places: those that are summed up, and the hours of those that are not, from `latest` on at the earliest.
async fn days(app: &App, places: &[&Place], asked: CheckSpan, latest: Timestamp) -> Result<Vec<Bucket>, StoreError> {
    let rolled = app.store.rolled(Span::Day).await?.map_or(asked.from, |rolled| rolled.until).max(latest);
    let over = CheckSpan { to: asked.to.min(rolled), ..asked };
    let reads = places.iter().map(|place| app.store.buckets(place, Span::Day, over, rolled));
    let mut found: Vec<Bucket> = try_join_all(reads).await?.into_iter().flatten().collect();
    found.extend(hours(app, places, CheckSpan { from: rolled, ..asked }).await?);
    Ok(found)
}

/// One bucket an hour, or day, and region: of the day that is not over yet made of its hours, and of two places where the monitor
/// changed its place in a region's schedule within it.
fn merge(found: Vec<Bucket>, span: Span) -> Vec<BucketView> {
    let mut parts: BTreeMap<(Timestamp, RegionCode), Vec<Summary>> = BTreeMap::new();
    for Bucket { at, region, summary } in found {
        parts.entry((span.start(at), region)).or_default().push(summary);
    }
    let merged =
        parts.into_iter().filter_map(|((at, region), parts)| Some(view(at, region, &Summary::merged(&parts)?)));
    merged.collect()
}

fn view(at: Timestamp, region: RegionCode, summary: &Summary) -> BucketView {
    BucketView {
        at,
        region,
        count: summary.count.into(),
        failures: summary.failures.into(),
        p50_ms: summary.p50_us.map(ms),
        p95_ms: summary.p95_us.map(ms),
        max_ms: summary.max_us.map(ms),
    }
}
