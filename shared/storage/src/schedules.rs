//! Schedules: what each region checks, with that region's own state.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, MonitorId, Status,
    packed::Slot,
    schedule::{Cohort, RegionState},
    status::Vote,
};

use crate::{
    FailureDetail, Place, ProbeSpec, Seat, Store, StoreError,
    call::{Cancelled, Item, Updated, from_item, key, n, s, to_value},
    change::{Change, If},
    keys, probe_spec,
};

const TABLE: &str = "schedules";

/// The attributes of a [`ScheduledProbe`]: all that a place has but the cohort's name, for a tick pays for each of each monitor.
const SCHEDULED: &str = "account_id, entry, tag, probe, #status, #state, revision";

/// One monitor in one region's schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduledProbe {
    /// Whose monitor.
    pub account_id: AccountId,
    /// Which.
    #[serde(rename = "entry")]
    pub monitor_id: MonitorId,
    /// Its name within the cohort.
    #[serde(rename = "tag")]
    pub slot: Slot,
    /// What to probe.
    #[serde(with = "probe_spec::as_text")]
    pub probe: ProbeSpec,
    /// The monitor's status: paused ones are left out, and of those that are not plainly up every tick decides anew. Absent for one
    /// that is up, as most are.
    #[serde(default = "up", skip_serializing_if = "is_up")]
    pub status: Status,
    /// What the region thinks of it.
    #[serde(default)]
    pub state: RegionState,
    /// Counts the changes of `state`, so that of two checks at once the later one does not undo the earlier.
    #[serde(default)]
    pub revision: i64,
}

impl ScheduledProbe {
    /// Its place in the cohort that it was read from.
    pub fn seat(&self, cohort: &Cohort) -> Seat {
        Seat { cohort: *cohort, slot: self.slot }
    }
}

const fn up() -> Status {
    Status::Up
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_up(status: &Status) -> bool {
    *status == Status::Up
}

impl Store {
    pub(crate) fn schedule_key(cohort: &Cohort, monitor: MonitorId) -> Item {
        key([("cohort", keys::cohort(cohort)), ("entry", monitor.to_string())])
    }

    /// A cohort's monitors. About 2 RRU for a full one.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn scheduled(&self, cohort: &Cohort) -> Result<Vec<ScheduledProbe>, StoreError> {
        let request = self
            .query(&self.tables.schedules)
            .key_condition_expression("cohort = :cohort")
            .expression_attribute_values(":cohort", s(keys::cohort(cohort)))
            .projection_expression(SCHEDULED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#status", "status");
        let items = self.query_all(request).await?;
        items.into_iter().map(|item| from_item(TABLE, item)).collect()
    }

    /// One monitor's place in one region's schedule; none where it left. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn scheduled_probe(
        &self,
        account: AccountId,
        monitor: MonitorId,
        place: &Place,
    ) -> Result<Option<ScheduledProbe>, StoreError> {
        let item = self.get(&self.tables.schedules, Self::schedule_key(&place.cohort(), monitor)).await?;
        let found: Option<ScheduledProbe> = item.map(|item| from_item(TABLE, item)).transpose()?;
        Ok(found.filter(|probe| probe.account_id == account))
    }

    /// Keeps what a region knows of a monitor without a change of mind. 1 WRU; 4 with words for history, which are said in the same
    /// transaction, so that what is remembered as said is what history's newest words are. Where it left the schedule, or another
    /// check of the region kept a state since `seen` was read, nothing is kept.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn save_region_state(
        &self,
        seen: &ScheduledProbe,
        cohort: &Cohort,
        state: &RegionState,
        words: Option<FailureDetail<'_>>,
    ) -> Result<(), StoreError> {
        let change = Self::keep_state(seen, state)?;
        let place = Self::schedule_key(cohort, seen.monitor_id);
        if let Some(words) = words {
            let own = change.on(&self.tables.schedules, place)?;
            return match self.transact(vec![own, self.say(cohort, seen.slot, words)?]).await {
                Ok(()) | Err(Cancelled::Conditions(_)) => Ok(()),
                Err(cancelled) => Err(cancelled.conflict()),
            };
        }
        match self.change(&self.tables.schedules, place, change).await? {
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }

    /// A region changes its mind: its own state, its vote on the monitor and new words for history, in one transaction, so that
    /// one is never without the other. 4 WRU, or 6 where the monitor's item is above 1 KB, and 2 for words. `false` where another
    /// check of the region was faster since `seen` was read, or the monitor is gone.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn turn_region(
        &self,
        seen: &ScheduledProbe,
        cohort: &Cohort,
        state: &RegionState,
        vote: &Vote,
        words: Option<FailureDetail<'_>>,
    ) -> Result<bool, StoreError> {
        let cast = Change::new()
            .set(&format!("votes.{}", cohort.region), to_value(TABLE, vote)?)
            .only_if(If::Exists("account_id"));
        let cast = cast.on(&self.tables.monitors, Self::monitor_key(seen.account_id, seen.monitor_id))?;
        let place = Self::schedule_key(cohort, seen.monitor_id);
        let mut writes = vec![Self::keep_state(seen, state)?.on(&self.tables.schedules, place)?, cast];
        if let Some(words) = words {
            writes.push(self.say(cohort, seen.slot, words)?);
        }
        match self.transact(writes).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }

    /// How a region's state is kept, and on what condition: that no other check of the region was faster.
    fn keep_state(seen: &ScheduledProbe, state: &RegionState) -> Result<Change, StoreError> {
        Ok(Change::new()
            .set("state", to_value(TABLE, state)?)
            .set("revision", n(seen.revision + 1))
            .only_if(If::Is("account_id", s(seen.account_id)))
            .only_if(If::Is("revision", n(seen.revision))))
    }

    /// The write by which a monitor keeps its place and is probed in another way; a target that moved shows another certificate.
    pub(crate) fn redirect_probe(
        &self,
        place: &Place,
        monitor: MonitorId,
        probe: &ProbeSpec,
        moved: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let text = probe_spec::as_text::of(probe).map_err(|error| StoreError::corrupt(TABLE, error))?;
        let mut change = Change::new().set("probe", s(text)).only_if(If::Exists("cohort"));
        if moved {
            // A check of the old target that is under way must not put its state back.
            change = change.remove("state.certificate_expires_at").remove("state.certificates_told").add("revision", 1);
        }
        change.on(&self.tables.schedules, Self::schedule_key(&place.cohort(), monitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::call::to_item;

    #[test]
    fn a_tick_reads_every_attribute_of_a_place() {
        let probe =
            json!({"url": "https://shop.example/", "http": {}, "timeout_ms": 10_000, "retries": 2, "alone": false});
        let place = ScheduledProbe {
            account_id: "acc_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("an account"),
            monitor_id: "mon_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("a monitor"),
            slot: Slot::new(0).expect("a slot"),
            probe: serde_json::from_value(probe).expect("a probe"),
            status: Status::Down,
            state: RegionState::default(),
            revision: 0,
        };
        let item = to_item(TABLE, &place).expect("an item");
        let kept: BTreeSet<&str> = item.keys().map(String::as_str).collect();
        assert_eq!(SCHEDULED.split(", ").map(|name| name.trim_start_matches('#')).collect::<BTreeSet<_>>(), kept);
    }
}
