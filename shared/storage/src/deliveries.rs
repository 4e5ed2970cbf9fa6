//! Deliveries of events, one to each destination: attempted until one succeeds or it is given up, kept until they age.

use std::{collections::BTreeSet, fmt};

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_auth::derived;
use valpero_domain::{
    AccountId, ChannelId, DeliveryId, EventId, IncidentId, MonitorId, Timestamp,
    alerting::Content,
    delivery::{DeliveryStatus, EventType, WAIT_MAX_S},
    event::{Destination, Due, Event, WindowKey},
};

use crate::{
    AuditRow, Receiver, Store, StoreError, Trail,
    call::{Cancelled, Item, Updated, a_put, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";
const SUCCEEDED_KEPT_S: i64 = 30 * 86_400;
const DEAD_KEPT_S: i64 = 90 * 86_400;

/// Attempts that the log of a delivery holds: all of one round are eight, and a person may ask for many rounds.
pub const ATTEMPTS_KEPT: usize = 24;

/// One attempt to deliver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// The receiver's answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The head of the answer: its first 1,024 bytes, a header a line; never its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_headers: Option<String>,
    /// The first 1,024 bytes of the body of a channel's answer, its secrets hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver_says: Option<String>,
}

/// A delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "delivery_id")]
    pub id: DeliveryId,
    /// The channel that it goes to; none where it goes to the webhook of its monitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// What it says to its channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The monitor that it is about; none where it is about several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor_id: Option<MonitorId>,
    /// The incident it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<IncidentId>,
    /// The event, the same on every attempt; none where it tells of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventType>,
    /// The body, where it was written by a version before events were: now each attempt renders it from the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts begun.
    pub attempts: u32,
    /// Those of them that were begun before somebody asked for it to be sent again: the waits between attempts begin anew.
    #[serde(default)]
    pub attempts_before: u32,
    /// What came of the last of them, at most [`ATTEMPTS_KEPT`].
    #[serde(default)]
    pub attempt_log: Vec<Attempt>,
    /// While an attempt is under way: when it counts as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Timestamp>,
    /// When the next attempt is due; while one is under way, when it counts as lost.
    pub next_attempt_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_up: Option<String>,
    /// Its place among the events of its incident ([`Event::place`]): none is sent after one behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When somebody last asked for it to be sent again. Such a delivery keeps no order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered_at: Option<Timestamp>,
    /// The digest that tells it in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_id: Option<DeliveryId>,
    /// The minute whose digest that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowKey>,
    /// When its channel's pace lets it go, where it waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_at: Option<Timestamp>,
    /// What it waits for, where that is no retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Where it goes, if the monitor is deleted; else the monitor knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Receiver>,
}

/// Which deliveries a list asks for: of each of these any fits, and all do where none is named.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Those to monitors' webhooks alone.
    pub webhooks_only: bool,
    /// Those to these channels.
    pub channel: Vec<ChannelId>,
    /// Those about these monitors.
    pub monitor: Vec<MonitorId>,
    /// Those about these incidents.
    pub incident: Vec<IncidentId>,
    /// Those of these statuses.
    pub status: Vec<DeliveryStatus>,
}

impl DeliveryFilter {
    fn accepts(&self, delivery: &Delivery) -> bool {
        let is_any_of = |wanted: &[MonitorId]| delivery.monitor_id.is_some_and(|about| wanted.contains(&about));
        (!self.webhooks_only || delivery.channel_id.is_none())
            && (self.channel.is_empty() || delivery.channel_id.is_some_and(|to| self.channel.contains(&to)))
            && (self.monitor.is_empty() || is_any_of(&self.monitor))
            && (self.incident.is_empty() || delivery.incident_id.is_some_and(|about| self.incident.contains(&about)))
            && (self.status.is_empty() || self.status.contains(&delivery.status))
    }
}

impl Delivery {
    /// The delivery of an event to a destination, which is due at once. Its id follows from the two.
    pub fn new(event: &Event, to: Destination) -> Self {
        let Destination::MonitorWebhook(monitor_id) = to;
        let id = derived::delivery_id(event.event_id, to);
        let delivery = Self::due(event.account_id, id, event.created_at).about(event).at_place(event.place());
        Self { monitor_id: Some(monitor_id), ..delivery }
    }

    /// A delivery that was made at this time, is due at once, and says nothing yet.
    fn due(account_id: AccountId, id: DeliveryId, at: Timestamp) -> Self {
        Self {
            account_id,
            id,
            channel_id: None,
            content: None,
            monitor_id: None,
            incident_id: None,
            event_id: None,
            event: None,
            body: None,
            status: DeliveryStatus::Pending,
            attempts: 0,
            attempts_before: 0,
            attempt_log: Vec::new(),
            claimed_until: None,
            next_attempt_at: at,
            created_at: at,
            gave_up: None,
            place: None,
            redelivered_at: None,
            digest_id: None,
            window: None,
            slot_at: None,
            waits_for: None,
            receiver: None,
        }
    }

    /// A delivery to a channel that is about no event, which is due at once. Its id follows from `at` and `what`.
    pub fn to_channel(
        account_id: AccountId,
        channel_id: ChannelId,
        content: Content,
        what: &impl fmt::Display,
        at: Timestamp,
    ) -> Self {
        let delivery = Self::due(account_id, derived::id(at, what), at);
        Self { channel_id: Some(channel_id), content: Some(content), ..delivery }
    }

    /// The same about an event.
    #[must_use]
    pub fn about(self, event: &Event) -> Self {
        Self {
            monitor_id: Some(event.monitor.id),
            incident_id: event.incident.as_ref().map(|incident| incident.id),
            event_id: Some(event.event_id),
            event: Some(event.kind),
            ..self
        }
    }

    /// The same with a place among the messages about its incident.
    #[must_use]
    pub fn at_place(self, place: Option<String>) -> Self {
        Self { place, ..self }
    }

    /// The same to what is left of a deleted monitor's webhook.
    #[must_use]
    pub fn to(self, receiver: Option<Receiver>) -> Self {
        Self { receiver, ..self }
    }

    /// Notes what came of an attempt; the oldest note makes room.
    pub fn note(&mut self, attempt: Attempt) {
        self.attempt_log.push(attempt);
        let beyond = self.attempt_log.len().saturating_sub(ATTEMPTS_KEPT);
        self.attempt_log.drain(..beyond);
    }
}

impl Store {
    pub(crate) fn delivery_key(account: AccountId, delivery: DeliveryId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", delivery.to_string())])
    }

    /// The delivery as part of the transaction that it tells of.
    pub(crate) fn new_delivery(&self, delivery: &Delivery) -> Result<TransactWriteItem, StoreError> {
        let put = put_item(&self.tables.deliveries, delivery_item(delivery)?);
        a_put(put.condition_expression("attribute_not_exists(account_id)"))
    }

    /// The delivery. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such delivery.
    pub async fn delivery(&self, account: AccountId, delivery: DeliveryId) -> Result<Delivery, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::delivery_key(account, delivery)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Those of these deliveries that the account has, in any order. 1 RRU each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deliveries_by_id(
        &self,
        account: AccountId,
        deliveries: &BTreeSet<DeliveryId>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let keys = deliveries.iter().map(|delivery| Self::delivery_key(account, *delivery)).collect();
        let items = self.batch_get(&self.tables.deliveries, keys).await?;
        items.into_iter().map(|item| from_item(TABLE, item)).collect()
    }

    /// Keeps a delivery, unless there is one of its id already: whoever hands out an event a second time makes nothing twice.
    /// 2 WRU. Answers whether it is new.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn add_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.put_new(&self.tables.deliveries, delivery_item(delivery)?).await
    }

    /// Begins an attempt: of all who hold the message, one gets it. Until `lost_at` nobody else tries. 2 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is not due, no longer pending, or somebody else has it.
    pub async fn claim_delivery(
        &self,
        seen: &Delivery,
        now: Timestamp,
        lost_at: Timestamp,
    ) -> Result<Delivery, StoreError> {
        let change = attempt(seen.attempts, now, lost_at)?;
        let key = Self::delivery_key(seen.account_id, seen.id);
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(item) => from_item(TABLE, item),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Ends an attempt with what the delivery's status, log, `next_attempt_at` and `gave_up` now say. 2 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the attempt counted as lost and another one began.
    pub async fn finish_attempt(&self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let mut change = Change::new()
            .set("status", to_value(TABLE, &delivery.status)?)
            .set("attempt_log", to_value(TABLE, &delivery.attempt_log)?)
            .set("next_attempt_at", s(delivery.next_attempt_at))
            .set_some("gave_up", delivery.gave_up.as_deref().map(s))
            .remove("claimed_until")
            .remove("slot_at")
            .remove("waits_for")
            .only_if(If::Is("attempts", n(delivery.attempts)));
        if let Some(kept_s) = kept_s(delivery.status) {
            // The secrets of a deleted monitor go with it.
            change = change.set(TTL, n(now.seconds() + kept_s)).remove("pending").remove("receiver");
        }
        let key = Self::delivery_key(delivery.account_id, delivery.id);
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Puts a delivery off that is not being attempted, until its channel's pace lets it go: by what its `slot_at` and `waits_for` say.
    /// 2 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where an attempt began or ended since it was read.
    pub async fn put_off(&self, delivery: &Delivery, slot_at: Timestamp) -> Result<(), StoreError> {
        let change = Change::new()
            .set("next_attempt_at", s(slot_at))
            .set("slot_at", s(slot_at))
            .set_some("waits_for", delivery.waits_for.as_deref().map(s))
            .only_if(If::Is("status", to_value(TABLE, &DeliveryStatus::Pending)?))
            .only_if(If::Is("attempts", n(delivery.attempts)))
            .only_if(If::Is("next_attempt_at", s(delivery.next_attempt_at)));
        let key = Self::delivery_key(delivery.account_id, delivery.id);
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Takes back an attempt that was begun and not made: by what the delivery's status, `next_attempt_at` and `gave_up` now say.
    /// 2 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the attempt counted as lost and another one began.
    pub async fn take_back_attempt(&self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let mut change = Change::new()
            .set("status", to_value(TABLE, &delivery.status)?)
            .set("next_attempt_at", s(delivery.next_attempt_at))
            .set_some("gave_up", delivery.gave_up.as_deref().map(s))
            .remove("claimed_until")
            .add("attempts", -1)
            .only_if(If::Is("attempts", n(delivery.attempts)));
        if delivery.status != DeliveryStatus::Pending {
            change = change.set(TTL, n(now.seconds() + SUCCEEDED_KEPT_S)).remove("pending").remove("receiver");
        }
        let key = Self::delivery_key(delivery.account_id, delivery.id);
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// The account's newest `count` deliveries, of those before `after` where it is given, that the filter accepts.
    /// 0.5 RRU per 4 KB read.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deliveries(
        &self,
        account: AccountId,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        count: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let request = self
            .query(&self.tables.deliveries)
            .key_condition_expression("account_id = :account AND begins_with(delivery_id, :delivery)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":delivery", s(keys::DELIVERY))
            .scan_index_forward(false);
        let after = after.map(|id| Self::delivery_key(account, id));
        self.query_filtered(TABLE, request, after, |delivery| filter.accepts(delivery), count).await
    }

    /// Keeps an event and its only delivery, which is due: for an event that somebody asked for. 6 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_delivery(&self, event: &Event, delivery: &Delivery, trail: &Trail) -> Result<(), StoreError> {
        let items = vec![self.new_told_event(event)?, self.new_delivery(delivery)?];
        self.transact_once(items, trail).await.map_err(Cancelled::conflict)
    }

    /// Makes a delivery due now, whatever came of it before; its attempts stay, and their waits begin anew. 2 WRU per KB, and 2.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where an attempt began or ended since it was read.
    pub async fn redeliver(&self, seen: &Delivery, now: Timestamp, audit: &AuditRow) -> Result<Delivery, StoreError> {
        let next = Delivery {
            status: DeliveryStatus::Pending,
            attempts_before: seen.attempts,
            next_attempt_at: now,
            gave_up: None,
            slot_at: None,
            waits_for: None,
            claimed_until: None,
            redelivered_at: Some(now),
            ..seen.clone()
        };
        let change = Change::new()
            .set("status", to_value(TABLE, &DeliveryStatus::Pending)?)
            .set("next_attempt_at", s(now))
            .set("attempts_before", n(seen.attempts))
            .set("redelivered_at", s(now))
            .set("pending", s(keys::pending(Due::Delivery(seen.id))))
            .remove("gave_up")
            .remove("slot_at")
            .remove("waits_for")
            .remove("claimed_until")
            .remove(TTL)
            .only_if(If::Is("attempts", n(seen.attempts)))
            .only_if(If::Is("status", to_value(TABLE, &seen.status)?))
            .only_if(If::Is("next_attempt_at", s(seen.next_attempt_at)));
        let change = change.on(&self.tables.deliveries, Self::delivery_key(seen.account_id, seen.id))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(Cancelled::conflict)?;
        Ok(next)
    }
}

/// Begins an attempt of what is pending and due, of which so many were begun before.
pub(crate) fn attempt(begun: u32, now: Timestamp, lost_at: Timestamp) -> Result<Change, StoreError> {
    Ok(Change::new()
        .set("next_attempt_at", s(lost_at))
        .set("claimed_until", s(lost_at))
        .add("attempts", 1)
        .only_if(If::Is("status", to_value(TABLE, &DeliveryStatus::Pending)?))
        .only_if(If::Is("attempts", n(begun)))
        .only_if(If::Any(vec![
            If::AtMost("next_attempt_at", s(now)),
            If::Above("next_attempt_at", s(now.plus_seconds(WAIT_MAX_S))),
        ])))
}

pub(crate) fn delivery_item(delivery: &Delivery) -> Result<Item, StoreError> {
    let mut item = to_item(TABLE, delivery)?;
    match kept_s(delivery.status) {
        None => item.insert("pending".into(), s(keys::pending(Due::Delivery(delivery.id)))),
        Some(kept_s) => item.insert(TTL.into(), n(delivery.created_at.seconds() + kept_s)),
    };
    Ok(item)
}

/// How long a delivery is kept that is done with, in seconds; none while it is pending.
const fn kept_s(status: DeliveryStatus) -> Option<i64> {
    match status {
        DeliveryStatus::Pending => None,
        DeliveryStatus::Succeeded | DeliveryStatus::Superseded | DeliveryStatus::Digested => Some(SUCCEEDED_KEPT_S),
        DeliveryStatus::Dead => Some(DEAD_KEPT_S),
    }
}
