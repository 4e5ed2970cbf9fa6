//! The HTTP contract.

mod incidents;
mod keys;
mod monitors;
mod protocol;
mod routes;
