//! A tick: all that is due in this region, cohort by cohort; and the check of one monitor that somebody asked for.

use futures::{FutureExt, StreamExt, stream, stream::FuturesUnordered};
use valpero_app::{WorkError, event_bus::CheckRequested};
use valpero_domain::{Status, Timestamp, packed::Record, probe::Outcome, schedule::Cohort, status::Verdict};
use valpero_storage::{Occasion, ScheduledProbe, StoreError};

use crate::{
    Checker, CheckerError,
    share::{Division, Share},
};

/// Cohorts read at the same time.
const READS: usize = 64;

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
    /// Parts of the tick that were left to other invocations.
    pub handed_over: usize,
}

impl TickReport {
    fn add(mut self, other: Self) -> Self {
        self.cohorts += other.cohorts;
        self.checked += other.checked;
        self.down += other.down;
        self.probe_errors += other.probe_errors;
        self.changes += other.changes;
        self.handed_over += other.handed_over;
        self
    }

    fn count(&mut self, outcome: Outcome, changed: bool) {
        self.checked += 1;
        self.down += usize::from(outcome == Outcome::Down);
        self.probe_errors += usize::from(outcome == Outcome::ProbeError);
        self.changes += usize::from(changed);
    }
}

/// Monitors of one cohort that are checked together.
pub(crate) struct Group {
    pub cohort: Cohort,
    pub members: Vec<ScheduledProbe>,
    pub occasion: Occasion,
}

impl Checker {
    /// Probes everything that is due at this minute, or leaves parts of it to other invocations. The same minute again does the same
    /// again.
    pub(crate) async fn tick(&self, at: Timestamp) -> Result<TickReport, CheckerError> {
        // First of all, so that a region counts as reporting before any region votes.
        self.app.store.beat(self.region, at).await.map_err(WorkError::from)?;
        let cohorts = self.app.store.cohorts(self.region).await.map_err(WorkError::from)?;
        let due = cohorts.into_iter().filter(|(cohort, _)| cohort.is_due(at)).collect();
        let Division { own, handed_over, unfinished } = self.divide(due, at).await;
        let report = self.take(own, at).await?;
        match unfinished {
            None => Ok(report.add(TickReport { handed_over, ..TickReport::default() })),
            Some(error) => Err(error.into()),
        }
    }

    /// Probes the monitors of these cohorts, but for those that are so slow that another invocation waits for them.
    pub(crate) async fn take(&self, mut shares: Vec<Share>, at: Timestamp) -> Result<TickReport, WorkError> {
        // An event may be late by minutes. What its targets are now is for the tick of now to say, not for one of then.
        let (all, now) = (shares.len(), self.app.now());
        shares.retain(|share| !share.cohort.is_overtaken(at, now));
        if shares.len() < all {
            tracing::warn!(region = %self.region, %at, cohorts = all - shares.len(), "overtaken by the next tick; not checked");
        }
        let mut report = TickReport { cohorts: shares.len(), ..TickReport::default() };
        // All are read before the first is probed: to read one takes the processor so long that a probe's timings would show it.
        let read: Vec<Result<Group, WorkError>> =
            stream::iter(shares).map(|share| self.read(share)).buffer_unordered(READS).collect().await;
        let (groups, failed): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
        let (groups, handed_over) = self.set_slow_apart(groups.into_iter().flatten().collect(), at).await;
        report.handed_over = handed_over;
        let probed: FuturesUnordered<_> = groups.iter().map(|group| self.check_group(group, at).boxed()).collect();
        let done: Vec<Result<TickReport, WorkError>> = probed.collect().await;
        // One failing cohort keeps none of the others from being checked; the first error is told at the end.
        let failed = failed.into_iter().map(|failure| failure.map(|_| TickReport::default()));
        failed.chain(done).try_fold(report, |sum, report| Ok(sum.add(report?)))
    }

    async fn read(&self, share: Share) -> Result<Group, WorkError> {
        let mut members = self.app.store.scheduled(&share.cohort).await?;
        members.retain(|member| {
            member.status != Status::Paused && share.slow.as_ref().is_none_or(|slow| slow.contains(&member.tag))
        });
        let occasion = if share.slow.is_some() { Occasion::SlowTick } else { Occasion::Tick };
        Ok(Group { cohort: share.cohort, members, occasion })
    }

    async fn check_group(&self, group: &Group, at: Timestamp) -> Result<TickReport, WorkError> {
        let checks = group.members.iter().map(|member| self.check_member(group, member, at));
        let settled: Vec<Settled> = checks.collect::<FuturesUnordered<_>>().collect().await;
        let mut records: Vec<Record> = settled.iter().map(|settled| settled.record).collect();
        records.sort_by_key(|record| record.tag);
        self.app.store.save_checks(&group.cohort, at, group.occasion, &records).await?;
        // What failed for one monitor kept none of the others from being checked and recorded; now it is told.
        settled.into_iter().try_fold(TickReport::default(), |mut report, one| {
            report.count(one.record.outcome, one.changed?);
            Ok(report)
        })
    }

    /// Probes one monitor that somebody asked for, and keeps the result beside the ticks.
    pub(crate) async fn check(&self, check: &CheckRequested, at: Timestamp) -> Result<TickReport, WorkError> {
        let monitor = match self.app.store.monitor(check.account_id, check.monitor_id).await {
            Ok(monitor) => monitor,
            // Deleted between the request and now: there is nothing to check.
            Err(StoreError::NotFound) => return Ok(TickReport::default()),
            Err(error) => return Err(error.into()),
        };
        let Some(place) = monitor.place(self.region) else { return Ok(TickReport::default()) };
        let scheduled = self.app.store.scheduled_probe(check.account_id, check.monitor_id, place).await?;
        let members = scheduled.into_iter().filter(|member| member.status != Status::Paused).collect();
        let group = Group { cohort: place.cohort(), members, occasion: Occasion::Requested };
        self.check_group(&group, at).await
    }

    async fn check_member(&self, group: &Group, member: &ScheduledProbe, at: Timestamp) -> Settled {
        let known_down = member.state.verdict == Some(Verdict::Down);
        let seen = self.observe(&member.probe, known_down).await;
        let record = Record {
            tag: member.tag,
            outcome: seen.result.outcome,
            error: seen.result.cause.as_ref().map(|cause| cause.code),
            http_status: seen.result.http_status,
            phases: seen.result.phases,
        };
        Settled { record, changed: self.make_up_mind(group, member, &seen, at).await }
    }
}

/// What came of one check: the record that joins the history, and whether the monitor's status changed by it.
struct Settled {
    record: Record,
    changed: Result<bool, WorkError>,
}
