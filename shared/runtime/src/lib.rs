//! What every function needs and no web server: configuration, the clock, the queue, the event bus and the log.

pub mod clock;
pub mod config;
mod error_chain;
pub mod event_bus;
pub mod panics;
pub mod queue;
pub mod telemetry;

use std::sync::Arc;

use valpero_domain::{PublicUrl, Timestamp, id::Entropy};
use valpero_storage::{Store, StoreError};

pub use aws_config::SdkConfig;
pub use clock::Clock;
pub use config::{Config, ConfigError, Needs};
pub use event_bus::EventBus;
pub use panics::Panicked;
pub use queue::Queue;

/// Why a piece of work could not be done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The store failed, or said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message could not be written as JSON.
    #[error("a message could not be written")]
    Render(#[source] serde_json::Error),
    /// A fault of ours: it panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl WorkError {
    /// Whether somebody else changed the object first, so that reading it again and deciding anew makes sense.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }

    /// Whether the store did nothing because it is asked for too much at once.
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Store(StoreError::Throttled(_)))
    }
}

/// What a deployment allows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether targets may be private addresses.
    pub private_targets: bool,
    /// Ports that nobody can connect to from here.
    pub blocked_ports: &'static [u16],
    /// The deployment's own URL; none where nothing is sent that leads there.
    pub public_url: Option<PublicUrl>,
    /// Whether everybody may use the tools, without signing in.
    pub public_tools: bool,
    /// Whether mail is sent, as far as the function needs to know.
    pub sends_mail: bool,
    /// Mails a second to subscribers of status pages, at most: what the server that takes them allows.
    pub mail_rate: u32,
}

/// The state of every function: cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The store.
    pub store: Store,
    /// The webhook queue.
    pub queue: Queue,
    /// The event bus.
    pub events: EventBus,
    /// The time.
    pub clock: Clock,
    /// What the deployment allows.
    pub settings: Arc<Settings>,
}

impl App {
    /// The state of a function on AWS, from its environment.
    ///
    /// # Errors
    /// Everything that is missing from the environment, at once.
    pub async fn from_env(needs: Needs) -> Result<Self, ConfigError> {
        Ok(Config::from_env(needs)?.connect().await)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Randomness for an identifier.
pub fn entropy() -> Entropy {
    valpero_auth::random_bytes()
}
