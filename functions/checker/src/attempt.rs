//! Probing one monitor: an attempt, and further ones before "down" is believed.

use std::time::Duration;

use tokio::time::Instant;
use valpero_domain::{
    monitor::ATTEMPTS_END_S,
    probe::{Cause, ErrorCode, Outcome, Phases, ProbeResult},
};
use valpero_outbound::probe;
use valpero_runtime::{panics::caught, telemetry::chain};
use valpero_storage::ProbeSpec;

use crate::Checker;

/// What a region saw, and in how many attempts.
#[derive(Debug)]
pub(crate) struct Observation {
    /// The result of the last attempt that could tell; of the last one where none could.
    pub result: ProbeResult,
    /// Attempts that could tell; 1 where none could.
    pub attempts: u32,
    /// How long the longest one took, from its beginning.
    pub took: Duration,
}

impl Checker {
    /// What this region sees of a target. A target that seems down is probed again, with fresh DNS and a fresh connection,
    /// as often as its `retries` and the minute allow; not one that is `known_down`, for that says nothing new, and a target
    /// that hangs would keep the whole tick waiting, and on the bill, every minute.
    pub(crate) async fn observe(&self, spec: &ProbeSpec, known_down: bool) -> Observation {
        let started = Instant::now();
        let timeout = Duration::from_millis(u64::from(spec.timeout_ms));
        let (mut result, mut took) = self.attempt(spec).await;
        let mut attempts = 1;
        let retries = if known_down { 0 } else { usize::from(spec.retries) };
        for retry in 0..retries {
            if result.outcome != Outcome::Down {
                break;
            }
            let wait = self.backoff[retry.min(self.backoff.len() - 1)];
            if started.elapsed() + wait + timeout > Duration::from_secs(ATTEMPTS_END_S) {
                break;
            }
            tokio::time::sleep(wait).await;
            let (again, took_again) = self.attempt(spec).await;
            took = took.max(took_again);
            // What we could not try again is no word against what was seen before, nor for it.
            if again.outcome != Outcome::ProbeError {
                result = again;
                attempts += 1;
            }
        }
        Observation { result, attempts, took }
    }

    async fn attempt(&self, spec: &ProbeSpec) -> (ProbeResult, Duration) {
        // The semaphore is never closed; were it, the fault would be ours.
        let Ok(_socket) = self.sockets.acquire().await else {
            return (ProbeResult::failed(Cause::of(ErrorCode::Internal), Phases::default()), Duration::ZERO);
        };
        self.pace.turn().await;
        let began = Instant::now();
        // Boxed: those that wait for their turn then take little memory.
        let probed = Box::pin(caught(probe(&self.outbound, &spec.check, spec.timeout_ms, self.app.now()))).await;
        let result = match probed {
            Ok((result, _)) => result,
            Err(panicked) => {
                let check_type = spec.check.check_type().as_str();
                tracing::error!(check_type, error = chain(&panicked), "a probe failed by our own fault");
                ProbeResult::failed(Cause::of(ErrorCode::Internal), Phases::default())
            }
        };
        (result, began.elapsed())
    }
}
