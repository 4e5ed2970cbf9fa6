//! Paces: when the next message may go to a channel's receiver, by the limit that the receiver publishes; and when the next mail to a
//! subscriber may, by the deployment's quota.

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

/// Mails that wait longer than this for their turn were not planned by a clock that is right: a day.
const MAIL_AHEAD_MAX_S: i64 = 86_400;

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
        self.reserve_at(account.to_string(), of, now, reserve).await
    }

    /// Reserves the times of `count` mails to subscribers, of which the whole deployment sends `per_second`; answers that of the first. 1 RRU
    /// and 1 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where others were faster again and again.
    // Not a tenant's: the quota of mail is the deployment's.
    pub async fn reserve_mails(&self, count: u32, per_second: u32, now: Timestamp) -> Result<Timestamp, StoreError> {
        let took_ms = i64::from(count) * 1000 / i64::from(per_second.max(1));
        let reserve = |next: Option<Timestamp>| {
            // What lies further ahead than any number of mails takes was noted by a clock that was wrong.
            let noted = next.filter(|next| *next < now.plus_seconds(MAIL_AHEAD_MAX_S));
            let at = noted.map_or(now, |next| next.max(now));
            (at, at.plus_ms(took_ms))
        };
        self.reserve_at(keys::MAIL.to_owned(), keys::MAIL, now, reserve).await
    }

    async fn reserve_at(
        &self,
        partition: String,
        of: &str,
        now: Timestamp,
        reserve: impl Fn(Option<Timestamp>) -> (Timestamp, Timestamp),
    ) -> Result<Timestamp, StoreError> {
        let item = key([("account_id", partition), ("delivery_id", keys::pace(of))]);
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
