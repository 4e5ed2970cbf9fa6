//! The alerting of incidents: one row for each, beside its deliveries, in the index of what is pending while it has something to do.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use serde::{Deserialize, Serialize};
use valpero_auth::derived;
use valpero_domain::{
    AccountId, ChannelId, DeliveryId, EventId, IncidentId, Timestamp,
    alerting::{Alerting, StepKey},
    event::Due,
    incident::IncidentStatus,
};

use crate::{
    Store, StoreError,
    call::{Cancelled, Item, a_put, from_item, key, n, put_item, s, to_item, to_value},
    keys,
    schema::TTL,
};

const TABLE: &str = "deliveries";

/// As long as the deliveries that were given up.
const KEPT_S: i64 = 90 * 86_400;

/// The row of an incident.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertingRow {
    /// Whose.
    pub account_id: AccountId,
    /// Whom the incident reaches, and when.
    pub alerting: Alerting,
    /// The event of its opening, of which its steps tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<EventId>,
    /// The event of its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<EventId>,
    /// Whether its channels were not told because the monitor was flapping.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flapping: bool,
    /// Whether its channels are told so in the place of its opening: it is the incident with which that began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tells_flapping: bool,
    /// Counts the changes, so that of two at once one wins.
    #[serde(default)]
    pub version: i64,
}

impl AlertingRow {
    /// The delivery that told a channel of the incident first; none where its step was not reached.
    pub fn opening_of(&self, channel_id: ChannelId) -> Option<DeliveryId> {
        let told = self.alerting.told.iter().find(|told| told.channel_id == channel_id)?;
        let key = StepKey {
            incident_id: self.alerting.incident_id,
            after_minutes: told.after_minutes,
            repeat_round: told.repeat_round,
            channel_id,
        };
        Some(derived::id(told.at, &key))
    }
}

/// What must be true of the incident when its row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum While {
    /// It is open, and nobody has acknowledged it: a step is taken.
    Open,
    /// Anything.
    Any,
}

impl Store {
    fn alerting_key(account: AccountId, incident: IncidentId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", incident.to_string())])
    }

    /// The alerting of an incident; none where it has not begun. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn alerting(&self, account: AccountId, incident: IncidentId) -> Result<Option<AlertingRow>, StoreError> {
        let item = self.get(&self.tables.deliveries, Self::alerting_key(account, incident)).await?;
        item.map(|item| from_item(TABLE, item)).transpose()
    }

    /// Writes a row that was changed since it was read, or is new with version 0; answers it with its new version. 2 WRU per KB, and
    /// 2 for the index; 6 and 2 for a step.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else wrote it first, or the incident is not as it must be.
    pub async fn put_alerting(
        &self,
        row: AlertingRow,
        condition: While,
        now: Timestamp,
    ) -> Result<AlertingRow, StoreError> {
        let (account, incident) = (row.account_id, row.alerting.incident_id);
        let seen = row.version;
        let row = AlertingRow { version: seen + 1, ..row };
        let mut item = to_item(TABLE, &row)?;
        item.extend(Self::alerting_key(account, incident));
        match row.alerting.wakes_at() {
            Some(at) => {
                item.insert("pending".into(), s(keys::pending(Due::Incident(incident))));
                item.insert("next_attempt_at".into(), s(at));
            }
            None if row.alerting.stopped.is_some() => {
                item.insert(TTL.into(), n(now.seconds() + KEPT_S));
            }
            None => {}
        }
        if condition == While::Any {
            self.put_next(&self.tables.deliveries, item, seen).await?;
            return Ok(row);
        }
        let put = put_item(&self.tables.deliveries, item);
        let put = match seen {
            0 => put.condition_expression("attribute_not_exists(account_id)"),
            _ => put.condition_expression("version = :seen").expression_attribute_values(":seen", n(seen)),
        };
        let items = vec![a_put(put)?, self.still_open(account, incident)?];
        self.transact(items).await.map_err(Cancelled::conflict)?;
        Ok(row)
    }

    fn still_open(&self, account: AccountId, incident: IncidentId) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.tables.incidents)
            .set_key(Some(Self::incident_key(account, incident)))
            .condition_expression("#status = :ongoing AND attribute_not_exists(acknowledged_at)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":ongoing", to_value(TABLE, &IncidentStatus::Ongoing)?);
        Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
    }
}
