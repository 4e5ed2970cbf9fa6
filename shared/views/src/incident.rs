//! Incidents as clients see them.

use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    Actor, IncidentId, MonitorId, RegionCode, Timestamp,
    id::CommentId,
    incident::{self, IncidentStatus, TimelineType},
    probe::Cause,
};

use crate::{ActorView, schema};

/// One time that a monitor was down.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Incident {
    /// Its own name.
    #[schema(value_type = schema::IncidentId)]
    pub id: IncidentId,
    /// The monitor that was down.
    #[schema(value_type = schema::MonitorId)]
    pub monitor_id: MonitorId,
    /// Whether it is over.
    #[schema(value_type = schema::IncidentStatus)]
    pub status: IncidentStatus,
    /// The first failure that led to it.
    #[schema(value_type = schema::Time)]
    pub started_at: Timestamp,
    /// When it ended. Null while it is ongoing.
    #[schema(value_type = Option<schema::Time>, required)]
    pub resolved_at: Option<Timestamp>,
    /// Whole seconds that it lasted. Null while it is ongoing.
    #[schema(required, minimum = 0)]
    pub duration_seconds: Option<i64>,
    /// What the region that saw it first says.
    #[schema(value_type = CauseView)]
    pub cause: Cause,
    /// The regions that saw it down when it opened.
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
    /// When somebody took it. Null before.
    #[schema(value_type = Option<schema::Time>, required)]
    pub acknowledged_at: Option<Timestamp>,
    /// Who acknowledged it: the id of a key or user. Null before.
    #[schema(value_type = Option<String>, required, example = "key_01M82PJFFSY9XKXCV0WRMX4C7M")]
    pub acknowledged_by: Option<Actor>,
    /// Who resolved it: `recovery`, or the id of the key or user that closed it. Null while it is ongoing.
    #[schema(value_type = Option<String>, required, example = "recovery")]
    pub resolved_by: Option<Actor>,
    /// Its story, oldest line first: with a single incident, and not in lists and webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timeline: Option<Vec<TimelineEntry>>,
    /// The line that the event adds to its story: in webhooks alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub latest_entry: Option<TimelineEntry>,
}

impl Incident {
    /// An incident without its story.
    pub fn of(incident: &incident::Incident) -> Self {
        Self {
            id: incident.id,
            monitor_id: incident.monitor_id,
            status: incident.status,
            started_at: incident.started_at,
            resolved_at: incident.resolved_at,
            duration_seconds: incident.duration_seconds(),
            cause: incident.cause.clone(),
            regions: incident.regions.clone(),
            acknowledged_at: incident.acknowledged_at,
            acknowledged_by: incident.acknowledged_by,
            resolved_by: incident.resolved_by,
            timeline: None,
            latest_entry: None,
        }
    }
}

/// Why something is down.
#[derive(Debug, ToSchema)]
pub struct CauseView {
    /// From a closed list, such as `connect_refused`.
    #[schema(example = "connect_refused")]
    pub code: String,
    /// What was seen, for a person.
    #[schema(example = "192.0.2.7:443 refused the connection.")]
    pub detail: String,
}

/// A line of an incident's story.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// Its own name.
    #[schema(value_type = schema::CommentId)]
    pub id: CommentId,
    /// When.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// What.
    #[serde(rename = "type")]
    #[schema(value_type = schema::TimelineType)]
    pub kind: TimelineType,
    /// Who did it.
    pub actor: ActorView,
    /// What they said. Null: nothing.
    #[schema(required)]
    pub note: Option<String>,
}

impl From<&incident::TimelineEntry> for TimelineEntry {
    fn from(entry: &incident::TimelineEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            kind: entry.kind,
            actor: ActorView::from(&entry.by),
            note: entry.note.clone(),
        }
    }
}
