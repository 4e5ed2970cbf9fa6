//! The sweep: finds events and deliveries that are due and whose message is lost, or waits longer than a queue can hold it; and
//! regions that are silent.

use serde::Serialize;
use valpero_runtime::{WorkError, panics::caught, queue::DeliveryMessage, telemetry::chain};

use valpero_domain::{RegionCode, Timestamp};

use crate::Delivery;

/// Events and deliveries that one sweep takes up; the next minute's sweep takes the rest.
const AT_ONCE: usize = 500;

/// Minutes between two looks for what a clock which was ahead has planned; the full hours, for an hour.
const MISPLANNED_EVERY: i64 = 60;

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Messages that it sent.
    pub sent: usize,
    /// Regions that have not ticked for three minutes.
    pub silent: Vec<RegionCode>,
}

impl Delivery {
    /// Sends a message for each event and delivery that is due, and tells of silent regions. What has a message on its way is sent
    /// once all the same: of two messages, one claims the attempt.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn sweep(&self) -> Result<Swept, WorkError> {
        caught(self.sweep_once()).await?
    }

    async fn sweep_once(&self) -> Result<Swept, WorkError> {
        let now = self.app.now();
        let mut due = self.app.store.due(now, AT_ONCE).await?;
        if now.minute() % MISPLANNED_EVERY == 0 {
            due.extend(self.app.store.misplanned(now, AT_ONCE).await?);
        }
        let mut sent = 0;
        for (account_id, due) in due {
            match self.app.queue.send(DeliveryMessage { account_id, due }, 0, now).await {
                Ok(()) => sent += 1,
                Err(error) => {
                    tracing::warn!(%due, error = chain(&error), "the next sweep tries again");
                    break;
                }
            }
        }
        // Last, so that nothing about regions keeps a delivery waiting.
        let silent = self.tell_silent_regions(now).await?;
        Ok(Swept { sent, silent })
    }

    /// Logs each region that has not ticked for three minutes: the template's alarm counts these lines by their message.
    async fn tell_silent_regions(&self, now: Timestamp) -> Result<Vec<RegionCode>, WorkError> {
        let beats = self.app.store.heartbeats().await?;
        let silent = beats.iter().filter(|beat| beat.is_silent(now));
        for beat in silent.clone() {
            tracing::error!(region = %beat.region, last_tick_at = %beat.last_tick_at, "a region is silent");
        }
        Ok(silent.map(|beat| beat.region).collect())
    }
}
