//! Who is told what of an incident: pages of its steps, and later news.

use std::fmt;

use crate::{
    ChannelId, EventId, IncidentId, Timestamp,
    alerting::row::{Alerting, HoldReason, StepKey, StopReason},
    delivery::EventType,
};

/// A message to one channel that an incident is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// What identifies it.
    pub key: StepKey,
    /// When its step was taken.
    pub at: Timestamp,
    /// Whether it is the first to this channel: others are reminders and go where the first went.
    pub is_first: bool,
}

/// What identifies later news of an incident to one channel. As text it is the material of the delivery's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewsKey {
    /// The incident.
    pub incident_id: IncidentId,
    /// The event that it tells of; none for the recovery, which comes once in an incident, by an event or by the end of a mute.
    pub event_id: Option<EventId>,
    /// Who is told.
    pub channel_id: ChannelId,
}

impl fmt::Display for NewsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incident_id, event_id, channel_id } = self;
        match event_id {
            Some(event) => write!(f, "{incident_id} {event} {channel_id}"),
            None => write!(f, "{incident_id} recovery {channel_id}"),
        }
    }
}

impl Alerting {
    /// The messages of the steps that are being handed out, to channels that take openings. `takes` says which event types a channel
    /// gets; a channel that is gone or disabled gets none.
    pub fn pages(&self, takes: impl Fn(ChannelId, EventType) -> bool) -> Vec<Page> {
        let mut pages = Vec::new();
        for step in &self.handing_out {
            for &channel_id in step.channel_ids.iter().filter(|&&channel| takes(channel, EventType::IncidentOpened)) {
                let key = StepKey {
                    incident_id: self.incident_id,
                    after_minutes: step.after_minutes,
                    repeat_round: step.repeat_round,
                    channel_id,
                };
                let first = self.told.iter().find(|told| told.channel_id == channel_id);
                let is_first = first.is_some_and(|told| {
                    (told.after_minutes, told.repeat_round) == (step.after_minutes, step.repeat_round)
                });
                pages.push(Page { key, at: step.at, is_first });
            }
        }
        pages
    }

    /// Who is told of a later event of the incident: channels whose step was reached and that take its type. While they are muted,
    /// nobody. Of a resolved incident, `event_id` does not matter.
    ///
    /// An acknowledgement and a recovery stop the row first ([`Alerting::stop`]): from then on no further channel is reached.
    pub fn news(
        &self,
        kind: EventType,
        event_id: EventId,
        takes: impl Fn(ChannelId, EventType) -> bool,
    ) -> Vec<NewsKey> {
        if kind == EventType::IncidentOpened || self.is_muted() {
            return Vec::new();
        }
        let event_id = (kind != EventType::IncidentResolved).then_some(event_id);
        let listening = self.told.iter().map(|told| told.channel_id).filter(|&channel| takes(channel, kind));
        listening.map(|channel_id| NewsKey { incident_id: self.incident_id, event_id, channel_id }).collect()
    }

    /// Whether it is over, and channels that were told of the opening will learn it when the mute ends.
    pub fn owes_recovery(&self) -> bool {
        let is_over = self.stopped.is_some_and(|stopped| stopped.why == StopReason::Resolved);
        is_over && self.is_muted() && !self.told.is_empty()
    }

    fn is_muted(&self) -> bool {
        self.hold.is_some_and(|hold| hold.reason == HoldReason::Muted)
    }
}

#[cfg(test)]
mod tests;
