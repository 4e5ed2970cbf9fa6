//! Incidents: one for each time that a monitor is down.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Author, IncidentId, Invalid, MonitorId, RegionCode, Timestamp,
    id::CommentId,
    probe::Cause,
    text_spec::{NOTE, Text, values},
};

/// Whether it is over. An acknowledged incident is still ongoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the two words say it")]
pub enum IncidentStatus {
    Ongoing,
    Resolved,
}

impl IncidentStatus {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "IncidentStatus",
        says: "An acknowledged incident is still `ongoing`.",
        example: "ongoing",
        values: values!(IncidentStatus),
        ..Text::PLAIN
    };

    /// Both.
    pub const ALL: [Self; 2] = [Self::Ongoing, Self::Resolved];

    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ongoing => "ongoing",
            Self::Resolved => "resolved",
        }
    }
}

impl FromStr for IncidentStatus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| IncidentStatus::TEXT.none_of_these("an incident's status"))
    }
}

/// One time that a monitor was down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its own name.
    pub id: IncidentId,
    /// The monitor that was down.
    pub monitor_id: MonitorId,
    /// Whether it is over.
    pub status: IncidentStatus,
    /// The first failure that led to it.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// What the region that saw it first says.
    pub cause: Cause,
    /// The regions that saw it down when it opened.
    pub regions: Vec<RegionCode>,
    /// When a person took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// Who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<Actor>,
    /// Who closed it: `recovery`, or the key or user that did by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<Actor>,
}

impl Incident {
    /// Whole seconds that it lasted; none while it is ongoing.
    pub fn duration_seconds(&self) -> Option<i64> {
        self.resolved_at.map(|end| end.ms_since(self.started_at).max(0) / 1000)
    }
}

/// What happened in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum TimelineType {
    Opened,
    Acknowledged,
    Commented,
    Resolved,
}

impl TimelineType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "TimelineType",
        says: "What happened.",
        example: "opened",
        values: values!(TimelineType),
        ..Text::PLAIN
    };

    /// Every type.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Acknowledged, Self::Commented, Self::Resolved];

    /// The type as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Acknowledged => "acknowledged",
            Self::Commented => "commented",
            Self::Resolved => "resolved",
        }
    }
}

/// One line of an incident's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Its own name.
    pub id: CommentId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(rename = "type")]
    pub kind: TimelineType,
    /// Who.
    #[serde(flatten)]
    pub by: Author,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether status pages show it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub public: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A person's words on an incident: 1 to 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

impl TryFrom<String> for Note {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        NOTE.fit(&text).map(|()| Self(text.trim().to_owned()))
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}
