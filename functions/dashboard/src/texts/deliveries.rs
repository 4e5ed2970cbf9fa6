//! What the pages of deliveries say.

use valpero_domain::{alerting::content::MessageType, delivery::EventType};

/// Texts of the deliveries to channels and webhooks.
#[derive(Debug)]
pub struct Deliveries {
    pub deliveries: &'static str,
    pub webhook_deliveries: &'static str,
    pub all_deliveries: &'static str,
    pub delivery: &'static str,
    /// An event in a few words.
    pub event_is: fn(EventType) -> &'static str,
    /// What a message to a channel says, in a few words.
    pub message_is: fn(MessageType) -> &'static str,
    // The statuses.
    pub any_status: &'static str,
    pub on_its_way: &'static str,
    pub delivered: &'static str,
    pub given_up: &'static str,
    pub superseded: &'static str,
    pub digested: &'static str,
    // The list.
    pub at: &'static str,
    pub event: &'static str,
    pub to: &'static str,
    pub state: &'static str,
    pub attempts: &'static str,
    /// "Show all, not only Channel: Ops" of "Channel: Ops".
    pub remove_filter: fn(&str) -> String,
    pub newest: &'static str,
    pub nothing_yet: &'static str,
    pub nothing_yet_next: &'static str,
    pub nothing_webhook_next: &'static str,
    pub set_up_channel: &'static str,
    pub see_monitors: &'static str,
    pub none_fits: &'static str,
    pub show_all: &'static str,
    // What it is for.
    pub channel: &'static str,
    pub monitor: &'static str,
    pub incident: &'static str,
    pub webhook: &'static str,
    pub deleted_channel: &'static str,
    pub deleted_monitor: &'static str,
    // The page of a delivery.
    pub facts: &'static str,
    pub created: &'static str,
    pub next_attempt: &'static str,
    /// "next attempt in 4 min" of "in 4 min".
    pub next_attempt_is: fn(&str) -> String,
    pub waits_for: &'static str,
    pub why: &'static str,
    pub sent_again: &'static str,
    pub digest: &'static str,
    pub see_digest: &'static str,
    pub event_id: &'static str,
    pub id: &'static str,
    pub send_again: &'static str,
    pub send_again_says: &'static str,
    pub no_attempt: &'static str,
    pub arrived: &'static str,
    pub failed: &'static str,
    pub http_status: &'static str,
    pub took: &'static str,
    pub error: &'static str,
    pub receiver_says: &'static str,
    pub response_headers: &'static str,
}
