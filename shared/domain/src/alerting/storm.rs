//! Storms: where one channel would get many messages within one minute, all but the first few go out as one digest.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, DeliveryId, IncidentId, Timestamp, text::Name};

/// Messages of one kind that one channel gets singly in one minute.
pub const SINGLE_MAX: usize = 5;

/// Incidents that a digest names.
pub const NAMED_MAX: usize = 50;

/// What a message tells of its incident. Each kind is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is open: a first message, or a reminder.
    Opened,
    /// A person took it.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// A message about one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The incident.
    pub incident_id: IncidentId,
    /// The monitor's name.
    pub monitor_name: Name,
}

/// The messages to one channel in one calendar minute (UTC): one row, written on the condition that nobody else has changed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Minutes since the epoch.
    pub minute: i64,
    /// Messages of openings.
    #[serde(default)]
    pub opened: Lane,
    /// Messages of acknowledgements.
    #[serde(default)]
    pub acknowledged: Lane,
    /// Messages of recoveries.
    #[serde(default)]
    pub resolved: Lane,
    /// Whether its digests were made. Nothing is placed in it from then on.
    #[serde(default)]
    pub is_closed: bool,
}

/// The messages of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Messages that go out singly, at most 5.
    #[serde(default)]
    pub single: Vec<DeliveryId>,
    /// The first 50 incidents of the digest, each once.
    #[serde(default)]
    pub named: Vec<Item>,
    /// How many the digest has beyond those.
    #[serde(default)]
    pub more: u32,
}

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By itself, now.
    Send,
    /// As part of the digest, at the end of the minute.
    IntoDigest,
    /// Not in this window: its digests have been made. It has a place in the next minute's.
    Closed,
}

/// What goes out at the end of the minute in place of single messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// What it tells of its incidents.
    pub kind: Kind,
    /// The first 50 incidents.
    pub named: Vec<Item>,
    /// How many there are beyond those: "and 245 more".
    pub more: u32,
}

/// What identifies a digest. As text it is the material of the delivery's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DigestKey {
    /// Who is told.
    pub channel_id: ChannelId,
    /// Of which minute.
    pub minute: i64,
    /// Of what.
    pub kind: Kind,
}

impl fmt::Display for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel_id, minute, kind } = self;
        write!(f, "digest {} minute:{minute} {channel_id}", kind.as_str())
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Opened, Self::Acknowledged, Self::Resolved];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl Digest {
    /// How many incidents it tells of.
    pub fn count(&self) -> usize {
        self.named.len() + self.more as usize
    }
}

impl Window {
    /// The window of a moment.
    pub fn of(now: Timestamp) -> Self {
        Self { minute: now.minute(), ..Self::default() }
    }

    /// When its digests are due: at the end of the minute.
    pub const fn due_at(&self) -> Timestamp {
        Timestamp::from_seconds((self.minute + 1) * 60)
    }

    /// The messages of one kind.
    pub const fn lane(&self, kind: Kind) -> &Lane {
        match kind {
            Kind::Opened => &self.opened,
            Kind::Acknowledged => &self.acknowledged,
            Kind::Resolved => &self.resolved,
        }
    }

    const fn lane_mut(&mut self, kind: Kind) -> &mut Lane {
        match kind {
            Kind::Opened => &mut self.opened,
            Kind::Acknowledged => &mut self.acknowledged,
            Kind::Resolved => &mut self.resolved,
        }
    }

    /// Places a message. The same again, as after a crash, has the place it had; beyond the incidents that the digest names nobody can
    /// tell, so the store counts each delivery once, in the transaction that writes it.
    pub fn place(&mut self, kind: Kind, delivery: DeliveryId, item: Item) -> Place {
        if self.is_closed {
            return Place::Closed;
        }
        let lane = self.lane_mut(kind);
        if lane.single.contains(&delivery) {
            return Place::Send;
        }
        if lane.is_named(item.incident_id) {
            return Place::IntoDigest;
        }
        if lane.single.len() < SINGLE_MAX {
            lane.single.push(delivery);
            return Place::Send;
        }
        if lane.named.len() < NAMED_MAX && lane.more == 0 {
            lane.named.push(item);
        } else {
            lane.more = lane.more.saturating_add(1);
        }
        Place::IntoDigest
    }

    /// Takes a message out of a digest that was not made yet, as news has overtaken it: the recovery of an incident that the digest
    /// would have called open says both. `is_there`: the message's delivery says that this digest has it.
    pub fn withdraw(&mut self, kind: Kind, incident: IncidentId, is_there: bool) {
        if self.is_closed {
            return;
        }
        let lane = self.lane_mut(kind);
        if lane.is_named(incident) {
            lane.named.retain(|item| item.incident_id != incident);
        } else if is_there {
            lane.more = lane.more.saturating_sub(1);
        }
    }

    /// Closes the window if its minute is over, and answers its digests: none before, and at most one of a kind. Closed windows answer
    /// the same again, so that a crash loses none.
    pub fn close(&mut self, now: Timestamp) -> Vec<Digest> {
        if now < self.due_at() {
            return Vec::new();
        }
        self.is_closed = true;
        let all = Kind::ALL.into_iter();
        all.filter_map(|kind| {
            let Lane { named, more, .. } = self.lane(kind);
            (!named.is_empty() || *more > 0).then(|| Digest { kind, named: named.clone(), more: *more })
        })
        .collect()
    }
}

impl Lane {
    fn is_named(&self, incident: IncidentId) -> bool {
        self.named.iter().any(|item| item.incident_id == incident)
    }
}

#[cfg(test)]
mod tests;
