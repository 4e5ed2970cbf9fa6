//! Valpero's vocabulary and every decision it takes, as pure functions: no network, no store, no environment, no clock.

/// Lets serde spell a type as its own text.
macro_rules! as_text {
    ($name:ty) => {
        impl TryFrom<String> for $name {
            type Error = $crate::Invalid;

            fn try_from(text: String) -> Result<Self, $crate::Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

pub mod account;
pub mod actor;
pub mod address;
pub mod alerting;
pub mod audit;
pub mod body_check;
pub mod certificate;
pub mod channel;
pub mod charset;
pub mod check;
pub mod deal_code;
pub mod delivery;
pub mod dns_check;
pub mod dns_name;
mod dns_record;
mod dns_text;
pub mod downtime;
pub mod event;
mod expected_status;
pub mod field;
pub mod fields;
pub mod host;
pub mod host_checks;
pub mod http_check;
pub mod id;
pub mod incident;
mod json_document;
mod json_path;
mod json_select;
pub mod mail_address;
mod merge_patch;
pub mod monitor;
pub mod packed;
pub mod pages;
mod patch;
pub mod people;
pub mod plan;
mod prescan;
pub mod probe;
pub mod public_url;
pub mod quorum;
pub mod region;
pub mod rollup;
pub mod schedule;
pub mod scope;
pub mod status;
mod text;
pub mod text_spec;
pub mod time;
pub mod time_zone;

pub use account::{AccountSettings, Language};
pub use actor::{Actor, ActorType, Author};
pub use audit::AuditAction;
pub use field::{Fallback, Field, Items, Kind, Literal, Object, Presence};
pub use fields::{Fault, Faults, Fields, escape};
pub use id::{
    AccountId, AuditId, ChannelId, CheckId, ComponentId, DeliveryId, EventId, IncidentId, InvitationId, KeyId,
    MonitorId, PageId, PolicyId, PostId, PostUpdateId, SessionId, SubscriberId, UserId,
};
pub use monitor::MonitorSpec;
pub use people::Role;
pub use plan::Plan;
pub use public_url::PublicUrl;
pub use region::RegionCode;
pub use scope::{Scope, Scopes};
pub use status::Status;
pub use time::Timestamp;
pub use time_zone::TimeZone;

/// A text that does not parse as the value it should be; the message is written for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// Builds the error from a sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
