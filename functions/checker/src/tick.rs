//! A tick: all that is due in this region, cohort by cohort; and the check of one monitor that somebody asked for.

use futures::{FutureExt, StreamExt, stream, stream::FuturesUnordered};
use valpero_app::{WorkError, event_bus::CheckRequested};
use valpero_domain::{Timestamp, packed::Record, probe::Outcome, schedule::Cohort, status::Verdict};
use valpero_storage::{ScheduledProbe, StoreError};

use crate::{Checker, attempt::Observation};

/// Cohorts worked on at the same time.
const COHORTS: usize = 64;

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
}

impl TickReport {
    fn add(mut self, other: Self) -> Self {
        self.cohorts += other.cohorts;
        self.checked += other.checked;
        self.down += other.down;
        self.probe_errors += other.probe_errors;
        self.changes += other.changes;
        self
    }

    fn count(&mut self, outcome: Outcome, changed: bool) {
        self.checked += 1;
        self.down += usize::from(outcome == Outcome::Down);
        self.probe_errors += usize::from(outcome == Outcome::ProbeError);
        self.changes += usize::from(changed);
    }
}

impl Checker {
    /// Probes everything that is due at this minute. The same minute again does the same again.
    pub(crate) async fn tick(&self, at: Timestamp) -> Result<TickReport, WorkError> {
        // First of all, so that a region counts as reporting before any region votes.
        self.app.store.beat(self.region, at).await?;
        let cohorts = self.app.store.cohorts(self.region).await?;
        let due: Vec<Cohort> = cohorts.into_iter().filter(|cohort| cohort.is_due(at)).collect();
        // One failing cohort keeps none of the others from being checked; the first error is told at the end.
        let done: Vec<Result<TickReport, WorkError>> = stream::iter(due)
            .map(|cohort| self.tick_cohort(cohort, at).boxed())
            .buffer_unordered(COHORTS)
            .collect()
            .await;
        done.into_iter().try_fold(TickReport::default(), |sum, report| Ok(sum.add(report?)))
    }

    async fn tick_cohort(&self, cohort: Cohort, at: Timestamp) -> Result<TickReport, WorkError> {
        let members = self.app.store.scheduled(&cohort).await?;
        let active: Vec<ScheduledProbe> = members.into_iter().filter(|member| !member.paused).collect();
        let report = TickReport { cohorts: 1, ..TickReport::default() };
        if active.is_empty() {
            return Ok(report);
        }
        let probes: FuturesUnordered<_> =
            active.iter().map(async |member| self.check_member(&cohort, member, at, false).await).collect();
        let settled: Vec<Settled> = probes.collect().await;
        let mut records: Vec<Record> = settled.iter().map(|settled| settled.record).collect();
        records.sort_by_key(|record| record.tag);
        self.app.store.save_tick(&cohort, at, &records).await?;
        // What failed for one monitor kept none of the others from being checked and recorded; now it is told.
        settled.into_iter().try_fold(report, |mut report, one| {
            report.count(one.record.outcome, one.changed?);
            Ok(report)
        })
    }

    /// Probes one monitor that somebody asked for, and keeps the result beside the ticks.
    pub(crate) async fn check(&self, check: &CheckRequested, at: Timestamp) -> Result<TickReport, WorkError> {
        let mut report = TickReport::default();
        let monitor = match self.app.store.monitor(check.account_id, check.monitor_id).await {
            Ok(monitor) => monitor,
            // Deleted between the request and now: there is nothing to check.
            Err(StoreError::NotFound) => return Ok(report),
            Err(error) => return Err(error.into()),
        };
        let Some(place) = monitor.place(self.region) else { return Ok(report) };
        let scheduled = self.app.store.scheduled_probe(check.account_id, check.monitor_id, place).await?;
        let Some(member) = scheduled.filter(|member| !member.paused) else { return Ok(report) };
        let settled = self.check_member(&place.cohort(), &member, at, true).await;
        self.app.store.save_requested_check(&place.cohort(), at, settled.record).await?;
        report.count(settled.record.outcome, settled.changed?);
        Ok(report)
    }

    async fn check_member(&self, cohort: &Cohort, member: &ScheduledProbe, at: Timestamp, requested: bool) -> Settled {
        let known_down = member.state.verdict == Some(Verdict::Down);
        let seen = self.observe(&member.probe, known_down).await;
        let record = Record {
            tag: member.tag,
            outcome: seen.result.outcome,
            error: seen.result.cause.as_ref().map(|cause| cause.code),
            http_status: seen.result.http_status,
            phases: seen.result.phases,
        };
        let changed = self.follow_up(cohort, member, &seen, at, requested).await;
        Settled { record, changed }
    }

    async fn follow_up(
        &self,
        cohort: &Cohort,
        member: &ScheduledProbe,
        seen: &Observation,
        at: Timestamp,
        requested: bool,
    ) -> Result<bool, WorkError> {
        if let Some(cause) = &seen.result.cause {
            // Before the record, so that a check that shows a failure can always say why.
            self.app.store.save_failure(cohort, member.tag, at, requested, cause).await?;
        }
        self.make_up_mind(cohort, member, seen, at).await
    }
}

/// What came of one check: the record that joins the history, and whether the monitor's status changed by it.
struct Settled {
    record: Record,
    changed: Result<bool, WorkError>,
}
