//! Events and their deliveries: hands each event to its destinations, sends each delivery once, and sees to it that none is forgotten.

mod alert;
mod broadcast;
mod deliver;
mod digest;
mod domain;
mod escalate;
mod flap;
mod hand_out;
mod mail_event;
mod notice;
mod silence;
mod sweep;
mod tell;
mod turn;
mod unmute;

pub use mail_event::{MailEvent, MailEventKind, MailRecipient};
pub use sweep::Swept;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{FutureExt, future::join_all};
use serde_json::Value;
use valpero_domain::{AccountId, event::Due};
use valpero_mail::Mailer;
use valpero_monitoring::pages;
use valpero_outbound::{Outbound, OutboundError};
use valpero_runtime::{App, Needs, WorkError, panics::caught, queue::DeliveryMessage, telemetry::chain};
use valpero_storage::Usage;

/// It connects to hosts that users name, and sends mail, and itself messages of what is still due.
pub const NEEDS: Needs = Needs { queue: true, targets: true, mail: true, links: true, ..Needs::NONE };

/// The delivery worker.
#[derive(Debug, Clone)]
pub struct Delivery {
    app: App,
    outbound: Outbound,
    /// For hosts that are named by whoever reads a status page.
    public: Outbound,
    mailer: Mailer,
}

/// The worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment, or the mailer.
    #[error(transparent)]
    Mail(#[from] valpero_mail::StartError),
    /// DNS or TLS.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

/// A message was not handled; the queue brings it again, and keeps it as a dead letter in the end.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The message is none of ours.
    #[error("not a message of ours")]
    BadMessage(#[source] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// An event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It is neither SQS's nor SES's nor the schedule's.
    #[error("not an event for the delivery worker")]
    BadEvent(#[source] serde_json::Error),
    /// The sweep failed, or what SES said could not be noted.
    #[error(transparent)]
    Work(#[from] WorkError),
}

impl Delivery {
    /// The worker with these ways out.
    pub fn new(app: App, outbound: Outbound, mailer: Mailer) -> Self {
        Self { app, public: outbound.public_only(), outbound, mailer }
    }

    /// How it sends mail.
    pub fn mailer(&self) -> &Mailer {
        &self.mailer
    }

    /// The worker of a function on AWS, from its environment.
    ///
    /// # Errors
    /// Everything that is missing from the environment; DNS and TLS that cannot be set up.
    pub async fn from_env() -> Result<Self, StartError> {
        let (app, mailer) = valpero_mail::from_env(NEEDS).await?;
        let outbound = Outbound::on_aws(app.settings.private_targets)?;
        Ok(Self::new(app, outbound, mailer))
    }

    /// Handles a batch of SQS, answering which messages failed; an event of SES; or the minute's event, by a sweep.
    ///
    /// # Errors
    /// If it is none of them, or the sweep failed.
    pub async fn handle(&self, event: &Value) -> Result<Value, DeliveryError> {
        if let Some(mail) = MailEvent::read(event).map_err(DeliveryError::BadEvent)? {
            let outcome = self.note_mail_event(&mail).boxed().await?;
            let MailEvent { kind, message_id, .. } = &mail;
            tracing::info!(?kind, message_id, outcome, "mail event");
            return Ok(Value::from(outcome));
        }
        if event.get("Records").is_none() {
            // Boxed: a sweep and all within it would make one type too deep for the compiler.
            let swept = self.sweep().boxed().await?;
            return serde_json::to_value(swept).map_err(DeliveryError::BadEvent);
        }
        let batch: SqsEvent = serde_json::from_value(event.clone()).map_err(DeliveryError::BadEvent)?;
        let mut response = SqsBatchResponse::default();
        let handled = join_all(batch.records.iter().map(|message| self.handle_message(message))).await;
        for (message, handled) in batch.records.iter().zip(handled) {
            if handled.is_err() {
                response.add_failure(message.message_id.clone().unwrap_or_default());
            }
        }
        serde_json::to_value(response).map_err(DeliveryError::BadEvent)
    }

    /// What is due for a status page; nothing else is.
    async fn see_to_pages(&self, account: AccountId, due: Due) -> Result<&'static str, WorkError> {
        match due {
            Due::Page(mark) => pages::refresh(&self.app, account, mark.page_id).boxed().await,
            Due::Domain(look) => self.look_at_domain(account, look.0).boxed().await,
            Due::Broadcast(mark) => self.broadcast(account, mark).boxed().await,
            Due::Notice(notice) => self.tell_subscriber(account, notice).boxed().await,
            _ => Ok("nothing of a page"),
        }
    }

    async fn handle_message(&self, message: &SqsMessage) -> Result<(), MessageError> {
        let started = std::time::Instant::now();
        let (done, usage) = Usage::of(async {
            let body = message.body.as_deref().unwrap_or_default();
            let DeliveryMessage { account_id, due } = serde_json::from_str(body).map_err(MessageError::BadMessage)?;
            let work = async {
                // Boxed: all within one would make one type too deep for the compiler.
                match due {
                    Due::Event(id) => self.hand_out(account_id, id).boxed().await,
                    Due::Delivery(id) => self.deliver(account_id, id).boxed().await,
                    Due::Incident(id) => self.escalate(account_id, id).boxed().await,
                    Due::Monitor(id) => self.settle_down(account_id, id).boxed().await,
                    Due::Window(key) => self.digest(account_id, key).boxed().await,
                    Due::Mute(muted) => self.unmute(account_id, muted).boxed().await,
                    Due::Page(_) | Due::Domain(_) | Due::Broadcast(_) | Due::Notice(_) => {
                        self.see_to_pages(account_id, due).boxed().await
                    }
                }
            };
            Ok(caught(work).await.map_err(WorkError::from)??)
        })
        .await;
        tracing::info!(
            message_id = message.message_id,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            wru = usage.wru,
            rru = usage.rru,
            round_trips = usage.round_trips,
            outcome = done.as_ref().ok().copied(),
            error = done.as_ref().err().map(|error: &MessageError| chain(error)),
            "message"
        );
        done.map(drop)
    }
}
