//! Everything that Valpero keeps, in DynamoDB. No other crate speaks to it; one file a table, one method an access pattern.
//!
//! Tenant data is reached by [`AccountId`](valpero_domain::AccountId) first, so that no method can cross accounts.
//! Costs in the docs are request units for items of the usual size: `WRU` written, `RRU` read.

mod accounts;
mod alerting;
mod api_keys;
mod audit_log;
mod call;
mod certificates;
mod change;
mod channels;
mod checks;
mod cohorts;
mod deal_codes;
mod deliveries;
mod error;
mod events;
mod flapping;
mod heartbeats;
mod idempotency;
mod incidents;
mod invitations;
mod keys;
mod metrics_rows;
mod monitors;
mod mutes;
mod notices;
mod paces;
mod page_domains;
mod pages;
mod people;
mod policies;
mod posts;
mod probe_spec;
mod quotas;
mod rollups;
mod schedules;
pub mod schema;
mod sessions;
mod status_change;
mod storms;
mod subscribers;
mod turns;
pub mod usage;
mod users;
mod webhooks;
mod window;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

/// The ID of the delivery of this moment that `what` names.
pub use valpero_auth::derived::id as derived_id;

pub use accounts::{Account, Mailed};
pub use alerting::{AlertingRow, While};
pub use api_keys::{ApiKey, LIVE_KEYS_MAX, Metered, Refused, SESSION_IDLE_S, SESSION_MOST_S, SessionOf};
pub use audit_log::{AuditFilter, AuditRow};
pub use channels::{CHANNELS_MAX, Channel, ChannelHealth, Counted};
pub use checks::{CheckPosition, CheckResult, CheckSpan, FailureDetail, LatestCheck, Occasion};
pub use deal_codes::DealCodeRow;
pub use deliveries::{ATTEMPTS_KEPT, Attempt, Delivery, DeliveryFilter};
pub use error::{Optional, StoreError};
pub use events::HandOut;
pub use flapping::{FlappingRow, Opened};
pub use heartbeats::Heartbeat;
pub use idempotency::{RECEIPT_HOURS, Receipt, Trail};
pub use incidents::{IncidentFilter, IncidentWrite};
pub use invitations::{Invitation, LinkTo, OneTimeLink};
pub use keys::PENDING_SHARDS;
pub use metrics_rows::MetricsRow;
pub use monitors::{Monitor, Place, Receiver, Seat, Webhook};
pub use mutes::MuteRow;
pub use notices::{BroadcastRow, NoticeRow};
pub use page_domains::OwnDomain;
pub use pages::{Made, MarkRow, PublicPage, SetByHand, StatusPageRow};
pub use people::{Joining, Member, PeopleError};
pub use policies::{AlertRoutesRow, EscalationPolicyRow, POLICIES_MAX};
pub use posts::PostRow;
pub use probe_spec::ProbeSpec;
pub use quotas::Quota;
pub use rollups::{Bucket, Rolled};
pub use schedules::ScheduledProbe;
pub use schema::Tables;
pub use sessions::SESSIONS_MAX;
pub use status_change::StatusChange;
pub use storms::Placed;
pub use subscribers::Subscriber;
pub use turns::{PostedAs, Told, Turn};
pub use usage::Usage;
pub use users::{Person, TRIES_S, TotpState};

/// The store: a DynamoDB client and the names of the tables. Cheap to clone, since each route of a function has one.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    tables: Arc<Tables>,
}

impl Store {
    /// The store behind this client.
    pub fn new(client: Client, tables: Tables) -> Self {
        Self { client, tables: Arc::new(tables) }
    }
}
