//! Quotas of one monitor: how many checks and webhooks were asked for in the current minute, on the monitor's own item.

use valpero_domain::{AccountId, MonitorId, Timestamp};

use crate::{
    Store, StoreError,
    call::{Updated, n},
    change::{Change, If},
    window,
};

/// What may be asked of one monitor so many times a minute, each counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Checks on request.
    Checks,
    /// Webhooks on request: tests, and deliveries that are sent again.
    Webhooks,
}

impl Quota {
    /// The attributes that hold the minute, and how many were asked for in it.
    const fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Checks => ("checks_window", "checks_used"),
            Self::Webhooks => ("webhooks_window", "webhooks_used"),
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
        let (opened, used) = quota.attributes();
        let mut minute = now.minute();
        loop {
            let key = || Self::monitor_key(account, monitor);
            let another =
                Change::new().add(used, 1).only_if(If::Is(opened, n(minute))).only_if(If::Below(used, n(most)));
            let old = match self.change(&self.tables.monitors, key(), another).await? {
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
            if let Updated::Done(_) = self.change(&self.tables.monitors, key(), open).await? {
                return Ok(true);
            }
        }
    }
}
