//! What a region makes of a check: its own state, its vote, and what follows from a vote that changed.

use futures::{FutureExt, TryFutureExt};
use valpero_domain::{
    AuditAction, Status, Timestamp,
    delivery::EventType,
    probe::Outcome,
    quorum::Decider,
    schedule::RegionState,
    status::{Verdict, Vote},
};
use valpero_monitoring::{
    audit::audit,
    notify,
    settle::{ATTEMPTS, settle},
};
use valpero_runtime::WorkError;
use valpero_storage::{FailureDetail, Optional, ScheduledProbe};

use crate::{Checker, attempt::Observation, group::Group, invocation::Invocation};

/// What a check changed.
pub(crate) enum Mind {
    /// Nothing, and nothing is to be decided.
    Unchanged,
    /// The region changed its mind, and it was decided; whether the monitor's status changed by it.
    Settled(bool),
    /// Nothing is to be decided at once: the region thinks as before, or has said so by another check. Once the check is recorded, the
    /// monitor is to be decided on, with what it found.
    SettleLater(Option<Verdict>),
    /// There was no time left to write it.
    Unwritten,
}

impl Checker {
    /// Lets the region make up its mind.
    pub(crate) async fn make_up_mind(
        &self,
        group: &Group,
        member: &ScheduledProbe,
        seen: Observation,
        run: &Invocation,
    ) -> Result<Mind, WorkError> {
        let state = member.state.after(&seen.result, run.at, needs_second(member, &seen)).having_taken(seen.took);
        // Where all is well, and was, there is nothing to keep and nothing to look at. The rest is boxed: it is rare, and every check
        // would have room for it.
        if state == member.state && is_well(&state, member) {
            return Ok(Mind::Unchanged);
        }
        self.keep_mind(group, member, seen, state, run).boxed().await
    }

    async fn keep_mind(
        &self,
        group: &Group,
        member: &ScheduledProbe,
        seen: Observation,
        state: RegionState,
        run: &Invocation,
    ) -> Result<Mind, WorkError> {
        // The semaphore is never closed; were it, the state would be written nevertheless.
        let _writing = self.writing.acquire().await.ok();
        if !run.may_write() {
            return Ok(Mind::Unwritten);
        }
        let (store, cohort, at) = (&self.app.store, &group.cohort, run.at);
        let words =
            member.state.news(&seen.result, at).map(|cause| FailureDetail { at, occasion: group.occasion, cause });
        let observed = Verdict::of(seen.result.outcome);
        run.insist(|| self.keep_certificate(member, &state, at).boxed()).await?;
        let said = (member.state.verdict, member.state.slow_response);
        if let Some(verdict) = state.verdict.filter(|verdict| said != (Some(*verdict), state.slow_response)) {
            let (since, slow) = (state.since.unwrap_or(at), state.slow_response);
            let vote = Vote { verdict, since, at, cause: state.cause.clone(), slow };
            let turned =
                run.insist(|| store.turn_region(member, cohort, &state, &vote, words).err_into().boxed()).await?;
            if !turned {
                // Another check of this region was faster, such as one that was asked for just before this minute, whose vote is too
                // old to count by now. This one's record says whether that vote still holds, so it is decided on behind it.
                return Ok(Mind::SettleLater(observed));
            }
            return self.decide_on(member, observed, run).await;
        }
        if state != member.state {
            run.insist(|| store.save_region_state(member, cohort, &state, words).err_into().boxed()).await?;
        }
        Ok(if is_well(&state, member) { Mind::Unchanged } else { Mind::SettleLater(observed) })
    }

    /// Decides on a monitor after a check that is recorded.
    pub(crate) async fn settle_member(
        &self,
        member: &ScheduledProbe,
        verdict: Option<Verdict>,
        run: &Invocation,
    ) -> Result<Mind, WorkError> {
        let _writing = self.writing.acquire().await.ok();
        if run.may_write() { self.decide_on(member, verdict, run).await } else { Ok(Mind::Unwritten) }
    }

    async fn decide_on(
        &self,
        member: &ScheduledProbe,
        verdict: Option<Verdict>,
        run: &Invocation,
    ) -> Result<Mind, WorkError> {
        let check = Decider { region: self.region, verdict, at: run.at, requested: run.requested };
        let settle = || settle(&self.app, member.account_id, member.monitor_id, &check, &run.reporting).boxed();
        run.insist(settle).await.map(Mind::Settled)
    }

    async fn keep_certificate(
        &self,
        member: &ScheduledProbe,
        state: &RegionState,
        at: Timestamp,
    ) -> Result<(), WorkError> {
        if let Some(expires_at) = state.certificate_expires_at
            && member.state.certificate_expires_at != Some(expires_at)
        {
            self.app.store.save_certificate(member.account_id, member.monitor_id, expires_at).await?;
        }
        match state.certificate_expires_at {
            // Before the region's state is kept, so that a crash in between tells nobody twice and nobody never.
            Some(expires_at) if state.certificates_told != member.state.certificates_told => {
                for _ in 0..ATTEMPTS {
                    match self.tell_of_certificate(member, expires_at, at).await {
                        Err(error) if error.is_conflict() => {}
                        told => return told,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Tells that a certificate is about to expire, unless another region has.
    async fn tell_of_certificate(
        &self,
        member: &ScheduledProbe,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<(), WorkError> {
        let monitor = self.app.store.monitor(member.account_id, member.monitor_id).await.optional()?;
        let Some(monitor) = monitor else { return Ok(()) };
        let Some(told) = monitor.certificates_told.due(expires_at, at) else { return Ok(()) };
        let event = notify::event(&monitor, EventType::SslExpiring, monitor.status, at).with_certificate(told);
        let audit = audit(&monitor, self.region, AuditAction::MonitorSslExpiring, at);
        let all = monitor.certificates_told.with(told, at);
        self.app.store.tell_of_certificate(&monitor, &all, &event, &audit).await?;
        notify::announce(&self.app, Some(&event)).await;
        Ok(())
    }
}

/// Whether nobody confirms what was seen, neither another region nor another attempt: then a second tick must.
fn needs_second(member: &ScheduledProbe, seen: &Observation) -> bool {
    let confirmed = match seen.result.outcome {
        Outcome::Down => seen.attempts > 1,
        Outcome::Up | Outcome::Slow | Outcome::ProbeError => member.probe.retries > 0,
    };
    member.probe.alone && !confirmed
}

/// Whether nothing is to be decided: the region sees the monitor up, as all do, and has had a vote for longer than this check.
fn is_well(state: &RegionState, member: &ScheduledProbe) -> bool {
    let up = state.verdict == Some(Verdict::Up) && member.status == Status::Up;
    up && member.state.blind_since.is_none() && state.blind_since.is_none()
}
