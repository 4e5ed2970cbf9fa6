//! Incidents, and the story of each.

use aws_sdk_dynamodb::types::TransactWriteItem;
use valpero_domain::{
    AccountId, Actor, IncidentId, MonitorId, Timestamp,
    event::Event,
    incident::{Incident, IncidentStatus, TimelineEntry},
};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{Cancelled, Item, a_put, from_item, key, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "incidents";

/// Which incidents a list asks for.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Those of one of these statuses; of any where none is named.
    pub status: Vec<IncidentStatus>,
    /// Those of one of these monitors; of any where none is named.
    pub monitor: Vec<MonitorId>,
    /// Those that a person took, or that nobody did.
    pub acknowledged: Option<bool>,
    /// Those that were not over by then.
    pub from: Option<Timestamp>,
    /// Those that started before.
    pub to: Option<Timestamp>,
}

impl IncidentFilter {
    fn accepts(&self, incident: &Incident) -> bool {
        let lasts_into =
            |from: Timestamp| incident.started_at >= from || incident.resolved_at.is_none_or(|end| end > from);
        (self.status.is_empty() || self.status.contains(&incident.status))
            && (self.monitor.is_empty() || self.monitor.contains(&incident.monitor_id))
            && self.acknowledged.is_none_or(|asked| asked == incident.acknowledged_at.is_some())
            && self.from.is_none_or(lasts_into)
            && self.to.is_none_or(|to| incident.started_at < to)
    }
}

/// What happens to a monitor's incident.
#[derive(Debug, Clone)]
pub enum IncidentWrite {
    /// Nothing.
    None,
    /// It opens.
    Open {
        /// The incident.
        incident: Box<Incident>,
        /// The first line of its story.
        entry: TimelineEntry,
    },
    /// It ends.
    Resolve {
        /// Which.
        id: IncidentId,
        /// When.
        at: Timestamp,
        /// Who ends it.
        by: Actor,
        /// The last line of its story.
        entry: TimelineEntry,
    },
}

impl Store {
    pub(crate) fn incident_key(account: AccountId, incident: IncidentId) -> Item {
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
        Change::new()
            .set("status", to_value(TABLE, &IncidentStatus::Resolved)?)
            .set("resolved_at", s(at))
            .set("resolved_by", s(by.to_string()))
            .only_if(If::Is("status", to_value(TABLE, &IncidentStatus::Ongoing)?))
            .on(&self.tables.incidents, Self::incident_key(account, incident))
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

    pub(crate) fn write_incident(
        &self,
        account: AccountId,
        write: &IncidentWrite,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        match write {
            IncidentWrite::None => Ok(Vec::new()),
            IncidentWrite::Open { incident, entry } => {
                Ok(vec![self.new_incident(account, incident)?, self.new_entry(account, incident.id, entry)?])
            }
            IncidentWrite::Resolve { id, at, by, entry } => {
                Ok(vec![self.end_incident(account, *id, *at, *by)?, self.new_entry(account, *id, entry)?])
            }
        }
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

    /// The newest `count` incidents, of those before `after` where it is given, that the filter accepts. 0.5 RRU per 4 KB
    /// read: the account's incidents, newest first, until there are enough; all of them where fewer fit, for an old one may have lasted
    /// into any time.
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

    /// Notes that a person took an incident. 6 WRU, and 2 per KB for the event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it was taken or resolved meanwhile.
    pub async fn acknowledge_incident(
        &self,
        account: AccountId,
        incident: IncidentId,
        entry: &TimelineEntry,
        event: Option<&Event>,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new()
            .set("acknowledged_at", s(entry.at))
            .set("acknowledged_by", s(entry.by.actor.to_string()))
            .only_if(If::Is("status", to_value(TABLE, &IncidentStatus::Ongoing)?))
            .only_if(If::Absent("acknowledged_at"));
        let change = change.on(&self.tables.incidents, Self::incident_key(account, incident))?;
        let mut items = vec![change, self.new_entry(account, incident, entry)?, self.audit(audit)?];
        items.extend(event.map(|event| self.new_event(event)).transpose()?);
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// Adds a person's words to an incident, ongoing or resolved. 4 WRU, 2 for the receipt, and 2 per KB for the event.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn comment_on_incident(
        &self,
        account: AccountId,
        incident: IncidentId,
        entry: &TimelineEntry,
        event: Option<&Event>,
        trail: &Trail,
    ) -> Result<(), StoreError> {
        let mut items = vec![self.new_entry(account, incident, entry)?];
        items.extend(event.map(|event| self.new_event(event)).transpose()?);
        self.transact_once(items, trail).await.map_err(Cancelled::conflict)
    }
}
