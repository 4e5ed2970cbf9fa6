//! Quotas: how many checks and webhooks of a monitor, or test messages of an account, were asked for in the current minute or hour, on the item
//! of each.

use valpero_domain::{AccountId, MonitorId, Timestamp};

use crate::{
    Store, StoreError,
    call::{Item, Updated, n},
    change::{Change, If},
    window,
};

/// What may be asked of one monitor, or of one account, so many times a minute or hour, each counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Checks on request.
    Checks,
    /// Webhooks on request: tests, and deliveries that are sent again.
    Webhooks,
    /// Test messages to channels.
    ChannelTests,
    /// Deal codes, by the hour.
    DealCodes,
    /// Invitations, by the hour.
    Invitations,
}

impl Quota {
    /// The attributes that hold the minute, and how many were asked for in it.
    const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Checks => ("checks_window", "checks_used"),
            Self::Webhooks => ("webhooks_window", "webhooks_used"),
            Self::ChannelTests => ("channel_tests_window", "channel_tests_used"),
            Self::DealCodes => ("deal_codes_window", "deal_codes_used"),
            Self::Invitations => ("invitations_window", "invitations_used"),
        }
    }

    /// How many minutes are counted together.
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Checks | Self::Webhooks | Self::ChannelTests => 1,
            Self::DealCodes | Self::Invitations => 60,
        }
    }
}

impl Store {
    /// Counts a thing that was asked for of a monitor. 1 WRU; two round trips for the first of a minute.
    /// Answers whether it is within `most` a minute.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the monitor is gone.
    pub async fn count_request(
        &self,
        account: AccountId,
        monitor: MonitorId,
        quota: Quota,
        now: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        self.count_within(&self.tables.monitors, Self::monitor_key(account, monitor), quota, now, most).await
    }

    /// Counts a thing that was asked for of an account. 1 WRU; two round trips for the first of a minute. Answers whether it is within
    /// `most` a minute.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account is gone.
    pub async fn count_account_request(
        &self,
        account: AccountId,
        quota: Quota,
        now: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        self.count_within(&self.tables.accounts, Self::account_key(account), quota, now, most).await
    }

    async fn count_within(
        &self,
        table: &str,
        item: Item,
        quota: Quota,
        now: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        let (opened, used) = quota.attributes();
        let mut minute = now.minute() / quota.minutes();
        loop {
            let key = || item.clone();
            let another =
                Change::new().add(used, 1).only_if(If::Is(opened, n(minute))).only_if(If::Below(used, n(most)));
            let old = match self.change(table, key(), another).await? {
                Updated::Done(_) => return Ok(true),
                Updated::Refused(old) => old.ok_or(StoreError::NotFound)?,
            };
            let found = old.get(opened).and_then(|minute| minute.as_n().ok()?.parse::<i64>().ok());
            match found {
                Some(found) if found == minute => return Ok(false),
                // Another machine's clock is ahead and has opened the next minute: count there.
                Some(found) if window::is_next(found, minute) => {
                    minute = found;
                    continue;
                }
                _ => {}
            }
            let open = Change::new().set(opened, n(minute)).set(used, n(1));
            let open = match found {
                Some(found) => open.only_if(If::Is(opened, n(found))),
                None => open.only_if(If::Exists("account_id")).only_if(If::Absent(opened)),
            };
            // Where somebody else opened it at the same moment, theirs is the first, and this one is counted behind it.
            if let Updated::Done(_) = self.change(table, key(), open).await? {
                return Ok(true);
            }
        }
    }
}
