//! What the audit log says of a check.

use valpero_domain::{Actor, AuditId, RegionCode, Timestamp};
use valpero_runtime::{WorkError, entropy};
use valpero_storage::{AuditRow, Monitor};

/// What the audit log says of what a region's check did to a monitor.
///
/// # Errors
/// Where the operating system has no random bytes for its id.
pub fn audit(monitor: &Monitor, region: RegionCode, action: &str, at: Timestamp) -> Result<AuditRow, WorkError> {
    let (id, target) = (AuditId::new(at, entropy()?), Some(monitor.id.to_string()));
    Ok(AuditRow::without_request(monitor.account_id, id, Actor::Checker(Some(region)), action, target, at))
}
