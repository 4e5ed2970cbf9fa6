//! Flapping monitors: when a monitor's last incidents opened, and whether its channels are silent because it goes down again and again.

use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, IncidentId, MonitorId, Timestamp,
    alerting::flapping::{State, WITHIN_MS},
    event::Due,
};

use crate::{
    Store, StoreError,
    call::{Item, from_item, key, n, s, to_item},
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// How long the incidents of an hour are remembered, with some room.
const KEPT_S: i64 = 2 * 3_600;

/// The row of a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlappingRow {
    /// Whose.
    pub account_id: AccountId,
    /// The monitor.
    pub monitor: MonitorId,
    /// Its last incidents, and when each opened.
    #[serde(default)]
    pub opened: Vec<Opened>,
    /// Whether it is flapping.
    #[serde(default)]
    pub state: State,
    /// When its status is to be looked at, while it is flapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Timestamp>,
    /// Counts the changes, so that of two at once one wins.
    #[serde(default)]
    pub version: i64,
}

/// An incident, and when it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The incident.
    pub incident_id: IncidentId,
    /// When it opened.
    pub at: Timestamp,
}

impl FlappingRow {
    /// The row of a monitor that had no incident lately.
    pub fn new(account_id: AccountId, monitor: MonitorId) -> Self {
        Self { account_id, monitor, opened: Vec::new(), state: State::default(), look_at: None, version: 0 }
    }

    /// Notes an incident, once, and forgets those of more than an hour before.
    pub fn note(&mut self, incident_id: IncidentId, at: Timestamp) {
        self.opened.retain(|opened| opened.incident_id != incident_id && at.ms_since(opened.at) <= WITHIN_MS);
        self.opened.push(Opened { incident_id, at });
    }
}

impl Store {
    fn flapping_key(account: AccountId, monitor: MonitorId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", monitor.to_string())])
    }

    /// The row of a monitor. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn flapping(&self, account: AccountId, monitor: MonitorId) -> Result<FlappingRow, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::flapping_key(account, monitor)).await?;
        Ok(item.map(|item| from_item(TABLE, item)).transpose()?.unwrap_or_else(|| FlappingRow::new(account, monitor)))
    }

    /// Writes the row of a monitor. 2 WRU, and 2 for the index while the monitor is flapping.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it first.
    pub async fn put_flapping(&self, row: &FlappingRow, now: Timestamp) -> Result<(), StoreError> {
        let next = FlappingRow { version: row.version + 1, ..row.clone() };
        let mut item = to_item(TABLE, &next)?;
        item.extend(Self::flapping_key(row.account_id, row.monitor));
        match row.look_at {
            Some(at) => {
                item.insert("pending".into(), s(keys::pending(Due::Monitor(row.monitor))));
                item.insert("next_attempt_at".into(), s(at));
            }
            None => {
                item.insert(TTL.into(), n(now.seconds() + KEPT_S));
            }
        }
        self.put_next(&self.tables.deliveries, item, row.version).await
    }
}
