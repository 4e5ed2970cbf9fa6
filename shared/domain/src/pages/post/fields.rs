//! The fields of posts and their updates.

use super::{Affected, Impact, PostKind, PostState};
use crate::{
    ComponentId, Fallback, Field, IncidentId, Items, Literal,
    pages::{ComponentStatus, settings::COMPONENTS_MAX},
    text_spec::{self, Text},
};

const TITLE_TEXT: Text = Text { min: 1, max: Some(200), pattern: "\\S", trimmed: true, ..Text::PLAIN };
const BODY_TEXT: Text = Text { min: 1, max: Some(10_000), pattern: "\\S", trimmed: true, lines: true, ..Text::PLAIN };

/// What it is about.
pub const KIND: Field = Field::text("kind", &PostKind::TEXT).required().says("What the post is about.");
/// Its title.
pub const TITLE: Field = Field::text("title", &TITLE_TEXT)
    .required()
    .says("What happened, or is planned, in a line: 1 to 200 characters.")
    .example(Literal::Str("Payments fail"));
/// How bad it is.
pub const IMPACT: Field = Field::text("impact", &Impact::TEXT).says("How bad it is.").default(Literal::Str("minor"));
/// What it says of components.
pub const AFFECTED: Field = Field::list("components", "component", Items::Objects(&Affected::OBJECT), 0, Some(COMPONENTS_MAX))
    .says("What the components are until the post is over; in maintenance, while it is in progress. In an incident a component is never better than its monitors say.")
    .on_patch("Replaces the list.");
/// How far a new post is.
pub const STATE: Field = Field::text("state", &PostState::TEXT)
    .says("How far it is.")
    .computed("`investigating`, or `scheduled` for maintenance");
/// How far a post is by an update.
pub const UPDATE_STATE: Field = Field { default: Fallback::None, ..STATE }.required();
/// What is said.
pub const BODY: Field = Field::text("body", &BODY_TEXT)
    .required()
    .says("Text in Markdown, without HTML and images: 1 to 10,000 characters.")
    .example(Literal::Str("We are looking into it."));
/// When the work begins.
pub const SCHEDULED_FOR: Field = Field::text("scheduled_for", &text_spec::TIME)
    .depends()
    .says("When the maintenance begins. Required for maintenance, and only for it.");
/// When the work ends.
pub const SCHEDULED_UNTIL: Field = Field::text("scheduled_until", &text_spec::TIME)
    .depends()
    .says("When the maintenance ends: later than `scheduled_for`. Required for maintenance, and only for it.");
/// The incident.
pub const INCIDENT_ID: Field = Field::text("incident_id", &IncidentId::TEXT)
    .says("Incident that the post tells of. Public comments on it become updates of the post.");
/// Whether subscribers are told.
pub const NOTIFY: Field = Field::boolean("notify").required().says("Whether the page's subscribers are told.");

/// The component.
pub const AFFECTED_ID: Field = Field::text("id", &ComponentId::TEXT).required().says("ID of the component.");
/// What it is.
pub const AFFECTED_STATUS: Field =
    Field::text("status", &ComponentStatus::TEXT).required().says("What the component is.");
