//! Handing an event out: one delivery for each destination, made once however often the event comes, and attempted at once.

use futures::future::{join_all, try_join_all};
use valpero_domain::{AccountId, EventId, event::Destination};
use valpero_runtime::WorkError;
use valpero_storage::{Delivery as Record, Optional, Receiver};

use crate::{Delivery, deliver::body_of};

impl Delivery {
    /// Handles one message of an event; answers, for the log, what came of it.
    ///
    /// Every step may be repeated: a delivery's id follows from the event and its destination, so a second worker, or a second try
    /// after a crash, makes nothing twice. What is not attempted here is pending, and the sweep finds it.
    pub(crate) async fn hand_out(&self, account: AccountId, id: EventId) -> Result<&'static str, WorkError> {
        let Some((event, hand_out)) = self.app.store.event(account, id).await.optional()? else { return Ok("aged") };
        if !hand_out.is_pending() {
            return Ok("handed out already");
        }
        let monitor = self.app.store.monitor(account, event.monitor.id).await.optional()?;
        let receiver = monitor.as_ref().map_or(hand_out.receiver.clone(), Receiver::of);
        // A deleted monitor no longer knows its webhook.
        let kept = hand_out.receiver.filter(|_| monitor.is_none());
        let to = receiver.as_ref().map(|_| Destination::MonitorWebhook(event.monitor.id));
        let deliveries: Vec<Record> = to.into_iter().map(|to| Record::new(&event, to).to(kept.clone())).collect();
        let added = try_join_all(deliveries.iter().map(|delivery| self.app.store.add_delivery(delivery))).await?;
        self.app.store.event_handed_out(account, id).await?;
        let Some(receiver) = receiver else { return Ok("nobody to tell") };
        let body = body_of(&event)?;
        // Those that were there already are somebody else's, who attempts them; or the sweep's.
        let new = deliveries.iter().zip(added).filter_map(|(delivery, new)| new.then_some(delivery));
        // One that fails by a fault of ours ends none of the others.
        let attempts = join_all(new.map(async |delivery| match self.claim(delivery).await? {
            Some(claimed) => self.attempt(claimed, monitor.as_ref(), &receiver, body.clone()).await,
            None => Ok("claimed by another"),
        }));
        let outcomes: Vec<&'static str> = attempts.await.into_iter().collect::<Result<_, WorkError>>()?;
        Ok(outcomes.first().copied().unwrap_or("nobody to tell"))
    }
}
