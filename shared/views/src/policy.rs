//! Escalation policies and alert routes as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    ChannelId, MonitorId, PolicyId, Timestamp,
    alerting::{policy::Step, routes},
    check::CheckType,
};
use valpero_storage::EscalationPolicyRow;

use crate::schema;

/// An escalation policy: which channels are told of an incident, and how many minutes after it opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct EscalationPolicy {
    /// Unique ID.
    #[schema(value_type = schema::PolicyId)]
    pub id: PolicyId,
    #[schema(value_type = schema::Name)]
    pub name: String,
    pub steps: Vec<EscalationStepView>,
    #[schema(required)]
    pub repeat_minutes: Option<u32>,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
}

/// Channels that are told at one time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct EscalationStepView {
    pub after_minutes: u32,
    #[schema(value_type = Vec<schema::ChannelId>)]
    pub channel_ids: Vec<ChannelId>,
}

impl EscalationPolicy {
    /// A policy as its owner sees it.
    pub fn of(row: &EscalationPolicyRow) -> Self {
        let step = |step: &Step| EscalationStepView {
            after_minutes: step.after_minutes,
            channel_ids: step.channel_ids.clone(),
        };
        Self {
            id: row.id,
            name: row.policy.name.clone().into(),
            steps: row.policy.steps.steps.iter().map(step).collect(),
            repeat_minutes: row.policy.steps.repeat_minutes,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All alert routes of the account, in order: the first that matches a monitor decides which escalation policy its incidents follow.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct AlertRoutes {
    pub routes: Vec<AlertRouteView>,
}

/// Escalation policy for the monitors that match.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct AlertRouteView {
    #[serde(rename = "match")]
    pub matching: AlertMatchView,
    #[schema(value_type = schema::PolicyId)]
    pub policy_id: PolicyId,
}

/// Conditions on a monitor: all that are given must be fulfilled. Without any it matches all monitors.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct AlertMatchView {
    #[schema(value_type = Option<Vec<schema::Tag>>, required)]
    pub tags_any: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<schema::MonitorId>>, required)]
    pub monitor_ids: Option<Vec<MonitorId>>,
    #[schema(value_type = Option<Vec<schema::CheckType>>, required)]
    pub check_types: Option<Vec<CheckType>>,
}

impl AlertRoutes {
    /// An account's routes as its owner sees them.
    pub fn of(routes: &routes::AlertRoutes) -> Self {
        let route = |route: &routes::Route| AlertRouteView {
            matching: AlertMatchView::of(&route.matching),
            policy_id: route.policy_id,
        };
        Self { routes: routes.routes.iter().map(route).collect() }
    }
}

impl AlertMatchView {
    fn of(matching: &routes::Match) -> Self {
        let texts = |tags: &Vec<valpero_domain::monitor::Tag>| tags.iter().map(|tag| tag.as_str().to_owned()).collect();
        Self {
            tags_any: matching.tags_any.as_ref().map(texts),
            monitor_ids: matching.monitor_ids.clone(),
            check_types: matching.check_types.clone(),
        }
    }
}
