//! One attempt to deliver: claim it, sign it, send it, write down what came of it.

use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};
use valpero_app::{
    WorkError, entropy,
    queue::{DELAY_MAX_S, DeliveryMessage},
    telemetry::chain,
};
use valpero_domain::{
    AuditId, Timestamp,
    delivery::{DeliveryStatus, RETRY_AFTER_S, is_due, retry_after_ms},
    probe::{Cause, Outcome},
};
use valpero_outbound::webhook::{Receipt, TIMEOUT_MS, post};
use valpero_storage::{Attempt, AuditRow, Delivery as Record, Monitor, StoreError, Trail, Webhook};

use crate::Delivery;

/// How long an attempt may take before it counts as lost, in milliseconds: the receiver's time, and as much again.
const LOST_MS: i64 = 2 * TIMEOUT_MS as i64;

/// A message that came earlier than its delivery is due waits for it in the queue, if it is no longer than this.
const EARLY_MS: i64 = 60_000;

/// How long a delivery is tried that fails by a fault of our own, such as a name server of ours that does not answer: three days.
const OUR_FAULT_MS: i64 = 3 * 86_400_000;

/// Further attempts that a receiver gets which fails itself.
const RETRIES: u32 = RETRY_AFTER_S.len() as u32;

/// Characters kept of why an attempt failed.
const ERROR_MAX: usize = 300;

impl Delivery {
    /// Handles one message; answers, for the log, what came of it.
    pub(crate) async fn deliver(&self, due: DeliveryMessage) -> Result<&'static str, WorkError> {
        let store = &self.app.store;
        let now = self.app.now();
        let seen = match store.delivery(due.account_id, due.delivery_id).await {
            Ok(seen) => seen,
            Err(StoreError::NotFound) => return Ok("aged"),
            Err(error) => return Err(error.into()),
        };
        if seen.status != DeliveryStatus::Pending {
            return Ok("done already");
        }
        if !is_due(seen.next_attempt_at, now) {
            if seen.next_attempt_at.ms_since(now) <= EARLY_MS {
                self.remind(&seen, now).await;
            }
            return Ok("early");
        }
        let claimed = match store.claim_delivery(&seen, now, now.plus_ms(LOST_MS)).await {
            Ok(claimed) => claimed,
            Err(StoreError::Conflict) => return Ok("claimed by another"),
            Err(error) => return Err(error.into()),
        };
        let monitor = match store.monitor(due.account_id, claimed.monitor_id).await {
            Ok(monitor) => monitor,
            Err(StoreError::NotFound) => return self.give_up(claimed, "The monitor was deleted.", now).await,
            Err(error) => return Err(error.into()),
        };
        self.attempt(claimed, &monitor, now).await
    }

    async fn attempt(&self, delivery: Record, monitor: &Monitor, now: Timestamp) -> Result<&'static str, WorkError> {
        let (Some(url), Some(webhook)) = (&monitor.spec.webhook_url, &monitor.webhook) else {
            return self.give_up(delivery, "The monitor has no webhook any more.", now).await;
        };
        if webhook.disabled_at.is_some() {
            return self.give_up(delivery, "The webhook is switched off: its receiver answered 410 Gone.", now).await;
        }
        let headers = headers(&delivery, webhook, now);
        let started = Instant::now();
        let answer = post(&self.outbound, url, headers, delivery.body.clone().into(), now).await;
        let latency_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        self.finish(delivery, monitor, webhook, &answer, latency_ms, now).await
    }

    async fn finish(
        &self,
        mut delivery: Record,
        monitor: &Monitor,
        webhook: &Webhook,
        answer: &Result<Receipt, Cause>,
        latency_ms: u32,
        at: Timestamp,
    ) -> Result<&'static str, WorkError> {
        let now = self.app.now();
        let http_status = answer.as_ref().ok().map(|receipt| receipt.status);
        let error = match answer {
            Ok(receipt) if (200..300).contains(&receipt.status) => None,
            Ok(receipt) => Some(format!("The receiver answered {}.", receipt.status)),
            Err(cause) => Some(format!("{}: {}", cause.code.as_str(), cause.detail)),
        };
        let error = error.map(|text| text.chars().take(ERROR_MAX).collect());
        let response_headers = answer.as_ref().ok().map(|receipt| receipt.head.clone());
        delivery.note(Attempt { at, http_status, latency_ms, error: error.clone(), response_headers });
        let outcome = if error.is_none() {
            delivery.status = DeliveryStatus::Succeeded;
            "succeeded"
        } else if http_status == Some(410) {
            delivery.status = DeliveryStatus::Dead;
            delivery.gave_up = Some("The receiver answered 410 Gone.".into());
            self.switch_off(monitor, webhook, now).await?;
            "gone"
        } else {
            let asked_s = answer.as_ref().ok().and_then(|receipt| receipt.retry_after_s);
            let [jitter] = valpero_auth::random_bytes()?;
            let since = delivery.attempts.saturating_sub(delivery.attempts_before);
            let ours = answer.as_ref().is_err_and(|cause| cause.code.outcome() == Outcome::ProbeError);
            if ours {
                // The receiver was never asked: that is no reason to give it up, and one to look at.
                tracing::error!(delivery_id = %delivery.id, error, "a webhook was not sent by a fault of our own");
            }
            let again = ours && now.ms_since(delivery.created_at) < OUR_FAULT_MS;
            let place = if again { since.min(RETRIES) } else { since };
            match retry_after_ms(place, jitter, asked_s) {
                Some(wait_ms) => {
                    delivery.next_attempt_at = now.plus_ms(wait_ms);
                    "to be retried"
                }
                None => {
                    delivery.status = DeliveryStatus::Dead;
                    delivery.gave_up = Some(format!("{since} attempts failed."));
                    "dead"
                }
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

    /// Sends the message of the next attempt, where the queue can hold it that long; else the sweep will.
    async fn remind(&self, delivery: &Record, now: Timestamp) {
        let wait_s = (delivery.next_attempt_at.ms_since(now) + 999) / 1000;
        if wait_s > DELAY_MAX_S {
            return;
        }
        let message = DeliveryMessage { account_id: delivery.account_id, delivery_id: delivery.id };
        if let Err(error) = self.app.queue.send(message, wait_s, now).await {
            tracing::warn!(delivery_id = %delivery.id, error = chain(&error), "the sweep will send it");
        }
    }

    async fn give_up(&self, mut delivery: Record, why: &str, now: Timestamp) -> Result<&'static str, WorkError> {
        delivery.status = DeliveryStatus::Dead;
        delivery.gave_up = Some(why.to_owned());
        match self.app.store.finish_attempt(&delivery, now).await {
            Ok(()) | Err(StoreError::Conflict) => Ok("given up"),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends nothing more to a receiver that is gone.
    async fn switch_off(&self, monitor: &Monitor, webhook: &Webhook, now: Timestamp) -> Result<(), WorkError> {
        let off = Webhook { disabled_at: Some(now), ..webhook.clone() };
        let (id, target) = (AuditId::new(now, entropy()?), Some(monitor.id.to_string()));
        let audit = AuditRow::without_request(monitor.account_id, id, "delivery", "webhook.disabled", target, now);
        match self.app.store.save_webhook(monitor, &off, &Trail::from(&audit)).await {
            // Somebody changed the monitor just now: if the receiver is still gone, the next delivery says so again.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Both signatures, with the previous secret's beside the Standard Webhooks one during its grace.
fn headers(delivery: &Record, webhook: &Webhook, now: Timestamp) -> HeaderMap {
    let body = delivery.body.as_bytes();
    let event_id = delivery.event_id.to_string();
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
        ("x-valpero-event", delivery.event.as_str().to_owned()),
        ("x-valpero-delivery", delivery.id.to_string()),
        ("webhook-id", event_id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", standard),
    ];
    let mut headers = HeaderMap::new();
    for (name, text) in values {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
