//! Everything that connects to hosts which users name: resolved afresh, checked by the guard, timed phase by phase.
//!
//! Connections are opened in one place, the dialler; probes and webhooks both use it, so neither can bypass the guard. DNS questions to
//! a monitor's own name server go to addresses that the guard permitted.

pub mod body;
pub mod certificate;
mod connection;
mod cookies;
mod dial;
mod dns_name;
mod dns_probe;
mod dns_question;
pub mod exchange;
pub mod guard;
mod host_probes;
mod hosts_file;
mod http_error;
mod http_probe;
mod json;
mod legacy;
mod lenient;
mod old_ciphers;
mod os_error;
mod peer_name;
mod probe;
mod race;
pub mod resolve;
mod silence;
mod starttls;
#[cfg(test)]
mod tests;
pub mod tls;
mod trace;
mod unpack;
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
pub use resolve::{DnsAnswers, Resolve, SystemResolver};
pub use tls::Tls;
pub use trace::{Facts, Trace};

/// Sockets for attempts that run beside another one, in addition to the one that each probe has. A Lambda has 1,024 file handles.
const SPARE_SOCKETS: usize = 100;

/// DNS lookups at the same time. Each takes two sockets, one per address family, one of which is the probe's own.
const LOOKUPS: usize = 200;

/// How long a probe waits for a lookup permit before its time begins.
const TURN: Duration = Duration::from_secs(20);

/// The outbound client: guard, resolver, TLS and limits. Built once, shared by the whole process.
#[derive(Clone)]
pub struct Outbound {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
    /// Ports that connections from this machine never reach.
    blocked_ports: &'static [u16],
    spare: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Outbound {
    /// An outbound client with this guard, resolver and trust.
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>, tls: Tls) -> Self {
        let spare = Arc::new(Semaphore::new(SPARE_SOCKETS));
        let lookups = Arc::new(Semaphore::new(LOOKUPS));
        let memory = Arc::new(Semaphore::new(body::STEPS));
        Self { guard: Arc::new(guard), resolver, tls, blocked_ports: &[], spare, lookups, memory }
    }

    /// An outbound client with this guard, the system's resolver and the public web's certificate authorities.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn of_system(guard: Guard) -> Result<Self, OutboundError> {
        Ok(Self::new(guard, Arc::new(SystemResolver::new()?), Tls::trusting(tls::public_roots())?))
    }

    /// The same client, for the public internet alone.
    #[must_use]
    pub fn public_only(&self) -> Self {
        Self { guard: Arc::new(Guard::public_only()), ..self.clone() }
    }

    /// The outbound client of a function on AWS; `private_targets` permits private networks, never the machine itself.
    ///
    /// # Errors
    /// Where DNS or TLS cannot be set up.
    pub fn on_aws(private_targets: bool) -> Result<Self, OutboundError> {
        let guard = if private_targets { Guard::allowing_networks() } else { Guard::public_only() };
        Ok(Self { blocked_ports: PORTS_BLOCKED_BY_AWS, ..Self::of_system(guard)? })
    }

    /// Waits for a lookup permit before the time of a probe begins: the wait is not the target's fault.
    ///
    /// # Errors
    /// Where none is free for long.
    async fn await_turn(&self) -> Result<OwnedSemaphorePermit, Cause> {
        let turn = timeout(TURN, Arc::clone(&self.lookups).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| Cause::of(ErrorCode::Deadline))
    }

    /// A lookup permit: the one taken before the time began, or, after a redirect, another one.
    ///
    /// # Errors
    /// Where none is free in time, which says nothing about the target.
    async fn turn(&self, trace: &mut Trace, deadline: Instant) -> Result<OwnedSemaphorePermit, Cause> {
        if let Some(turn) = trace.turn.take() {
            return Ok(turn);
        }
        let turn = timeout_at(deadline, Arc::clone(&self.lookups).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| Cause::of(ErrorCode::Deadline))
    }
}

/// The outbound client cannot be set up.
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
