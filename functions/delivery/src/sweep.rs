//! The sweep: finds deliveries that are due and whose message is lost, or waits longer than a queue can hold it; and regions
//! that are silent.

use valpero_app::{WorkError, queue::DeliveryMessage, telemetry::chain};

use valpero_domain::Timestamp;

use crate::Delivery;

/// Deliveries that one sweep takes up; the next minute's sweep takes the rest.
const AT_ONCE: usize = 1_000;

impl Delivery {
    /// Sends a message for each delivery that is due; answers how many. Those whose message is on its way are sent once all
    /// the same: of two messages, one claims the attempt.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn sweep(&self) -> Result<usize, WorkError> {
        let now = self.app.now();
        self.tell_silent_regions(now).await?;
        let due = self.app.store.due_deliveries(now, AT_ONCE).await?;
        let mut sent = 0;
        for (account_id, delivery_id) in due {
            match self.app.queue.send(DeliveryMessage { account_id, delivery_id }, 0, now).await {
                Ok(()) => sent += 1,
                Err(error) => {
                    tracing::warn!(%delivery_id, error = chain(&error), "the next sweep tries again");
                    break;
                }
            }
        }
        Ok(sent)
    }

    /// Logs each region that has not ticked for three minutes: the template's alarm counts these lines by their message.
    async fn tell_silent_regions(&self, now: Timestamp) -> Result<(), WorkError> {
        for beat in self.app.store.heartbeats().await?.iter().filter(|beat| beat.is_silent(now)) {
            tracing::warn!(region = %beat.region, last_tick_at = %beat.last_tick_at, "a region is silent");
        }
        Ok(())
    }
}
