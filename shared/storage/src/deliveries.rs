//! Webhook deliveries: written with what they tell of, sent later, kept until they age.

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, DeliveryId, EventId, IncidentId, MonitorId, Timestamp,
    delivery::{DeliveryStatus, EventType, WAIT_MAX_S},
};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{
        Cancelled, Item, Updated, a_put, an_update, from_item, key, n, put_item, s, to_item, to_value, update_item,
    },
    keys,
    schema::{PENDING_INDEX, TTL},
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
}

/// A delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "delivery_id")]
    pub id: DeliveryId,
    /// The monitor whose webhook it goes to.
    pub monitor_id: MonitorId,
    /// The incident it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<IncidentId>,
    /// The event, the same on every attempt.
    pub event_id: EventId,
    /// What happened.
    pub event: EventType,
    /// The body, sent unchanged on every attempt.
    pub body: String,
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
}

/// Which deliveries a list asks for.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Those to this monitor's webhook.
    pub monitor: Option<MonitorId>,
    /// Those of this status.
    pub status: Option<DeliveryStatus>,
}

impl DeliveryFilter {
    fn accepts(&self, delivery: &Delivery) -> bool {
        self.monitor.is_none_or(|asked| asked == delivery.monitor_id)
            && self.status.is_none_or(|asked| asked == delivery.status)
    }
}

impl Delivery {
    /// Notes what came of an attempt; the oldest note makes room.
    pub fn note(&mut self, attempt: Attempt) {
        self.attempt_log.push(attempt);
        let beyond = self.attempt_log.len().saturating_sub(ATTEMPTS_KEPT);
        self.attempt_log.drain(..beyond);
    }
}

/// What the index of pending deliveries holds of one.
#[derive(Debug, Deserialize)]
struct Planned {
    account_id: AccountId,
    delivery_id: DeliveryId,
    next_attempt_at: Timestamp,
}

impl Store {
    fn delivery_key(account: AccountId, delivery: DeliveryId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", delivery.to_string())])
    }

    /// The delivery as part of the transaction that it tells of.
    pub(crate) fn new_delivery(&self, delivery: &Delivery) -> Result<TransactWriteItem, StoreError> {
        let mut item = to_item(TABLE, delivery)?;
        item.insert("pending".into(), s(keys::pending(delivery.id)));
        a_put(put_item(&self.tables.deliveries, item).condition_expression("attribute_not_exists(account_id)"))
    }

    /// The delivery. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such delivery.
    pub async fn delivery(&self, account: AccountId, delivery: DeliveryId) -> Result<Delivery, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::delivery_key(account, delivery)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Those that are due, oldest first, at most `count`: account and id. A hint only: [`Self::claim_delivery`] decides. 4 RRU where
    /// nothing is pending.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn due_deliveries(
        &self,
        now: Timestamp,
        count: usize,
    ) -> Result<Vec<(AccountId, DeliveryId)>, StoreError> {
        self.planned("<=", now, count).await
    }

    /// Those that a clock which was ahead has planned for later than any attempt waits, at most `count`: account and id. They are due
    /// too. 4 RRU where there are none.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn misplanned_deliveries(
        &self,
        now: Timestamp,
        count: usize,
    ) -> Result<Vec<(AccountId, DeliveryId)>, StoreError> {
        self.planned(">", now.plus_seconds(WAIT_MAX_S), count).await
    }

    /// Pending deliveries whose next attempt is before or after a moment, oldest first, of every partition.
    async fn planned(
        &self,
        condition: &str,
        at: Timestamp,
        count: usize,
    ) -> Result<Vec<(AccountId, DeliveryId)>, StoreError> {
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
        Ok(all.into_iter().map(|planned| (planned.account_id, planned.delivery_id)).collect())
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
        let request = self
            .update(&self.tables.deliveries, Self::delivery_key(seen.account_id, seen.id))
            .update_expression("SET next_attempt_at = :lost, claimed_until = :lost ADD attempts :one")
            .condition_expression(
                "#status = :pending AND attempts = :seen AND (next_attempt_at <= :now OR next_attempt_at > :beyond)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":pending", to_value(TABLE, &DeliveryStatus::Pending)?)
            .expression_attribute_values(":seen", n(seen.attempts))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":beyond", s(now.plus_seconds(WAIT_MAX_S)))
            .expression_attribute_values(":lost", s(lost_at));
        match self.send_update(request).await? {
            Updated::Done(item) => from_item(TABLE, item),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Ends an attempt with what the delivery's status, log, `next_attempt_at` and `gave_up` now say. 2 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the attempt counted as lost and another one began.
    pub async fn finish_attempt(&self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let ended = delivery.status != DeliveryStatus::Pending;
        let mut expression = "SET #status = :status, attempt_log = :log, next_attempt_at = :next".to_owned();
        if delivery.gave_up.is_some() {
            expression.push_str(", gave_up = :gave_up");
        }
        expression.push_str(if ended {
            ", #ttl = :ttl REMOVE claimed_until, #pending"
        } else {
            " REMOVE claimed_until"
        });
        let mut request = self
            .update(&self.tables.deliveries, Self::delivery_key(delivery.account_id, delivery.id))
            .update_expression(expression)
            .condition_expression("attempts = :seen")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", to_value(TABLE, &delivery.status)?)
            .expression_attribute_values(":log", to_value(TABLE, &delivery.attempt_log)?)
            .expression_attribute_values(":next", s(delivery.next_attempt_at))
            .expression_attribute_values(":seen", n(delivery.attempts));
        if let Some(reason) = &delivery.gave_up {
            request = request.expression_attribute_values(":gave_up", s(reason.as_str()));
        }
        if ended {
            let kept = if delivery.status == DeliveryStatus::Dead { DEAD_KEPT_S } else { SUCCEEDED_KEPT_S };
            request = request
                .expression_attribute_names("#pending", "pending")
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":ttl", n(now.seconds() + kept));
        }
        match self.send_update(request).await? {
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
            .key_condition_expression("account_id = :account")
            .expression_attribute_values(":account", s(account))
            .scan_index_forward(false);
        let after = after.map(|id| Self::delivery_key(account, id));
        self.query_filtered(TABLE, request, after, |delivery| filter.accepts(delivery), count).await
    }

    /// Keeps a delivery that tells of nothing but itself. 4 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_delivery(&self, delivery: &Delivery, trail: &Trail) -> Result<(), StoreError> {
        self.transact_once(vec![self.new_delivery(delivery)?], trail).await.map_err(Cancelled::conflict)
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
            claimed_until: None,
            ..seen.clone()
        };
        let expression = "SET #status = :pending, next_attempt_at = :now, attempts_before = :seen, #pending = :partition \
                          REMOVE gave_up, claimed_until, #ttl";
        let place = Self::delivery_key(seen.account_id, seen.id);
        let change = update_item(&self.tables.deliveries, place, expression)
            .condition_expression("attempts = :seen AND #status = :before AND next_attempt_at = :due")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#pending", "pending")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":pending", to_value(TABLE, &DeliveryStatus::Pending)?)
            .expression_attribute_values(":before", to_value(TABLE, &seen.status)?)
            .expression_attribute_values(":partition", s(keys::pending(seen.id)))
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":due", s(seen.next_attempt_at))
            .expression_attribute_values(":seen", n(seen.attempts));
        self.transact(vec![an_update(change)?, self.audit(audit)?]).await.map_err(Cancelled::conflict)?;
        Ok(next)
    }
}
