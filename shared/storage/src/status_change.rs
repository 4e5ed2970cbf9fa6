//! Crossing the line: a monitor's status, its incident, the delivery and the audit row change together or not at all.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use valpero_domain::{
    AccountId, Actor, IncidentId, Status, Timestamp,
    incident::{Incident, TimelineEntry},
    schedule::RegionState,
    status::Unwatched,
};

use crate::{
    AuditRow, Delivery, Monitor, Store, StoreError,
    call::{Cancelled, an_update, n, s, to_value, update_item},
};

const TABLE: &str = "monitors";

const AS_SEEN: &str = "version = :seen";
const AS_SEEN_AND_VOTED: &str = "version = :seen AND votes = :votes";

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

/// A change of a monitor's status with all that goes with it.
#[derive(Debug)]
pub struct StatusChange<'a> {
    /// The monitor as it was when this was decided: of two decisions on the same one, one wins.
    pub monitor: &'a Monitor,
    /// What it becomes.
    pub to: Status,
    /// When.
    pub at: Timestamp,
    /// Whether the regions must make up their minds anew: after a pause, and after a person resolved an incident.
    pub forget_votes: bool,
    /// What happens to its incident.
    pub incident: IncidentWrite,
    /// What is sent.
    pub delivery: Option<&'a Delivery>,
    /// What the audit log says.
    pub audit: &'a AuditRow,
}

impl Store {
    /// Changes a monitor's status. 4 WRU for the status and the audit row, 4 for an incident, 2 for a delivery, 2 a region.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed the monitor first, or a region voted otherwise since it was read.
    pub async fn change_status(&self, change: &StatusChange<'_>) -> Result<Monitor, StoreError> {
        let monitor = change.monitor;
        let mut next = monitor.clone();
        next.status = change.to;
        next.status_since = change.at;
        next.version += 1;
        let started_at = match &change.incident {
            IncidentWrite::Open { incident, .. } => incident.started_at,
            _ => change.at,
        };
        next.downtime.turn(change.to, change.at, started_at);
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
        if let Some(delivery) = change.delivery {
            items.push(self.new_delivery(delivery)?);
        }
        for place in &monitor.places {
            let expression = match (change.forget_votes, change.to) {
                (true, _) => "SET #status = :status, #state = :state ADD revision :one",
                (false, Status::Up) => "REMOVE #status",
                (false, _) => "SET #status = :status",
            };
            let mut scheduled =
                update_item(&self.tables.schedules, Self::schedule_key(&place.cohort(), monitor.id), expression)
                    .condition_expression("attribute_exists(cohort)")
                    .expression_attribute_names("#status", "status");
            if change.forget_votes || change.to != Status::Up {
                scheduled = scheduled.expression_attribute_values(":status", s(change.to.as_str()));
            }
            if change.forget_votes {
                scheduled = scheduled
                    .expression_attribute_names("#state", "state")
                    .expression_attribute_values(":state", to_value(TABLE, &RegionState::default())?)
                    .expression_attribute_values(":one", n(1));
            }
            items.push(an_update(scheduled)?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)?;
        Ok(next)
    }

    /// Keeps whether nobody watches a monitor, and what its webhook is told of that. 5 WRU, and 2 for a delivery.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed the monitor first, or a region voted otherwise since it was read.
    pub async fn save_unwatched(
        &self,
        monitor: &Monitor,
        unwatched: Option<&Unwatched>,
        delivery: Option<&Delivery>,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let place = Self::monitor_key(monitor.account_id, monitor.id);
        let expression = match unwatched {
            Some(_) => "SET unwatched = :unwatched ADD version :one",
            None => "REMOVE unwatched ADD version :one",
        };
        let mut change = update_item(&self.tables.monitors, place, expression)
            .condition_expression(AS_SEEN_AND_VOTED)
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":seen", n(monitor.version))
            .expression_attribute_values(":votes", to_value(TABLE, &monitor.votes)?);
        if let Some(unwatched) = unwatched {
            change = change.expression_attribute_values(":unwatched", to_value(TABLE, unwatched)?);
        }
        let mut items = vec![an_update(change)?, self.audit(audit)?];
        if let Some(delivery) = delivery {
            items.push(self.new_delivery(delivery)?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    fn write_status(&self, change: &StatusChange<'_>, next: &Monitor) -> Result<TransactWriteItem, StoreError> {
        let mut expression =
            "SET #status = :status, status_since = :at, version = :next, downtime = :downtime".to_owned();
        if change.forget_votes {
            expression.push_str(", votes = :votes");
        }
        if next.last_resolved_at != change.monitor.last_resolved_at {
            expression.push_str(", last_resolved_at = :resolved");
        }
        match next.current_incident_id {
            Some(_) => expression.push_str(", current_incident_id = :incident REMOVE unwatched"),
            None => expression.push_str(" REMOVE unwatched, current_incident_id"),
        }
        let monitor = change.monitor;
        let place = Self::monitor_key(monitor.account_id, monitor.id);
        let mut update = update_item(&self.tables.monitors, place, expression)
            // What the regions decided holds only while they vote as they did; what a person decided holds in any case.
            .condition_expression(if change.forget_votes { AS_SEEN } else { AS_SEEN_AND_VOTED })
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", to_value(TABLE, &change.to)?)
            .expression_attribute_values(":at", s(change.at))
            .expression_attribute_values(":downtime", to_value(TABLE, &next.downtime)?)
            .expression_attribute_values(":next", n(next.version))
            .expression_attribute_values(":votes", to_value(TABLE, &next.votes)?)
            .expression_attribute_values(":seen", n(monitor.version));
        if let Some(resolved) = next.last_resolved_at.filter(|at| change.monitor.last_resolved_at != Some(*at)) {
            update = update.expression_attribute_values(":resolved", s(resolved));
        }
        if let Some(incident) = next.current_incident_id {
            update = update.expression_attribute_values(":incident", s(incident));
        }
        an_update(update)
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
}
