//! Alert routes: which escalation policy an incident of a monitor follows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Faults, Field, Fields, Items, MonitorId, Object, PolicyId, check::CheckType, text::Tag, text_spec};

/// Routes of one account, at most.
pub const ROUTES_MAX: usize = 100;

/// The account's routes.
pub const ROUTES: Field =
    Field::list("routes", "route", Items::Objects(&Route::OBJECT), 0, Some(ROUTES_MAX)).required().says(
        "Routes in order: the first that matches the monitor decides. A monitor that none matches alerts no channel.",
    );

const MATCH: Field =
    Field::object("match", &Match::OBJECT).says("Conditions, all of which must be fulfilled.").computed("all monitors");

const POLICY_ID: Field = Field::text("policy_id", &PolicyId::TEXT).required().says("Escalation policy to follow.");

const TAGS_ANY: Field = Field::list("tags_any", "tag", Items::Texts(&text_spec::TAG), 1, Some(20))
    .says("Tags of which the monitor has at least one.");

const MONITOR_IDS: Field = Field::list("monitor_ids", "monitor", Items::Texts(&MonitorId::TEXT), 1, Some(100))
    .says("Monitors of which it is one.");

const CHECK_TYPES: Field =
    Field::list("check_types", "check type", Items::Texts(&CheckType::TEXT), 1, Some(CheckType::ALL.len()))
        .says("Types of check of which the monitor has one.");

/// The ordered list of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRoutes {
    /// At most 100 routes. The first that matches decides.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Which monitors it is for.
    #[serde(rename = "match", default)]
    pub matching: Match,
    /// Which policy their incidents follow.
    pub policy_id: PolicyId,
}

/// Conditions on a monitor: all that are given must be fulfilled. Without any it matches all monitors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Tags of which the monitor has at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags_any: Option<Vec<Tag>>,
    /// Monitors of which it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor_ids: Option<Vec<MonitorId>>,
    /// Types of check of which it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_types: Option<Vec<CheckType>>,
}

/// What routes look at.
#[derive(Debug, Clone, Copy)]
pub struct Routed<'a> {
    /// Unique ID.
    pub id: MonitorId,
    /// Labels.
    pub tags: &'a [Tag],
    /// Type of check.
    pub check_type: CheckType,
}

/// The policy that a monitor's incidents follow: that of the first route that matches.
pub fn policy_for(routes: &AlertRoutes, monitor: Routed<'_>) -> Option<PolicyId> {
    routes.routes.iter().find(|route| route.matching.accepts(monitor)).map(|route| route.policy_id)
}

impl AlertRoutes {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "AlertRoutesPut",
        patch_name: "",
        says: "All alert routes of the account, in order.",
        fields: &[ROUTES],
    };

    /// Reads a request's body, reporting every fault at once.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let routes = fields.objects(&ROUTES, &mut faults, Route::read);
        fields.finish(&mut faults);
        faults.finish(routes.map(|routes| Self { routes: routes.into_iter().flatten().collect() }))
    }

    /// A fault for each policy that is none of the account's.
    pub fn unknown_policies(&self, known: &BTreeSet<PolicyId>) -> Faults {
        let mut faults = Faults::default();
        for (place, route) in self.routes.iter().enumerate() {
            if !known.contains(&route.policy_id) {
                faults.add(format!("/routes/{place}/policy_id"), "must be the id of an escalation policy");
            }
        }
        faults
    }
}

impl Route {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "AlertRoute",
        patch_name: "",
        says: "Escalation policy for the monitors that match.",
        fields: &[MATCH, POLICY_ID],
    };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let matching = fields.object(&MATCH, faults, Match::read).unwrap_or_default();
        Some(Self { matching, policy_id: fields.read(&POLICY_ID, faults)? })
    }
}

impl Match {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "AlertMatch",
        patch_name: "",
        says: "Conditions on a monitor: all that are given must be fulfilled. Without any it matches all monitors.",
        fields: &[TAGS_ANY, MONITOR_IDS, CHECK_TYPES],
    };

    fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        Self {
            tags_any: fields.read(&TAGS_ANY, faults),
            monitor_ids: fields.read(&MONITOR_IDS, faults),
            check_types: fields.read(&CHECK_TYPES, faults),
        }
    }

    fn accepts(&self, monitor: Routed<'_>) -> bool {
        self.tags_any.as_ref().is_none_or(|tags| tags.iter().any(|tag| monitor.tags.contains(tag)))
            && self.monitor_ids.as_ref().is_none_or(|ids| ids.contains(&monitor.id))
            && self.check_types.as_ref().is_none_or(|types| types.contains(&monitor.check_type))
    }
}

#[cfg(test)]
mod tests;
