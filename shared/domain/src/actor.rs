//! Who acts: in the audit log, in an incident's timeline, and as the one who resolved an incident.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    ChannelId, Invalid, KeyId, RegionCode, UserId,
    text_spec::{Text, values},
};

/// Who acts. Stored and filtered by as text: an id, `operator`, `checker:REGION`, `delivery`, `recovery` or `system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// An API key.
    Key(KeyId),
    /// A person who is signed in.
    User(UserId),
    /// Somebody who holds a signed link from a message to this channel.
    Channel(ChannelId),
    /// Who runs the deployment, by the `valpero` command.
    Operator,
    /// The checker of a region. Without one: what several regions found together.
    Checker(Option<RegionCode>),
    /// The delivery worker.
    Delivery,
    /// Nobody: the target is up again.
    Recovery,
    /// Valpero itself, by the clock.
    System,
}

/// The kind of an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the actor of that name")]
pub enum ActorType {
    Key,
    User,
    Channel,
    Operator,
    Checker,
    Delivery,
    Recovery,
    System,
}

impl ActorType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "ActorType",
        says: "Kind of actor. `channel`: whoever followed the link of a message to that channel. `checker`: a region's checks. `recovery`: the target is up again. `delivery`: the webhook worker.",
        example: "key",
        values: values!(ActorType),
        ..Text::PLAIN
    };

    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Key,
        Self::User,
        Self::Channel,
        Self::Operator,
        Self::Checker,
        Self::Delivery,
        Self::Recovery,
        Self::System,
    ];

    /// The kind as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::User => "user",
            Self::Channel => "channel",
            Self::Operator => "operator",
            Self::Checker => "checker",
            Self::Delivery => "delivery",
            Self::Recovery => "recovery",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// Its kind.
    pub const fn kind(&self) -> ActorType {
        match self {
            Self::Key(_) => ActorType::Key,
            Self::User(_) => ActorType::User,
            Self::Channel(_) => ActorType::Channel,
            Self::Operator => ActorType::Operator,
            Self::Checker(_) => ActorType::Checker,
            Self::Delivery => ActorType::Delivery,
            Self::Recovery => ActorType::Recovery,
            Self::System => ActorType::System,
        }
    }

    /// Which one of its kind, where there are several: the id of a key, user or channel, the code of a region.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Key(id) => Some(id.to_string()),
            Self::User(id) => Some(id.to_string()),
            Self::Channel(id) => Some(id.to_string()),
            Self::Checker(region) => region.map(|region| region.to_string()),
            Self::Operator | Self::Delivery | Self::Recovery | Self::System => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Channel(id) => id.fmt(f),
            Self::Checker(Some(region)) => write!(f, "checker:{region}"),
            other => f.write_str(other.kind().as_str()),
        }
    }
}

impl FromStr for Actor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let kinds = [Self::Operator, Self::Checker(None), Self::Delivery, Self::Recovery, Self::System];
        if let Some(actor) = kinds.into_iter().find(|actor| actor.kind().as_str() == text) {
            return Ok(actor);
        }
        if let Some(region) = text.strip_prefix("checker:") {
            return Ok(Self::Checker(Some(region.parse()?)));
        }
        let user = || text.parse().map(Self::User).ok();
        let channel = || text.parse().map(Self::Channel).ok();
        text.parse().map(Self::Key).ok().or_else(user).or_else(channel).ok_or_else(|| {
            let known = kinds.map(|actor| actor.to_string()).join(", ");
            Invalid::new(format!("must be the id of a key, user or channel, checker:REGION, or one of {known}"))
        })
    }
}

as_text!(Actor);

/// An actor with the name that people knew it by at that moment. Flattened into the row that it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Who.
    pub actor: Actor,
    /// The name of the key, user or channel; none for all others, and in rows that are older than this field.
    #[serde(rename = "actor_name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl From<Actor> for Author {
    fn from(actor: Actor) -> Self {
        Self { actor, name: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_was_ever_stored_is_read_and_written_again() {
        let id = "01M82PJFFSY9XKXCV0WRMX4C7M";
        for (text, kind, of) in [
            (format!("key_{id}"), ActorType::Key, Some(format!("key_{id}"))),
            (format!("usr_{id}"), ActorType::User, Some(format!("usr_{id}"))),
            (format!("chn_{id}"), ActorType::Channel, Some(format!("chn_{id}"))),
            ("operator".to_owned(), ActorType::Operator, None),
            ("checker:fra".to_owned(), ActorType::Checker, Some("fra".to_owned())),
            ("checker".to_owned(), ActorType::Checker, None),
            ("delivery".to_owned(), ActorType::Delivery, None),
            ("recovery".to_owned(), ActorType::Recovery, None),
            ("system".to_owned(), ActorType::System, None),
        ] {
            let actor: Actor = text.parse().expect("an actor");
            assert_eq!((actor.kind(), actor.id(), actor.to_string()), (kind, of, text));
        }
        for wrong in ["", "key", "key_1", "checker:", "checker:atlantis", "root", "Operator"] {
            assert!(wrong.parse::<Actor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_row_without_a_name_is_read() {
        let author: Author = serde_json::from_str(r#"{"actor":"operator"}"#).expect("an author");
        assert_eq!(author, Actor::Operator.into());
        assert_eq!(serde_json::to_string(&author).ok().as_deref(), Some(r#"{"actor":"operator"}"#));
    }
}
