//! Events: written in the transaction of what they tell of, handed to their destinations later. They lie in the table of their
//! deliveries and share its index of what is pending, so that one sweep finds both.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use futures::future::try_join_all;
use serde::Deserialize;
use valpero_domain::{
    AccountId, EventId, Timestamp,
    delivery::WAIT_MAX_S,
    event::{Due, EVENT_VERSION, Event},
};

use crate::{
    Receiver, Store, StoreError,
    call::{Item, a_put, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
    schema::{PENDING_INDEX, TTL},
};

const TABLE: &str = "deliveries";

/// An event is kept for 400 days, since its deliveries can be sent again as long as they are kept, and are kept longer each time.
const KEPT_S: i64 = 400 * 86_400;

/// What the index of what is pending holds of an event or a delivery.
#[derive(Debug, Deserialize)]
struct Planned {
    account_id: AccountId,
    delivery_id: String,
    next_attempt_at: Timestamp,
}

/// What an event's row holds beside the event.
#[derive(Debug, Clone, Deserialize)]
pub struct HandOut {
    /// Its place in the index of what is pending: absent, where it was handed out.
    pending: Option<String>,
    /// Where it goes, if its monitor was deleted by it.
    pub receiver: Option<Receiver>,
}

impl HandOut {
    /// Whether the event is still to be handed to its destinations.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

impl Store {
    fn event_key(account: AccountId, event: EventId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", event.to_string())])
    }

    /// The event as part of the transaction that it tells of, to be handed to its destinations.
    pub(crate) fn new_event(&self, event: &Event) -> Result<TransactWriteItem, StoreError> {
        self.put_event(pending_item(event)?)
    }

    /// The same about a monitor that the transaction deletes: what is left of its webhook is kept with the event, until the event is
    /// handed out.
    pub(crate) fn new_last_event(&self, event: &Event, receiver: &Receiver) -> Result<TransactWriteItem, StoreError> {
        let mut item = pending_item(event)?;
        item.insert("receiver".into(), to_value(TABLE, receiver)?);
        self.put_event(item)
    }

    /// The event as part of the transaction that also makes its only delivery.
    pub(crate) fn new_told_event(&self, event: &Event) -> Result<TransactWriteItem, StoreError> {
        self.put_event(event_item(event)?)
    }

    fn put_event(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        a_put(put_item(&self.tables.deliveries, item).condition_expression("attribute_not_exists(account_id)"))
    }

    /// The event, and how it is to be handed to its destinations. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such event, or it has aged.
    pub async fn event(&self, account: AccountId, event: EventId) -> Result<(Event, HandOut), StoreError> {
        let item = self.get(&self.tables.deliveries, Self::event_key(account, event)).await?;
        let item = item.ok_or(StoreError::NotFound)?;
        let hand_out: HandOut = from_item(TABLE, item.clone())?;
        let event: Event = from_item(TABLE, item)?;
        if event.version > EVENT_VERSION {
            let newer =
                format!("event {} is of version {}, which is newer than this code", event.event_id, event.version);
            return Err(StoreError::corrupt(TABLE, newer));
        }
        Ok((event, hand_out))
    }

    /// Notes that every destination of an event has its delivery. 2 WRU per KB. Safe to repeat.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn event_handed_out(&self, account: AccountId, event: EventId) -> Result<(), StoreError> {
        let change = Change::new()
            .remove("pending")
            .remove("next_attempt_at")
            .remove("receiver")
            .only_if(If::Exists("account_id"));
        self.change(&self.tables.deliveries, Self::event_key(account, event), change).await.map(drop)
    }

    /// Events and deliveries that are due, oldest first, at most `count`. A hint only: the event's own row, and
    /// [`Self::claim_delivery`], decide. 4 RRU where nothing is pending.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn due(&self, now: Timestamp, count: usize) -> Result<Vec<(AccountId, Due)>, StoreError> {
        self.planned("<=", now, count).await
    }

    /// Those that a clock which was ahead has planned for later than anything is ever planned, at most `count`. They are due too.
    /// 4 RRU where there are none.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn misplanned(&self, now: Timestamp, count: usize) -> Result<Vec<(AccountId, Due)>, StoreError> {
        self.planned(">", now.plus_seconds(WAIT_MAX_S), count).await
    }

    /// What is pending and planned for before or after a moment, oldest first, of every partition.
    async fn planned(&self, condition: &str, at: Timestamp, count: usize) -> Result<Vec<(AccountId, Due)>, StoreError> {
        let shards = (0..keys::PENDING_SHARDS).map(async |shard| {
            let request = self
                .query(&self.tables.deliveries)
                .index_name(PENDING_INDEX)
                .key_condition_expression(format!("#pending = :pending AND next_attempt_at {condition} :at"))
                .expression_attribute_names("#pending", "pending")
                .expression_attribute_values(":pending", s(keys::pending_shard(shard)))
                .expression_attribute_values(":at", s(at));
            self.query_filtered(TABLE, request, None, |_: &Planned| true, count).await
        });
        let mut all: Vec<Planned> = try_join_all(shards).await?.into_iter().flatten().collect();
        all.sort_by_key(|planned| planned.next_attempt_at);
        all.truncate(count);
        let due = |planned: Planned| {
            let due = planned.delivery_id.parse().map_err(|error| StoreError::corrupt(TABLE, error))?;
            Ok((planned.account_id, due))
        };
        all.into_iter().map(due).collect()
    }
}

fn pending_item(event: &Event) -> Result<Item, StoreError> {
    let mut item = event_item(event)?;
    item.insert("pending".into(), s(keys::pending(Due::Event(event.event_id))));
    item.insert("next_attempt_at".into(), s(event.created_at));
    Ok(item)
}

fn event_item(event: &Event) -> Result<Item, StoreError> {
    let mut item = to_item(TABLE, event)?;
    item.insert("delivery_id".into(), AttributeValue::S(event.event_id.to_string()));
    item.insert(TTL.into(), n(event.created_at.seconds() + KEPT_S));
    Ok(item)
}
