//! The HTTP contract.

mod account;
mod alerts_mute;
mod bounds;
mod callers;
mod channels;
mod check_requests;
mod depends_on;
mod document;
mod filters;
mod idempotency;
mod incidents;
mod keys;
mod lists;
mod mail;
mod manners;
mod metrics;
mod monitors;
mod people;
mod policies;
mod protocol;
pub mod routes;
