//! `GET /api/v1/monitors/{id}/response-times`.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use futures::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    Invalid, MonitorId, RegionCode, Timestamp,
    rollup::{Span, Summary},
};
use valpero_http::{Auth, ObjectId, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{Bucket, CheckSpan, Place, StoreError};
use valpero_views::{ms, schema};

/// Hours that are summed up on demand, and days that are made of hours, the newest among them: those that the hourly summary has
/// not come to yet.
const ON_DEMAND: i64 = 3;

/// Response times of a monitor for a chart.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseTimes {
    /// The requested period.
    #[schema(value_type = schema::Window)]
    window: Window,
    /// Length of a bucket in seconds: an hour or a day.
    #[schema(example = 3600)]
    bucket_seconds: i64,
    /// Buckets, oldest first. Hours and days without checks have none.
    data: Vec<BucketView>,
}

/// Scheduled checks of one region in one hour or day. Requested checks are not counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bucket)]
pub struct BucketView {
    /// Start of the hour or day (UTC).
    #[schema(value_type = schema::Time)]
    at: Timestamp,
    /// Region that made the check.
    #[schema(value_type = schema::Region)]
    region: RegionCode,
    /// Number of checks that were up or down. `probe_error` is not counted.
    count: u32,
    /// Number of checks that were down.
    failures: u32,
    /// Median response time of the checks that were up, in milliseconds. Null if none was up. For the current day, the
    /// median of the hourly medians, weighted by their number of checks.
    #[schema(required, minimum = 0)]
    p50_ms: Option<f64>,
    /// 95th percentile of the response time, in milliseconds. For the current day computed as for `p50_ms`.
    #[schema(required, minimum = 0)]
    p95_ms: Option<f64>,
    /// Longest response time, in milliseconds.
    #[schema(required, minimum = 0)]
    max_ms: Option<f64>,
}

/// How far back a chart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Window {
    #[serde(rename = "24h")]
    Day,
    #[serde(rename = "7d")]
    Week,
    #[serde(rename = "30d")]
    Month,
    #[serde(rename = "90d")]
    Quarter,
}

impl Window {
    /// What one bucket covers, and how many there are, the one that has just begun among them.
    const fn buckets(self) -> (Span, i64) {
        match self {
            Self::Day => (Span::Hour, 24),
            Self::Week => (Span::Hour, 7 * 24),
            Self::Month => (Span::Day, 30),
            Self::Quarter => (Span::Day, 90),
        }
    }
}

impl std::str::FromStr for Window {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "24h" => Ok(Self::Day),
            "7d" => Ok(Self::Week),
            "30d" => Ok(Self::Month),
            "90d" => Ok(Self::Quarter),
            _ => Err(Invalid::new("must be 24h, 7d, 30d or 90d")),
        }
    }
}

/// Get response times and failures for charts. One bucket per region and hour (`24h`, `7d`) or day (`30d`, `90d`). Only scheduled
/// checks are counted, not requested ones.
#[utoipa::path(
    get,
    path = "/api/v1/monitors/{id}/response-times",
    operation_id = "list_response_times",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(
        ("id" = schema::MonitorId, Path, description = "ID of the monitor"),
        ("window" = Option<schema::Window>, Query, description = "Period until now. Default: `24h`"),
        ("region" = Option<schema::Region>, Query, description = "Only buckets of this region"),
    ),
    responses((status = 200, description = "The buckets", body = ResponseTimes))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    ObjectId(id): ObjectId<MonitorId>,
    mut params: Params,
) -> Result<Json<ResponseTimes>, Problem> {
    let window: Window = params.take("window").unwrap_or(Window::Day);
    let region: Option<RegionCode> = params.take("region");
    params.finish()?;
    let (span, count) = window.buckets();
    let monitor = app.store.monitor(caller.account(), id).await?;
    let newest = span.start(app.now());
    let back = |buckets: i64| newest.plus_seconds(-span.seconds() * buckets);
    let asked = CheckSpan { from: back(count - 1), to: newest.plus_seconds(span.seconds()) };
    let places = monitor.places.iter().chain(&monitor.past_places);
    let places: Vec<&Place> = places.filter(|place| region.is_none_or(|asked| asked == place.region)).collect();
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
