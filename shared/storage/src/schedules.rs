//! Schedules: what each region checks, in cohorts, with that region's own state; the list of its cohorts; and its heartbeat.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, builders::UpdateBuilder};
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, MonitorId, RegionCode, Status, Timestamp,
    packed::{COHORT_SIZE, Tag},
    schedule::{Cohort, RegionState},
    status::{SILENT_MS, Vote},
};

use crate::{
    NewWords, Place, ProbeSpec, Store, StoreError,
    call::{
        Cancelled, Item, Updated, a_delete, a_put, an_update, consumed, delete_item, from_item, jitter, key, n,
        put_item, s, to_item, to_value, update_item,
    },
    keys, probe_spec,
    usage::Kind,
};

const TABLE: &str = "schedules";

/// Cohorts looked at for a free place, newest first.
const CANDIDATES: i32 = 200;

/// The attributes of a [`ScheduledProbe`]: all that a place has but the cohort's name, for a tick pays for each of each monitor.
const SCHEDULED: &str = "account_id, entry, tag, probe, #status, #state, revision";

/// How a region's state is kept, and on what condition: that no other check of the region was faster.
const KEEP_STATE: &str = "SET #state = :state, revision = :next";
const IF_AS_SEEN: &str = "account_id = :account AND revision = :seen";

/// One monitor in one region's schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScheduledProbe {
    /// Whose monitor.
    pub account_id: AccountId,
    /// Which.
    #[serde(rename = "entry")]
    pub monitor_id: MonitorId,
    /// Its name within the cohort.
    pub tag: Tag,
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

const fn up() -> Status {
    Status::Up
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_up(status: &Status) -> bool {
    *status == Status::Up
}

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

/// A cohort that has room, as seen when a place was looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub cohort: Cohort,
    pub tag: Tag,
}

impl Store {
    pub(crate) fn schedule_key(cohort: &Cohort, monitor: MonitorId) -> Item {
        key([("cohort", keys::cohort(cohort)), ("entry", monitor.to_string())])
    }

    fn directory_key(cohort: &Cohort) -> Item {
        key([("cohort", keys::directory(cohort.region)), ("entry", keys::directory_entry(cohort))])
    }

    /// The region's cohorts that have members, each with their number. 0.5 RRU per 65 of them or so.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn cohorts(&self, region: RegionCode) -> Result<Vec<(Cohort, usize)>, StoreError> {
        let request = self
            .query(&self.tables.schedules)
            .key_condition_expression("cohort = :region")
            .filter_expression("members > :none")
            .expression_attribute_values(":region", s(keys::directory(region)))
            .expression_attribute_values(":none", n(0));
        let items = self.query_all(request).await?;
        let members = |item: &Item| usize::try_from(number(item, "members")).unwrap_or(COHORT_SIZE);
        items.iter().map(|item| Ok((directory_cohort(region, item)?, members(item)))).collect()
    }

    /// The region's cohorts, also those that are empty by now: their last checks are still history. 0.5 RRU per 65 of them or so.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn cohorts_ever(&self, region: RegionCode) -> Result<Vec<Cohort>, StoreError> {
        let request = self
            .query(&self.tables.schedules)
            .key_condition_expression("cohort = :region")
            .expression_attribute_values(":region", s(keys::directory(region)));
        let items = self.query_all(request).await?;
        items.iter().map(|item| directory_cohort(region, item)).collect()
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
        words: Option<NewWords<'_>>,
    ) -> Result<(), StoreError> {
        if let Some(words) = words {
            let own = an_update(self.keep_state(seen, cohort, state)?)?;
            return match self.transact(vec![own, self.say(cohort, seen.tag, words)?]).await {
                Ok(()) | Err(Cancelled::Conditions(_)) => Ok(()),
                Err(cancelled) => Err(cancelled.conflict()),
            };
        }
        let place = Self::schedule_key(cohort, seen.monitor_id);
        let request = self
            .update(&self.tables.schedules, place)
            .update_expression(KEEP_STATE)
            .condition_expression(IF_AS_SEEN)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", to_value(TABLE, state)?)
            .expression_attribute_values(":account", s(seen.account_id))
            .expression_attribute_values(":next", n(seen.revision + 1))
            .expression_attribute_values(":seen", n(seen.revision));
        match self.send_update(request).await? {
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
        words: Option<NewWords<'_>>,
    ) -> Result<bool, StoreError> {
        let monitor = Self::monitor_key(seen.account_id, seen.monitor_id);
        let cast = update_item(&self.tables.monitors, monitor, "SET votes.#region = :vote")
            .condition_expression("attribute_exists(account_id)")
            .expression_attribute_names("#region", cohort.region.as_str())
            .expression_attribute_values(":vote", to_value(TABLE, vote)?);
        let mut writes = vec![an_update(self.keep_state(seen, cohort, state)?)?, an_update(cast)?];
        if let Some(words) = words {
            writes.push(self.say(cohort, seen.tag, words)?);
        }
        match self.transact(writes).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }

    fn keep_state(
        &self,
        seen: &ScheduledProbe,
        cohort: &Cohort,
        state: &RegionState,
    ) -> Result<UpdateBuilder, StoreError> {
        let place = Self::schedule_key(cohort, seen.monitor_id);
        Ok(update_item(&self.tables.schedules, place, KEEP_STATE)
            .condition_expression(IF_AS_SEEN)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", to_value(TABLE, state)?)
            .expression_attribute_values(":account", s(seen.account_id))
            .expression_attribute_values(":next", n(seen.revision + 1))
            .expression_attribute_values(":seen", n(seen.revision)))
    }

    /// Says that a region's tick has begun; an older one after a newer one says nothing. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn beat(&self, region: RegionCode, at: Timestamp) -> Result<(), StoreError> {
        let request = self
            .update(&self.tables.schedules, heartbeat_key(region))
            .update_expression("SET last_tick_at = :at")
            .condition_expression("attribute_not_exists(last_tick_at) OR last_tick_at < :at OR last_tick_at > :never")
            .expression_attribute_values(":at", s(at))
            // A clock that ran ahead and was set right must not silence the region until then.
            .expression_attribute_values(":never", s(at.plus_ms(SILENT_MS)));
        match self.send_update(request).await? {
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
        let request = self
            .client
            .delete_item()
            .table_name(&self.tables.schedules)
            .set_key(Some(heartbeat_key(region)))
            .condition_expression("attribute_exists(cohort)")
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = request.send().await;
        consumed(&Kind::Write, sent.iter().filter_map(|output| output.consumed_capacity()));
        match sent.map_err(StoreError::from_sdk) {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict) => Err(StoreError::NotFound),
            Err(error) => Err(error),
        }
    }

    /// A cohort of this region and interval with room, or a new one; `attempt` spreads those who collided.
    pub(crate) async fn opening(&self, region: RegionCode, interval: u32, attempt: u32) -> Result<Opening, StoreError> {
        let request = self
            .query(&self.tables.schedules)
            .key_condition_expression("cohort = :region AND begins_with(entry, :interval)")
            .expression_attribute_values(":region", s(keys::directory(region)))
            .expression_attribute_values(":interval", s(keys::directory_interval(interval)))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(CANDIDATES);
        let (items, _) = self.query_page(request, None).await?;
        let newest = items.first().map(|item| directory_cohort(region, item)).transpose()?;
        let mut open = Vec::new();
        for item in items.iter().rev() {
            let full = number(item, "members") >= COHORT_SIZE as u64;
            let tag = u32::try_from(number(item, "next_tag")).ok().and_then(Tag::new);
            if let (false, Some(tag)) = (full, tag) {
                open.push(Opening { cohort: directory_cohort(region, item)?, tag });
            }
        }
        let spread = if attempt == 0 { 0 } else { usize::from(random_byte()) };
        if let Some(opening) = open.get(spread % open.len().max(1)) {
            return Ok(*opening);
        }
        let number = newest.map_or(0, |cohort| cohort.number + 1);
        let tag = Tag::new(0).ok_or(StoreError::Conflict)?;
        Ok(Opening { cohort: Cohort { region, interval, number }, tag })
    }

    /// The writes by which a monitor takes a place: one more member, the next tag, its own item.
    pub(crate) fn join(
        &self,
        opening: Opening,
        account: AccountId,
        monitor: MonitorId,
        probe: &ProbeSpec,
        status: Status,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let Opening { cohort, tag } = opening;
        let fresh = "attribute_not_exists(next_tag)";
        let next = "next_tag = :tag AND members < :full";
        let member =
            update_item(&self.tables.schedules, Self::directory_key(&cohort), "SET next_tag = :next ADD members :one")
                .condition_expression(if tag.number() == 0 { format!("{fresh} OR ({next})") } else { next.to_owned() })
                .expression_attribute_values(":tag", n(tag.number()))
                .expression_attribute_values(":next", n(tag.number() + 1))
                .expression_attribute_values(":one", n(1))
                .expression_attribute_values(":full", n(COHORT_SIZE as i64));
        let scheduled = ScheduledProbe {
            account_id: account,
            monitor_id: monitor,
            tag,
            probe: probe.clone(),
            status,
            state: RegionState::default(),
            revision: 0,
        };
        let mut item = to_item(TABLE, &scheduled)?;
        item.insert("cohort".into(), s(keys::cohort(&cohort)));
        let put = put_item(&self.tables.schedules, item);
        Ok([an_update(member)?, a_put(put)?])
    }

    /// The writes by which a monitor gives up a place; its tag is never used again.
    pub(crate) fn leave(&self, place: &Place, monitor: MonitorId) -> Result<[TransactWriteItem; 2], StoreError> {
        let cohort = place.cohort();
        let member = update_item(&self.tables.schedules, Self::directory_key(&cohort), "ADD members :less")
            .condition_expression("members > :none")
            .expression_attribute_values(":less", n(-1))
            .expression_attribute_values(":none", n(0));
        let gone = delete_item(&self.tables.schedules, Self::schedule_key(&cohort, monitor));
        Ok([an_update(member)?, a_delete(gone)?])
    }

    /// The write by which a monitor keeps its place and is probed in another way; a target that moved shows another certificate.
    pub(crate) fn redirect_probe(
        &self,
        place: &Place,
        monitor: MonitorId,
        probe: &ProbeSpec,
        moved: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let expression = if moved {
            "SET probe = :probe REMOVE #state.certificate_expires_at, #state.certificates_told ADD revision :one"
        } else {
            "SET probe = :probe"
        };
        let text = probe_spec::as_text::of(probe).map_err(|error| StoreError::corrupt(TABLE, error))?;
        let mut change = update_item(&self.tables.schedules, Self::schedule_key(&place.cohort(), monitor), expression)
            .condition_expression("attribute_exists(cohort)")
            .expression_attribute_values(":probe", s(text));
        if moved {
            // A check of the old target that is under way must not put its state back.
            change = change.expression_attribute_names("#state", "state").expression_attribute_values(":one", n(1));
        }
        an_update(change)
    }

    /// Waits a little, longer each time, before a collision is tried again.
    pub(crate) async fn back_off(attempt: u32) {
        let wait = std::time::Duration::from_millis(10 << attempt.min(6));
        tokio::time::sleep(jitter(wait)).await;
    }
}

fn random_byte() -> u8 {
    valpero_auth::random_bytes::<1>().map_or(1, |[byte]| byte)
}

fn number(item: &Item, name: &str) -> u64 {
    match item.get(name) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

fn directory_cohort(region: RegionCode, item: &Item) -> Result<Cohort, StoreError> {
    let entry = item.get("entry").and_then(|entry| entry.as_s().ok());
    entry
        .and_then(|entry| entry.split_once('#'))
        .and_then(|(interval, number)| {
            Some(Cohort { region, interval: interval.parse().ok()?, number: number.parse().ok()? })
        })
        .ok_or_else(|| StoreError::corrupt(TABLE, format!("no cohort: {entry:?}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tick_reads_every_attribute_of_a_place() {
        let probe =
            json!({"url": "https://shop.example/", "http": {}, "timeout_ms": 10_000, "retries": 2, "alone": false});
        let place = ScheduledProbe {
            account_id: "acc_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("an account"),
            monitor_id: "mon_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("a monitor"),
            tag: Tag::new(0).expect("a tag"),
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
