//! Scopes: what an API key may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text_spec::{Text, values},
};

/// One permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Read the account and its audit log.
    #[serde(rename = "account:read")]
    AccountRead,
    /// Change the account's settings, and its plan by a deal code.
    #[serde(rename = "account:write")]
    AccountWrite,
    /// List the account's keys.
    #[serde(rename = "keys:read")]
    KeysRead,
    /// Mint, rotate and revoke keys.
    #[serde(rename = "keys:write")]
    KeysWrite,
    /// Read monitors, their checks and deliveries.
    #[serde(rename = "monitors:read")]
    MonitorsRead,
    /// Create, change, pause, check and delete monitors.
    #[serde(rename = "monitors:write")]
    MonitorsWrite,
    /// Read incidents.
    #[serde(rename = "incidents:read")]
    IncidentsRead,
    /// Acknowledge, resolve and comment on incidents.
    #[serde(rename = "incidents:write")]
    IncidentsWrite,
    /// Read channels, escalation policies, alert routes and their deliveries.
    #[serde(rename = "alerts:read")]
    AlertsRead,
    /// Create, change, test and delete channels, escalation policies and alert routes.
    #[serde(rename = "alerts:write")]
    AlertsWrite,
    /// Read the account's people and invitations.
    #[serde(rename = "people:read")]
    PeopleRead,
    /// Invite and remove people, and change their roles.
    #[serde(rename = "people:write")]
    PeopleWrite,
    /// Read status pages, their posts and their subscribers.
    #[serde(rename = "pages:read")]
    PagesRead,
    /// Create, change and delete status pages, and post on them.
    #[serde(rename = "pages:write")]
    PagesWrite,
}

impl Scope {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Scope",
        says: "Permission of a key.",
        example: "monitors:read",
        values: values!(Scope),
        ..Text::PLAIN
    };

    /// Every scope.
    pub const ALL: [Self; 14] = [
        Self::AccountRead,
        Self::AccountWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::MonitorsRead,
        Self::MonitorsWrite,
        Self::IncidentsRead,
        Self::IncidentsWrite,
        Self::AlertsRead,
        Self::AlertsWrite,
        Self::PeopleRead,
        Self::PeopleWrite,
        Self::PagesRead,
        Self::PagesWrite,
    ];

    /// The scope as keys and problems spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountRead => "account:read",
            Self::AccountWrite => "account:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::MonitorsRead => "monitors:read",
            Self::MonitorsWrite => "monitors:write",
            Self::IncidentsRead => "incidents:read",
            Self::IncidentsWrite => "incidents:write",
            Self::AlertsRead => "alerts:read",
            Self::AlertsWrite => "alerts:write",
            Self::PeopleRead => "people:read",
            Self::PeopleWrite => "people:write",
            Self::PagesRead => "pages:read",
            Self::PagesWrite => "pages:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|scope| scope.as_str()).collect();
            Invalid::new(format!("must be a scope; there are {}", all.join(", ")))
        })
    }
}

/// The scopes of one key; never empty once parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Scopes of a key for which none are named.
    const DEFAULT: [Scope; 3] = [Scope::AccountRead, Scope::MonitorsRead, Scope::IncidentsRead];

    /// The same, as the API spells them.
    pub const DEFAULT_NAMES: &[&str] =
        &[Self::DEFAULT[0].as_str(), Self::DEFAULT[1].as_str(), Self::DEFAULT[2].as_str()];

    /// What a key may do for which no scopes are named: read the account, monitors and incidents.
    pub fn default_of_a_key() -> Self {
        Self(BTreeSet::from(Self::DEFAULT))
    }

    /// What somebody may do who is not signed in: look at public targets.
    pub fn of_a_guest() -> Self {
        Self(BTreeSet::from([Scope::MonitorsRead]))
    }

    /// Every scope there is.
    pub fn all() -> Self {
        Self(Scope::ALL.into())
    }

    /// The scopes that a person asked for.
    ///
    /// # Errors
    /// Where the list is empty: a key that may do nothing is a mistake.
    pub fn parse(asked: impl IntoIterator<Item = Scope>) -> Result<Self, Invalid> {
        let scopes: BTreeSet<Scope> = asked.into_iter().collect();
        if scopes.is_empty() { Err(Invalid::new("must name at least one scope")) } else { Ok(Self(scopes)) }
    }

    /// Whether the key may do this.
    pub fn holds(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Takes those away that are not to be kept.
    pub(crate) fn retain(&mut self, keep: impl Fn(Scope) -> bool) {
        self.0.retain(|scope| keep(*scope));
    }

    /// The first of these scopes that `holder` lacks.
    pub fn first_beyond(&self, holder: &Self) -> Option<Scope> {
        self.0.difference(&holder.0).next().copied()
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}
