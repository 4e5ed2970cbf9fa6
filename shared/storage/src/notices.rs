//! What subscribers of status pages are to be told: updates that go to all of a page's subscribers, and a notice for each. They lie beside
//! the account's deliveries, and are found in the same index while they are pending.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, SubscriberId, Timestamp,
    delivery::DeliveryStatus,
    event::Due,
    pages::{Broadcast, Notice},
};

use crate::{
    PostRow, Store, StoreError,
    call::{Item, Updated, a_put, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    deliveries::attempt,
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// Longer than a broadcast takes, so that whoever tells an update a second time finds whom it was told to.
const KEPT_S: i64 = 14 * 86_400;

/// An update of which a page's subscribers are to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastRow {
    /// The account.
    pub account_id: AccountId,
    /// Which update.
    #[serde(rename = "delivery_id")]
    pub broadcast: Broadcast,
    /// The last subscriber who has a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SubscriberId>,
    /// When the next subscribers get theirs.
    pub next_attempt_at: Timestamp,
}

/// A notice to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// The account.
    pub account_id: AccountId,
    /// What to whom.
    #[serde(rename = "delivery_id")]
    pub notice: Notice,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts begun.
    pub attempts: u32,
    /// While an attempt is under way: when it counts as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Timestamp>,
    /// When the next attempt is due; while one is under way, when it counts as lost.
    pub next_attempt_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

impl NoticeRow {
    /// A notice that is due at this time.
    pub const fn new(account_id: AccountId, notice: Notice, at: Timestamp) -> Self {
        Self {
            account_id,
            notice,
            status: DeliveryStatus::Pending,
            attempts: 0,
            claimed_until: None,
            next_attempt_at: at,
            created_at: at,
        }
    }
}

impl Store {
    fn due_key(account: AccountId, due: Due) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", due.to_string())])
    }

    fn pending_due(item: Item, due: Due) -> Item {
        let mut item = item;
        item.insert("pending".into(), s(keys::pending(due)));
        item
    }

    /// The broadcasts of those updates of a post that `seen` does not have and that subscribers are told of, as part of the transaction that
    /// writes the post.
    pub(crate) fn broadcasts(
        &self,
        row: &PostRow,
        seen: Option<&PostRow>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let broadcast = |broadcast: Broadcast| {
            let due =
                BroadcastRow { account_id: row.account_id, broadcast, after: None, next_attempt_at: row.updated_at };
            let item = Self::pending_due(to_item(TABLE, &due)?, Due::Broadcast(broadcast));
            a_put(put_item(&self.tables.deliveries, item))
        };
        row.told_since(seen).map(broadcast).collect()
    }

    /// The notice as part of a transaction, in the place of one of the same name.
    pub(crate) fn put_notice(&self, row: &NoticeRow) -> Result<TransactWriteItem, StoreError> {
        let item = Self::pending_due(to_item(TABLE, row)?, Due::Notice(row.notice));
        a_put(put_item(&self.tables.deliveries, item))
    }

    /// A broadcast that has not ended. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it has, or never began.
    pub async fn broadcast(&self, account: AccountId, broadcast: Broadcast) -> Result<BroadcastRow, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::due_key(account, Due::Broadcast(broadcast))).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Notes how far a broadcast is: who has a notice, and when the next get theirs. 2 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another worker went on with it, or ended it.
    pub async fn advance_broadcast(
        &self,
        seen: &BroadcastRow,
        after: Option<SubscriberId>,
        next_attempt_at: Timestamp,
    ) -> Result<BroadcastRow, StoreError> {
        let unchanged = seen.after.map_or(If::Absent("after"), |after| If::Is("after", s(after)));
        let change = Change::new()
            .set_some("after", after.map(s))
            .set("next_attempt_at", s(next_attempt_at))
            .only_if(If::Is("next_attempt_at", s(seen.next_attempt_at)))
            .only_if(unchanged);
        let key = Self::due_key(seen.account_id, Due::Broadcast(seen.broadcast));
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(item) => from_item(TABLE, item),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Ends a broadcast. 2 WRU. Does nothing where it ended already.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn end_broadcast(&self, account: AccountId, broadcast: Broadcast) -> Result<(), StoreError> {
        let key = Self::due_key(account, Due::Broadcast(broadcast));
        self.delete_if(&self.tables.deliveries, key, If::Exists("account_id")).await.map(drop)
    }

    /// Keeps a notice, unless there is one of its name already: nobody is told the same twice. 2 WRU. Answers whether it is new.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn add_notice(&self, row: &NoticeRow) -> Result<bool, StoreError> {
        let item = Self::pending_due(to_item(TABLE, row)?, Due::Notice(row.notice));
        self.put_new(&self.tables.deliveries, item).await
    }

    /// The notice. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub async fn notice(&self, account: AccountId, notice: Notice) -> Result<NoticeRow, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::due_key(account, Due::Notice(notice))).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Begins an attempt: of all who hold the message, one gets it. Until `lost_at` nobody else tries. 2 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is not due, no longer pending, or somebody else has it.
    pub async fn claim_notice(
        &self,
        seen: &NoticeRow,
        now: Timestamp,
        lost_at: Timestamp,
    ) -> Result<NoticeRow, StoreError> {
        let nonce = u64::from_be_bytes(valpero_auth::random_bytes()).to_string();
        let change = attempt(seen.attempts, now, lost_at)?.set("claim_nonce", s(nonce.as_str()));
        let key = Self::due_key(seen.account_id, Due::Notice(seen.notice));
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(item) => from_item(TABLE, item),
            // The first try was written, and its answer lost: the claim is ours.
            Updated::Refused(Some(item)) if item.get("claim_nonce") == Some(&s(nonce)) => from_item(TABLE, item),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Ends an attempt with what the notice's status and `next_attempt_at` now say. 2 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the attempt counted as lost and another one began.
    pub async fn finish_notice(&self, row: &NoticeRow, now: Timestamp) -> Result<(), StoreError> {
        let mut change = Change::new()
            .set("status", to_value(TABLE, &row.status)?)
            .set("next_attempt_at", s(row.next_attempt_at))
            .remove("claimed_until")
            .only_if(If::Is("attempts", n(row.attempts)));
        if row.status != DeliveryStatus::Pending {
            change = change.set(TTL, n(now.seconds() + KEPT_S)).remove("pending");
        }
        let key = Self::due_key(row.account_id, Due::Notice(row.notice));
        match self.change(&self.tables.deliveries, key, change).await? {
            Updated::Done(_) => Ok(()),
            Updated::Refused(_) => Err(StoreError::Conflict),
        }
    }
}
