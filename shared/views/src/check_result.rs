//! Results of checks as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    CheckId, RegionCode, Timestamp,
    probe::{Cause, Outcome, Phases},
};
use valpero_storage::CheckResult;

use crate::{CauseView, PhasesView, ms, schema};

/// One check of a monitor.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckView {
    /// Time.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Region that made the check.
    #[schema(value_type = schema::Region)]
    pub region: RegionCode,
    /// Result.
    #[schema(value_type = schema::Outcome)]
    pub outcome: Outcome,
    /// Sum of the phases, in milliseconds. Null if no phase started.
    #[schema(required, minimum = 0)]
    pub response_time_ms: Option<f64>,
    /// Time spent in each phase.
    pub phases: PhasesView,
    /// HTTP status of the last response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub http_status: Option<u16>,
    /// Why the check is not up, or a remark about a target that is up. Null if there is none.
    #[schema(value_type = Option<CauseView>, required)]
    pub error: Option<Cause>,
}

impl CheckView {
    /// A check as clients see it.
    pub fn of(check: &CheckResult) -> Self {
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

/// A requested check.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestedCheck {
    /// ID of the request, by which its results are found.
    #[schema(value_type = schema::CheckId)]
    pub check_id: CheckId,
    /// Regions that check now. Their results appear in the monitor's checks within seconds.
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
}

/// Whether all results of a requested check are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// A region is still to report.
    Pending,
    /// No further result will come.
    Done,
}

/// Whether a region's result of a requested check is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// Not yet.
    Pending,
    /// It is in.
    Done,
    /// It did not come within two minutes.
    Missing,
}

/// A requested check with its results.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckRequest {
    /// ID of the request.
    #[schema(value_type = schema::CheckId)]
    pub check_id: CheckId,
    /// Time of the request, which is that of its checks.
    #[schema(value_type = schema::Time)]
    pub requested_at: Timestamp,
    /// `pending` until no region's result is.
    pub status: RequestStatus,
    /// Results, by region.
    pub regions: Vec<RegionResult>,
}

/// A region's result of a requested check.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RegionResult {
    /// Region.
    #[schema(value_type = schema::Region)]
    pub region: RegionCode,
    /// `missing`: no result came within two minutes.
    pub status: ResultStatus,
    /// The check. Null unless `done`.
    #[schema(required)]
    pub check: Option<CheckView>,
}
