//! The audit log as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{AuditId, Timestamp};
use valpero_storage as storage;

use crate::{ActorView, schema};

/// A row of the audit log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditRow {
    /// Unique ID.
    #[schema(value_type = schema::AuditId)]
    pub id: AuditId,
    /// Who did it.
    pub actor: ActorView,
    /// What was done.
    #[schema(value_type = schema::AuditAction)]
    pub action: String,
    /// ID of the object that was acted on. Null for the account itself.
    #[schema(required)]
    pub target: Option<String>,
    /// IP address of the client. Null if there was no request.
    #[schema(required)]
    pub ip: Option<String>,
    /// `User-Agent` of the client. Null if there was none.
    #[schema(required)]
    pub user_agent: Option<String>,
    /// ID of the request, as in `X-Request-Id`. Null if there was no request.
    #[schema(required)]
    pub request_id: Option<String>,
    /// Time.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
}

impl AuditRow {
    /// A row as clients see it.
    pub fn of(row: &storage::AuditRow) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            actor: ActorView::from(&row.by),
            action: row.action,
            target: row.target,
            ip: row.ip,
            user_agent: row.user_agent,
            request_id: row.request_id,
            at: row.at,
        }
    }
}
