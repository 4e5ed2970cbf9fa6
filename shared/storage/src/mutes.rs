//! Mutes: until when the channels of a monitor, or of a whole account, are silent. The end stands on the monitor or the account, where
//! whoever alerts reads it, and in a row of the Deliveries table, by which the sweep finds what has ended.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Deserialize;
use valpero_domain::{
    AccountId, Timestamp,
    event::{Due, Muted},
};

use crate::{
    AuditRow, Store, StoreError,
    call::{Cancelled, Item, a_put, from_item, key, put_item, s},
    change::{Change, If},
    keys,
};

const TABLE: &str = "deliveries";

/// A mute whose end is still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MuteRow {
    /// When it ends, or was ended.
    pub until: Timestamp,
}

impl Store {
    fn mute_key(account: AccountId, muted: Muted) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", muted.to_string())])
    }

    /// Where the end of a mute stands beside its row.
    fn muted_item(&self, account: AccountId, muted: Muted) -> (&str, Item) {
        match muted {
            Muted::Account => (&self.tables.accounts, Self::account_key(account)),
            Muted::Monitor(id) => (&self.tables.monitors, Self::monitor_key(account, id)),
        }
    }

    /// A change of where the end of a mute stands. It is no change of the settings, so it counts no version, and what is decided of
    /// the monitor meanwhile holds.
    fn change_muted(&self, account: AccountId, muted: Muted, change: Change) -> Result<TransactWriteItem, StoreError> {
        let (table, key) = self.muted_item(account, muted);
        change.on(table, key)
    }

    fn put_mute(&self, account: AccountId, muted: Muted, until: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mut item = Self::mute_key(account, muted);
        item.insert("until".into(), s(until));
        item.insert("pending".into(), s(keys::pending(Due::Mute(muted))));
        item.insert("next_attempt_at".into(), s(until));
        a_put(put_item(&self.tables.deliveries, item))
    }

    /// Silences the channels of a monitor or of the account until then, whatever was the end before. 7 WRU, and 2 per further KB
    /// of the monitor.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such monitor.
    pub async fn mute(
        &self,
        account: AccountId,
        muted: Muted,
        until: Timestamp,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new().set("muted_until", s(until)).only_if(If::Exists("account_id"));
        let change = self.change_muted(account, muted, change)?;
        let done = self.transact(vec![change, self.put_mute(account, muted, until)?, self.audit(audit)?]).await;
        done.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// Ends a mute now; its row is due. 8 WRU, and 2 per further KB of the monitor.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where there is none: somebody else ended it first, or the monitor is deleted.
    pub async fn unmute(
        &self,
        account: AccountId,
        muted: Muted,
        now: Timestamp,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new().remove("muted_until").only_if(If::Exists("muted_until"));
        let change = self.change_muted(account, muted, change)?;
        let done = self.transact(vec![change, self.put_mute(account, muted, now)?, self.audit(audit)?]).await;
        done.map_err(Cancelled::conflict)
    }

    /// The mute whose end is still to be told; none where there is none. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn mute_row(&self, account: AccountId, muted: Muted) -> Result<Option<MuteRow>, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::mute_key(account, muted)).await?;
        item.map(|item| from_item(TABLE, item)).transpose()
    }

    /// Forgets a mute whose end was told, unless there is another end by now. 1 WRU per KB of the monitor, and 3 for the row and its
    /// entry of the index. Safe to repeat, also where the monitor was deleted.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn mute_ended(&self, account: AccountId, muted: Muted, seen_until: Timestamp) -> Result<(), StoreError> {
        // The row goes last: while it is there, the sweep comes back to what was left undone.
        let change = Change::new().remove("muted_until").only_if(If::Is("muted_until", s(seen_until)));
        let (table, key) = self.muted_item(account, muted);
        self.change(table, key, change).await?;
        let unchanged = If::Is("until", s(seen_until));
        self.delete_if(&self.tables.deliveries, Self::mute_key(account, muted), unchanged).await.map(drop)
    }
}
