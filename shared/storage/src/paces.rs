//! Paces: when the next message may go to a channel's receiver, by the limit that the receiver publishes.

use serde::Deserialize;
use valpero_domain::{AccountId, Timestamp};

use crate::{
    Store, StoreError,
    call::{Updated, from_item, key, n, s},
    change::{Change, If},
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// Longer than any receiver asks to be left alone for.
const KEPT_S: i64 = 86_400;

/// How often it is tried again where others reserve at the same moment.
const TRIES: usize = 50;

#[derive(Debug, Default, Deserialize)]
struct Row {
    next_at: Option<Timestamp>,
}

impl Store {
    /// Reserves a message's time. `of` names the limit; `reserve` is given what is noted of it, and answers the message's time and what
    /// is to be noted. 1 RRU and 1 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where others were faster again and again.
    pub async fn reserve(
        &self,
        account: AccountId,
        of: &str,
        now: Timestamp,
        reserve: impl Fn(Option<Timestamp>) -> (Timestamp, Timestamp),
    ) -> Result<Timestamp, StoreError> {
        let item = key([("account_id", account.to_string()), ("delivery_id", keys::pace(of))]);
        let read = self.get(&self.tables.deliveries, item.clone()).await?;
        let mut row: Row = read.map(|item| from_item(TABLE, item)).transpose()?.unwrap_or_default();
        for _ in 0..TRIES {
            let (at, next_at) = reserve(row.next_at);
            let unchanged = row.next_at.map_or(If::Absent("next_at"), |seen| If::Is("next_at", s(seen)));
            let change =
                Change::new().set("next_at", s(next_at)).set(TTL, n(now.seconds() + KEPT_S)).only_if(unchanged);
            row = match self.change(&self.tables.deliveries, item.clone(), change).await? {
                Updated::Done(_) => return Ok(at),
                Updated::Refused(item) => item.map(|item| from_item(TABLE, item)).transpose()?.unwrap_or_default(),
            };
        }
        Err(StoreError::Conflict)
    }
}
