//! An account as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{AccountId, Language, Plan, TimeZone, Timestamp};

use crate::schema;

/// An account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Unique ID.
    #[schema(value_type = schema::AccountId)]
    pub id: AccountId,
    /// E-mail address of the owner.
    #[schema(example = "you@example.com")]
    pub email: String,
    /// Plan.
    #[schema(value_type = schema::Plan)]
    pub plan: Plan,
    /// Preferred language. Messages are in English.
    #[schema(value_type = schema::Language)]
    pub language: Language,
    /// Time zone of the times in alerts and pages.
    #[schema(value_type = schema::TimeZone)]
    pub time_zone: TimeZone,
    /// End of the account's mute, until which the channels of all its monitors are silent. Null while it is not muted.
    #[schema(value_type = Option<schema::Time>, required)]
    pub muted_until: Option<Timestamp>,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Limits of the plan.
    pub limits: Limits,
    /// Current usage.
    pub usage: Usage,
}

/// Whether the channels of an account are silent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountMute {
    /// End of the account's mute. Null while it is not muted.
    #[schema(value_type = Option<schema::Time>, required)]
    pub muted_until: Option<Timestamp>,
}

/// Limits of a plan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Requests per key and calendar minute (UTC).
    #[schema(example = 300)]
    pub requests_per_minute: u32,
    /// Maximum number of monitors.
    #[schema(example = 2000)]
    pub monitors: u32,
    /// Maximum number of people.
    #[schema(example = 20)]
    pub people: u32,
    /// Maximum number of status pages.
    #[schema(example = 10)]
    pub status_pages: u32,
    /// Shortest check interval, in seconds.
    #[schema(example = 60)]
    pub min_check_interval: u32,
}

/// Usage of an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Number of monitors.
    #[schema(example = 7)]
    pub monitors: u32,
    /// Number of people.
    #[schema(example = 3)]
    pub people: u32,
    /// Number of status pages.
    #[schema(example = 1)]
    pub status_pages: u32,
}
