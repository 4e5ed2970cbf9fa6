//! Events: what happened to a monitor, as it is told. Written with the change that it tells of; each destination's message is made
//! from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, DeliveryId, EventId, Invalid, MonitorId, MonitorSpec, Status, Timestamp,
    certificate::Told,
    check::CheckType,
    delivery::EventType,
    incident::{Incident, IncidentStatus, TimelineEntry},
    monitor::{HttpUrl, Name, Tag},
    status::{DegradedReason, Unwatched},
};

/// The version of [`Event`] that this code writes. A reader takes those up to it.
pub const EVENT_VERSION: u8 = 1;

/// Something that happened to a monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which version of this type it was written as: [`EVENT_VERSION`].
    pub version: u8,
    /// Whose monitor.
    pub account_id: AccountId,
    /// Unique ID, the same in each message about it.
    pub event_id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When.
    pub created_at: Timestamp,
    /// The monitor as it is by this event.
    pub monitor: MonitorFacts,
    /// The incident as it is by this event, for events of incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The line that this event adds to the incident's timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<TimelineEntry>,
    /// The certificate that expires soon, for `ssl.expiring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Told>,
    /// Why nobody watches the monitor, for `monitor.unwatched`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwatched: Option<Unwatched>,
}

/// What an event tells of its monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitorFacts {
    /// Unique ID.
    pub id: MonitorId,
    /// Display name.
    pub name: Name,
    /// What is checked, for a person.
    pub target: String,
    /// The URL of an http check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<HttpUrl>,
    /// The kind of check.
    pub check_type: CheckType,
    /// The status by this event.
    pub status: Status,
    /// Why it is degraded, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded_reason: Option<DegradedReason>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

impl MonitorFacts {
    /// A monitor of this description, which is `status` by the event.
    pub fn of(id: MonitorId, spec: &MonitorSpec, status: Status) -> Self {
        Self {
            id,
            name: spec.name.clone(),
            target: spec.check.target(),
            url: spec.check.url().cloned(),
            check_type: spec.check.check_type(),
            status,
            degraded_reason: None,
            tags: spec.tags.clone(),
        }
    }
}

impl Event {
    /// An event about the monitor alone.
    pub fn new(
        account_id: AccountId,
        event_id: EventId,
        kind: EventType,
        monitor: MonitorFacts,
        created_at: Timestamp,
    ) -> Self {
        Self {
            version: EVENT_VERSION,
            account_id,
            event_id,
            kind,
            created_at,
            monitor,
            incident: None,
            entry: None,
            certificate: None,
            unwatched: None,
        }
    }

    /// The same about an incident, to whose timeline it adds a line.
    #[must_use]
    pub fn with_incident(self, incident: Incident, entry: TimelineEntry) -> Self {
        Self { incident: Some(incident), entry: Some(entry), ..self }
    }

    /// The same of a monitor that is degraded for this reason by it; none where it is not degraded.
    #[must_use]
    pub fn with_degraded_reason(mut self, reason: Option<DegradedReason>) -> Self {
        self.monitor.degraded_reason = reason;
        self
    }

    /// Its place among the events of its incident, for events of incidents: texts sort as the events followed each other. Whether it is
    /// the place of a comment, [`is_comment`] says.
    ///
    /// The clocks of two machines differ, so what an incident begins and ends with has its place whatever they say.
    pub fn place(&self) -> Option<String> {
        let incident = self.incident.as_ref()?;
        let stage = match (self.kind, incident.status) {
            (EventType::IncidentOpened, _) => 0,
            (EventType::IncidentResolved, _) => 2,
            (_, IncidentStatus::Ongoing) => 1,
            (_, IncidentStatus::Resolved) => 3,
        };
        let mark = if self.kind == EventType::IncidentCommented { COMMENT_MARK } else { "" };
        Some(format!("{stage}{}{mark}", self.event_id))
    }

    /// The same about a certificate.
    #[must_use]
    pub fn with_certificate(self, told: Told) -> Self {
        Self { certificate: Some(told), ..self }
    }

    /// The same about a monitor that nobody watches.
    #[must_use]
    pub fn with_unwatched(self, unwatched: Option<Unwatched>) -> Self {
        Self { unwatched, ..self }
    }
}

/// What the place of a comment ends with: no ID does.
const COMMENT_MARK: &str = "c";

/// Whether this is the [`Event::place`] of a comment. Its words are repeated by no later event, so it is told however late; and it says
/// nothing of what an older event tells, so it takes no event's place.
pub fn is_comment(place: &str) -> bool {
    place.ends_with(COMMENT_MARK)
}

/// Where an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The webhook of the monitor itself.
    MonitorWebhook(MonitorId),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MonitorWebhook(monitor) => write!(f, "webhook:{monitor}"),
        }
    }
}

/// What waits for the delivery worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Due {
    /// An event that is to be handed to its destinations.
    #[serde(rename = "event_id")]
    Event(EventId),
    /// A delivery that is to be attempted.
    #[serde(rename = "delivery_id")]
    Delivery(DeliveryId),
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Delivery(id) => id.fmt(f),
        }
    }
}

impl FromStr for Due {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with(EventId::PREFIX) { text.parse().map(Self::Event) } else { text.parse().map(Self::Delivery) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_named_by_its_id() {
        let id = "01M82PJFFSY9XKXCV0WRMX4C7M";
        for (text, json) in [
            (format!("evt_{id}"), format!(r#"{{"event_id":"evt_{id}"}}"#)),
            (format!("dlv_{id}"), format!(r#"{{"delivery_id":"dlv_{id}"}}"#)),
        ] {
            let due: Due = text.parse().expect("an id");
            assert_eq!((due.to_string(), serde_json::to_string(&due).ok()), (text, Some(json)));
        }
        assert!(format!("inc_{id}").parse::<Due>().is_err());
    }
}
