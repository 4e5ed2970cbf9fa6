//! Regions as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{RegionCode, Timestamp};
use valpero_storage::Heartbeat;

use crate::schema;

/// A region of this deployment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RegionState)]
pub struct RegionView {
    /// Code, as in `regions` of a monitor.
    #[schema(value_type = schema::Region)]
    pub code: RegionCode,
    /// Place.
    #[schema(example = "Frankfurt")]
    pub name: String,
    /// Whether it reports now: its last tick is less than three minutes old. A region that does not report has no vote.
    pub reporting: bool,
    /// Time of its last tick.
    #[schema(value_type = schema::Time)]
    pub last_tick_at: Timestamp,
}

impl RegionView {
    /// A region at this moment.
    pub fn of(beat: &Heartbeat, now: Timestamp) -> Self {
        Self {
            code: beat.region,
            name: beat.region.place().to_owned(),
            reporting: !beat.is_silent(now),
            last_tick_at: beat.last_tick_at,
        }
    }
}
