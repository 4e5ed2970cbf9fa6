//! The fields of posts and their updates.

use super::{Affected, Impact, PostKind, PostState};
use crate::{
    ComponentId, Fallback, Field, IncidentId, Items, Literal,
    pages::{ComponentStatus, settings::COMPONENTS_MAX},
    text_spec::{self, Text},
};

const TITLE_TEXT: Text = Text { min: 1, max: Some(200), pattern: "\\S", trimmed: true, ..Text::PLAIN };
const BODY_TEXT: Text = Text { min: 1, max: Some(10_000), pattern: "\\S", trimmed: true, lines: true, ..Text::PLAIN };

/// Kind of post.
pub const KIND: Field = Field::text("kind", &PostKind::TEXT).required().says("What the post is about.");
/// Its title.
pub const TITLE: Field = Field::text("title", &TITLE_TEXT)
    .required()
    .says("What happened, or is planned, in a line: 1 to 200 characters.")
    .example(Literal::Str("Payments fail"));
/// Impact.
pub const IMPACT: Field =
    Field::text("impact", &Impact::TEXT).says("Impact of the incident.").default(Literal::Str("minor"));
/// Statuses of components.
pub const AFFECTED: Field = Field::list("components", "component", Items::Objects(&Affected::OBJECT), 0, Some(COMPONENTS_MAX))
    .says("Statuses of components until the post is over; in maintenance, while it is in progress. In an incident a component is shown with the worse of this and the status by its monitors.")
    .on_patch("Replaces the list.");
/// State of a new post.
pub const STATE: Field = Field::text("state", &PostState::TEXT)
    .says("State of the post.")
    .computed("`investigating`, or `scheduled` for maintenance");
/// State of a post from an update on.
pub const UPDATE_STATE: Field = Field { default: Fallback::None, ..STATE }.required();
/// Text.
pub const BODY: Field = Field::text("body", &BODY_TEXT)
    .required()
    .says("Text in Markdown, without HTML and images: 1 to 10,000 characters.")
    .example(Literal::Str("We are looking into it."));
/// When the work begins.
pub const SCHEDULED_FOR: Field = Field::text("scheduled_for", &text_spec::TIME)
    .depends()
    .says("Time at which the maintenance begins. Required for maintenance; must be absent for an incident.");
/// When the work ends.
pub const SCHEDULED_UNTIL: Field = Field::text("scheduled_until", &text_spec::TIME)
    .depends()
    .says("Time at which the maintenance ends, after `scheduled_for`. Required for maintenance; must be absent for an incident.");
/// The incident.
pub const INCIDENT_ID: Field = Field::text("incident_id", &IncidentId::TEXT)
    .says("Incident that the post tells of. Public comments on it become updates of the post.");
/// Whether subscribers are told.
pub const NOTIFY: Field = Field::boolean("notify").required().says("Whether the page's subscribers are told.");

/// The component.
pub const AFFECTED_ID: Field = Field::text("id", &ComponentId::TEXT).required().says("ID of the component.");
/// Its status.
pub const AFFECTED_STATUS: Field =
    Field::text("status", &ComponentStatus::TEXT).required().says("Status of the component.");
