//! From the regions' votes to what the monitor is: the decision, and the one transaction that writes all that goes with it.
//!
//! Every step may be repeated: a crash after any of them leaves a state from which the next tick does the rest.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use tokio::sync::OnceCell;
use valpero_domain::{
    AccountId, Actor, AuditAction, IncidentId, MonitorId, RegionCode, Status, Timestamp,
    delivery::EventType,
    id::CommentId,
    incident::{Incident, IncidentStatus, TimelineEntry, TimelineType},
    probe::{Cause, ErrorCode},
    quorum::{Change, Decider, decide, in_doubt},
    status::Verdict,
};
use valpero_runtime::{App, WorkError, entropy};
use valpero_storage::{IncidentWrite, Monitor, Optional, Place, StatusChange, Store, StoreError};

use crate::{
    audit::audit,
    notify,
    resolution::{Consequences, resolution},
    unwatched,
};

/// The regions that report, read once however many monitors need them: in a mass outage, thousands do.
#[derive(Debug, Default)]
pub struct Reporting(OnceCell<BTreeSet<RegionCode>>);

impl Reporting {
    /// The regions whose last tick is less than three minutes old. 1 RRU the first time.
    ///
    /// # Errors
    /// Where the store fails; the next call reads again.
    pub async fn regions(&self, store: &Store, now: Timestamp) -> Result<&BTreeSet<RegionCode>, StoreError> {
        self.0.get_or_try_init(|| store.reporting_regions(now)).await
    }
}

/// How often a decision is taken, where the monitor is changed in between each time.
pub const ATTEMPTS: u32 = 3;

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
    for _ in 0..ATTEMPTS {
        // Where it is none, it was deleted while it was probed.
        let Some(monitor) = app.store.monitor(account, monitor).await.optional()? else { return Ok(false) };
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
    let audit = audit(monitor, check.region, AuditAction::to_status(change.to), check.at);
    let status_change = StatusChange {
        monitor,
        to: change.to,
        reason: change.reason,
        at: check.at,
        forget_votes: false,
        incident: consequences.incident,
        event: consequences.event.as_ref(),
        audit: &audit,
    };
    notify::change_status(app, &status_change).await?;
    tracing::info!(monitor_id = %monitor.id, from = monitor.status.as_str(), to = change.to.as_str(), "a status changed");
    Ok(true)
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
    let up = |region| monitor.votes.get(region).is_none_or(|vote| vote.verdict == Verdict::Up && !vote.slow);
    monitor.status == Status::Up && monitor.unwatched.is_none() && monitor.spec.regions.iter().all(up)
}

/// What goes with a change: the incident that opens or ends, and what is told.
async fn consequences(app: &App, monitor: &Monitor, change: &Change, at: Timestamp) -> Result<Consequences, WorkError> {
    if change.to == Status::Down {
        return Ok(opening(monitor, change, at));
    }
    if monitor.current_incident_id.is_some() {
        let resolved = resolution(app, monitor, change.to, &Actor::Recovery.into(), None, at).await?;
        let event = resolved.event.map(|event| event.with_degraded_reason(change.reason));
        return Ok(Consequences { event, ..resolved });
    }
    let kind = match (monitor.status, change.to) {
        (_, Status::Degraded) => EventType::MonitorDegraded,
        (Status::Degraded, _) => EventType::MonitorRecovered,
        _ if monitor.unwatched.is_some() => EventType::MonitorRecovered,
        // From pending to up: nothing that anybody waits for.
        _ => return Ok(Consequences { incident: IncidentWrite::None, event: None }),
    };
    let event = notify::event(monitor, kind, change.to, at).with_degraded_reason(change.reason);
    Ok(Consequences { incident: IncidentWrite::None, event: Some(event) })
}

fn opening(monitor: &Monitor, change: &Change, at: Timestamp) -> Consequences {
    let incident = Incident {
        id: IncidentId::new(at, entropy()),
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
        id: CommentId::new(at, entropy()),
        at,
        kind: TimelineType::Opened,
        by: Actor::Checker(None).into(),
        note: Some(incident.cause.detail.clone()),
        public: false,
    };
    let event = notify::incident_event(monitor, Status::Down, incident.clone(), &entry);
    Consequences { incident: IncidentWrite::Open { incident: Box::new(incident), entry }, event: Some(event) }
}
