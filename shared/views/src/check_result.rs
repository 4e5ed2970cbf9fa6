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
    /// ID of the check in the logs.
    #[schema(value_type = schema::CheckId)]
    pub check_id: CheckId,
    /// Regions that check now. Their results appear in the monitor's checks within seconds.
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
}
