//! Dead letters of a stack on AWS: messages of webhooks that failed five times before the delivery worker could even try.

use std::{collections::BTreeMap, error::Error};

use aws_sdk_sqs::{Client, types::Message};
use serde_json::{Value, json};
use valpero_domain::event::Due;
use valpero_runtime::queue::DeliveryMessage;

use crate::{
    args::{DeadLettersCommand, StackTarget},
    deployed,
    screen::Screen,
};

type Failure = Box<dyn Error + Send + Sync>;

/// A letter that was looked at is hidden for so many seconds, so that one command sees it once; in the end it is put back.
const HIDDEN_S: i32 = 300;

/// Letters that one command takes up: SQS hands out as many before the first must be given back.
const AT_ONCE: usize = 100_000;

/// The two queues of a stack.
struct Queues {
    client: Client,
    webhooks: String,
    dead_letters: String,
}

async fn open(target: &StackTarget) -> Result<Queues, Failure> {
    let stack = deployed::find(&target.stack).await?;
    let client = Client::new(&stack.sdk);
    Ok(Queues { client, webhooks: stack.webhooks_url, dead_letters: stack.dead_letters_url })
}

pub(crate) async fn run(command: DeadLettersCommand) -> Result<(), Failure> {
    match command {
        DeadLettersCommand::List { target } => {
            let queues = open(&target).await?;
            let letters = queues.letters().await?;
            for letter in &letters {
                queues.put_back(letter).await?;
            }
            let lines: Vec<String> = letters.iter().map(line).collect();
            let text = if lines.is_empty() { "No dead letters.".to_owned() } else { lines.join("\n") };
            Screen::new(target.json).result(&json!({"dead_letters": objects(&letters)}), &text);
        }
        DeadLettersCommand::Redrive { drop_foreign, target } => {
            let queues = open(&target).await?;
            let (mut sent, mut foreign, mut dropped) = (0, 0, 0);
            for letter in queues.letters().await? {
                if ours(&letter).is_some() {
                    queues.send_again(&letter).await?;
                    sent += 1;
                } else if drop_foreign {
                    queues.forget(&letter).await?;
                    dropped += 1;
                } else {
                    queues.put_back(&letter).await?;
                    foreign += 1;
                }
            }
            let mut text = format!("Sent {sent} again.");
            if dropped > 0 {
                text.push_str(&format!(" Dropped {dropped} that are no messages of Valpero's."));
            }
            if foreign > 0 {
                text.push_str(&format!(
                    " Left {foreign} that are no messages of Valpero's; --drop-foreign takes them away."
                ));
            }
            let object = json!({"sent_again": sent, "left": foreign, "dropped": dropped});
            Screen::new(target.json).result(&object, &text);
        }
    }
    Ok(())
}

impl Queues {
    /// Every letter that is visible now.
    async fn letters(&self) -> Result<Vec<Message>, Failure> {
        let mut letters = BTreeMap::new();
        while letters.len() < AT_ONCE {
            let request = self.client.receive_message().queue_url(&self.dead_letters).max_number_of_messages(10);
            let answer = request.visibility_timeout(HIDDEN_S).wait_time_seconds(1).send().await?;
            let before = letters.len();
            letters.extend(answer.messages.unwrap_or_default().into_iter().filter_map(|letter| {
                let id = letter.message_id.clone()?;
                Some((id, letter))
            }));
            if letters.len() == before {
                break;
            }
        }
        Ok(letters.into_values().collect())
    }

    /// First sent, then taken away: a stop in between leaves it twice, and of two messages one claims the attempt.
    async fn send_again(&self, letter: &Message) -> Result<(), Failure> {
        let body = letter.body.clone().unwrap_or_default();
        self.client.send_message().queue_url(&self.webhooks).message_body(body).send().await?;
        self.forget(letter).await
    }

    /// Lets others see it at once.
    async fn put_back(&self, letter: &Message) -> Result<(), Failure> {
        let handle = letter.receipt_handle.clone().unwrap_or_default();
        let request = self.client.change_message_visibility().queue_url(&self.dead_letters).receipt_handle(handle);
        request.visibility_timeout(0).send().await?;
        Ok(())
    }

    async fn forget(&self, letter: &Message) -> Result<(), Failure> {
        let handle = letter.receipt_handle.clone().unwrap_or_default();
        self.client.delete_message().queue_url(&self.dead_letters).receipt_handle(handle).send().await?;
        Ok(())
    }
}

fn ours(letter: &Message) -> Option<DeliveryMessage> {
    letter.body.as_deref().and_then(|body| serde_json::from_str(body).ok())
}

fn line(letter: &Message) -> String {
    let id = letter.message_id.as_deref().unwrap_or_default();
    match ours(letter) {
        Some(letter) => format!("{id}  {}  {}", letter.account_id, letter.due),
        None => format!("{id}  no message of Valpero's"),
    }
}

fn objects(letters: &[Message]) -> Vec<Value> {
    let object = |letter: &Message| {
        let ours = ours(letter);
        let due = ours.map(|message| message.due);
        json!({
            "message_id": letter.message_id,
            "account_id": ours.map(|message| message.account_id),
            "delivery_id": due.filter(|due| matches!(due, Due::Delivery(_))).map(|due| due.to_string()),
            "event_id": due.filter(|due| matches!(due, Due::Event(_))).map(|due| due.to_string()),
        })
    };
    letters.iter().map(object).collect()
}
