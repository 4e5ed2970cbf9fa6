//! Incidents as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    Actor, ChannelId, DeliveryId, IncidentId, MonitorId, RegionCode, Timestamp,
    alerting::row::{Alerting, NextStep},
    delivery::DeliveryStatus,
    id::CommentId,
    incident::{self, IncidentStatus, TimelineType},
    probe::{Cause, ErrorCode},
};

use crate::{ActorView, schema};

/// A period in which a monitor was down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Unique ID.
    #[schema(value_type = schema::IncidentId)]
    pub id: IncidentId,
    /// ID of the monitor.
    #[schema(value_type = schema::MonitorId)]
    pub monitor_id: MonitorId,
    /// Whether the incident is over.
    #[schema(value_type = schema::IncidentStatus)]
    pub status: IncidentStatus,
    /// Time of the first failure that led to the incident.
    #[schema(value_type = schema::Time)]
    pub started_at: Timestamp,
    /// End time. Null while ongoing.
    #[schema(value_type = Option<schema::Time>, required)]
    pub resolved_at: Option<Timestamp>,
    /// Duration in whole seconds. Null while ongoing.
    #[schema(required, minimum = 0)]
    pub duration_seconds: Option<i64>,
    /// Cause reported by the region that saw the failure first.
    #[schema(value_type = CauseView)]
    pub cause: Cause,
    /// Regions that reported the monitor down when the incident opened.
    #[schema(value_type = Vec<schema::Region>)]
    pub regions: Vec<RegionCode>,
    /// Time of acknowledgement. Null if not acknowledged.
    #[schema(value_type = Option<schema::Time>, required)]
    pub acknowledged_at: Option<Timestamp>,
    /// Who acknowledged it: the id of a key, a user, or the channel whose message had the link. Null before.
    #[schema(value_type = Option<String>, required, example = "key_01M82PJFFSY9XKXCV0WRMX4C7M")]
    pub acknowledged_by: Option<Actor>,
    /// Who resolved it: `recovery`, or the id of the key or user that closed it. Null while it is ongoing.
    #[schema(value_type = Option<String>, required, example = "recovery")]
    pub resolved_by: Option<Actor>,
    /// Timeline, oldest entry first. Only when a single incident is requested, not in lists and webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timeline: Option<Vec<TimelineEntry>>,
    /// Channels that were told of it, in the order of the steps. Only when a single incident is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notified: Option<Vec<Notified>>,
    /// What the escalation policy does next. Only when a single incident is requested, and something is planned: not of one that was
    /// acknowledged or resolved, and not while its channels are silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_step: Option<NextStepView>,
    /// ID of the monitor because of whose outage channels are not told of it. Only when a single incident is requested, and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<schema::MonitorId>)]
    pub suppressed_by: Option<MonitorId>,
    /// Whether channels were not told of it because the monitor was flapping. Only when a single incident is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub flapping: Option<bool>,
    /// Timeline entry that the event added. Only in webhooks.
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
            notified: None,
            next_step: None,
            suppressed_by: None,
            flapping: None,
            latest_entry: None,
        }
    }
}

/// A channel that was told of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notified {
    /// ID of the channel.
    #[schema(value_type = schema::ChannelId)]
    pub channel_id: ChannelId,
    /// ID of the delivery that told it first. Null if it takes no openings, or is disabled.
    #[schema(value_type = Option<schema::DeliveryId>, required)]
    pub delivery_id: Option<DeliveryId>,
    /// Status of that delivery, or of the digest that it is part of. Null if there is none.
    #[schema(value_type = Option<schema::DeliveryStatus>, required)]
    pub status: Option<DeliveryStatus>,
    /// Time at which the channel's step was reached.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
}

/// A step of an escalation policy that is yet to come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NextStep)]
pub struct NextStepView {
    /// Time from which the step is due. Steps are taken once a minute.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// IDs of the channels that it tells, as the policy was when the incident last took a step.
    #[schema(value_type = Vec<schema::ChannelId>)]
    pub channel_ids: Vec<ChannelId>,
    /// 0, or the number of the repeat.
    pub repeat_round: u8,
}

impl NextStepView {
    /// The next step of an incident; none where none is planned.
    pub fn of(alerting: &Alerting) -> Option<Self> {
        let NextStep { step, repeat_round, due_at } = alerting.next?;
        let channel_ids = alerting.policy.as_ref()?.steps.steps.get(step)?.channel_ids.clone();
        Some(Self { at: due_at, channel_ids, repeat_round })
    }
}

/// Why a check failed.
#[derive(Debug, ToSchema)]
pub struct CauseView {
    /// Machine-readable reason.
    #[schema(value_type = schema::ErrorCode)]
    pub code: ErrorCode,
    /// Readable explanation of what was seen.
    #[schema(example = "192.0.2.7:443 refused the connection.")]
    pub detail: String,
}

/// An entry of an incident's timeline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// Unique ID.
    #[schema(value_type = schema::CommentId)]
    pub id: CommentId,
    /// Time.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// Entry type.
    #[serde(rename = "type")]
    #[schema(value_type = schema::TimelineType)]
    pub kind: TimelineType,
    /// Who did it.
    pub actor: ActorView,
    /// Note or comment. Null: none.
    #[schema(required)]
    pub note: Option<String>,
    /// Whether status pages show the comment.
    #[serde(default)]
    pub public: bool,
}

impl From<&incident::TimelineEntry> for TimelineEntry {
    fn from(entry: &incident::TimelineEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            kind: entry.kind,
            actor: ActorView::from(&entry.by),
            note: entry.note.clone(),
            public: entry.public,
        }
    }
}
