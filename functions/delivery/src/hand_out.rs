//! Handing an event out: one delivery for each destination, made once however often the event comes, and attempted at once.

use futures::future::try_join_all;
use valpero_auth::derived;
use valpero_domain::{
    AccountId, EventId,
    event::{Destination, Event},
};
use valpero_runtime::WorkError;
use valpero_storage::{Delivery as Record, Optional};

use crate::Delivery;

impl Delivery {
    /// Handles one message of an event; answers, for the log, what came of it.
    ///
    /// Every step may be repeated: a delivery's id follows from the event and its destination, so a second worker, or a second try
    /// after a crash, makes nothing twice. What is not attempted here is pending, and the sweep finds it.
    pub(crate) async fn hand_out(&self, account: AccountId, id: EventId) -> Result<&'static str, WorkError> {
        let Some((event, pending)) = self.app.store.event(account, id).await.optional()? else { return Ok("aged") };
        if !pending {
            return Ok("handed out already");
        }
        let deliveries: Vec<Record> =
            self.destinations(&event).await?.into_iter().map(|to| delivery(&event, to)).collect();
        let added = try_join_all(deliveries.iter().map(|delivery| self.app.store.add_delivery(delivery))).await?;
        self.app.store.event_handed_out(account, id).await?;
        // Those that were there already are somebody else's, who attempts them; or the sweep's.
        let new = deliveries.into_iter().zip(added).filter(|(_, new)| *new);
        let outcomes = try_join_all(new.map(|(delivery, _)| self.attempt_due(delivery))).await?;
        Ok(outcomes.first().copied().unwrap_or("nobody to tell"))
    }

    /// Who is told of an event.
    async fn destinations(&self, event: &Event) -> Result<Vec<Destination>, WorkError> {
        let monitor = self.app.store.monitor(event.account_id, event.monitor.id).await.optional()?;
        let webhook = monitor.and_then(|monitor| monitor.webhook).filter(|webhook| webhook.disabled_at.is_none());
        Ok(webhook.map(|_| Destination::MonitorWebhook(event.monitor.id)).into_iter().collect())
    }
}

/// The delivery of an event to a destination, which is due at once.
fn delivery(event: &Event, to: Destination) -> Record {
    let Destination::MonitorWebhook(monitor_id) = to;
    Record::new(event, derived::delivery_id(event.event_id, to), monitor_id)
}
