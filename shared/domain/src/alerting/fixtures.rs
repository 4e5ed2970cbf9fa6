//! Values that the tests of alerting share.

use crate::{
    ChannelId, IncidentId, MonitorId, PolicyId, Timestamp,
    alerting::{
        policy::{Step, Steps},
        row::{Alerting, PolicyRead},
    },
};

/// So many seconds after the incident opened.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_020 + seconds)
}

pub(super) fn channel(number: u8) -> ChannelId {
    ChannelId::new(at(0), [number; 10])
}

pub(super) fn incident(number: u16) -> IncidentId {
    let [high, low] = number.to_be_bytes();
    IncidentId::new(at(0), [0, 0, 0, 0, 0, 0, 0, 0, high, low])
}

pub(super) fn monitor(number: u8) -> MonitorId {
    MonitorId::new(at(0), [number; 10])
}

pub(super) fn policy(steps: &[(u32, &[u8])], repeat_minutes: Option<u32>) -> PolicyRead {
    let steps = steps.iter().map(|&(after_minutes, channels)| {
        let channel_ids = channels.iter().map(|&number| channel(number)).collect();
        Step { after_minutes, channel_ids }
    });
    PolicyRead { id: PolicyId::new(at(0), [0; 10]), steps: Steps { steps: steps.collect(), repeat_minutes } }
}

/// The alerting of an incident that opens at `at(0)`.
pub(super) fn begun(policy: PolicyRead) -> Alerting {
    Alerting::begin(incident(0), monitor(0), Some(policy), None, at(0))
}
