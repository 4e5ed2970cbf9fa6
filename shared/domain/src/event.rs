//! Events: what happened to a monitor, as it is told. Written with the change that it tells of; each destination's message is made
//! from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ChannelId, DeliveryId, EventId, IncidentId, Invalid, MonitorId, MonitorSpec, PageId, Status, Timestamp,
    certificate::Told,
    check::CheckType,
    delivery::EventType,
    incident::{Incident, IncidentStatus, TimelineEntry},
    monitor::{HttpUrl, Name, Tag},
    pages::{
        Broadcast, DomainLook, Notice,
        notice::{BROADCAST, DOMAIN, NOTICE},
    },
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
    /// An incident whose alerting has something to do: a step, a repeat, the end of a hold.
    #[serde(rename = "incident_id")]
    Incident(IncidentId),
    /// A flapping monitor that may be stable again.
    #[serde(rename = "monitor_id")]
    Monitor(MonitorId),
    /// A channel's minute whose messages are told as a digest.
    #[serde(rename = "window")]
    Window(WindowKey),
    /// A mute that ends.
    #[serde(rename = "mute")]
    Mute(Muted),
    /// A status page that shows something else by now.
    #[serde(rename = "page")]
    Page(PageMark),
    /// A status page whose domain is to be looked at.
    #[serde(rename = "domain")]
    Domain(DomainLook),
    /// An update of a post of which the page's subscribers are to be told.
    #[serde(rename = "broadcast")]
    Broadcast(Broadcast),
    /// What one subscriber of a status page is to be told.
    #[serde(rename = "notice")]
    Notice(Notice),
}

/// Why a status page is to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageMark {
    /// The page.
    pub page_id: PageId,
    /// The monitor whose status changed; none where the page itself changed, or the clock changes it. Each monitor has a mark of its own, so
    /// that many whose statuses change at once do not wait for each other.
    pub monitor_id: Option<MonitorId>,
}

/// A channel's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WindowKey {
    /// The channel.
    pub channel_id: ChannelId,
    /// Minutes since the epoch.
    pub minute: i64,
}

/// Whose channels are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Muted {
    /// Those of every monitor of the account.
    Account,
    /// Those of one monitor.
    Monitor(MonitorId),
}

as_text!(WindowKey);
as_text!(Muted);
as_text!(PageMark);

impl WindowKey {
    /// End of the minute, when its digests are due.
    pub const fn due_at(self) -> Timestamp {
        Timestamp::from_seconds((self.minute + 1) * 60)
    }
}

impl fmt::Display for WindowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel_id, minute } = self;
        write!(f, "{WINDOW}{channel_id}#{minute}")
    }
}

impl FromStr for WindowKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts = text.strip_prefix(WINDOW).and_then(|rest| rest.split_once('#'));
        let (channel, minute) = parts.ok_or_else(|| not_due(text))?;
        Ok(Self { channel_id: channel.parse()?, minute: minute.parse().map_err(|_| not_due(text))? })
    }
}

impl fmt::Display for Muted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => write!(f, "{MUTE}account"),
            Self::Monitor(id) => write!(f, "{MUTE}{id}"),
        }
    }
}

impl FromStr for Muted {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.strip_prefix(MUTE).ok_or_else(|| not_due(text))? {
            "account" => Ok(Self::Account),
            monitor => monitor.parse().map(Self::Monitor),
        }
    }
}

impl PageMark {
    /// The mark of a change of the page itself.
    pub const fn of(page_id: PageId) -> Self {
        Self { page_id, monitor_id: None }
    }
}

impl fmt::Display for PageMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.monitor_id {
            None => write!(f, "{PAGE}{}", self.page_id),
            Some(monitor) => write!(f, "{PAGE}{}#{monitor}", self.page_id),
        }
    }
}

impl FromStr for PageMark {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let rest = text.strip_prefix(PAGE).ok_or_else(|| not_due(text))?;
        let (page, monitor) = rest.split_once('#').map_or((rest, None), |(page, monitor)| (page, Some(monitor)));
        Ok(Self { page_id: page.parse()?, monitor_id: monitor.map(str::parse).transpose()? })
    }
}

const PAGE: &str = "page#";
const WINDOW: &str = "window#";
const MUTE: &str = "mute#";

fn not_due(text: &str) -> Invalid {
    Invalid::new(format!("{text:?} is nothing that can be due"))
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => id.fmt(f),
            Self::Delivery(id) => id.fmt(f),
            Self::Incident(id) => id.fmt(f),
            Self::Monitor(id) => id.fmt(f),
            Self::Window(key) => key.fmt(f),
            Self::Mute(muted) => muted.fmt(f),
            Self::Page(mark) => mark.fmt(f),
            Self::Domain(look) => look.fmt(f),
            Self::Broadcast(broadcast) => broadcast.fmt(f),
            Self::Notice(notice) => notice.fmt(f),
        }
    }
}

impl FromStr for Due {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with(EventId::PREFIX) {
            text.parse().map(Self::Event)
        } else if text.starts_with(IncidentId::PREFIX) {
            text.parse().map(Self::Incident)
        } else if text.starts_with(MonitorId::PREFIX) {
            text.parse().map(Self::Monitor)
        } else if text.starts_with(WINDOW) {
            text.parse().map(Self::Window)
        } else if text.starts_with(MUTE) {
            text.parse().map(Self::Mute)
        } else if text.starts_with(PAGE) {
            text.parse().map(Self::Page)
        } else if text.starts_with(DOMAIN) {
            text.parse().map(Self::Domain)
        } else if text.starts_with(BROADCAST) {
            text.parse().map(Self::Broadcast)
        } else if text.starts_with(NOTICE) {
            text.parse().map(Self::Notice)
        } else {
            text.parse().map(Self::Delivery)
        }
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
            (format!("inc_{id}"), format!(r#"{{"incident_id":"inc_{id}"}}"#)),
            (format!("mon_{id}"), format!(r#"{{"monitor_id":"mon_{id}"}}"#)),
            (format!("window#chn_{id}#29931443"), format!(r#"{{"window":"window#chn_{id}#29931443"}}"#)),
            (format!("mute#mon_{id}"), format!(r#"{{"mute":"mute#mon_{id}"}}"#)),
            ("mute#account".to_owned(), r#"{"mute":"mute#account"}"#.to_owned()),
            (format!("page#pag_{id}"), format!(r#"{{"page":"page#pag_{id}"}}"#)),
            (format!("page#pag_{id}#mon_{id}"), format!(r#"{{"page":"page#pag_{id}#mon_{id}"}}"#)),
            (format!("domain#pag_{id}"), format!(r#"{{"domain":"domain#pag_{id}"}}"#)),
            (
                format!("broadcast#pag_{id}#pst_{id}#upd_{id}"),
                format!(r#"{{"broadcast":"broadcast#pag_{id}#pst_{id}#upd_{id}"}}"#),
            ),
            (format!("notice#pag_{id}#sub_{id}"), format!(r#"{{"notice":"notice#pag_{id}#sub_{id}"}}"#)),
            (
                format!("notice#pag_{id}#pst_{id}#upd_{id}#sub_{id}"),
                format!(r#"{{"notice":"notice#pag_{id}#pst_{id}#upd_{id}#sub_{id}"}}"#),
            ),
        ] {
            let due: Due = text.parse().expect("an id");
            assert_eq!((due.to_string(), serde_json::to_string(&due).ok()), (text, Some(json)));
        }
        for bad in [
            format!("chn_{id}"),
            format!("window#chn_{id}"),
            "window##".to_owned(),
            "mute#".to_owned(),
            "page#".to_owned(),
            "broadcast#".to_owned(),
            format!("notice#pag_{id}"),
        ] {
            assert!(bad.parse::<Due>().is_err(), "{bad}");
        }
    }
}
