//! Status pages: what a component is by its monitors, what a page is by its components, and the days of both.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Status,
    text_spec::{Text, values},
};

pub mod auto;
pub mod days;
pub mod domain;
pub mod notice;
pub mod post;
pub mod settings;
pub mod subscriber;
pub mod values;
pub mod view;

pub use days::{ComponentDay, component_days};
pub use domain::{DomainName, DomainState, DomainWatch};
pub use notice::{Broadcast, DomainLook, Notice};
pub use post::{Affected, Impact, NewPost, NewUpdate, Post, PostKind, PostPatch, PostState, PostUpdate, Scheduled};
pub use settings::{AutoPublish, Component, StatusPageSpec, Theme};
pub use subscriber::{Contact, SubscriberKind, SubscriberStatus};
pub use values::{PageLanguage, Slug, Visibility};
pub use view::{ByHand, ComponentView, PageView, PublicPost, Shown, ShownComponent};

/// What a component of a status page is, in the words of Atlassian Statuspage. The worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It works.
    Operational,
    /// It is being worked on, as was announced.
    UnderMaintenance,
    /// It is slow, or a minority of regions cannot reach it.
    DegradedPerformance,
    /// Some of several parts are down.
    PartialOutage,
    /// All of it is down.
    MajorOutage,
}

impl ComponentStatus {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "ComponentStatus",
        says: "Status of a component. `partial_outage`: some of its monitors are down; `major_outage`: all that are checked are.",
        example: "operational",
        values: values!(ComponentStatus),
        ..Text::PLAIN
    };

    /// Every status, the best first.
    pub const ALL: [Self; 5] =
        [Self::Operational, Self::UnderMaintenance, Self::DegradedPerformance, Self::PartialOutage, Self::MajorOutage];

    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// That of a component by its monitors: the worst of them, where an outage is partial if others are up. None if none of
    /// them is checked.
    pub fn of_monitors(statuses: &[Status]) -> Option<Self> {
        let count = |status: Status| statuses.iter().filter(|one| **one == status).count();
        let (down, degraded, up) = (count(Status::Down), count(Status::Degraded), count(Status::Up));
        match (down, degraded + up) {
            (0, 0) => None,
            (0, _) if degraded > 0 => Some(Self::DegradedPerformance),
            (0, _) => Some(Self::Operational),
            (_, 0) => Some(Self::MajorOutage),
            _ => Some(Self::PartialOutage),
        }
    }
}

impl FromStr for ComponentStatus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| Self::TEXT.none_of_these("a component's status"))
    }
}

/// What a whole page says, in the words of Atlassian Statuspage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the format")]
pub enum Indicator {
    None,
    Maintenance,
    Minor,
    Major,
    Critical,
}

impl Indicator {
    /// As the format spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Maintenance => "maintenance",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// That of a page by its components: what the worst of them calls for. Critical only where all of it is down.
    pub fn of_components(statuses: &[ComponentStatus]) -> Self {
        let Some(worst) = statuses.iter().max() else { return Self::None };
        match worst {
            ComponentStatus::Operational => Self::None,
            ComponentStatus::UnderMaintenance => Self::Maintenance,
            ComponentStatus::DegradedPerformance => Self::Minor,
            ComponentStatus::PartialOutage => Self::Major,
            ComponentStatus::MajorOutage if statuses.iter().all(|status| status == worst) => Self::Critical,
            ComponentStatus::MajorOutage => Self::Major,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_the_worst_of_its_monitors() {
        use ComponentStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage};
        use Status::{Degraded, Down, Paused, Pending, Up};
        for (monitors, expected) in [
            (&[][..], None),
            (&[Pending, Paused], None),
            (&[Up, Up], Some(Operational)),
            (&[Up, Paused], Some(Operational)),
            (&[Up, Degraded], Some(DegradedPerformance)),
            (&[Down, Degraded], Some(PartialOutage)),
            (&[Down, Up, Up], Some(PartialOutage)),
            (&[Down, Down], Some(MajorOutage)),
            (&[Down, Paused, Pending], Some(MajorOutage)),
        ] {
            assert_eq!(ComponentStatus::of_monitors(monitors), expected, "{monitors:?}");
        }
    }

    #[test]
    fn a_page_is_critical_only_where_all_of_it_is_down() {
        use ComponentStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance};
        for (components, expected) in [
            (&[][..], Indicator::None),
            (&[Operational], Indicator::None),
            (&[Operational, UnderMaintenance], Indicator::Maintenance),
            (&[UnderMaintenance, DegradedPerformance], Indicator::Minor),
            (&[Operational, PartialOutage], Indicator::Major),
            (&[Operational, MajorOutage], Indicator::Major),
            (&[MajorOutage, MajorOutage], Indicator::Critical),
        ] {
            assert_eq!(Indicator::of_components(components), expected, "{components:?}");
        }
        assert_eq!("partial_outage".parse(), Ok(PartialOutage));
        assert!("down".parse::<ComponentStatus>().is_err());
    }
}
