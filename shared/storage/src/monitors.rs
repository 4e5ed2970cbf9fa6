//! Monitors: what their owner says of them, where they are checked, how the regions vote, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use valpero_auth::WebhookSecret;
use valpero_domain::{
    AccountId, IncidentId, MonitorId, MonitorSpec, PageId, RegionCode, Status, Timestamp,
    certificate::ToldOf,
    downtime::Downtime,
    event::Event,
    monitor::HttpUrl,
    packed::Slot,
    quorum::Standing,
    schedule::Cohort,
    status::{DegradedReason, Unwatched, Vote},
};

use crate::{
    AuditRow, IncidentWrite, ProbeSpec, Store, StoreError, Trail,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
};

const TABLE: &str = "monitors";

/// How often taking places in cohorts is tried again when others take places at the same time.
const JOINS: u32 = 16;

/// Earlier places that are remembered, so that a change of interval or regions hides no history.
const PAST_PLACES: usize = 60;

/// A monitor's place in one region's schedule, for a time. Only this crate makes one, out of a monitor: so whoever has a place has
/// read its monitor, by the account.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The region.
    pub region: RegionCode,
    /// The cohort's interval in seconds.
    pub interval: u32,
    /// The cohort's number.
    pub number: u32,
    /// The monitor's name within the cohort.
    #[serde(rename = "tag")]
    pub slot: Slot,
    /// When it came.
    pub from: Timestamp,
    /// When it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A place by its cohort and its slot in it. Only a [`Place`] has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub(crate) cohort: Cohort,
    pub(crate) slot: Slot,
}

impl Seat {
    /// The cohort.
    pub fn cohort(&self) -> Cohort {
        self.cohort
    }

    /// The monitor's slot in it.
    pub fn slot(&self) -> Slot {
        self.slot
    }
}

impl Place {
    /// The place without its times.
    pub fn seat(&self) -> Seat {
        Seat { cohort: self.cohort(), slot: self.slot }
    }

    /// The cohort.
    pub fn cohort(&self) -> Cohort {
        Cohort { region: self.region, interval: self.interval, number: self.number }
    }
}

/// The secret side of a monitor's webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    /// Signs.
    pub secret: WebhookSecret,
    /// Signs beside it until the grace ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<WebhookSecret>,
    /// When the grace ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    /// When the receiver said 410 Gone; nothing is sent from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

impl Webhook {
    /// A webhook with this secret and nothing else.
    pub fn new(secret: WebhookSecret) -> Self {
        Self { secret, previous: None, previous_until: None, disabled_at: None }
    }
}

/// A webhook's URL and secrets: what is left of a deleted monitor until its last event is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receiver {
    /// Where events go.
    pub url: HttpUrl,
    /// What signs them.
    pub webhook: Webhook,
}

impl Receiver {
    /// The webhook of a monitor; none where it has none, or it is switched off.
    pub fn of(monitor: &Monitor) -> Option<Self> {
        let webhook = monitor.webhook.clone().filter(|webhook| webhook.disabled_at.is_none())?;
        Some(Self { url: monitor.spec.webhook_url.clone()?, webhook })
    }
}

/// A monitor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Monitor {
    /// Whose.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "monitor_id")]
    pub id: MonitorId,
    /// What its owner says of it.
    pub spec: MonitorSpec,
    /// What it is.
    pub status: Status,
    /// Why it is degraded, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded_reason: Option<DegradedReason>,
    /// Since when.
    pub status_since: Timestamp,
    /// Counts the changes of status and description, so that of two at once one wins.
    pub version: i64,
    /// How the regions vote.
    pub votes: BTreeMap<RegionCode, Vote>,
    /// Where it is checked.
    pub places: Vec<Place>,
    /// Where it was checked before.
    #[serde(default)]
    pub past_places: Vec<Place>,
    /// Since when, and why, nobody watches it, where no region can probe it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwatched: Option<Unwatched>,
    /// The incident that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_incident_id: Option<IncidentId>,
    /// When its last incident ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resolved_at: Option<Timestamp>,
    /// The webhook, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// When the certificate that its target last showed expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_expires_at: Option<Timestamp>,
    /// What its webhook was told of the ends of its certificates.
    #[serde(default)]
    pub certificates_told: ToldOf,
    /// When it was down or paused.
    #[serde(default)]
    pub downtime: Downtime,
    /// Until when its channels are silent. Kept a little longer than that: see [`Store::mute_ended`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// The status pages that show it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub pages: BTreeSet<PageId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

/// The dependencies of a monitor, without its other attributes.
#[derive(Deserialize)]
struct Dependent {
    monitor_id: MonitorId,
    spec: DependentSpec,
}

#[derive(Deserialize)]
struct DependentSpec {
    #[serde(default)]
    depends_on: Vec<MonitorId>,
}

impl Monitor {
    /// What the decision about it depends on.
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            status: self.status,
            reason: self.degraded_reason,
            status_since: self.status_since,
            regions: &self.spec.regions,
            confirm_regions: self.spec.confirm_regions,
            votes: &self.votes,
        }
    }

    /// Its place in this region's schedule.
    pub fn place(&self, region: RegionCode) -> Option<&Place> {
        self.places.iter().find(|place| place.region == region)
    }
}

impl Store {
    pub(crate) fn monitor_key(account: AccountId, monitor: MonitorId) -> Item {
        key([("account_id", account.to_string()), ("monitor_id", monitor.to_string())])
    }

    /// Makes a monitor and gives it a place in each of its regions. About 8 WRU, 6 a region, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before; [`StoreError::LimitReached`] where the account has `most` monitors; [`StoreError::Conflict`] where too many others
    /// took places at the same time.
    pub async fn create_monitor(&self, mut draft: Monitor, most: u32, trail: &Trail) -> Result<Monitor, StoreError> {
        let probe = ProbeSpec::of(&draft.spec);
        for attempt in 0..JOINS {
            let (places, joins) =
                self.take_places(&draft, &draft.spec.regions, draft.spec.check_interval, &probe, attempt).await?;
            draft.places = places;
            let monitor = put_item(&self.tables.monitors, to_item(TABLE, &draft)?);
            let account = Change::new().add("monitors", 1).only_if(If::Below("monitors", n(most)));
            let account = account.on(&self.tables.accounts, Self::account_key(draft.account_id))?;
            let mut items = vec![account, a_put(monitor.condition_expression("attribute_not_exists(account_id)"))?];
            items.extend(joins);
            match self.transact_once(items, trail).await {
                Ok(()) => return Ok(draft),
                Err(Cancelled::Conditions(places)) if places.contains(&0) => return Err(StoreError::LimitReached),
                Err(Cancelled::Conditions(_)) => Self::back_off(attempt).await,
                Err(cancelled) => return Err(cancelled.conflict()),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn take_places(
        &self,
        monitor: &Monitor,
        regions: &[RegionCode],
        interval: u32,
        probe: &ProbeSpec,
        attempt: u32,
    ) -> Result<(Vec<Place>, Vec<TransactWriteItem>), StoreError> {
        let openings = try_join_all(regions.iter().map(|region| self.opening(*region, interval, attempt))).await?;
        let mut places = Vec::with_capacity(openings.len());
        let mut items = Vec::with_capacity(openings.len() * 2);
        for opening in openings {
            let Cohort { region, interval, number } = opening.cohort;
            places.push(Place { region, interval, number, slot: opening.slot, from: monitor.updated_at, until: None });
            items.extend(self.join(opening, monitor.account_id, monitor.id, probe, monitor.status)?);
        }
        Ok((places, items))
    }

    /// The monitor. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such monitor.
    pub async fn monitor(&self, account: AccountId, monitor: MonitorId) -> Result<Monitor, StoreError> {
        let item = self.get(&self.tables.monitors, Self::monitor_key(account, monitor)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Of these monitors, those that the account has. 1 RRU per 4 KB of each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn monitors_by_id(
        &self,
        account: AccountId,
        monitors: &BTreeSet<MonitorId>,
    ) -> Result<BTreeMap<MonitorId, Monitor>, StoreError> {
        let keys = monitors.iter().map(|id| Self::monitor_key(account, *id)).collect();
        let items = self.batch_get(&self.tables.monitors, keys).await?;
        items.into_iter().map(|item| from_item(TABLE, item).map(|monitor: Monitor| (monitor.id, monitor))).collect()
    }

    /// Of these monitors, those that the account has, each with the ones that it depends on. 1 RRU per 4 KB of each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn depend_on(
        &self,
        account: AccountId,
        monitors: &BTreeSet<MonitorId>,
    ) -> Result<BTreeMap<MonitorId, Vec<MonitorId>>, StoreError> {
        let keys = monitors.iter().map(|id| Self::monitor_key(account, *id)).collect();
        let items = self.batch_get(&self.tables.monitors, keys).await?;
        let read = |item: Item| {
            let found: Dependent = from_item(TABLE, item)?;
            Ok((found.monitor_id, found.spec.depends_on))
        };
        items.into_iter().map(read).collect()
    }

    /// The account's monitors, oldest first, of those behind `after` where it is given the ones that `accepts` likes, at most
    /// `count`. 0.5 RRU per 4 KB read.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn monitors(
        &self,
        account: AccountId,
        after: Option<MonitorId>,
        accepts: impl Fn(&Monitor) -> bool,
        count: usize,
    ) -> Result<Vec<Monitor>, StoreError> {
        let request = self
            .query(&self.tables.monitors)
            .key_condition_expression("account_id = :account")
            .expression_attribute_values(":account", s(account));
        let after = after.map(|id| Self::monitor_key(account, id));
        self.query_filtered(TABLE, request, after, accepts, count).await
    }

    /// Gives a monitor another description and webhook, and moves it where its regions or interval changed.
    /// About 4 WRU, 2 a region, and 6 for each place taken or left.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since `old` was read.
    pub async fn update_monitor(
        &self,
        old: &Monitor,
        spec: MonitorSpec,
        webhook: Option<Webhook>,
        now: Timestamp,
        audit: &AuditRow,
    ) -> Result<Monitor, StoreError> {
        let probe = ProbeSpec::of(&spec);
        let stays = |place: &&Place| place.interval == spec.check_interval && spec.regions.contains(&place.region);
        let (kept, left): (Vec<&Place>, Vec<&Place>) = old.places.iter().partition(stays);
        let joined: Vec<RegionCode> =
            spec.regions.iter().copied().filter(|region| kept.iter().all(|place| place.region != *region)).collect();
        let mut next = Monitor { spec, webhook, updated_at: now, version: old.version + 1, ..old.clone() };
        next.votes.retain(|region, _| old.spec.regions.contains(region) && next.spec.regions.contains(region));
        let moved = !next.spec.check.same_target(&old.spec.check);
        if moved {
            next.ssl_expires_at = None;
            next.certificates_told = ToldOf::default();
        }
        next.past_places.extend(left.iter().map(|place| Place { until: Some(now), ..(*place).clone() }));
        let forget = next.past_places.len().saturating_sub(PAST_PLACES);
        next.past_places.drain(..forget);
        for attempt in 0..JOINS {
            let (new_places, joins) =
                self.take_places(&next, &joined, next.spec.check_interval, &probe, attempt).await?;
            next.places = kept.iter().map(|place| (*place).clone()).chain(new_places).collect();
            let mut items = vec![self.write_description(old, &next)?, self.audit(audit)?];
            items.extend(joins);
            for place in &left {
                items.extend(self.leave(place, old.id)?);
            }
            for place in &kept {
                items.push(self.redirect_probe(place, old.id, &probe, moved)?);
            }
            match self.transact(items).await {
                Ok(()) => return Ok(next),
                Err(Cancelled::Conditions(places)) if places.contains(&0) => return Err(StoreError::Conflict),
                Err(Cancelled::Conditions(_)) => Self::back_off(attempt).await,
                Err(cancelled) => return Err(cancelled.conflict()),
            }
        }
        Err(StoreError::Conflict)
    }

    /// What a change of description writes. Votes are touched one by one, for regions cast them meanwhile.
    fn write_description(&self, old: &Monitor, next: &Monitor) -> Result<TransactWriteItem, StoreError> {
        // Votes of regions that go, and those that a region which comes back may have left behind.
        let stays = |region: &RegionCode| old.spec.regions.contains(region) && next.spec.regions.contains(region);
        let named = old.votes.keys().chain(&old.spec.regions).chain(&next.spec.regions);
        let strangers: BTreeSet<RegionCode> = named.copied().filter(|region| !stays(region)).collect();
        let mut change = Change::new()
            .set("spec", to_value(TABLE, &next.spec)?)
            .set("places", to_value(TABLE, &next.places)?)
            .set("past_places", to_value(TABLE, &next.past_places)?)
            .set("updated_at", s(next.updated_at))
            .set("version", n(next.version))
            .set_or_remove("webhook", next.webhook.as_ref().map(|webhook| to_value(TABLE, webhook)).transpose()?)
            .only_if(If::Is("version", n(old.version)));
        if !next.spec.check.same_target(&old.spec.check) {
            change = change.remove("ssl_expires_at").remove("certificates_told");
        }
        for region in strangers {
            change = change.remove(&format!("votes.{region}"));
        }
        change.on(&self.tables.monitors, Self::monitor_key(old.account_id, old.id))
    }

    /// Deletes a monitor, gives up its places, and closes its incident, whose event takes the webhook along. About 8 WRU and 6 a
    /// region, and 2 per KB for the event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read.
    pub async fn delete_monitor(
        &self,
        monitor: &Monitor,
        incident: &IncidentWrite,
        event: Option<&Event>,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let gone = delete_item(&self.tables.monitors, Self::monitor_key(monitor.account_id, monitor.id))
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", n(monitor.version));
        let account = Change::new().add("monitors", -1).only_if(If::Above("monitors", n(0)));
        let account = account.on(&self.tables.accounts, Self::account_key(monitor.account_id))?;
        let mut items = vec![a_delete(gone)?, account, self.audit(audit)?];
        items.extend(self.write_incident(monitor.account_id, incident)?);
        if let Some(event) = event {
            items.push(match Receiver::of(monitor) {
                Some(receiver) => self.new_last_event(event, &receiver)?,
                None => self.new_event(event)?,
            });
        }
        items.extend(self.mark_pages_of(monitor, audit.id.at())?);
        for place in &monitor.places {
            items.extend(self.leave(place, monitor.id)?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }
}
