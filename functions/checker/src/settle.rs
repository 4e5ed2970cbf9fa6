//! From what a region saw to what the monitor is: the vote, the decision, and the one transaction that crosses the line.
//!
//! Every step may be repeated: a crash after any of them leaves a state from which the next tick does the rest.

use std::collections::BTreeSet;

use futures::{FutureExt, TryFutureExt, future::try_join_all};
use valpero_app::{
    App, WorkError, entropy,
    notify::{self, News},
    resolution::{Consequences, resolution},
};
use valpero_domain::{
    AccountId, AuditId, IncidentId, MonitorId, RegionCode, Status, Timestamp,
    delivery::EventType,
    id::CommentId,
    incident::{Incident, IncidentStatus, TimelineEntry, TimelineType},
    probe::{Cause, ErrorCode, Outcome},
    quorum::{Change, Decider, decide, in_doubt},
    schedule::RegionState,
    status::{Verdict, Vote},
};
use valpero_storage::{AuditRow, IncidentWrite, Monitor, NewWords, Place, ScheduledProbe, StatusChange, StoreError};

use crate::{Checker, Reporting, attempt::Observation, invocation::Invocation, tick::Group, unwatched};

/// What a check changed.
pub(crate) enum Mind {
    /// Nothing, and nothing is to be decided.
    Unchanged,
    /// The region changed its mind, and it was decided; whether the monitor's status changed by it.
    Settled(bool),
    /// The region thinks as before, but the monitor is to be decided on once the check is recorded, with what it found.
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
        let words = member.state.news(&seen.result, at).map(|cause| NewWords { at, occasion: group.occasion, cause });
        let observed = Verdict::of(seen.result.outcome);
        run.insist(|| self.keep_certificate(member, &state, at).boxed()).await?;
        if let Some(verdict) = state.verdict.filter(|verdict| member.state.verdict != Some(*verdict)) {
            let vote = Vote { verdict, since: state.since.unwrap_or(at), at, cause: state.cause.clone() };
            let turned =
                run.insist(|| store.turn_region(member, cohort, &state, &vote, words).err_into().boxed()).await?;
            if !turned {
                // Another check of this region was faster, or the monitor is gone: the next tick sees what is.
                return Ok(Mind::Unchanged);
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
                for _ in 0..COLLISIONS {
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

    /// Tells the webhook that a certificate is about to expire, unless another region has.
    async fn tell_of_certificate(
        &self,
        member: &ScheduledProbe,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<(), WorkError> {
        let monitor = match self.app.store.monitor(member.account_id, member.monitor_id).await {
            Ok(monitor) => monitor,
            Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(told) = monitor.certificates_told.due(expires_at, at) else { return Ok(()) };
        let news = News { certificate: Some(told), ..News::of(EventType::SslExpiring, &monitor, at) };
        let Some(delivery) = notify::delivery(&news)? else { return Ok(()) };
        let audit = audit(&monitor, self.region, "monitor.ssl_expiring", at)?;
        let all = monitor.certificates_told.with(told, at);
        self.app.store.tell_of_certificate(&monitor, &all, &delivery, &audit).await?;
        notify::announce(&self.app, Some(&delivery)).await;
        Ok(())
    }
}

/// Whether nobody confirms what was seen, neither another region nor another attempt: then a second tick must.
fn needs_second(member: &ScheduledProbe, seen: &Observation) -> bool {
    let confirmed = match seen.result.outcome {
        Outcome::Down => seen.attempts > 1,
        Outcome::Up | Outcome::Degraded | Outcome::ProbeError => member.probe.retries > 0,
    };
    member.probe.alone && !confirmed
}

/// Whether nothing is to be decided: the region sees the monitor up, as all do, and has had a vote for longer than this check.
fn is_well(state: &RegionState, member: &ScheduledProbe) -> bool {
    let up = state.verdict == Some(Verdict::Up) && member.status == Status::Up;
    up && member.state.blind_since.is_none() && state.blind_since.is_none()
}

/// How often a decision is taken anew when the monitor was changed in between.
const COLLISIONS: u32 = 3;

/// Decides about a monitor and, where it crosses the line, writes all that goes with it in one transaction.
/// Of many who decide at once, one writes. Answers whether this one did.
///
/// # Errors
/// Where the store fails; the next tick decides again.
pub async fn settle(
    app: &App,
    account: AccountId,
    monitor: MonitorId,
    check: &Decider,
    reporting: &Reporting,
) -> Result<bool, WorkError> {
    for _ in 0..COLLISIONS {
        let monitor = match app.store.monitor(account, monitor).await {
            Ok(monitor) => monitor,
            // Deleted while it was probed.
            Err(StoreError::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        match settle_once(app, &monitor, check, reporting).await {
            Err(error) if error.is_conflict() => {}
            settled => return settled,
        }
    }
    // Whoever was faster each time decides after their own vote.
    Ok(false)
}

async fn settle_once(app: &App, monitor: &Monitor, check: &Decider, reporting: &Reporting) -> Result<bool, WorkError> {
    if monitor.status == Status::Paused || decide_needs_nothing(monitor) {
        return Ok(false);
    }
    let reporting = reporting.regions(&app.store, check.at).await?;
    let current = current(app, monitor, check, reporting).await?;
    let Some(change) = decide(&monitor.standing(), reporting, &current, check.at) else {
        unwatched::tell(app, monitor, reporting, check).await?;
        return Ok(false);
    };
    let consequences = consequences(app, monitor, &change, check.at).await?;
    let audit = audit(monitor, check.region, &format!("monitor.{}", change.to.as_str()), check.at)?;
    let status_change = StatusChange {
        monitor,
        to: change.to,
        at: check.at,
        forget_votes: false,
        incident: consequences.incident,
        delivery: consequences.delivery.as_ref(),
        audit: &audit,
    };
    notify::change_status(app, &status_change).await?;
    tracing::info!(monitor_id = %monitor.id, from = monitor.status.as_str(), to = change.to.as_str(), "a status changed");
    Ok(true)
}

/// What the audit log says of what a region's check did to a monitor.
///
/// # Errors
/// Where the operating system has no random bytes for its id.
pub(crate) fn audit(monitor: &Monitor, region: RegionCode, action: &str, at: Timestamp) -> Result<AuditRow, WorkError> {
    let (id, target) = (AuditId::new(at, entropy()?), Some(monitor.id.to_string()));
    Ok(AuditRow::without_request(monitor.account_id, id, format!("checker:{region}"), action, target, at))
}

/// The regions whose vote is current. Where one that is older would change the decision, the record of the region's latest due check
/// says whether it still holds; a check that is not recorded yet is followed by a decision of its own region's.
async fn current(
    app: &App,
    monitor: &Monitor,
    check: &Decider,
    reporting: &BTreeSet<RegionCode>,
) -> Result<BTreeSet<RegionCode>, WorkError> {
    let now = app.now();
    let mut current = check.current(&monitor.votes, |region| monitor.place(region).map(Place::cohort), now);
    let doubts = in_doubt(&monitor.standing(), reporting, &current, check.at);
    let asked = doubts.into_iter().map(async |region| {
        let (Some(place), Some(vote)) = (monitor.place(region), monitor.votes.get(&region)) else { return Ok(None) };
        let since = check.since(&place.cohort(), now);
        let requested = check.requested && since == check.at;
        let record = app.store.check_at(place, since, requested).await?;
        let says = record.and_then(|record| Verdict::of(record.outcome));
        Ok::<_, StoreError>((says == Some(vote.verdict)).then_some(region))
    });
    current.extend(try_join_all(asked).await?.into_iter().flatten());
    Ok(current)
}

/// Up, and no region says otherwise: nothing to read, nothing to decide.
fn decide_needs_nothing(monitor: &Monitor) -> bool {
    let up = |region| monitor.votes.get(region).is_none_or(|vote| vote.verdict == Verdict::Up);
    monitor.status == Status::Up && monitor.unwatched.is_none() && monitor.spec.regions.iter().all(up)
}

/// What goes with a change: the incident that opens or ends, and what the webhook is told.
async fn consequences(app: &App, monitor: &Monitor, change: &Change, at: Timestamp) -> Result<Consequences, WorkError> {
    if change.to == Status::Down {
        return opening(monitor, change, at);
    }
    if monitor.current_incident_id.is_some() {
        return resolution(app, monitor, change.to, "recovery", None, at).await;
    }
    let event = match (monitor.status, change.to) {
        (_, Status::Degraded) => EventType::MonitorDegraded,
        (Status::Degraded, _) => EventType::MonitorRecovered,
        _ if monitor.unwatched.is_some() => EventType::MonitorRecovered,
        // From pending to up: nothing that anybody waits for.
        _ => return Ok(Consequences { incident: IncidentWrite::None, delivery: None }),
    };
    let news = News { status: change.to, ..News::of(event, monitor, at) };
    Ok(Consequences { incident: IncidentWrite::None, delivery: notify::delivery(&news)? })
}

fn opening(monitor: &Monitor, change: &Change, at: Timestamp) -> Result<Consequences, WorkError> {
    let incident = Incident {
        id: IncidentId::new(at, entropy()?),
        monitor_id: monitor.id,
        status: IncidentStatus::Ongoing,
        // Where one region never saw it up in between, its first failure lies in the incident before.
        started_at: change.started_at.max(monitor.last_resolved_at.unwrap_or(change.started_at)),
        resolved_at: None,
        cause: change.cause.clone().unwrap_or_else(|| Cause::of(ErrorCode::Internal)),
        regions: change.regions.clone(),
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_by: None,
    };
    let entry = TimelineEntry {
        id: CommentId::new(at, entropy()?),
        at,
        kind: TimelineType::Opened,
        actor: "checker".into(),
        note: Some(incident.cause.detail.clone()),
    };
    let news = News {
        status: Status::Down,
        incident: Some(&incident),
        entry: Some(&entry),
        ..News::of(EventType::IncidentOpened, monitor, at)
    };
    let delivery = notify::delivery(&news)?;
    Ok(Consequences { incident: IncidentWrite::Open { incident: Box::new(incident), entry }, delivery })
}
