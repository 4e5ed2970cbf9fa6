//! What the audit log says of a check.

use valpero_domain::{Actor, AuditAction, AuditId, RegionCode, Timestamp};
use valpero_runtime::entropy;
use valpero_storage::{AuditRow, Monitor};

/// What the audit log says of what a region's check did to a monitor.
pub fn audit(monitor: &Monitor, region: RegionCode, action: AuditAction, at: Timestamp) -> AuditRow {
    let (id, target) = (AuditId::new(at, entropy()), Some(monitor.id.to_string()));
    AuditRow::without_request(monitor.account_id, id, Actor::Checker(Some(region)), action, target, at)
}
