//! A change of status: a monitor's status, its incident, the event that tells of it and the audit row, all or none.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use valpero_domain::{
    Status, Timestamp,
    event::Event,
    schedule::RegionState,
    status::{DegradedReason, Unwatched},
};

use crate::{
    AuditRow, IncidentWrite, Monitor, Store, StoreError,
    call::{Cancelled, n, s, to_value},
    change::{Change, If},
};

const TABLE: &str = "monitors";

/// A change of a monitor's status with all that goes with it.
#[derive(Debug)]
pub struct StatusChange<'a> {
    /// The monitor as it was when this was decided: of two decisions on the same one, one wins.
    pub monitor: &'a Monitor,
    /// What it becomes.
    pub to: Status,
    /// Why it is degraded, where it becomes that.
    pub reason: Option<DegradedReason>,
    /// When.
    pub at: Timestamp,
    /// Whether the regions must make up their minds anew: after a pause, and after a person resolved an incident.
    pub forget_votes: bool,
    /// What happens to its incident.
    pub incident: IncidentWrite,
    /// What is told, where anybody is.
    pub event: Option<&'a Event>,
    /// What the audit log says.
    pub audit: &'a AuditRow,
}

impl Store {
    /// Changes a monitor's status. 4 WRU for the status and the audit row, 4 for an incident, 2 per KB for an event, 2 a region, 5 for each status
    /// page that shows it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed the monitor first, or a region voted otherwise since it was read.
    pub async fn change_status(&self, change: &StatusChange<'_>) -> Result<Monitor, StoreError> {
        let monitor = change.monitor;
        let mut next = monitor.clone();
        next.status = change.to;
        next.degraded_reason = change.reason;
        next.status_since = change.at;
        next.version += 1;
        let started_at = match &change.incident {
            IncidentWrite::Open { incident, .. } => incident.started_at,
            _ => change.at,
        };
        next.downtime.transition(change.to, change.at, started_at);
        if change.forget_votes {
            next.votes = BTreeMap::new();
        }
        // Either a region has seen it, or it is not to be watched for now.
        next.unwatched = None;
        match &change.incident {
            IncidentWrite::None => {}
            IncidentWrite::Open { incident, .. } => next.current_incident_id = Some(incident.id),
            IncidentWrite::Resolve { at, .. } => {
                next.current_incident_id = None;
                next.last_resolved_at = Some(*at);
            }
        }
        let mut items = vec![self.write_status(change, &next)?, self.audit(change.audit)?];
        items.extend(self.write_incident(monitor.account_id, &change.incident)?);
        items.extend(change.event.map(|event| self.new_event(event)).transpose()?);
        items.extend(self.mark_pages_of(monitor, change.at)?);
        for place in &monitor.places {
            let mut scheduled = Change::new().only_if(If::Exists("cohort"));
            scheduled = match (change.forget_votes, change.to) {
                (true, to) => scheduled
                    .set("status", s(to.as_str()))
                    .set("state", to_value(TABLE, &RegionState::default())?)
                    .add("revision", 1),
                (false, Status::Up) => scheduled.remove("status"),
                (false, to) => scheduled.set("status", s(to.as_str())),
            };
            items.push(scheduled.on(&self.tables.schedules, Self::schedule_key(&place.cohort(), monitor.id))?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)?;
        Ok(next)
    }

    /// Keeps whether nobody watches a monitor, and what is told of that. 5 WRU, and 2 per KB for an event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed the monitor first, or a region voted otherwise since it was read.
    pub async fn save_unwatched(
        &self,
        monitor: &Monitor,
        unwatched: Option<&Unwatched>,
        event: Option<&Event>,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new()
            .set_or_remove("unwatched", unwatched.map(|unwatched| to_value(TABLE, unwatched)).transpose()?)
            .add("version", 1)
            .only_if(If::Is("version", n(monitor.version)))
            .only_if(If::Is("votes", to_value(TABLE, &monitor.votes)?));
        let change = change.on(&self.tables.monitors, Self::monitor_key(monitor.account_id, monitor.id))?;
        let mut items = vec![change, self.audit(audit)?];
        items.extend(event.map(|event| self.new_event(event)).transpose()?);
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    fn write_status(&self, change: &StatusChange<'_>, next: &Monitor) -> Result<TransactWriteItem, StoreError> {
        let monitor = change.monitor;
        let resolved = next.last_resolved_at.filter(|at| monitor.last_resolved_at != Some(*at));
        let mut update = Change::new()
            .set("status", to_value(TABLE, &change.to)?)
            .set("status_since", s(change.at))
            .set("version", n(next.version))
            .set("downtime", to_value(TABLE, &next.downtime)?)
            .set_some("last_resolved_at", resolved.map(s))
            .set_or_remove("current_incident_id", next.current_incident_id.map(s))
            .set_or_remove("degraded_reason", change.reason.map(|reason| s(reason.as_str())))
            .remove("unwatched")
            .only_if(If::Is("version", n(monitor.version)));
        // What the regions decided holds only while they vote as they did; what a person decided holds in any case.
        update = if change.forget_votes {
            update.set("votes", to_value(TABLE, &next.votes)?)
        } else {
            update.only_if(If::Is("votes", to_value(TABLE, &monitor.votes)?))
        };
        update.on(&self.tables.monitors, Self::monitor_key(monitor.account_id, monitor.id))
    }
}
