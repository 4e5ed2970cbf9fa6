//! Heartbeats: when each region last ticked. Which regions there are is who has one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use valpero_domain::{RegionCode, Timestamp, status::SILENT_MS};

use crate::{
    Store, StoreError,
    call::{Item, Updated, from_item, key, s},
    change::{Change, If},
    keys,
};

const TABLE: &str = "schedules";

/// When a region last ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The region.
    #[serde(rename = "entry")]
    pub region: RegionCode,
    /// The minute of its last tick.
    pub last_tick_at: Timestamp,
}

impl Heartbeat {
    /// Whether the region has no vote, since it has not ticked for three minutes.
    pub fn is_silent(&self, now: Timestamp) -> bool {
        now.ms_since(self.last_tick_at).abs() >= SILENT_MS
    }
}

fn heartbeat_key(region: RegionCode) -> Item {
    key([("cohort", keys::HEARTBEATS.into()), ("entry", region.to_string())])
}

impl Store {
    /// Says that a region's tick has begun; an older one after a newer one says nothing. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn record_heartbeat(&self, region: RegionCode, at: Timestamp) -> Result<(), StoreError> {
        let change = Change::new().set("last_tick_at", s(at)).only_if(If::Any(vec![
            If::Absent("last_tick_at"),
            If::Below("last_tick_at", s(at)),
            // A clock that ran ahead and was set right must not silence the region until then.
            If::Above("last_tick_at", s(at.plus_ms(SILENT_MS))),
        ]));
        match self.change(&self.tables.schedules, heartbeat_key(region), change).await? {
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }

    /// The heartbeat of every region that has ever ticked and was not removed. A region that this version does not know is left
    /// out: it stops nobody else. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn heartbeats(&self) -> Result<Vec<Heartbeat>, StoreError> {
        let request = self
            .query(&self.tables.schedules)
            .key_condition_expression("cohort = :beats")
            .expression_attribute_values(":beats", s(keys::HEARTBEATS))
            .consistent_read(true);
        let items = self.query_all(request).await?;
        let known = items.into_iter().filter_map(|item| {
            let name = item.get("entry").cloned();
            let beat: Result<Heartbeat, StoreError> = from_item(TABLE, item);
            beat.inspect_err(|error| tracing::warn!(?name, %error, "a heartbeat cannot be read")).ok()
        });
        Ok(known.collect())
    }

    /// The regions that are deployed: those that tick, and those that should. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deployed_regions(&self) -> Result<Vec<RegionCode>, StoreError> {
        let mut regions: Vec<RegionCode> = self.heartbeats().await?.iter().map(|beat| beat.region).collect();
        regions.sort_unstable();
        Ok(regions)
    }

    /// The regions whose last tick is less than three minutes old. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn reporting_regions(&self, now: Timestamp) -> Result<BTreeSet<RegionCode>, StoreError> {
        let beats = self.heartbeats().await?;
        Ok(beats.iter().filter(|beat| !beat.is_silent(now)).map(|beat| beat.region).collect())
    }

    /// Takes a region off the list of those that are deployed; if it ticks after all, it is on it again. 1 WRU.
    ///
    /// # Errors
    /// Where it is not on the list, or the store fails.
    pub async fn remove_region(&self, region: RegionCode) -> Result<(), StoreError> {
        let gone = self.delete_if(&self.tables.schedules, heartbeat_key(region), If::Exists("cohort")).await?;
        gone.then_some(()).ok_or(StoreError::NotFound)
    }
}
