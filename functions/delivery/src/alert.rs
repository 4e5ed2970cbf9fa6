//! Alerting: which channels an event is told to, by the account's routes and policies and by where its incident's alerting stands.
//!
//! The row of an incident is written before the messages that it names, on condition that it was not changed meanwhile. A message's ID
//! follows from its content, so that a repeated step writes nothing twice.

use std::collections::BTreeSet;

use valpero_channels::takes_digests;
use valpero_domain::{
    AccountId, ChannelId, Timestamp,
    alerting::{
        AlertRoutes, Alerting, Content, HoldReason, PolicyRead, StepKey, StopReason,
        later::Page,
        routes::{Routed, policy_for},
        storm::{DigestKey, Item},
    },
    delivery::{DeliveryStatus, EventType},
    event::{Due, Event, MonitorFacts, WindowKey},
    incident::{Incident, IncidentStatus},
};
use valpero_runtime::WorkError;
use valpero_storage::{
    AlertingRow, Channel, Delivery as Record, Monitor, Optional, Placed, StoreError, While, derived_id,
};

use crate::{Delivery, silence::look_again};

/// How often a change is decided anew because somebody else changed the row at the same time.
const TRIES: usize = 8;

/// Minutes after a message's own whose windows are tried: one that is closed means that another machine's clock is ahead.
const MINUTES_TRIED: i64 = 5;

impl Delivery {
    /// Writes what the channels are told of an event; answers the messages that are new.
    pub(crate) async fn alert(&self, event: &Event, monitor: Option<&Monitor>) -> Result<Vec<Record>, WorkError> {
        let routes = self.app.store.alert_routes(event.account_id).await?.routes;
        match (&event.incident, event.kind) {
            (_, EventType::WebhookTest) => Ok(Vec::new()),
            (None, _) => self.alert_at_once(event, monitor, &routes).await,
            (Some(incident), _) => {
                for _ in 0..TRIES {
                    match self.alert_of_incident(event, incident, monitor, &routes).await {
                        Err(error) if error.is_conflict() => {}
                        done => return done,
                    }
                }
                Err(StoreError::Conflict.into())
            }
        }
    }

    /// An event of no incident goes to the channels of its policy's first step.
    async fn alert_at_once(
        &self,
        event: &Event,
        monitor: Option<&Monitor>,
        routes: &AlertRoutes,
    ) -> Result<Vec<Record>, WorkError> {
        let Some(policy) = self.policy_of(event.account_id, &event.monitor, routes).await? else {
            return Ok(Vec::new());
        };
        if self.muted_until(event.account_id, monitor).await?.is_some() {
            return Ok(Vec::new());
        }
        let account = event.account_id;
        let channels = self.listening(account, policy.steps.first(), event.kind).await?;
        let messages = channels.iter().map(|channel| {
            let what = format!("{} {}", event.event_id, channel.id);
            Record::to_channel(account, channel.id, Content::Event, &what, event.created_at).about(event)
        });
        self.add_all(messages.collect()).await
    }

    async fn alert_of_incident(
        &self,
        event: &Event,
        incident: &Incident,
        monitor: Option<&Monitor>,
        routes: &AlertRoutes,
    ) -> Result<Vec<Record>, WorkError> {
        let is_opening = event.kind == EventType::IncidentOpened;
        let seen = match (is_opening, routes.routes.is_empty()) {
            (true, true) => return Ok(Vec::new()),
            _ => self.app.store.alerting(event.account_id, incident.id).await?,
        };
        match (seen, is_opening) {
            // A second message of the event, or a second try after a crash.
            (Some(row), true) => {
                let mut messages = self.notify_flapping(&row, event).await?;
                messages.extend(self.page(row, event).await?);
                Ok(messages)
            }
            (None, true) => self.begin(event, incident, monitor, routes).await,
            (Some(row), false) => self.news(row, event, incident, monitor).await,
            (None, false) if routes.routes.is_empty() || stops(event.kind).is_none() => Ok(Vec::new()),
            (None, false) => {
                let row = self.overtaken(event, incident, monitor, routes).await?;
                self.news(row, event, incident, monitor).await
            }
        }
    }

    /// Begins the alerting of an incident that has opened.
    async fn begin(
        &self,
        event: &Event,
        incident: &Incident,
        monitor: Option<&Monitor>,
        routes: &AlertRoutes,
    ) -> Result<Vec<Record>, WorkError> {
        let current = self.app.store.incident(event.account_id, incident.id).await.optional()?;
        let over = current.as_ref().and_then(over);
        let row = self.new_row(event, event.created_at, monitor, routes, over).await?;
        let row = AlertingRow { opened_by: Some(event.event_id), ..row };
        let condition = if row.alerting.stopped.is_none() { While::Open } else { While::Any };
        let now = self.app.now();
        let row = self.app.store.put_alerting(row, condition, now).await?;
        self.remind_of(&row, now).await;
        let mut messages = self.notify_flapping(&row, event).await?;
        messages.extend(self.page(row, event).await?);
        Ok(messages)
    }

    /// The row of an incident that was acknowledged or resolved before its opening was handed out.
    async fn overtaken(
        &self,
        event: &Event,
        incident: &Incident,
        monitor: Option<&Monitor>,
        routes: &AlertRoutes,
    ) -> Result<AlertingRow, WorkError> {
        let over = stops(event.kind).map(|why| (event.created_at, why));
        let row = self.new_row(event, incident.id.at(), monitor, routes, over).await?;
        Ok(self.app.store.put_alerting(row, While::Any, self.app.now()).await?)
    }

    /// The row of an incident that opened then, and is over or taken by now where `over` says so.
    async fn new_row(
        &self,
        event: &Event,
        opened_at: Timestamp,
        monitor: Option<&Monitor>,
        routes: &AlertRoutes,
        over: Option<(Timestamp, StopReason)>,
    ) -> Result<AlertingRow, WorkError> {
        let (account, now) = (event.account_id, self.app.now());
        let Some(incident) = event.incident.as_ref().map(|incident| incident.id) else {
            return Err(StoreError::NotFound.into());
        };
        let policy = self.policy_of(event.account_id, &event.monitor, routes).await?;
        let flapping = self.note_opening(event, incident, opened_at).await?;
        let begin = |policy, hold| Alerting::begin(incident, event.monitor.id, policy, hold, opened_at);
        let hold = self.hold(account, &begin(policy.clone(), None), monitor, flapping.look_at, now).await?;
        let mut alerting = begin(policy, hold);
        match over {
            Some((at, why)) => alerting.overtake(at, why),
            None => drop(alerting.advance(now)),
        }
        let begins = flapping.state.began_with == Some(incident);
        // A mute or a dependency silences this message as well.
        let tells_flapping = begins && hold.is_some_and(|hold| hold.reason == HoldReason::Flapping);
        Ok(AlertingRow {
            account_id: account,
            alerting,
            opened_by: None,
            resolved_by: None,
            flapping: flapping.state.is_flapping(),
            tells_flapping,
            version: 0,
        })
    }

    /// Writes the messages of the steps that were taken, and notes that they are written.
    pub(crate) async fn page(&self, mut row: AlertingRow, opening: &Event) -> Result<Vec<Record>, WorkError> {
        let alerting = &row.alerting;
        if alerting.handing_out.is_empty() {
            return Ok(Vec::new());
        }
        let named: BTreeSet<ChannelId> =
            alerting.handing_out.iter().flat_map(|step| step.channel_ids.iter().copied()).collect();
        let channels = self.channels(row.account_id, named).await?;
        let pages = alerting.pages(|channel, kind| takes(&channels, channel, kind));
        let mut messages = Vec::new();
        for page in pages {
            let message = page_of(alerting, &page, opening);
            messages.extend(self.add_counted(message, &channels, opening).await?);
        }
        row.alerting.handed_out();
        match self.app.store.put_alerting(row, While::Any, self.app.now()).await {
            Ok(row) => self.remind_of(&row, self.app.now()).await,
            // The incident was acknowledged or resolved: no step is handed out any more.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(messages)
    }

    /// Writes what the channels that were told of an incident are told of it now.
    async fn news(
        &self,
        mut row: AlertingRow,
        event: &Event,
        incident: &Incident,
        monitor: Option<&Monitor>,
    ) -> Result<Vec<Record>, WorkError> {
        let now = self.app.now();
        let before = row.clone();
        match self.muted_until(row.account_id, monitor).await? {
            Some(until) => row.alerting.mute(look_again(until, now), now),
            // A mute that has ended since the row was written.
            None if row.alerting.hold.is_some_and(|hold| hold.reason == HoldReason::Muted) => row.alerting.release(now),
            None => {}
        }
        if let Some(why) = stops(event.kind) {
            row.alerting.stop(event.created_at, why);
        }
        if event.kind == EventType::IncidentResolved {
            row.resolved_by = Some(event.event_id);
        }
        if row.alerting != before.alerting || row.resolved_by != before.resolved_by {
            row = self.app.store.put_alerting(row, While::Any, now).await?;
        }
        self.tell_those_told(&row, event, incident).await
    }

    /// Writes what the channels that were told of an incident are told of it by this event.
    pub(crate) async fn tell_those_told(
        &self,
        row: &AlertingRow,
        event: &Event,
        incident: &Incident,
    ) -> Result<Vec<Record>, WorkError> {
        let told: BTreeSet<ChannelId> = row.alerting.told.iter().map(|told| told.channel_id).collect();
        let channels = self.channels(row.account_id, told).await?;
        let news = row.alerting.news(event.kind, event.event_id, |channel, kind| takes(&channels, channel, kind));
        let mut messages = Vec::new();
        for key in news {
            let opening = row.opening_of(key.channel_id);
            let content = match (event.kind, opening) {
                (EventType::IncidentResolved, Some(opening)) => Content::Recovery { opening },
                _ => Content::Event,
            };
            let message = Record::to_channel(row.account_id, key.channel_id, content, &key, event.created_at);
            let message = message.about(event).at_place(event.place());
            if let (EventType::IncidentResolved, Some(opening)) = (event.kind, opening) {
                self.overtake(&message, opening, incident).await?;
            }
            messages.extend(self.add_counted(message, &channels, event).await?);
        }
        Ok(messages)
    }

    /// Sees to it that a recovery is not followed by what came before it.
    async fn overtake(
        &self,
        recovery: &Record,
        opening: valpero_domain::DeliveryId,
        incident: &Incident,
    ) -> Result<(), WorkError> {
        let store = &self.app.store;
        store.overtake(recovery, self.app.now()).await?;
        let Some(opening) = store.delivery(recovery.account_id, opening).await.optional()? else { return Ok(()) };
        if opening.status == DeliveryStatus::Digested
            && let (Some(window), Some(kind)) = (opening.window, counts_as(&opening))
        {
            store.withdraw(&opening, window, kind, incident.id).await?;
        }
        Ok(())
    }

    /// Writes a message and counts it among those of its channel's minute. Answers the message if it is new and not part of a digest.
    async fn add_counted(
        &self,
        message: Record,
        channels: &[Channel],
        event: &Event,
    ) -> Result<Option<Record>, WorkError> {
        let store = &self.app.store;
        let channel = message.channel_id.and_then(|id| channels.iter().find(|channel| channel.id == id));
        let kind = counts_as(&message)
            .filter(|_| channel.is_some_and(|channel| takes_digests(channel.spec.settings.channel_type())));
        let (Some(kind), Some(channel), Some(incident)) = (kind, channel, message.incident_id) else {
            return Ok(store.add_delivery(&message).await?.then_some(message));
        };
        let item = Item { incident_id: incident, monitor_name: event.monitor.name.clone() };
        let first = self.app.now().minute();
        for minute in first..first + MINUTES_TRIED {
            let window = WindowKey { channel_id: channel.id, minute };
            let digest = DigestKey { channel_id: channel.id, minute, kind };
            let digest = derived_id(window.due_at(), &digest);
            match store.add_counted(&message, window, kind, &item, digest).await? {
                Placed::Single => return Ok(Some(message)),
                Placed::Digested { is_first: true } => {
                    let (now, due) = (self.app.now(), Due::Window(window));
                    self.remind_at(message.account_id, due, window.due_at(), now).await;
                    return Ok(None);
                }
                Placed::Digested { is_first: false } | Placed::Known => return Ok(None),
                Placed::Closed => {}
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Writes messages that are counted with no others; answers those that are new.
    pub(crate) async fn add_all(&self, messages: Vec<Record>) -> Result<Vec<Record>, WorkError> {
        let mut new = Vec::new();
        for message in messages {
            if self.app.store.add_delivery(&message).await? {
                new.push(message);
            }
        }
        Ok(new)
    }

    /// The policy that the incidents of a monitor follow, as it is now.
    pub(crate) async fn policy_of(
        &self,
        account: AccountId,
        monitor: &MonitorFacts,
        routes: &AlertRoutes,
    ) -> Result<Option<PolicyRead>, WorkError> {
        let routed = Routed { id: monitor.id, tags: &monitor.tags, check_type: monitor.check_type };
        let Some(id) = policy_for(routes, routed) else { return Ok(None) };
        let policy = self.app.store.policy(account, id).await.optional()?;
        Ok(policy.map(|row| PolicyRead { id, steps: row.policy.steps }))
    }

    /// These channels, but for those that are gone.
    pub(crate) async fn channels(
        &self,
        account: AccountId,
        ids: impl IntoIterator<Item = ChannelId>,
    ) -> Result<Vec<Channel>, WorkError> {
        let ids: Vec<ChannelId> = ids.into_iter().collect();
        if ids.is_empty() { Ok(Vec::new()) } else { Ok(self.app.store.channels_by_id(account, &ids).await?) }
    }

    /// Those of these channels that take events of a type.
    pub(crate) async fn listening(
        &self,
        account: AccountId,
        ids: &[ChannelId],
        kind: EventType,
    ) -> Result<Vec<Channel>, WorkError> {
        let mut channels = self.channels(account, ids.iter().copied()).await?;
        channels.retain(|channel| channel.takes(kind));
        Ok(channels)
    }
}

/// Whether a channel is sent events of a type.
fn takes(channels: &[Channel], id: ChannelId, kind: EventType) -> bool {
    let channel = channels.iter().find(|channel| channel.id == id);
    channel.is_some_and(|channel| channel.takes(kind))
}

/// Why an event ends the steps of its incident; none where it does not.
const fn stops(kind: EventType) -> Option<StopReason> {
    match kind {
        EventType::IncidentAcknowledged => Some(StopReason::Acknowledged),
        EventType::IncidentResolved => Some(StopReason::Resolved),
        _ => None,
    }
}

/// When and why the steps of an incident end, as it is; none while it is open and nobody has taken it.
pub(crate) fn over(incident: &Incident) -> Option<(Timestamp, StopReason)> {
    match (incident.status, incident.resolved_at, incident.acknowledged_at) {
        (IncidentStatus::Resolved, at, _) => Some((at.unwrap_or(incident.started_at), StopReason::Resolved)),
        (IncidentStatus::Ongoing, _, Some(at)) => Some((at, StopReason::Acknowledged)),
        (IncidentStatus::Ongoing, _, None) => None,
    }
}

/// Which messages of a minute a delivery is counted with.
fn counts_as(message: &Record) -> Option<valpero_domain::alerting::storm::Kind> {
    message.content.as_ref()?.counts_as(message.event?)
}

/// The message of a step to one channel.
fn page_of(alerting: &Alerting, page: &Page, opening: &Event) -> Record {
    let StepKey { after_minutes, repeat_round, channel_id, .. } = page.key;
    let steps = alerting.policy.as_ref().map(|policy| policy.steps.steps.as_slice()).unwrap_or_default();
    let before = steps.iter().filter(|step| step.after_minutes < after_minutes);
    let told_before = before.clone().filter(|step| step.channel_ids.contains(&channel_id)).count();
    let in_round = steps.iter().filter(|step| step.channel_ids.contains(&channel_id)).count();
    let step = u32::try_from(before.count() + 1).unwrap_or(u32::MAX);
    let number = u32::try_from(usize::from(repeat_round) * in_round + told_before).unwrap_or(u32::MAX).max(1);
    let (content, place) = if page.is_first {
        (Content::Opening { step }, opening.place())
    } else {
        let place = opening.place().map(|place| format!("{place}.{repeat_round:03}.{after_minutes:05}"));
        (Content::Reminder { step, number }, place)
    };
    Record::to_channel(opening.account_id, channel_id, content, &page.key, page.at).about(opening).at_place(place)
}
