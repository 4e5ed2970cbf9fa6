//! Everything that goes to hosts which users name: resolved afresh, vetted by the guard, timed phase by phase.
//!
//! There is one way out, [`exchange`](exchange::exchange); probes and webhooks both take it, so neither can go round the guard.

pub mod exchange;
pub mod guard;
pub mod http_probe;
pub mod resolve;
pub mod tls;
pub mod webhook;

use std::sync::Arc;

pub use guard::Guard;
pub use resolve::{Resolve, SystemResolver};
pub use tls::Tls;

/// What it takes to reach a host: built once, shared by everything in the process.
#[derive(Clone)]
pub struct Outbound {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
}

impl Outbound {
    /// Ways out through this guard, with this resolver and trust.
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>, tls: Tls) -> Self {
        Self { guard: Arc::new(guard), resolver, tls }
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("guard", &self.guard).finish_non_exhaustive()
    }
}
