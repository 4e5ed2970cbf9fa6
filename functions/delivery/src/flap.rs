//! Flapping: a monitor that goes down again and again is told of once, and once when it is stable again.

use valpero_domain::{
    AccountId, IncidentId, MonitorId, Timestamp,
    alerting::{
        Content,
        flapping::{Flapping, NoticeKey, STABLE_MS, flapping},
    },
    delivery::EventType,
    event::{Event, MonitorFacts},
};
use valpero_runtime::WorkError;
use valpero_storage::{AlertingRow, Delivery as Record, FlappingRow, Optional, StoreError};

use crate::{Delivery, silence::look_again};

/// How long to wait where a status changed in the very moment, in milliseconds.
const AGAIN_MS: i64 = 60_000;

impl Delivery {
    /// Notes the opening of an incident among those of its monitor; answers what is known of the monitor now.
    pub(crate) async fn note_opening(
        &self,
        event: &Event,
        incident: IncidentId,
        opened_at: Timestamp,
    ) -> Result<FlappingRow, WorkError> {
        let now = self.app.now();
        let mut row = self.app.store.flapping(event.account_id, event.monitor.id).await?;
        let before = row.clone();
        row.note(incident, opened_at);
        let starts: Vec<Timestamp> = row.opened.iter().map(|opened| opened.at).collect();
        let decided = flapping(&starts, Some(incident), &row.state, opened_at, now);
        row.state = row.state.after(decided, Some(incident), now);
        row.look_at = row.state.wakes_at(opened_at);
        if row != before {
            self.app.store.put_flapping(&row, now).await?;
        }
        Ok(row)
    }

    /// Tells the channels of the first step that a monitor is flapping, in place of its opening.
    pub(crate) async fn notify_flapping(&self, row: &AlertingRow, event: &Event) -> Result<Vec<Record>, WorkError> {
        let (Some(incident), Some(policy), true) = (&event.incident, &row.alerting.policy, row.tells_flapping) else {
            return Ok(Vec::new());
        };
        let channels = self.listening(event.account_id, policy.steps.first(), EventType::IncidentOpened).await?;
        let messages = channels.iter().map(|channel| {
            let key = NoticeKey { began_with: incident.id, is_end: false, channel_id: channel.id };
            Record::to_channel(event.account_id, channel.id, Content::Flapping, &key, event.created_at).about(event)
        });
        self.add_all(messages.collect()).await
    }

    /// Handles one message of a flapping monitor; answers, for the log, what came of it.
    pub(crate) async fn settle_down(&self, account: AccountId, id: MonitorId) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let row = store.flapping(account, id).await?;
        let Some(began_with) = row.state.began_with else { return Ok("not flapping") };
        let monitor = store.monitor(account, id).await.optional()?;
        let mut next = row.clone();
        let Some(monitor) = monitor else {
            next.state = row.state.after(Flapping::Ends, None, now);
            next.look_at = None;
            return self.put_flapping(&next, now, "the monitor was deleted").await;
        };
        match flapping(&[], None, &row.state, monitor.status_since, now) {
            Flapping::Ends => {}
            Flapping::Normal | Flapping::Begins | Flapping::Silent => {
                let stable_at = monitor.status_since.plus_ms(STABLE_MS);
                next.look_at = Some(if stable_at > now { stable_at } else { now.plus_ms(AGAIN_MS) });
                return self.put_flapping(&next, now, "still flapping").await;
            }
        }
        if let Some(until) = self.muted_until(account, Some(&monitor)).await? {
            next.look_at = Some(look_again(until, now));
            return self.put_flapping(&next, now, "muted").await;
        }
        let facts = MonitorFacts::of(monitor.id, &monitor.spec, monitor.status);
        let routes = store.alert_routes(account).await?.routes;
        let mut messages = Vec::new();
        if let Some(policy) = self.policy_of(account, &facts, &routes).await? {
            let stable_at = row.look_at.unwrap_or(now);
            let channels = self.listening(account, policy.steps.first(), EventType::IncidentOpened).await?;
            let told = channels.iter().map(|channel| {
                let key = NoticeKey { began_with, is_end: true, channel_id: channel.id };
                let message = Record::to_channel(account, channel.id, Content::Stable, &key, stable_at);
                Record { monitor_id: Some(id), ..message }
            });
            messages = self.add_all(told.collect()).await?;
        }
        // After the messages, which a crash would lose otherwise.
        next.state = row.state.after(Flapping::Ends, None, now);
        next.look_at = None;
        let outcome = self.put_flapping(&next, now, "stable").await?;
        self.tell_all(messages).await?;
        Ok(outcome)
    }

    async fn put_flapping(
        &self,
        row: &FlappingRow,
        now: Timestamp,
        outcome: &'static str,
    ) -> Result<&'static str, WorkError> {
        match self.app.store.put_flapping(row, now).await {
            Ok(()) => Ok(outcome),
            Err(StoreError::Conflict) => Ok("changed meanwhile"),
            Err(error) => Err(error.into()),
        }
    }
}
