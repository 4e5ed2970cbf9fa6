//! Escalation: what the minute's sweep finds to do for an incident: steps and repeats that are due, and silences that end.

use valpero_domain::{
    AccountId, IncidentId, Timestamp,
    alerting::{HoldReason, PolicyRead, escalation::is_due},
    event::Due,
};
use valpero_runtime::WorkError;
use valpero_storage::{AlertingRow, Optional, StoreError, While};

use crate::{Delivery, alert::over};

impl Delivery {
    /// Handles one message of an incident; answers, for the log, what came of it.
    pub(crate) async fn escalate(&self, account: AccountId, id: IncidentId) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let Some(mut row) = store.alerting(account, id).await? else { return Ok("aged") };
        let Some(wakes_at) = row.alerting.wakes_at() else { return Ok("nothing left to do") };
        // The end of a mute, which may come before its time, is looked for whenever somebody asks.
        let is_muted = row.alerting.hold.is_some_and(|hold| hold.reason == HoldReason::Muted);
        if !is_muted && !is_due(wakes_at, now) {
            self.remind_of(&row, now).await;
            return Ok("early");
        }
        let incident = store.incident(account, id).await.optional()?;
        let Some(incident) = incident else { return Ok("no such incident") };
        let monitor = store.monitor(account, row.alerting.monitor_id).await.optional()?;
        if let Some((at, why)) = over(&incident) {
            row.alerting.stop(at, why);
        }
        let owed = row.alerting.owes_recovery();
        // Flapping keeps only those quiet that have told nobody yet.
        let stable_at = match row.alerting.has_begun() {
            true => None,
            false => store.flapping(account, row.alerting.monitor_id).await?.look_at,
        };
        match self.hold(account, &row.alerting, monitor.as_ref(), stable_at, now).await? {
            Some(hold) => row.alerting.hold(hold),
            None if row.alerting.hold.is_some() => row.alerting.release(now),
            None => {}
        }
        let mut messages = Vec::new();
        if owed && !row.alerting.owes_recovery() {
            // Before the row, so that a crash in between loses none.
            let event = self.stored_event(account, row.resolved_by).await?;
            if let Some(event) = event {
                messages.extend(self.tell_those_told(&row, &event, &incident).await?);
            }
        }
        if let Some(policy) = &row.alerting.policy
            && row.alerting.stopped.is_none()
            && let Some(read) = store.policy(account, policy.id).await.optional()?
        {
            // One that was deleted meanwhile is followed to its end.
            row.alerting.adopt(PolicyRead { id: read.id, steps: read.policy.steps });
        }
        row.alerting.advance(now);
        let condition = if row.alerting.stopped.is_none() { While::Open } else { While::Any };
        let row = match store.put_alerting(row, condition, now).await {
            Ok(row) => row,
            Err(StoreError::Conflict) => return Ok("changed meanwhile"),
            Err(error) => return Err(error.into()),
        };
        self.remind_of(&row, now).await;
        if !row.alerting.handing_out.is_empty()
            && let Some(opening) = self.stored_event(account, row.opened_by).await?
        {
            messages.extend(self.page(row, &opening).await?);
        }
        let told = self.tell_all(messages).await?;
        Ok(if told > 0 { "told" } else { "nobody told" })
    }

    /// Sends the message of an incident's next step, unless that is due already.
    pub(crate) async fn remind_of(&self, row: &AlertingRow, now: Timestamp) {
        if let Some(at) = row.alerting.wakes_at().filter(|at| *at > now) {
            self.remind_at(row.account_id, Due::Incident(row.alerting.incident_id), at, now).await;
        }
    }
}
