//! What a monitor is, and how its regions vote.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Timestamp,
    probe::{Cause, Outcome},
    text_spec::{Text, values},
};

/// What a monitor is, all regions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet decided: new, resumed, or resolved by hand.
    Pending,
    /// Enough regions see it up.
    Up,
    /// Up, but for a [`DegradedReason`].
    Degraded,
    /// Enough regions see it down; an incident is open.
    Down,
    /// Not checked.
    Paused,
}

impl Status {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Status",
        says: "`pending`: not yet decided. `degraded`: up, but `degraded_reason` says what is amiss. `paused`: not checked.",
        example: "up",
        values: values!(Status),
        ..Text::PLAIN
    };

    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Up, Self::Degraded, Self::Down, Self::Paused];

    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Paused => "paused",
        }
    }
}

impl FromStr for Status {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Status::TEXT.none_of_these("a status"))
    }
}

/// Why a monitor that is up is degraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DegradedReason {
    /// A minority of regions has seen it down for a minute.
    Regions,
    /// A majority of regions has found it slower than it should be, in two checks running.
    Slow,
}

impl DegradedReason {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "DegradedReason",
        says: "`regions`: a minority of regions reports it down. `slow`: a majority finds it slower than `max_response_time_ms`, in two checks running.",
        example: "regions",
        values: values!(DegradedReason),
        ..Text::PLAIN
    };

    /// Both.
    pub const ALL: [Self; 2] = [Self::Regions, Self::Slow];

    /// The reason as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regions => "regions",
            Self::Slow => "slow",
        }
    }
}

/// One region's mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The target does what the monitor expects.
    Up,
    /// It does not.
    Down,
    /// The region has not been able to probe it for some checks, by a fault of its own. It has no vote.
    Unknown,
}

impl Verdict {
    /// What a check says; `None` where it could not tell.
    pub const fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Up | Outcome::Slow => Some(Self::Up),
            Outcome::Down => Some(Self::Down),
            Outcome::ProbeError => None,
        }
    }
}

/// One region's vote about one monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Up, down, or no vote.
    pub verdict: Verdict,
    /// The first check that said so.
    pub since: Timestamp,
    /// When the vote was cast.
    pub at: Timestamp,
    /// Why, where it is not up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Whether it is up, but slower than the monitor wishes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slow: bool,
}

impl Vote {
    /// Whether the region could tell.
    pub(crate) fn counts(&self) -> bool {
        self.verdict != Verdict::Unknown
    }
}

/// A region that has not ticked for so long has no vote.
pub const SILENT_MS: i64 = 180_000;

/// Nobody watches a monitor: no region that reports can probe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwatched {
    /// The first check that could not tell.
    pub since: Timestamp,
    /// Why it could not.
    pub cause: Cause,
}
