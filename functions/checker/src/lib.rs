//! The checker of one region: each minute it probes what is due there, packs what it saw, and tells the store when it changes its mind.

mod attempt;
mod divide;
mod event;
mod group;
mod invocation;
mod mind;
mod pace;
mod tick;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, TryFutureExt};
use serde_json::Value;
use tokio::sync::Semaphore;
use valpero_domain::RegionCode;
use valpero_outbound::{Outbound, OutboundError};
use valpero_runtime::{App, Config, ConfigError, Needs, WorkError, config, event_bus::EventError, telemetry::chain};
use valpero_storage::Usage;

use divide::Work;
use invocation::Invocation;
use pace::Pace;

pub use event::{BadEvent, CheckerEvent};
pub use group::TickReport;

/// It is one region's, connects to hosts that users name, tells of incidents, and leaves parts of a large tick to others of its kind.
pub const NEEDS: Needs = Needs { queue: true, events: true, targets: true, region: true, ..Needs::NONE };

/// Probes in flight at the same time: a Lambda has 1,024 file handles.
const IN_FLIGHT: usize = 700;

/// Monitors whose state changes are written at the same time: each has a connection to the store, beside those of the probes. In a
/// mass outage, all would otherwise come at once.
pub const IN_WRITING: usize = 64;

/// How long after its beginning an invocation still begins to write what a region makes of a check: Lambda ends it after 90 s, and a
/// write that meets a throttled table may take some seconds. What is left, the next tick finds.
const WRITING: Duration = Duration::from_secs(70);

/// Waits before each further attempt within a tick; the last one serves for all that follow.
pub const BACKOFF: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(5)];

/// The checker of one region.
#[derive(Debug, Clone)]
pub struct Checker {
    app: App,
    region: RegionCode,
    outbound: Outbound,
    backoff: [Duration; 3],
    writes_until: Duration,
    sockets: Arc<Semaphore>,
    writing: Arc<Semaphore>,
    pace: Arc<Pace>,
}

/// The checker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// DNS or TLS.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

/// An event was not handled; Lambda tries it again.
#[derive(Debug, thiserror::Error)]
pub enum CheckerError {
    /// It is none of ours.
    #[error(transparent)]
    BadEvent(#[from] BadEvent),
    /// The store failed.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The bus did not take the slices of a tick, and they are too many for one invocation.
    #[error(transparent)]
    Unfinished(#[from] EventError),
}

impl Checker {
    /// The checker of this region, with these ways out. `backoff` is [`BACKOFF`] but where nobody wants to wait.
    pub fn new(app: App, region: RegionCode, outbound: Outbound, backoff: [Duration; 3]) -> Self {
        let [sockets, writing] = [IN_FLIGHT, IN_WRITING].map(|most| Arc::new(Semaphore::new(most)));
        let pace = Arc::new(Pace::new(1.0));
        Self { app, region, outbound, backoff, writes_until: WRITING, sockets, writing, pace }
    }

    /// The same, with so many probes in flight at the most, where a process has fewer file handles than a Lambda, or more checkers.
    #[must_use]
    pub fn with_sockets(self, most: usize) -> Self {
        Self { sockets: Arc::new(Semaphore::new(most.clamp(1, IN_FLIGHT))), ..self }
    }

    /// The same, which writes at most so many states at the same time: a store that does one thing after the other gains nothing by
    /// more, and lets those who read wait for all of them.
    #[must_use]
    pub fn with_writes(self, most: usize) -> Self {
        Self { writing: Arc::new(Semaphore::new(most.clamp(1, IN_WRITING))), ..self }
    }

    /// The same, which begins no write of a region's state later than this after an invocation's beginning. Default: 70 s.
    #[must_use]
    pub fn writing_until(self, writes_until: Duration) -> Self {
        Self { writes_until, ..self }
    }

    /// The checker of a function on AWS, from its environment.
    ///
    /// # Errors
    /// Everything that is missing from the environment; DNS and TLS that cannot be set up.
    pub async fn from_env() -> Result<Self, StartError> {
        let config = Config::from_env(NEEDS)?;
        let region = config.region()?;
        let app = config.connect().await;
        let outbound = Outbound::on_aws(app.settings.private_targets)?;
        let pace = Arc::new(Pace::new(config::own_processors()));
        Ok(Self { pace, ..Self::new(app, region, outbound, BACKOFF) })
    }

    /// The region.
    pub fn region(&self) -> RegionCode {
        self.region
    }

    /// Handles one event of the schedule or the bus, and logs one line about it.
    ///
    /// # Errors
    /// Where it is none of ours, or the store failed; the same event may be handled again.
    pub async fn handle(&self, event: &Value) -> Result<TickReport, CheckerError> {
        self.handle_measured(event).await.0
    }

    /// The same, with what it consumed.
    pub async fn handle_measured(&self, event: &Value) -> (Result<TickReport, CheckerError>, Usage) {
        let event = match CheckerEvent::parse(event) {
            Ok(event) => event,
            Err(error) => return (Err(error.into()), Usage::default()),
        };
        let run = Invocation::of(&event, self.writes_until);
        let (done, usage) = Usage::of(async {
            match &event {
                // Boxed: a tick and all within it would make one type too deep for the compiler.
                CheckerEvent::Tick(_) => self.tick(&run).boxed().await,
                CheckerEvent::CohortsDue(due) => {
                    let works = due.cohorts.iter().cloned().map(|due| Work::of(self.region, due));
                    self.take(works.collect(), &run).err_into().boxed().await
                }
                CheckerEvent::CheckRequested(check) => self.check(check, &run).err_into().boxed().await,
            }
        })
        .await;
        let report = done.as_ref().copied().unwrap_or_default();
        tracing::info!(
            region = %self.region,
            at = %run.at,
            duration_ms = u64::try_from(run.elapsed().as_millis()).unwrap_or(u64::MAX),
            wru = usage.wru,
            rru = usage.rru,
            round_trips = usage.round_trips,
            cohorts = report.cohorts,
            checked = report.checked,
            down = report.down,
            probe_errors = report.probe_errors,
            changes = report.changes,
            unwritten = report.unwritten,
            handed_over = report.handed_over,
            error = done.as_ref().err().map(|error| chain(error)),
            "tick"
        );
        (done, usage)
    }
}
