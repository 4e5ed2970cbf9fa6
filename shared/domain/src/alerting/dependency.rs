//! Dependencies: a monitor that is down because another one is down alerts nobody.

use std::collections::BTreeSet;

use crate::{Faults, Field, Fields, Items, MonitorId, Status, Timestamp};

/// Monitors that one depends on, at most.
pub const DEPENDS_ON_MAX: usize = 5;

/// How long an incident waits for a monitor that it depends on to go down, too, in milliseconds: 75 s, a tick and its attempts.
pub const WAIT_MS: i64 = 75_000;

/// The clocks of two machines differ by less, in milliseconds.
const CLOCKS_DIFFER_MS: i64 = 120_000;

/// Monitors that one depends on.
pub const DEPENDS_ON: Field =
    Field::list("depends_on", "monitor", Items::Texts(&MonitorId::TEXT), 0, Some(DEPENDS_ON_MAX))
        .says("Monitors that this one needs, without repeats and circles. While one of them is down, or goes down within 75 s, the channels are not told that this one is down. A monitor that is deleted stays in the list and counts no more.")
        .on_patch("Replaces the list.");

/// Reads the field of a monitor; a new one has no ID yet.
pub fn read_depends_on(fields: &mut Fields<'_>, monitor: Option<MonitorId>, faults: &mut Faults) -> Vec<MonitorId> {
    let given: Vec<MonitorId> = fields.read(&DEPENDS_ON, faults).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (place, parent) in given.iter().enumerate() {
        let pointer = || format!("{}/{place}", fields.pointer(DEPENDS_ON.name));
        if Some(*parent) == monitor {
            faults.add(pointer(), "must be another monitor");
        } else if !seen.insert(*parent) {
            faults.add(pointer(), "is named twice");
        }
    }
    given
}

/// The first monitor of `depends_on` that depends on `monitor` already, be it by way of others, or is itself. `lookup` answers what a
/// monitor depends on as stored.
pub fn would_cycle<P: IntoIterator<Item = MonitorId>>(
    monitor: MonitorId,
    depends_on: &[MonitorId],
    mut lookup: impl FnMut(MonitorId) -> P,
) -> Option<MonitorId> {
    let mut seen = BTreeSet::new();
    depends_on.iter().copied().find(|&parent| {
        let mut ahead = vec![parent];
        while let Some(next) = ahead.pop() {
            if next == monitor {
                return true;
            }
            // Those that were seen from another parent do not lead to the monitor.
            if seen.insert(next) {
                ahead.extend(lookup(next));
            }
        }
        false
    })
}

/// A monitor that another one depends on, as it is. One that was deleted is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// Unique ID.
    pub id: MonitorId,
    /// Its status.
    pub status: Status,
    /// Since when it has this status.
    pub since: Timestamp,
}

/// Whether the channels are told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// A monitor that it depends on may still go down: ask again at this time.
    Wait {
        /// 75 s after the channels would have been told.
        until: Timestamp,
    },
    /// This monitor is down, and they are not told.
    SuppressedBy(MonitorId),
    /// They are told.
    Clear,
}

/// Whether the channels are told of an incident of a monitor that depends on `parents`. They would have been told at `opened_at`: when
/// the incident opened, or the end of a mute.
pub fn suppression(opened_at: Timestamp, parents: &[Parent], now: Timestamp) -> Suppression {
    let until = opened_at.plus_ms(WAIT_MS);
    if let Some(down) = parents.iter().find(|parent| parent.status == Status::Down && parent.since <= until) {
        return Suppression::SuppressedBy(down.id);
    }
    let may_go_down = |parent: &Parent| match parent.status {
        Status::Pending | Status::Up | Status::Degraded => true,
        Status::Down | Status::Paused => false,
    };
    // An incident from the future is one of a wrong clock, and nobody waits for it.
    let is_early = now < until && opened_at.ms_since(now) <= CLOCKS_DIFFER_MS;
    if is_early && parents.iter().any(may_go_down) { Suppression::Wait { until } } else { Suppression::Clear }
}

/// What becomes of an incident that was suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// This monitor is down: the channels are still not told.
    SuppressedBy(MonitorId),
    /// None of them is down, and the monitor was not checked since.
    AwaitsCheck,
    /// The monitor is still down by a check of its own: the policy begins.
    Begins,
}

/// What becomes of an incident that is open and has been suppressed since `suppressed_at`. `checked_at`: when the last check of its
/// monitor began. Where the monitor has recovered its incident is resolved, and this is not asked.
pub fn released(suppressed_at: Timestamp, parents: &[Parent], checked_at: Option<Timestamp>) -> Release {
    if let Some(down) = parents.iter().find(|parent| parent.status == Status::Down) {
        return Release::SuppressedBy(down.id);
    }
    let recovered_at = parents.iter().map(|parent| parent.since).fold(suppressed_at, Timestamp::max);
    if checked_at.is_some_and(|checked| checked > recovered_at) { Release::Begins } else { Release::AwaitsCheck }
}

#[cfg(test)]
mod tests;
