//! Cohorts: the list that each region has of them, and the places that monitors take and give up in them.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use valpero_domain::{
    AccountId, MonitorId, RegionCode, Status,
    packed::{COHORT_SIZE, Slot},
    schedule::{Cohort, RegionState},
};

use crate::{
    Place, ProbeSpec, ScheduledProbe, Store, StoreError,
    call::{Item, a_delete, a_put, delete_item, jitter, key, n, put_item, s, to_item},
    change::{Change, If},
    keys,
};

const TABLE: &str = "schedules";

/// Cohorts looked at for a free place, newest first.
const CANDIDATES: i32 = 200;

/// A cohort that has room, as seen when a place was looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub cohort: Cohort,
    pub slot: Slot,
}

impl Store {
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
            let slot = u32::try_from(number(item, "next_tag")).ok().and_then(Slot::new);
            if let (false, Some(slot)) = (full, slot) {
                open.push(Opening { cohort: directory_cohort(region, item)?, slot });
            }
        }
        let spread = if attempt == 0 { 0 } else { usize::from(random_byte()) };
        if let Some(opening) = open.get(spread % open.len().max(1)) {
            return Ok(*opening);
        }
        let number = newest.map_or(0, |cohort| cohort.number + 1);
        let slot = Slot::new(0).ok_or(StoreError::Conflict)?;
        Ok(Opening { cohort: Cohort { region, interval, number }, slot })
    }

    /// The writes by which a monitor takes a place: one more member, the next slot, its own item.
    pub(crate) fn join(
        &self,
        opening: Opening,
        account: AccountId,
        monitor: MonitorId,
        probe: &ProbeSpec,
        status: Status,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let Opening { cohort, slot } = opening;
        let room = If::All(vec![If::Is("next_tag", n(slot.number())), If::Below("members", n(COHORT_SIZE as i64))]);
        let condition = if slot.number() == 0 { If::Any(vec![If::Absent("next_tag"), room]) } else { room };
        let member = Change::new().set("next_tag", n(slot.number() + 1)).add("members", 1).only_if(condition);
        let scheduled = ScheduledProbe {
            account_id: account,
            monitor_id: monitor,
            slot,
            probe: probe.clone(),
            status,
            state: RegionState::default(),
            revision: 0,
        };
        let mut item = to_item(TABLE, &scheduled)?;
        item.insert("cohort".into(), s(keys::cohort(&cohort)));
        let put = put_item(&self.tables.schedules, item);
        Ok([member.on(&self.tables.schedules, Self::directory_key(&cohort))?, a_put(put)?])
    }

    /// The writes by which a monitor gives up a place; its slot is never used again.
    pub(crate) fn leave(&self, place: &Place, monitor: MonitorId) -> Result<[TransactWriteItem; 2], StoreError> {
        let cohort = place.cohort();
        let member = Change::new().add("members", -1).only_if(If::Above("members", n(0)));
        let gone = delete_item(&self.tables.schedules, Self::schedule_key(&cohort, monitor));
        Ok([member.on(&self.tables.schedules, Self::directory_key(&cohort))?, a_delete(gone)?])
    }

    /// Waits a little, longer each time, before a collision is tried again.
    pub(crate) async fn back_off(attempt: u32) {
        let wait = std::time::Duration::from_millis(10 << attempt.min(6));
        tokio::time::sleep(jitter(wait)).await;
    }
}

fn random_byte() -> u8 {
    let [byte] = valpero_auth::random_bytes();
    byte
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
