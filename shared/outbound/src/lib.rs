//! Everything that goes to hosts which users name: resolved afresh, vetted by the guard, timed phase by phase.
//!
//! There is one way out, the dialler; probes and webhooks both take it, so neither can go round the guard. DNS questions to a name
//! server of the user's choice go to an address that the dialler vetted.

pub mod body;
pub mod certificate;
mod dial;
mod dns_name;
mod dns_probe;
pub mod exchange;
pub mod guard;
mod host_probes;
mod hosts_file;
mod http_probe;
mod json;
mod legacy;
mod os_error;
mod peer_name;
mod probe;
mod race;
pub mod resolve;
mod silence;
#[cfg(test)]
mod tests;
pub mod tls;
mod trace;
mod verified;
pub mod webhook;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use valpero_domain::{
    host::PORTS_BLOCKED_BY_AWS,
    probe::{Cause, ErrorCode},
};

pub use guard::Guard;
pub use probe::probe;
pub use resolve::{Resolve, SystemResolver};
pub use tls::Tls;
pub use trace::{Facts, Trace};

/// Sockets for addresses that race each other, beyond the one that each probe has. A Lambda has 1,024 file handles.
const SPARE_SOCKETS: usize = 100;

/// Names that are asked for at the same time. Each takes two sockets, one for each family of addresses, of which one is the probe's own.
const LOOKUPS: usize = 200;

/// How long the leave to ask the DNS is waited for before a probe's time begins.
const TURN: Duration = Duration::from_secs(20);

/// What it takes to reach a host: built once, shared by everything in the process.
#[derive(Clone)]
pub struct Outbound {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
    /// Ports that connections from here never reach.
    blocked_ports: &'static [u16],
    spare: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Outbound {
    /// Ways out through this guard, with this resolver and trust.
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>, tls: Tls) -> Self {
        let spare = Arc::new(Semaphore::new(SPARE_SOCKETS));
        let lookups = Arc::new(Semaphore::new(LOOKUPS));
        let memory = Arc::new(Semaphore::new(body::STEPS));
        Self { guard: Arc::new(guard), resolver, tls, blocked_ports: &[], spare, lookups, memory }
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
        let guard = if private_targets { Guard::allowing_networks() } else { Guard::public_only() };
        Ok(Self { blocked_ports: PORTS_BLOCKED_BY_AWS, ..Self::of_system(guard)? })
    }

    /// Waits for the leave to ask the DNS, before the time of a probe begins: it is our time, and not the target's.
    ///
    /// # Errors
    /// Where there is none for long.
    async fn await_turn(&self) -> Result<OwnedSemaphorePermit, Cause> {
        let turn = timeout(TURN, Arc::clone(&self.lookups).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| Cause::of(ErrorCode::Deadline))
    }

    /// The leave to ask the DNS: the one that was waited for before the time began, or, behind a redirect, another one.
    ///
    /// # Errors
    /// Where there is none in time, which is no word about the target.
    async fn turn(&self, trace: &mut Trace, deadline: Instant) -> Result<OwnedSemaphorePermit, Cause> {
        if let Some(turn) = trace.turn.take() {
            return Ok(turn);
        }
        let turn = timeout_at(deadline, Arc::clone(&self.lookups).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| Cause::of(ErrorCode::Deadline))
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
