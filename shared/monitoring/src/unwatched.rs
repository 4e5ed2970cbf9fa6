//! Telling that nobody watches a monitor, since no region can probe it; and that somebody does again.

use std::collections::BTreeSet;

use valpero_domain::{
    AuditAction, RegionCode,
    delivery::EventType,
    probe::{Cause, ErrorCode},
    quorum::Decider,
    status::Unwatched,
};
use valpero_runtime::{App, WorkError};
use valpero_storage::Monitor;

use crate::{audit::audit, notify};

/// Writes down whether the monitor is watched, where that changed, and tells of it.
///
/// # Errors
/// A conflict where somebody else changed the monitor since it was read; where the store fails.
pub(crate) async fn tell(
    app: &App,
    monitor: &Monitor,
    reporting: &BTreeSet<RegionCode>,
    check: &Decider,
) -> Result<(), WorkError> {
    let standing = monitor.standing();
    let unwatched = match (&monitor.unwatched, standing.unwatched(reporting)) {
        (None, Some(vote)) => Some(Unwatched {
            since: vote.since,
            cause: vote.cause.clone().unwrap_or_else(|| Cause::of(ErrorCode::Internal)),
        }),
        (Some(_), None) if standing.is_watched(reporting) => None,
        _ => return Ok(()),
    };
    let (kind, action) = match unwatched {
        Some(_) => (EventType::MonitorUnwatched, AuditAction::MonitorUnwatched),
        None => (EventType::MonitorRecovered, AuditAction::MonitorWatched),
    };
    let event = notify::event(monitor, kind, monitor.status, check.at).with_unwatched(unwatched.clone());
    let audit = audit(monitor, check.region, action, check.at);
    app.store.save_unwatched(monitor, unwatched.as_ref(), Some(&event), &audit).await?;
    notify::announce(app, Some(&event)).await;
    match &unwatched {
        Some(unwatched) => {
            tracing::warn!(monitor_id = %monitor.id, cause = unwatched.cause.code.as_str(), "nobody watches a monitor");
        }
        None => tracing::info!(monitor_id = %monitor.id, "a monitor is watched again"),
    }
    Ok(())
}
