//! The webhook queue: SQS on AWS, a queue of the same behaviour in one process.
//!
//! Messages are hints: the Deliveries table is what remembers, and a sweep finds what a queue lost.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use valpero_domain::{AccountId, Timestamp, event::Due};

/// One message: an event that waits for its destinations, or a delivery that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryMessage {
    /// Whose.
    pub account_id: AccountId,
    /// Which: `event_id` or `delivery_id`.
    #[serde(flatten)]
    pub due: Due,
}

/// SQS delays a message by at most this many seconds; the sweep takes what waits longer.
pub const DELAY_MAX_S: i64 = 900;

/// A message could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS refused it or did not answer.
    #[error("the queue did not take the message")]
    Sqs(#[source] Box<dyn Error + Send + Sync>),
    /// The queue in this process is full.
    #[error("the queue is full")]
    Full,
    /// This function was given no queue.
    #[error("this function has no queue")]
    Absent,
}

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Queue {
    /// SQS.
    Sqs {
        /// Its client.
        client: aws_sdk_sqs::Client,
        /// The queue's URL.
        url: String,
    },
    /// This process.
    InProcess(Arc<InProcessQueue>),
    /// None: the function sends nothing.
    Absent,
}

impl Queue {
    /// The SQS queue of this URL.
    pub fn sqs(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self::Sqs { client, url }
    }

    /// Sends a message that shows up after `delay_s` seconds (0 to 900).
    ///
    /// # Errors
    /// Where it was not taken; the delivery stays pending, and the sweep finds it.
    pub async fn send(&self, message: DeliveryMessage, delay_s: i64, now: Timestamp) -> Result<(), QueueError> {
        let body = json!(message).to_string();
        let delay_s = delay_s.clamp(0, DELAY_MAX_S);
        match self {
            Self::Sqs { client, url } => {
                let delay = i32::try_from(delay_s).unwrap_or(900);
                let sent = client.send_message().queue_url(url).message_body(body).delay_seconds(delay).send().await;
                sent.map(drop).map_err(|error| QueueError::Sqs(Box::new(error)))
            }
            Self::InProcess(queue) => queue.send(body, now.plus_seconds(delay_s)),
            Self::Absent => Err(QueueError::Absent),
        }
    }
}

/// How long a message stays hidden while somebody works on it: as the template sets it for SQS.
pub const HIDDEN_S: i64 = 180;

/// Receives after which a message that still fails is a dead letter: as the template sets it for SQS.
pub const RECEIVES_MAX: u32 = 5;

/// Messages that wait at the most.
const WAITING_MAX: usize = 100_000;

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    visible_at: Timestamp,
    receives: u32,
}

#[derive(Debug, Default)]
struct Messages {
    waiting: Vec<Message>,
    dead: Vec<String>,
    sent: u64,
}

/// SQS's behaviour in one process: delays, redelivery of what failed, dead letters. It hands out the very event that a Lambda
/// gets from SQS.
#[derive(Debug, Default)]
pub struct InProcessQueue {
    messages: Mutex<Messages>,
    arrived: Notify,
}

impl InProcessQueue {
    fn lock(&self) -> std::sync::MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message that shows up at `visible_at`.
    ///
    /// # Errors
    /// Where too many wait already.
    pub fn send(&self, body: String, visible_at: Timestamp) -> Result<(), QueueError> {
        let mut messages = self.lock();
        if messages.waiting.len() >= WAITING_MAX {
            return Err(QueueError::Full);
        }
        messages.sent += 1;
        let id = format!("message-{}", messages.sent);
        messages.waiting.push(Message { id, body, visible_at, receives: 0 });
        drop(messages);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for the next message to be sent.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Up to ten visible messages as the event that SQS sends to a Lambda; they are hidden for [`HIDDEN_S`].
    pub fn receive(&self, now: Timestamp) -> Option<Value> {
        let mut guard = self.lock();
        let messages = &mut *guard;
        let (exhausted, waiting) = std::mem::take(&mut messages.waiting)
            .into_iter()
            .partition(|message| message.receives >= RECEIVES_MAX && message.visible_at <= now);
        messages.waiting = waiting;
        messages.dead.extend(Vec::into_iter(exhausted).map(|message: Message| message.body));
        let visible = messages.waiting.iter_mut().filter(|message| message.visible_at <= now).take(10);
        let records: Vec<Value> = visible
            .map(|message| {
                message.receives += 1;
                message.visible_at = now.plus_seconds(HIDDEN_S);
                json!({
                    "messageId": message.id,
                    "receiptHandle": message.id,
                    "body": message.body,
                    "attributes": {"ApproximateReceiveCount": message.receives.to_string()},
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                })
            })
            .collect();
        if records.is_empty() { None } else { Some(json!({ "Records": records })) }
    }

    /// Takes the messages of an event away, but for those that the handler's answer names as failed.
    pub fn acknowledge(&self, event: &Value, failed: &[String]) {
        let ids: Vec<&str> = event["Records"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|record| record["messageId"].as_str())
            .filter(|id| !failed.iter().any(|failed| failed == id))
            .collect();
        self.lock().waiting.retain(|message| !ids.contains(&message.id.as_str()));
    }

    /// The bodies of the dead letters.
    pub fn dead_letters(&self) -> Vec<String> {
        self.lock().dead.clone()
    }

    /// How many messages wait, hidden ones too.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn ids(event: Option<&Value>) -> Vec<String> {
        let records = event.and_then(|event| event["Records"].as_array()).cloned().unwrap_or_default();
        records.iter().map(|record| record["messageId"].as_str().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_delayed_message_shows_up_on_time_and_ten_at_once() {
        let queue = InProcessQueue::default();
        for place in 0..12 {
            queue.send(format!("{place}"), NOW.plus_seconds(i64::from(place == 0) * 5)).expect("room");
        }
        let first = queue.receive(NOW).expect("messages");
        assert_eq!(ids(Some(&first)).len(), 10);
        queue.acknowledge(&first, &[]);
        assert_eq!(ids(queue.receive(NOW).as_ref()), ["message-12"]);
        assert_eq!(ids(queue.receive(NOW.plus_seconds(5)).as_ref()), ["message-1"]);
    }

    #[test]
    fn what_fails_comes_again_and_then_is_a_dead_letter() {
        let queue = InProcessQueue::default();
        queue.send("poison".into(), NOW).expect("room");
        let mut now = NOW;
        for _ in 0..RECEIVES_MAX {
            let event = queue.receive(now).expect("the message");
            queue.acknowledge(&event, &ids(Some(&event)));
            assert!(queue.receive(now).is_none(), "hidden while somebody works on it");
            now = now.plus_seconds(HIDDEN_S);
        }
        assert!(queue.receive(now).is_none());
        assert_eq!((queue.dead_letters(), queue.waiting()), (vec!["poison".to_owned()], 0));
    }
}
