//! What the pages of deliveries say.

use valpero_domain::{alerting::content::MessageType, delivery::EventType};

use crate::texts::deliveries::Deliveries;

pub(super) const TEXTS: Deliveries = Deliveries {
    deliveries: "Deliveries",
    webhook_deliveries: "Webhook deliveries",
    all_deliveries: "All deliveries",
    delivery: "Delivery",
    event_is,
    message_is,
    any_status: "All",
    on_its_way: "On its way",
    delivered: "Delivered",
    given_up: "Given up",
    superseded: "Superseded",
    digested: "In a digest",
    at: "When",
    event: "Event",
    to: "To",
    state: "Status",
    attempts: "Attempts",
    remove_filter: |filter| format!("Show all, not only {filter}"),
    newest: "Newest",
    nothing_yet: "Nothing has been sent yet",
    nothing_yet_next: "Set up a channel and send it a test, or give a monitor a webhook.",
    nothing_webhook_next: "Give a monitor a webhook URL and send it a test.",
    set_up_channel: "Set up a channel",
    see_monitors: "Monitors",
    none_fits: "No delivery fits these filters.",
    show_all: "Show all",
    channel: "Channel",
    monitor: "Monitor",
    incident: "Incident",
    webhook: "Webhook",
    deleted_channel: "A deleted channel",
    deleted_monitor: "A deleted monitor",
    facts: "Details",
    created: "Created",
    next_attempt: "Next attempt",
    next_attempt_is: |when| format!("next attempt {when}"),
    waits_for: "Waits for",
    why: "Why",
    sent_again: "Sent again",
    digest: "Digest",
    see_digest: "See the digest that tells of it",
    event_id: "Event ID",
    id: "ID",
    send_again: "Send again",
    send_again_says: "“Send again” sends the same message once more, by the receiver's present settings.",
    no_attempt: "Not attempted yet.",
    arrived: "Arrived",
    failed: "Failed",
    http_status: "HTTP status",
    took: "Took",
    error: "Error",
    receiver_says: "What the receiver said",
    response_headers: "Response headers",
};

fn event_is(event: EventType) -> &'static str {
    match event {
        EventType::IncidentOpened => "Incident opened",
        EventType::IncidentAcknowledged => "Incident acknowledged",
        EventType::IncidentCommented => "Comment on an incident",
        EventType::IncidentResolved => "Incident resolved",
        EventType::MonitorDegraded => "Monitor degraded",
        EventType::MonitorRecovered => "Monitor recovered",
        EventType::MonitorUnwatched => "Monitor cannot be checked",
        EventType::SslExpiring => "Certificate expires soon",
        EventType::WebhookTest => "Test",
    }
}

fn message_is(message: MessageType) -> &'static str {
    match message {
        MessageType::Event => "Event",
        MessageType::Opening => "Incident opened",
        MessageType::Reminder => "Reminder: incident still open",
        MessageType::Recovery => "Incident over",
        MessageType::Flapping => "Monitor is flapping",
        MessageType::Stable => "Monitor is stable again",
        MessageType::Digest => "Digest of several incidents",
        MessageType::Test => "Test",
        MessageType::MuteEnded => "End of a mute",
    }
}
