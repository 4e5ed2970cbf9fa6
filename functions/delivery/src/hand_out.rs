//! Handing an event out: one delivery for each destination, made once however often the event comes, and attempted at once.

use futures::future::{join, join_all};
use valpero_domain::{AccountId, EventId, event::Destination};
use valpero_monitoring::pages;
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
        let webhook = to.map(|to| Record::new(&event, to).to(kept));
        // A delivery that was there already is attempted by another worker, or found by the sweep.
        let new = match webhook {
            Some(delivery) if self.app.store.add_delivery(&delivery).await? => Some(delivery),
            Some(_) | None => None,
        };
        // One that fails by a fault of ours ends none of the others, and the webhook waits for no channel.
        let (webhook, told) = join(
            async {
                let (Some(delivery), Some(receiver)) = (new, receiver) else { return Ok("nobody to tell") };
                match self.claim(&delivery).await? {
                    Some(claimed) => self.attempt(claimed, monitor.as_ref(), &receiver, body_of(&event)?).await,
                    None => Ok("claimed by another"),
                }
            },
            async {
                let messages = self.alert(&event, monitor.as_ref()).await?;
                if let Some(monitor) = &monitor {
                    pages::tell_comment(&self.app, &event, monitor).await?;
                }
                self.app.store.event_handed_out(account, id).await?;
                self.tell_all(messages).await
            },
        )
        .await;
        told?;
        webhook
    }

    /// Attempts messages that were written just now, all at once.
    pub(crate) async fn tell_all(&self, messages: Vec<Record>) -> Result<usize, WorkError> {
        let count = messages.len();
        let told = join_all(messages.into_iter().map(|message| self.tell(message))).await;
        told.into_iter().collect::<Result<Vec<_>, WorkError>>()?;
        Ok(count)
    }
}
