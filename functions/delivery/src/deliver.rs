//! One attempt to deliver: claim it, render it, sign it, send it, write down what came of it.

use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};
use valpero_domain::{
    AccountId, Actor, AuditAction, AuditId, DeliveryId, EventId, Timestamp,
    delivery::{Answer, DeliveryStatus, Next, Reason, is_due, next},
    event::{Due, Event},
    probe::{Cause, Outcome},
};
use valpero_outbound::webhook::{Reply, TIMEOUT_MS, post};
use valpero_runtime::{
    WorkError, entropy,
    queue::{DELAY_MAX_S, DeliveryMessage},
    telemetry::chain,
};
use valpero_storage::{
    Attempt, AuditRow, Delivery as Record, Monitor, Optional, Receiver, StoreError, Trail, Turn, Webhook,
};
use valpero_views::WebhookEvent;

use crate::Delivery;

/// How long an attempt may take before it counts as lost, in milliseconds: the receiver's time, and as much again.
pub(crate) const LOST_MS: i64 = 2 * TIMEOUT_MS as i64;

/// A message that came earlier than its delivery is due waits for it in the queue, if it is no longer than this.
pub(crate) const EARLY_MS: i64 = 60_000;

/// Why a delivery is given up whose event is gone.
pub(crate) const AGED: &str = "The event is too old: it is not kept any more.";

/// Characters kept of why an attempt failed.
const ERROR_MAX: usize = 300;

impl Delivery {
    /// Handles one message of a delivery; answers, for the log, what came of it.
    pub(crate) async fn deliver(&self, account: AccountId, id: DeliveryId) -> Result<&'static str, WorkError> {
        let now = self.app.now();
        let Some(seen) = self.app.store.delivery(account, id).await.optional()? else { return Ok("aged") };
        if seen.status != DeliveryStatus::Pending {
            return Ok("done already");
        }
        if !is_due(seen.next_attempt_at, now) {
            if seen.next_attempt_at.ms_since(now) <= EARLY_MS {
                self.remind(&seen, now).await;
            }
            return Ok("early");
        }
        self.attempt_due(seen).await
    }

    /// Attempts a delivery that is due, unless another worker does.
    async fn attempt_due(&self, seen: Record) -> Result<&'static str, WorkError> {
        if seen.channel_id.is_some() {
            return self.tell(seen).await;
        }
        let store = &self.app.store;
        let Some(claimed) = self.claim(&seen).await? else { return Ok("claimed by another") };
        let body = match &claimed.body {
            Some(body) => body.clone(),
            None => match self.stored_event(claimed.account_id, claimed.event_id).await? {
                Some(event) => body_of(&event)?,
                None => return self.give_up(claimed, AGED).await,
            },
        };
        let monitor = match claimed.monitor_id {
            Some(monitor) => store.monitor(claimed.account_id, monitor).await.optional()?,
            None => None,
        };
        let receiver = match &monitor {
            Some(Monitor { webhook: Some(webhook), .. }) if webhook.disabled_at.is_some() => {
                return self.give_up(claimed, "The webhook is switched off: its receiver answered 410 Gone.").await;
            }
            Some(monitor) => Receiver::of(monitor).ok_or("The monitor has no webhook any more."),
            None => claimed.receiver.clone().ok_or("The monitor was deleted."),
        };
        match receiver {
            Ok(receiver) => self.attempt(claimed, monitor.as_ref(), &receiver, body).await,
            Err(why) => self.give_up(claimed, why).await,
        }
    }

    /// The event of this ID; none without an ID, or if it is not kept any more.
    pub(crate) async fn stored_event(
        &self,
        account: AccountId,
        id: Option<EventId>,
    ) -> Result<Option<Event>, WorkError> {
        let Some(id) = id else { return Ok(None) };
        Ok(self.app.store.event(account, id).await.optional()?.map(|(event, _)| event))
    }

    /// Begins an attempt; none where another worker has.
    pub(crate) async fn claim(&self, seen: &Record) -> Result<Option<Record>, WorkError> {
        let now = self.app.now();
        match self.app.store.claim_delivery(seen, now, now.plus_ms(LOST_MS)).await {
            Ok(claimed) => Ok(Some(claimed)),
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a claimed delivery when it is its turn, and writes down what came of it. A monitor that is deleted has nothing to switch
    /// off.
    pub(crate) async fn attempt(
        &self,
        mut delivery: Record,
        monitor: Option<&Monitor>,
        receiver: &Receiver,
        body: String,
    ) -> Result<&'static str, WorkError> {
        match self.take_turn(&delivery).await? {
            Turn::Taken(_) => {}
            Turn::Busy => return self.wait_for_turn(delivery).await,
            Turn::Overtaken => return self.supersede(delivery).await,
        }
        let at = self.app.now();
        let Receiver { url, webhook } = receiver;
        let headers = headers(&delivery, webhook, body.as_bytes(), at);
        let started = Instant::now();
        let received = post(&self.outbound, url, headers, body.into(), at).await;
        let latency_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        let now = self.app.now();
        let (answer, error) = judge(&received);
        if answer == Answer::OurFault {
            // The receiver was never asked: that is one to look at.
            tracing::error!(delivery_id = %delivery.id, error, "a webhook was not sent by a fault of our own");
        }
        self.end_turn(&delivery, error.is_none(), None).await?;
        let http_status = received.as_ref().ok().map(|reply| reply.status);
        let response_headers = received.ok().map(|reply| reply.head);
        delivery.note(Attempt { at, http_status, latency_ms, error, response_headers, receiver_says: None });
        let [jitter] = valpero_auth::random_bytes();
        let attempts = delivery.attempts.saturating_sub(delivery.attempts_before);
        let outcome = match next(answer, attempts, now.ms_since(delivery.created_at), jitter) {
            Next::Done => {
                delivery.status = DeliveryStatus::Succeeded;
                "succeeded"
            }
            Next::Retry { after_ms } => {
                delivery.next_attempt_at = now.plus_ms(after_ms);
                "to be retried"
            }
            Next::GiveUp(reason) => {
                delivery.status = DeliveryStatus::Dead;
                delivery.gave_up = Some(reason.to_string());
                if reason == Reason::Gone
                    && let Some(monitor) = monitor
                {
                    self.switch_off(monitor, webhook, now).await?;
                }
                "given up"
            }
        };
        match self.app.store.finish_attempt(&delivery, now).await {
            Ok(()) => {}
            // It took so long that it counted as lost; the attempt that took over writes its own end.
            Err(StoreError::Conflict) => return Ok("overtaken"),
            Err(error) => return Err(error.into()),
        }
        if delivery.status == DeliveryStatus::Pending {
            self.remind(&delivery, now).await;
        }
        Ok(outcome)
    }

    /// Sends the message of the next attempt, if the queue can hold it that long; else the sweep will.
    pub(crate) async fn remind(&self, delivery: &Record, now: Timestamp) {
        self.remind_at(delivery.account_id, Due::Delivery(delivery.id), delivery.next_attempt_at, now).await;
    }

    /// Sends the message of what is due at a time, if the queue can hold it that long; else the sweep will.
    pub(crate) async fn remind_at(&self, account_id: AccountId, due: Due, at: Timestamp, now: Timestamp) {
        let wait_s = (at.ms_since(now) + 999) / 1000;
        if wait_s > DELAY_MAX_S {
            return;
        }
        if let Err(error) = self.app.queue.send(DeliveryMessage { account_id, due }, wait_s, now).await {
            tracing::warn!(%due, error = chain(&error), "the sweep will send it");
        }
    }

    pub(crate) async fn give_up(&self, mut delivery: Record, why: &str) -> Result<&'static str, WorkError> {
        delivery.status = DeliveryStatus::Dead;
        delivery.gave_up = Some(why.to_owned());
        match self.app.store.finish_attempt(&delivery, self.app.now()).await {
            Ok(()) | Err(StoreError::Conflict) => Ok("given up"),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends nothing more to a receiver that is gone.
    async fn switch_off(&self, monitor: &Monitor, webhook: &Webhook, now: Timestamp) -> Result<(), WorkError> {
        let off = Webhook { disabled_at: Some(now), ..webhook.clone() };
        let (id, target) = (AuditId::new(now, entropy()), Some(monitor.id.to_string()));
        let audit = AuditRow::without_request(
            monitor.account_id,
            id,
            Actor::Delivery,
            AuditAction::WebhookDisabled,
            target,
            now,
        );
        match self.app.store.save_webhook(monitor, &off, &Trail::from(audit)).await {
            // Somebody changed the monitor just now: if the receiver is still gone, the next delivery says so again.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The body of a webhook: the same on every attempt, for it follows from the event alone.
pub(crate) fn body_of(event: &Event) -> Result<String, WorkError> {
    serde_json::to_string(&WebhookEvent::of(event)).map_err(WorkError::Render)
}

/// What an attempt says of the receiver, and why it failed, if it did.
pub(crate) fn judge(received: &Result<Reply, Cause>) -> (Answer, Option<String>) {
    let (answer, error) = match received {
        Ok(Reply { status, retry_after_s, .. }) => {
            let error = format!("The receiver answered {status}.");
            let answer = Answer::Status { status: *status, retry_after_s: *retry_after_s };
            (answer, Some(error).filter(|_| !(200..300).contains(status)))
        }
        Err(cause) => {
            let ours = cause.code.outcome() == Outcome::ProbeError;
            let error = format!("{}: {}", cause.code.as_str(), cause.detail);
            (if ours { Answer::OurFault } else { Answer::Silence }, Some(error))
        }
    };
    (answer, error.map(|text| text.chars().take(ERROR_MAX).collect()))
}

/// Both signatures, with the previous secret's beside the Standard Webhooks one during its grace.
fn headers(delivery: &Record, webhook: &Webhook, body: &[u8], now: Timestamp) -> HeaderMap {
    let event_id = delivery.event_id.map(|event| event.to_string()).unwrap_or_default();
    let timestamp = now.seconds();
    let mut standard = webhook.secret.sign_standard(&event_id, timestamp, body);
    if let (Some(previous), Some(until)) = (&webhook.previous, webhook.previous_until)
        && until > now
    {
        standard.push(' ');
        standard.push_str(&previous.sign_standard(&event_id, timestamp, body));
    }
    let values = [
        ("x-valpero-signature", webhook.secret.sign_body(body)),
        ("x-valpero-event", delivery.event.map(|event| event.as_str().to_owned()).unwrap_or_default()),
        ("x-valpero-delivery", delivery.id.to_string()),
        ("webhook-id", event_id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", standard),
    ];
    let mut headers = header_map(values);
    if delivery.redelivered_at.is_some() {
        headers.insert("x-valpero-redelivered", HeaderValue::from_static("true"));
    }
    headers
}

/// The headers of these names and values.
pub(crate) fn header_map(values: impl IntoIterator<Item = (&'static str, String)>) -> HeaderMap {
    let valid = |(name, text): (&'static str, String)| {
        Some((HeaderName::from_static(name), HeaderValue::from_str(&text).ok()?))
    };
    values.into_iter().filter_map(valid).collect()
}
