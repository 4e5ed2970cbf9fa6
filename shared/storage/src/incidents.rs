//! Incidents, and the story of each.

use aws_sdk_dynamodb::types::TransactWriteItem;
use valpero_domain::{
    AccountId, Actor, IncidentId, MonitorId, Timestamp,
    incident::{Incident, IncidentStatus, TimelineEntry},
};

use crate::{
    AuditRow, Delivery, Store, StoreError, Trail,
    call::{Cancelled, Item, a_put, an_update, from_item, key, put_item, s, to_item, to_value, update_item},
    keys,
};

const TABLE: &str = "incidents";

/// Which incidents a list asks for.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Those of this status.
    pub status: Option<IncidentStatus>,
    /// Those of this monitor.
    pub monitor: Option<MonitorId>,
    /// Those that started then or later.
    pub from: Option<Timestamp>,
    /// Those that started before.
    pub to: Option<Timestamp>,
}

impl IncidentFilter {
    fn accepts(&self, incident: &Incident) -> bool {
        self.status.is_none_or(|asked| asked == incident.status)
            && self.monitor.is_none_or(|asked| asked == incident.monitor_id)
            && self.from.is_none_or(|from| incident.started_at >= from)
            && self.to.is_none_or(|to| incident.started_at < to)
    }
}

impl Store {
    fn incident_key(account: AccountId, incident: IncidentId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::incident(incident))])
    }

    pub(crate) fn new_incident(
        &self,
        account: AccountId,
        incident: &Incident,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = to_item(TABLE, incident)?;
        item.extend(Self::incident_key(account, incident.id));
        a_put(put_item(&self.tables.incidents, item).condition_expression("attribute_not_exists(account_id)"))
    }

    pub(crate) fn end_incident(
        &self,
        account: AccountId,
        incident: IncidentId,
        at: Timestamp,
        by: Actor,
    ) -> Result<TransactWriteItem, StoreError> {
        let place = Self::incident_key(account, incident);
        let expression = "SET #status = :resolved, resolved_at = :at, resolved_by = :by";
        let change = update_item(&self.tables.incidents, place, expression)
            .condition_expression("#status = :ongoing")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":resolved", to_value(TABLE, &IncidentStatus::Resolved)?)
            .expression_attribute_values(":ongoing", to_value(TABLE, &IncidentStatus::Ongoing)?)
            .expression_attribute_values(":at", s(at))
            .expression_attribute_values(":by", s(by.to_string()));
        an_update(change)
    }

    pub(crate) fn new_entry(
        &self,
        account: AccountId,
        incident: IncidentId,
        entry: &TimelineEntry,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = to_item(TABLE, entry)?;
        let place = format!("{}{}", keys::timeline(incident), entry.id);
        item.extend(key([("account_id", account.to_string()), ("entry", place)]));
        a_put(put_item(&self.tables.incidents, item))
    }

    /// The incident. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such incident.
    pub async fn incident(&self, account: AccountId, incident: IncidentId) -> Result<Incident, StoreError> {
        let item = self.get(&self.tables.incidents, Self::incident_key(account, incident)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The incident's story, oldest line first. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn timeline(&self, account: AccountId, incident: IncidentId) -> Result<Vec<TimelineEntry>, StoreError> {
        let request = self
            .query(&self.tables.incidents)
            .key_condition_expression("account_id = :account AND begins_with(entry, :timeline)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":timeline", s(keys::timeline(incident)))
            .consistent_read(true);
        self.query_all(request).await?.into_iter().map(|item| from_item(TABLE, item)).collect()
    }

    /// The newest `count` incidents, of those before `after` where it is given, that the filter accepts. 0.5 RRU per 4 KB read.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn incidents(
        &self,
        account: AccountId,
        filter: &IncidentFilter,
        after: Option<IncidentId>,
        count: usize,
    ) -> Result<Vec<Incident>, StoreError> {
        let request = self
            .query(&self.tables.incidents)
            .key_condition_expression("account_id = :account AND begins_with(entry, :incident)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":incident", s(keys::INCIDENT))
            .scan_index_forward(false);
        let after = after.map(|id| Self::incident_key(account, id));
        self.query_filtered(TABLE, request, after, |incident| filter.accepts(incident), count).await
    }

    /// Notes that a person took an incident. 6 WRU, and 2 for the delivery.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it was taken or resolved meanwhile.
    pub async fn acknowledge_incident(
        &self,
        account: AccountId,
        incident: IncidentId,
        entry: &TimelineEntry,
        delivery: Option<&Delivery>,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let place = Self::incident_key(account, incident);
        let change = update_item(&self.tables.incidents, place, "SET acknowledged_at = :at, acknowledged_by = :by")
            .condition_expression("#status = :ongoing AND attribute_not_exists(acknowledged_at)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":ongoing", to_value(TABLE, &IncidentStatus::Ongoing)?)
            .expression_attribute_values(":at", s(entry.at))
            .expression_attribute_values(":by", s(entry.by.actor.to_string()));
        let mut items = vec![an_update(change)?, self.new_entry(account, incident, entry)?, self.audit(audit)?];
        items.extend(delivery.map(|delivery| self.new_delivery(delivery)).transpose()?);
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// Adds a person's words to an incident, ongoing or resolved. 4 WRU, and 2 each for the delivery and the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn comment_on_incident(
        &self,
        account: AccountId,
        incident: IncidentId,
        entry: &TimelineEntry,
        delivery: Option<&Delivery>,
        trail: &Trail,
    ) -> Result<(), StoreError> {
        let mut items = vec![self.new_entry(account, incident, entry)?];
        items.extend(delivery.map(|delivery| self.new_delivery(delivery)).transpose()?);
        self.transact_once(items, trail).await.map_err(Cancelled::conflict)
    }
}
