//! What a delivery to a channel says, beside the event that it is about.

use serde::{Deserialize, Serialize};

use crate::{
    DeliveryId,
    alerting::storm::{Item, Kind},
    delivery::EventType,
    text::Name,
    text_spec::{Text, values},
};

/// What a delivery to a channel says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Its event.
    Event,
    /// That an incident is open, for the first time.
    Opening {
        /// Step of the policy, from 1.
        step: u32,
    },
    /// That it is still open.
    Reminder {
        /// Step of the policy, from 1.
        step: u32,
        /// How many times the channel has been reminded, with this one.
        number: u32,
    },
    /// That an incident is over.
    Recovery {
        /// The delivery that told of the opening.
        opening: DeliveryId,
    },
    /// That a monitor is flapping, and nothing more is told of it.
    Flapping,
    /// That it is stable again.
    Stable,
    /// What came after the first messages of a minute.
    Digest {
        /// What it tells of each incident.
        kind: Kind,
        /// The first incidents.
        named: Vec<Item>,
        /// How many there are beyond those.
        #[serde(default)]
        more: u32,
    },
    /// That messages arrive: somebody asked for it.
    Test,
    /// That a mute is over.
    MuteEnded {
        /// The monitor; none for the whole account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monitor: Option<Name>,
        /// Monitors that are down.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        down: Vec<Name>,
    },
}

/// What kind of thing a delivery to a channel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in `Content`")]
pub enum MessageType {
    Event,
    Opening,
    Reminder,
    Recovery,
    Flapping,
    Stable,
    Digest,
    Test,
    MuteEnded,
}

impl MessageType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "MessageType",
        says: "What a message to a channel says. `opening`: an incident is open. `reminder`: it is still open. `recovery`: it is over. `event`: the event, of another type. `flapping`: the monitor goes down again and again, and nothing more is told of it until it is `stable`. `digest`: several incidents of one minute. `test`: somebody tried the channel. `mute_ended`: the channel is told again.",
        example: "opening",
        values: values!(MessageType),
        ..Text::PLAIN
    };

    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::Event,
        Self::Opening,
        Self::Reminder,
        Self::Recovery,
        Self::Flapping,
        Self::Stable,
        Self::Digest,
        Self::Test,
        Self::MuteEnded,
    ];

    /// The type as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Opening => "opening",
            Self::Reminder => "reminder",
            Self::Recovery => "recovery",
            Self::Flapping => "flapping",
            Self::Stable => "stable",
            Self::Digest => "digest",
            Self::Test => "test",
            Self::MuteEnded => "mute_ended",
        }
    }
}

impl Content {
    /// What kind of thing it says.
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::Event => MessageType::Event,
            Self::Opening { .. } => MessageType::Opening,
            Self::Reminder { .. } => MessageType::Reminder,
            Self::Recovery { .. } => MessageType::Recovery,
            Self::Flapping => MessageType::Flapping,
            Self::Stable => MessageType::Stable,
            Self::Digest { .. } => MessageType::Digest,
            Self::Test => MessageType::Test,
            Self::MuteEnded { .. } => MessageType::MuteEnded,
        }
    }

    /// Which messages of one minute it is counted with; none where it is always sent by itself.
    pub const fn counts_as(&self, event: EventType) -> Option<Kind> {
        match (self, event) {
            (Self::Opening { .. } | Self::Reminder { .. }, _) => Some(Kind::Opened),
            (Self::Recovery { .. }, _) => Some(Kind::Resolved),
            (Self::Event, EventType::IncidentAcknowledged) => Some(Kind::Acknowledged),
            (
                Self::Event | Self::Flapping | Self::Stable | Self::Digest { .. } | Self::Test | Self::MuteEnded { .. },
                _,
            ) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_survives_the_store() {
        let id = "01M82PJFFSY9XKXCV0WRMX4C7M";
        for stored in [
            json!({"type": "event"}),
            json!({"type": "opening", "step": 1}),
            json!({"type": "reminder", "step": 1, "number": 2}),
            json!({"type": "recovery", "opening": format!("dlv_{id}")}),
            json!({"type": "flapping"}),
            json!({"type": "stable"}),
            json!({"type": "test"}),
            json!({"type": "digest", "kind": "resolved", "named": [{"incident_id": format!("inc_{id}"), "monitor_name": "Shop"}], "more": 7}),
            json!({"type": "mute_ended", "monitor": "Shop", "down": ["Shop"]}),
            json!({"type": "mute_ended"}),
        ] {
            let content: Content = serde_json::from_value(stored.clone()).expect("a content");
            assert_eq!(stored["type"], content.message_type().as_str());
            assert_eq!(serde_json::to_value(content.message_type()).ok().as_ref(), Some(&stored["type"]));
            assert_eq!(serde_json::to_value(&content).ok(), Some(stored));
        }
    }
}
