//! From what a region saw to what the monitor is: the vote, the decision, and the one transaction that crosses the line.
//!
//! Every step may be repeated: a crash after any of them leaves a state from which the next tick does the rest.

use valpero_app::{
    App, WorkError, entropy,
    notify::{self, News},
    resolution::resolution,
};
use valpero_domain::{
    AuditId, IncidentId, RegionCode, Status, Timestamp,
    delivery::EventType,
    id::CommentId,
    incident::{Incident, IncidentStatus, TimelineEntry, TimelineType},
    packed::Record,
    probe::{Cause, ErrorCode, ProbeResult},
    schedule::{Cohort, RegionState},
    status::{Change, Verdict, Vote, decide},
};
use valpero_storage::{AuditRow, Delivery, IncidentWrite, Monitor, ScheduledProbe, StatusChange, StoreError};

use crate::Checker;

/// What came of one check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub record: Record,
    pub changed: bool,
}

impl Checker {
    /// Lets the region make up its mind; answers whether the monitor's status changed by it.
    pub(crate) async fn make_up_mind(
        &self,
        cohort: &Cohort,
        member: &ScheduledProbe,
        result: &ProbeResult,
        at: Timestamp,
    ) -> Result<bool, WorkError> {
        let state = member.state.after(result, at, member.probe.needs_second);
        let voted = self.vote(member, &state, at).await;
        let changed = match voted {
            Ok(changed) => changed,
            // Deleted while it was probed.
            Err(WorkError::Store(StoreError::NotFound)) => return Ok(false),
            Err(error) => return Err(error),
        };
        self.keep_certificate(member, &state).await?;
        // Last: as long as this is not written, the next tick takes all steps anew.
        if state != member.state {
            self.app.store.save_region_state(member.account_id, member.monitor_id, cohort, &state).await?;
        }
        Ok(changed)
    }

    async fn vote(&self, member: &ScheduledProbe, state: &RegionState, at: Timestamp) -> Result<bool, WorkError> {
        let Some(verdict) = state.verdict else { return Ok(false) };
        let turned = member.state.verdict != Some(verdict);
        if !turned && !member.watch {
            return Ok(false);
        }
        let mut vote = Vote { verdict, since: state.since.unwrap_or(at), at, cause: state.cause.clone() };
        let mut monitor = if turned {
            self.app.store.cast_vote(member.account_id, member.monitor_id, self.region, &vote).await?
        } else {
            self.app.store.monitor(member.account_id, member.monitor_id).await?
        };
        let stands = monitor.votes.get(&self.region).is_some_and(|cast| cast.verdict == verdict);
        if !stands {
            // Forgotten on purpose, after a person resolved the incident: what was before that does not count again.
            vote.since = vote.since.max(monitor.status_since);
            monitor = self.app.store.cast_vote(member.account_id, member.monitor_id, self.region, &vote).await?;
        }
        settle(&self.app, monitor, self.region, at).await
    }

    async fn keep_certificate(&self, member: &ScheduledProbe, state: &RegionState) -> Result<(), WorkError> {
        match state.certificate_expires_at {
            Some(expires_at) if member.state.certificate_expires_at != Some(expires_at) => {
                Ok(self.app.store.save_certificate(member.account_id, member.monitor_id, expires_at).await?)
            }
            _ => Ok(()),
        }
    }
}

/// Decides about a monitor and, where it crosses the line, writes all that goes with it in one transaction.
/// Of many who decide at once, one writes. Answers whether this one did.
///
/// # Errors
/// Where the store fails; the next tick decides again.
pub async fn settle(app: &App, monitor: Monitor, region: RegionCode, at: Timestamp) -> Result<bool, WorkError> {
    if monitor.status == Status::Paused || decide_needs_nothing(&monitor) {
        return Ok(false);
    }
    let reporting = app.store.reporting_regions(at).await?;
    let Some(change) = decide(&monitor.standing(), &reporting, at) else { return Ok(false) };
    let crossing = crossing(app, &monitor, &change, at).await?;
    let audit = AuditRow {
        account_id: monitor.account_id,
        id: AuditId::new(at, entropy()?),
        actor: format!("checker:{region}"),
        actor_name: None,
        action: format!("monitor.{}", change.to.as_str()),
        target: Some(monitor.id.to_string()),
        ip: None,
        user_agent: None,
        request_id: None,
        at,
    };
    let status_change = StatusChange {
        monitor: &monitor,
        to: change.to,
        at,
        forget_votes: false,
        incident: crossing.incident,
        delivery: crossing.delivery.as_ref(),
        audit: &audit,
    };
    match app.store.change_status(&status_change).await {
        Ok(_) => {}
        // Somebody else decided first, or the owner changed the monitor: the next tick looks again.
        Err(StoreError::Conflict) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    tracing::info!(monitor_id = %monitor.id, from = monitor.status.as_str(), to = change.to.as_str(), "a status changed");
    if let Some(delivery) = &crossing.delivery {
        notify::announce(app, delivery).await;
    }
    Ok(true)
}

/// Up, and no region says otherwise: nothing to read, nothing to decide.
fn decide_needs_nothing(monitor: &Monitor) -> bool {
    monitor.status == Status::Up && monitor.votes.values().all(|vote| vote.verdict == Verdict::Up)
}

struct Crossing {
    incident: IncidentWrite,
    delivery: Option<Delivery>,
}

/// What goes with a change: the incident that opens or ends, and what the webhook is told.
async fn crossing(app: &App, monitor: &Monitor, change: &Change, at: Timestamp) -> Result<Crossing, WorkError> {
    if change.to == Status::Down {
        return opening(monitor, change, at);
    }
    if monitor.current_incident_id.is_some() {
        let end = resolution(app, monitor, change.to, "recovery", None, at).await?;
        return Ok(Crossing { incident: end.incident, delivery: end.delivery });
    }
    let event = match (monitor.status, change.to) {
        (_, Status::Degraded) => EventType::MonitorDegraded,
        (Status::Degraded, _) => EventType::MonitorRecovered,
        // From pending to up: nothing that anybody waits for.
        _ => return Ok(Crossing { incident: IncidentWrite::None, delivery: None }),
    };
    let news = News { event, monitor, status: change.to, incident: None, entry: None, at };
    Ok(Crossing { incident: IncidentWrite::None, delivery: notify::delivery(&news)? })
}

fn opening(monitor: &Monitor, change: &Change, at: Timestamp) -> Result<Crossing, WorkError> {
    let incident = Incident {
        id: IncidentId::new(at, entropy()?),
        monitor_id: monitor.id,
        status: IncidentStatus::Ongoing,
        started_at: change.started_at,
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
        event: EventType::IncidentOpened,
        monitor,
        status: Status::Down,
        incident: Some(&incident),
        entry: Some(&entry),
        at,
    };
    let delivery = notify::delivery(&news)?;
    Ok(Crossing { incident: IncidentWrite::Open { incident: Box::new(incident), entry }, delivery })
}
