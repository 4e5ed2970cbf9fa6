//! Everything that goes to hosts which users name: resolved afresh, vetted by the guard, timed phase by phase.
//!
//! There is one way out, the dialler; probes and webhooks both take it, so neither can go round the guard. DNS questions to a name
//! server of the user's choice go to an address that the dialler vetted.

pub mod body;
pub mod certificate;
mod dial;
mod dns_probe;
pub mod exchange;
pub mod guard;
mod host_probes;
mod http_probe;
mod json;
mod legacy;
mod probe;
pub mod resolve;
pub mod tls;
mod trace;
mod verified;
pub mod webhook;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use guard::Guard;
pub use probe::probe;
pub use resolve::{Resolve, SystemResolver};
pub use tls::Tls;
pub use trace::{Facts, Trace};

/// Sockets for addresses that race each other, beyond the one that each probe has. A Lambda has 1,024 file handles.
const SPARE_SOCKETS: usize = 200;

/// What it takes to reach a host: built once, shared by everything in the process.
#[derive(Clone)]
pub struct Outbound {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
    spare: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Outbound {
    /// Ways out through this guard, with this resolver and trust.
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>, tls: Tls) -> Self {
        let spare = Arc::new(Semaphore::new(SPARE_SOCKETS));
        let memory = Arc::new(Semaphore::new(body::STEPS));
        Self { guard: Arc::new(guard), resolver, tls, spare, memory }
    }

    /// Ways out through this guard, with the system's resolver and the public web's certificate authorities.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn of_system(guard: Guard) -> Result<Self, OutboundError> {
        Ok(Self::new(guard, Arc::new(SystemResolver::new()?), Tls::trusting(tls::public_roots())?))
    }

    /// Ways out of a function on AWS; `private_targets` opens private networks, never the machine itself.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn on_aws(private_targets: bool) -> Result<Self, OutboundError> {
        Self::of_system(if private_targets { Guard::allowing_networks() } else { Guard::public_only() })
    }
}

/// The ways out cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// DNS.
    #[error(transparent)]
    Resolver(#[from] resolve::NoResolver),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("guard", &self.guard).finish_non_exhaustive()
    }
}
