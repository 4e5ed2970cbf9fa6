//! The row that the store keeps of the alerting of one incident.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, IncidentId, MonitorId, PolicyId, Timestamp, alerting::policy::Steps};

/// The alerting of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerting {
    /// The incident.
    pub incident_id: IncidentId,
    /// Its monitor.
    pub monitor_id: MonitorId,
    /// When the incident opened.
    pub opened_at: Timestamp,
    /// The policy as it was read last; none where no route matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRead>,
    /// Why no step is taken at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Where the steps stand; none until they begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// The next step; none while it is held, after the last step, and after the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStep>,
    /// Steps that were taken, and whose deliveries may not have been written yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handing_out: Vec<DueStep>,
    /// Channels whose step was reached: they have been told of the opening, or that is under way. Each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// Why no further step is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
}

/// A policy as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRead {
    /// Unique ID.
    pub id: PolicyId,
    /// Who is told when.
    #[serde(flatten)]
    pub steps: Steps,
}

/// Why no step is taken at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The reason.
    #[serde(flatten)]
    pub reason: HoldReason,
    /// Since when they have been silent, for whatever reason.
    pub since: Timestamp,
    /// When the reason is to be looked at again.
    pub look_at: Timestamp,
}

/// What keeps channels silent for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum HoldReason {
    /// A monitor that this one depends on may go down, too.
    Waiting,
    /// A monitor that this one depends on is down.
    Suppressed {
        /// Which one.
        suppressed_by: MonitorId,
    },
    /// The monitor is flapping.
    Flapping,
    /// The monitor or the account is muted.
    Muted,
}

/// One run through the steps: the first, or a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// 0, or the number of the repeat.
    pub number: u8,
    /// What `after_minutes` counts from.
    pub began_at: Timestamp,
    /// `after_minutes` of the last step that was taken in this round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u32>,
    /// What `repeat_minutes` counts from: when the last step was taken.
    pub done_at: Timestamp,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// Its place in the policy, from 0.
    pub step: usize,
    /// 0, or the number of the repeat.
    pub repeat_round: u8,
    /// When.
    pub due_at: Timestamp,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueStep {
    /// Its `after_minutes`, which identifies it also after the policy was edited.
    pub after_minutes: u32,
    /// 0, or the number of the repeat.
    pub repeat_round: u8,
    /// When it was taken.
    pub at: Timestamp,
    /// Whom it tells.
    pub channel_ids: Vec<ChannelId>,
}

/// A channel whose step was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The channel.
    pub channel_id: ChannelId,
    /// `after_minutes` of the step that reached it first.
    pub after_minutes: u32,
    /// The round of that step.
    pub repeat_round: u8,
    /// When.
    pub at: Timestamp,
}

/// The end of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: StopReason,
}

/// Why no further step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// A person took the incident.
    Acknowledged,
    /// The incident is over.
    Resolved,
    /// No route matches the monitor.
    NoPolicy,
    /// The monitor was deleted.
    Deleted,
}

/// What identifies one message about an open incident. As text it is the material of the delivery's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey {
    /// The incident.
    pub incident_id: IncidentId,
    /// The step's `after_minutes`.
    pub after_minutes: u32,
    /// 0, or the number of the repeat.
    pub repeat_round: u8,
    /// Who is told.
    pub channel_id: ChannelId,
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incident_id, after_minutes, repeat_round, channel_id } = self;
        write!(f, "{incident_id} step:{after_minutes} repeat:{repeat_round} {channel_id}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_survives_the_store_and_what_is_absent_is_not_written() {
        let id = "01M82PJFFSY9XKXCV0WRMX4C7M";
        let at = "2026-11-28T18:00:00.000Z";
        let least = json!({
            "incident_id": format!("inc_{id}"), "monitor_id": format!("mon_{id}"), "opened_at": at,
        });
        let hold = |reason: serde_json::Value| {
            let mut hold = json!({"since": at, "look_at": at});
            hold.as_object_mut().expect("an object").extend(reason.as_object().expect("an object").clone());
            let mut row = least.clone();
            row["hold"] = hold;
            row
        };
        let mut full = hold(json!({"reason": "suppressed", "suppressed_by": format!("mon_{id}")}));
        let channels = [format!("chn_{id}")];
        for (member, value) in [
            (
                "policy",
                json!({"id": format!("pol_{id}"), "steps": [{"after_minutes": 5, "channel_ids": channels}], "repeat_minutes": 30}),
            ),
            ("round", json!({"number": 1, "began_at": at, "done": 5, "done_at": at})),
            ("next", json!({"step": 0, "repeat_round": 2, "due_at": at})),
            ("handing_out", json!([{"after_minutes": 5, "repeat_round": 1, "at": at, "channel_ids": channels}])),
            ("told", json!([{"channel_id": channels[0], "after_minutes": 5, "repeat_round": 0, "at": at}])),
            ("stopped", json!({"at": at, "why": "acknowledged"})),
        ] {
            full[member] = value;
        }
        let reasons = ["waiting", "flapping", "muted"].map(|reason| hold(json!({ "reason": reason })));
        for stored in [least.clone(), full].into_iter().chain(reasons) {
            let row: Alerting = serde_json::from_value(stored.clone()).expect("a row");
            assert_eq!(serde_json::to_value(&row).ok().as_ref(), Some(&stored));
        }
    }

    #[test]
    fn the_material_of_ids_names_all_that_tells_two_messages_apart() {
        let key = |incident: u8, after_minutes, repeat_round, channel: u8| {
            let at = Timestamp::from_seconds(1_795_000_000);
            let incident_id = IncidentId::new(at, [incident; 10]);
            StepKey { incident_id, after_minutes, repeat_round, channel_id: ChannelId::new(at, [channel; 10]) }
        };
        let keys = [key(0, 0, 0, 0), key(1, 0, 0, 0), key(0, 1, 0, 0), key(0, 0, 1, 0), key(0, 0, 0, 1)];
        let texts: std::collections::BTreeSet<String> = keys.iter().map(StepKey::to_string).collect();
        assert_eq!(texts.len(), keys.len());
    }
}
