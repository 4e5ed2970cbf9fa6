//! A tick: all that is due in this region, cohort by cohort; and the check of one monitor that somebody asked for.

use std::collections::HashMap;

use futures::{FutureExt, StreamExt, TryFutureExt, future::join, stream, stream::FuturesUnordered};
use valpero_domain::{
    Status,
    packed::{Record, Slot},
    probe::{Outcome, ProbeResult},
    status::Verdict,
};
use valpero_runtime::{WorkError, event_bus::CheckRequested, panics::caught};
use valpero_storage::{Occasion, Optional, ScheduledProbe};

use crate::{
    Checker, CheckerError,
    attempt::Observation,
    divide::{Division, Work},
    group::{Group, TickReport},
    invocation::Invocation,
    mind::Mind,
};

/// Cohorts read at the same time.
const READS: usize = 64;

impl Checker {
    /// Probes everything that is due at this minute, or leaves slices of it to other invocations. The same minute again does the same
    /// again.
    pub(crate) async fn tick(&self, run: &Invocation) -> Result<TickReport, CheckerError> {
        // First of all, so that a region counts as reporting before any region votes.
        self.app.store.record_heartbeat(self.region, run.at).await.map_err(WorkError::from)?;
        let cohorts = self.app.store.cohorts(self.region).await.map_err(WorkError::from)?;
        let due = cohorts.into_iter().filter(|(cohort, _)| cohort.is_due(run.at)).collect();
        let Division { own, handed_over, unfinished } = self.divide(due, run.at).await;
        let report = self.take(own, run).await?;
        match unfinished {
            None => Ok(report.add(TickReport { handed_over, ..TickReport::default() })),
            Some(error) => Err(error.into()),
        }
    }

    /// Probes the monitors of these cohorts, but for those that are so slow that another invocation waits for them.
    pub(crate) async fn take(&self, mut slice: Vec<Work>, run: &Invocation) -> Result<TickReport, WorkError> {
        // An event may be late by minutes. What its targets are now is for the tick of now to say, not for one of then.
        let (all, now, at) = (slice.len(), self.app.now(), run.at);
        slice.retain(|work| !work.cohort.is_overtaken(at, now));
        if slice.len() < all {
            tracing::warn!(region = %self.region, %at, cohorts = all - slice.len(), "overtaken by the next tick; not checked");
        }
        let mut report = TickReport { cohorts: slice.len(), ..TickReport::default() };
        // All are read before the first is probed: to read one takes the processor so long that a probe's timings would show it.
        let read: Vec<Result<Group, WorkError>> =
            stream::iter(slice).map(|work| self.read(work)).buffer_unordered(READS).collect().await;
        let (groups, failed): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
        let (groups, handed_over) = self.set_slow_apart(groups.into_iter().flatten().collect(), at).await;
        report.handed_over = handed_over;
        let probed: FuturesUnordered<_> = groups.iter().map(|group| self.check_group(group, run).boxed()).collect();
        let done: Vec<Result<TickReport, WorkError>> = probed.collect().await;
        // One failing cohort keeps none of the others from being checked; the first error is told at the end.
        let failed = failed.into_iter().map(|failure| failure.map(|_| TickReport::default()));
        failed.chain(done).try_fold(report, |sum, report| Ok(sum.add(report?)))
    }

    async fn read(&self, work: Work) -> Result<Group, WorkError> {
        let mut members = self.app.store.scheduled(&work.cohort).await?;
        members.retain(|member| {
            member.status != Status::Paused && work.only.as_ref().is_none_or(|slow| slow.contains(&member.slot))
        });
        let occasion = if work.only.is_some() { Occasion::SlowTick } else { Occasion::Tick };
        Ok(Group { cohort: work.cohort, members, occasion })
    }

    /// Probes a group. What changes a region's mind is written at once; the group's records when the last of its probes is over,
    /// whatever minds are still being written then; and behind the records the rest is decided, so that a decision finds either
    /// another region's record or that region's own decision finds this one's.
    async fn check_group(&self, group: &Group, run: &Invocation) -> Result<TickReport, WorkError> {
        let mut watching: FuturesUnordered<_> =
            group.members.iter().map(|member| self.observe_member(member)).collect();
        let (mut records, mut minds, mut made_up) = (Vec::new(), FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                seen = watching.next() => match seen {
                    Some((member, seen)) => {
                        records.push(record(member.slot, &seen.result));
                        minds.push(async move {
                            let mind = caught(self.make_up_mind(group, member, seen, run)).await;
                            (member.slot, mind.unwrap_or_else(|panicked| Err(panicked.into())))
                        });
                    }
                    None => break,
                },
                Some(mind) = minds.next() => made_up.push(mind),
            }
        }
        records.sort_by_key(|record| record.slot);
        let store = &self.app.store;
        let save = || store.save_checks(&group.cohort, run.at, group.occasion, &records).err_into().boxed();
        let saving = run.insist(save);
        let (saved, rest) = join(saving, minds.collect::<Vec<_>>()).await;
        made_up.extend(rest);
        let later: HashMap<Slot, Option<Verdict>> =
            made_up.iter().filter_map(|(slot, mind)| later(*slot, mind)).collect();
        let decide = group.members.iter().filter_map(|member| Some((member, *later.get(&member.slot)?)));
        let deciding = decide.map(|(member, verdict)| self.settle_member(member, verdict, run));
        let decided: Vec<Result<Mind, WorkError>> = deciding.collect::<FuturesUnordered<_>>().collect().await;
        // What failed for one monitor kept none of the others from being checked and recorded; now it is told.
        saved?;
        let mut report = TickReport { checked: records.len(), ..TickReport::default() };
        for record in &records {
            report.down += usize::from(record.outcome == Outcome::Down);
            report.probe_errors += usize::from(record.outcome == Outcome::ProbeError);
        }
        for mind in made_up.into_iter().map(|(_, mind)| mind).chain(decided) {
            match mind? {
                Mind::Settled(changed) => report.changes += usize::from(changed),
                Mind::Unwritten => report.unwritten += 1,
                Mind::Unchanged | Mind::SettleLater(_) => {}
            }
        }
        Ok(report)
    }

    /// Probes one monitor that somebody asked for, and keeps the result beside the ticks.
    pub(crate) async fn check(&self, check: &CheckRequested, run: &Invocation) -> Result<TickReport, WorkError> {
        // Where it is none, it was deleted between the request and now.
        let monitor = self.app.store.monitor(check.account_id, check.monitor_id).await.optional()?;
        let Some(monitor) = monitor else { return Ok(TickReport::default()) };
        let Some(place) = monitor.place(self.region) else { return Ok(TickReport::default()) };
        let scheduled = self.app.store.scheduled_probe(check.account_id, check.monitor_id, place).await?;
        let members = scheduled.into_iter().filter(|member| member.status != Status::Paused).collect();
        let group = Group { cohort: place.cohort(), members, occasion: Occasion::Requested };
        self.check_group(&group, run).await
    }

    async fn observe_member<'a>(&self, member: &'a ScheduledProbe) -> (&'a ScheduledProbe, Observation) {
        let known_down = member.state.verdict == Some(Verdict::Down);
        (member, self.observe(&member.probe, known_down).await)
    }
}

/// What a check found that is to be decided on once it is recorded.
fn later(slot: Slot, mind: &Result<Mind, WorkError>) -> Option<(Slot, Option<Verdict>)> {
    match mind {
        Ok(Mind::SettleLater(verdict)) => Some((slot, *verdict)),
        _ => None,
    }
}

fn record(slot: Slot, result: &ProbeResult) -> Record {
    Record {
        slot,
        outcome: result.outcome,
        error: result.cause.as_ref().map(|cause| cause.code),
        http_status: result.http_status,
        phases: result.phases,
    }
}
