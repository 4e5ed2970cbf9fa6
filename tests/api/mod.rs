//! The HTTP contract.

mod bounds;
mod callers;
mod check_requests;
mod document;
mod filters;
mod idempotency;
mod incidents;
mod keys;
mod lists;
mod manners;
mod metrics;
mod monitors;
mod protocol;
pub mod routes;
