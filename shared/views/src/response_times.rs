//! Response times for charts as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    RegionCode, Timestamp,
    rollup::{Summary, Window},
};

use crate::{ms, schema};

/// Response times of a monitor for a chart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ResponseTimes {
    /// The requested period.
    #[schema(value_type = schema::Window)]
    pub window: Window,
    /// Length of a bucket in seconds: an hour or a day.
    #[schema(example = 3600)]
    pub bucket_seconds: i64,
    /// Buckets, oldest first. Hours and days without checks have none.
    pub data: Vec<BucketView>,
}

/// Scheduled checks of one region in one hour or day. Requested checks are not counted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Bucket)]
pub struct BucketView {
    /// Start of the hour or day (UTC).
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Region that made the check.
    #[schema(value_type = schema::Region)]
    pub region: RegionCode,
    /// Number of checks that were up or down. `probe_error` is not counted.
    pub count: u32,
    /// Number of checks that were down.
    pub failures: u32,
    /// Median response time of the checks that were up, in milliseconds. Null if none was up. For the current day, the
    /// median of the hourly medians, weighted by their number of checks.
    #[schema(required, minimum = 0)]
    pub p50_ms: Option<f64>,
    /// 95th percentile of the response time, in milliseconds. For the current day computed as for `p50_ms`.
    #[schema(required, minimum = 0)]
    pub p95_ms: Option<f64>,
    /// Longest response time, in milliseconds.
    #[schema(required, minimum = 0)]
    pub max_ms: Option<f64>,
}

/// Scheduled checks of all regions in one hour. Requested checks are not counted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Hour)]
pub struct HourView {
    /// Start of the hour (UTC).
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Number of checks that were up or down. `probe_error` is not counted.
    pub count: u32,
    /// Number of checks that were down.
    pub failures: u32,
    /// Median of the regions' median response times, in milliseconds, weighted by their number of checks that were up. Null if
    /// none was up.
    #[schema(required, minimum = 0)]
    pub p50_ms: Option<f64>,
}

impl HourView {
    /// The hour that begins at this moment.
    pub fn of(at: Timestamp, summary: &Summary) -> Self {
        Self { at, count: summary.count.into(), failures: summary.failures.into(), p50_ms: summary.p50_us.map(ms) }
    }
}
