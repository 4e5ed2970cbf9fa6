//! Monitors that are checked together, and what came of it.

use valpero_domain::schedule::Cohort;
use valpero_storage::{Occasion, ScheduledProbe};

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Cohorts that were due.
    pub cohorts: usize,
    /// Monitors that were probed.
    pub checked: usize,
    /// Those found down.
    pub down: usize,
    /// Those that we could not probe.
    pub probe_errors: usize,
    /// Statuses that changed.
    pub changes: usize,
    /// Monitors whose region's mind was not written for want of time: the next tick finds what it is then.
    pub unwritten: usize,
    /// Parts of the tick that were left to other invocations.
    pub handed_over: usize,
}

impl TickReport {
    pub(crate) fn add(mut self, other: Self) -> Self {
        self.cohorts += other.cohorts;
        self.checked += other.checked;
        self.down += other.down;
        self.probe_errors += other.probe_errors;
        self.changes += other.changes;
        self.unwritten += other.unwritten;
        self.handed_over += other.handed_over;
        self
    }
}

/// Monitors of one cohort that are checked together.
pub(crate) struct Group {
    pub cohort: Cohort,
    pub members: Vec<ScheduledProbe>,
    pub occasion: Occasion,
}
