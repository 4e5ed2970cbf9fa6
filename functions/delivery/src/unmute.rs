//! The end of a mute: the channels are told that they are told again, and what is down meanwhile.

use std::collections::BTreeSet;

use valpero_domain::{
    AccountId, ChannelId, Timestamp,
    alerting::Content,
    delivery::EventType,
    event::{Due, MonitorFacts, Muted},
    incident::IncidentStatus,
    monitor::Name,
};
use valpero_monitoring::notify;
use valpero_runtime::WorkError;
use valpero_storage::{Delivery as Record, IncidentFilter, Monitor, Optional};

use crate::Delivery;

/// Monitors that the message names, at most.
const NAMED_MAX: usize = 50;

impl Delivery {
    /// Handles one message of a mute; answers, for the log, what came of it.
    pub(crate) async fn unmute(&self, account: AccountId, muted: Muted) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let Some(mute) = store.mute_row(account, muted).await? else { return Ok("not muted") };
        if mute.until > now {
            return Ok("early");
        }
        let monitor = match muted {
            Muted::Monitor(id) => store.monitor(account, id).await.optional()?,
            Muted::Account => None,
        };
        let is_gone = muted != Muted::Account && monitor.is_none();
        // One mute may end while the other lasts.
        let others = self.muted_until(account, monitor.as_ref()).await?;
        let mut messages = Vec::new();
        if !is_gone && others.is_none() {
            messages = self.say_that_mute_ended(account, muted, monitor.as_ref(), mute.until).await?;
        }
        store.mute_ended(account, muted, mute.until).await?;
        let told = self.tell_all(messages).await?;
        Ok(if told > 0 { "told" } else { "nobody told" })
    }

    async fn say_that_mute_ended(
        &self,
        account: AccountId,
        muted: Muted,
        monitor: Option<&Monitor>,
        until: Timestamp,
    ) -> Result<Vec<Record>, WorkError> {
        let store = &self.app.store;
        let filter = IncidentFilter {
            status: vec![IncidentStatus::Ongoing],
            monitor: monitor.map(|monitor| monitor.id).into_iter().collect(),
            ..IncidentFilter::default()
        };
        let open = store.incidents(account, &filter, None, NAMED_MAX).await?;
        let mut down = Vec::new();
        for incident in &open {
            // Their steps go on at once.
            notify::announce_due(&self.app, account, Due::Incident(incident.id)).await;
            let monitor = store.monitor(account, incident.monitor_id).await.optional()?;
            down.extend(monitor.map(|monitor| monitor.spec.name));
        }
        let name: Option<Name> = monitor.map(|monitor| monitor.spec.name.clone());
        let channels = self.first_channels(account, monitor).await?;
        let channels: Vec<ChannelId> = channels.into_iter().collect();
        let channels = self.listening(account, &channels, EventType::IncidentOpened).await?;
        let messages = channels.iter().map(|channel| {
            let content = Content::MuteEnded { monitor: name.clone(), down: down.clone() };
            let what = format!("{muted} {until} {}", channel.id);
            let message = Record::to_channel(account, channel.id, content, &what, until);
            Record { monitor_id: monitor.map(|monitor| monitor.id), ..message }
        });
        self.add_all(messages.collect()).await
    }

    /// The channels of the first step of a monitor's policy, or of all policies that a route leads to.
    async fn first_channels(
        &self,
        account: AccountId,
        monitor: Option<&Monitor>,
    ) -> Result<BTreeSet<ChannelId>, WorkError> {
        let store = &self.app.store;
        let routes = store.alert_routes(account).await?.routes;
        if let Some(monitor) = monitor {
            let facts = MonitorFacts::of(monitor.id, &monitor.spec, monitor.status);
            let policy = self.policy_of(account, &facts, &routes).await?;
            return Ok(policy.iter().flat_map(|policy| policy.steps.first().to_vec()).collect());
        }
        let named = routes.routes.iter().map(|route| route.policy_id).collect();
        let policies = store.policies_by_id(account, &named).await?;
        Ok(policies.values().flat_map(|row| row.policy.steps.first().to_vec()).collect())
    }
}
