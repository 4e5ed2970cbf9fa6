//! Escalation: what the minute's sweep finds to do for an incident: steps and repeats that are due, and silences that end.

use valpero_domain::{
    AccountId, IncidentId, Timestamp,
    alerting::{HoldReason, PolicyRead},
    event::{Due, Event},
};
use valpero_runtime::{
    WorkError,
    queue::{DELAY_MAX_S, DeliveryMessage},
    telemetry::chain,
};
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
        if !is_muted && wakes_at > now && wakes_at.ms_since(now) <= MISPLANNED_MS {
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
        let stable_at = store.flapping(account, row.alerting.monitor_id).await?.look_at;
        match self.hold(account, &row.alerting, monitor.as_ref(), stable_at, now).await? {
            Some(hold) => row.alerting.hold(hold),
            None if row.alerting.hold.is_some() => row.alerting.release(now),
            None => {}
        }
        let mut messages = Vec::new();
        if owed && !row.alerting.owes_recovery() {
            // Before the row, so that a crash in between loses none.
            let event = self.stored(account, row.resolved_by).await?;
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
            && let Some(opening) = self.stored(account, row.opened_by).await?
        {
            messages.extend(self.page(row, &opening).await?);
        }
        let told = self.tell_all(messages).await?;
        Ok(if told > 0 { "told" } else { "nobody told" })
    }

    async fn stored(
        &self,
        account: AccountId,
        id: Option<valpero_domain::EventId>,
    ) -> Result<Option<Event>, WorkError> {
        let Some(id) = id else { return Ok(None) };
        Ok(self.app.store.event(account, id).await.optional()?.map(|(event, _)| event))
    }

    /// Sends the message of an incident's next step, where the queue can hold it that long; else the sweep will.
    pub(crate) async fn remind_of(&self, row: &AlertingRow, now: Timestamp) {
        let Some(at) = row.alerting.wakes_at() else { return };
        let wait_s = (at.ms_since(now) + 999) / 1000;
        if wait_s <= 0 || wait_s > DELAY_MAX_S {
            return;
        }
        let due = Due::Incident(row.alerting.incident_id);
        if let Err(error) = self.app.queue.send(DeliveryMessage { account_id: row.account_id, due }, wait_s, now).await
        {
            tracing::warn!(%due, error = chain(&error), "the sweep will send it");
        }
    }
}

/// What is planned further ahead than a day and the difference of two clocks was planned by a clock that was wrong.
const MISPLANNED_MS: i64 = 86_400_000 + 120_000;
