//! Plans and what each allows.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text_spec::{Text, values},
};

/// The shortest interval between checks, in seconds: a tick's.
pub(crate) const CHECK_INTERVAL_MIN: i64 = 60;

/// What an account may do and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// For a first look.
    Free,
    /// One small site.
    Lite,
    /// A few sites.
    Start,
    /// A team.
    Pro,
    /// A company.
    Business,
}

/// The numbers of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Requests that one key may make in one calendar minute (UTC).
    pub requests_per_minute: u32,
    /// Monitors that the account may have.
    pub monitors: u32,
    /// People who may belong to the account.
    pub people: u32,
    /// Status pages that the account may have.
    pub status_pages: u32,
    /// The shortest time between two checks of a monitor, in seconds.
    pub min_check_interval: u32,
}

impl Plan {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Plan",
        says: "What an account may do, and how fast.",
        example: "pro",
        values: values!(Plan),
        ..Text::PLAIN
    };

    /// Every plan, smallest first.
    pub const ALL: [Self; 5] = [Self::Free, Self::Lite, Self::Start, Self::Pro, Self::Business];

    /// The plan's name as people write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Lite => "lite",
            Self::Start => "start",
            Self::Pro => "pro",
            Self::Business => "business",
        }
    }

    /// What the plan allows.
    pub const fn limits(self) -> Limits {
        let (requests_per_minute, monitors, status_pages, people) = match self {
            Self::Free => (30, 1, 1, 1),
            Self::Lite => (60, 10, 1, 2),
            Self::Start => (120, 50, 3, 5),
            Self::Pro => (300, 500, 10, 20),
            Self::Business => (1000, 100_000, 100, 1000),
        };
        Limits { requests_per_minute, monitors, people, status_pages, min_check_interval: CHECK_INTERVAL_MIN as u32 }
    }
}

impl FromStr for Plan {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let named = Self::ALL.into_iter().find(|plan| plan.as_str() == text);
        named.ok_or_else(|| Plan::TEXT.none_of_these("a plan"))
    }
}
