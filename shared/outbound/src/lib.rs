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

    /// The same ways out, to the public internet alone.
    #[must_use]
    pub fn public_only(&self) -> Self {
        Self { guard: Arc::new(Guard::public_only()), ..self.clone() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_ways_out_share_everything_but_the_guard() {
        let resolver: Arc<dyn Resolve> = Arc::new(SystemResolver::new().expect("a resolver"));
        let tls = Tls::trusting(tls::public_roots()).expect("TLS");
        let all = Outbound::new(Guard::allowing_private(Vec::new()), resolver, tls);
        let public = all.public_only();
        assert!(all.guard.allows_private() && !public.guard.allows_private());
        assert!(Arc::ptr_eq(&all.spare, &public.spare) && Arc::ptr_eq(&all.memory, &public.memory));
    }
}
