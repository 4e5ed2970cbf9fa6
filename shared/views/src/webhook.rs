//! Webhooks: what receivers get, and what their owner sees of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    ChannelId, DeliveryId, EventId, IncidentId, MonitorId, Timestamp,
    alerting::{Content, content::MessageType},
    certificate::days_left,
    delivery::{DeliveryStatus, EventType},
    event::Event,
};
use valpero_storage as storage;

use super::{CertificateView, Incident, MonitorInEvent, Shown, TimelineEntry, UnwatchedView};
use crate::schema;

/// Body of a webhook request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookEvent {
    /// ID of the event, as in `webhook-id`. The same on every attempt.
    #[schema(value_type = schema::EventId)]
    pub id: EventId,
    /// Event type, as in `X-Valpero-Event`.
    #[serde(rename = "type")]
    #[schema(value_type = schema::EventType)]
    pub event: EventType,
    /// Time of the event.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Objects that the event is about.
    pub data: EventData,
}

impl WebhookEvent {
    /// An event as webhooks tell of it.
    pub fn of(event: &Event) -> Self {
        let incident = event.incident.as_ref().map(|incident| Incident {
            latest_entry: event.entry.as_ref().map(TimelineEntry::from),
            ..Incident::of(incident)
        });
        let certificate = event.certificate.map(|told| CertificateView {
            expires_at: told.expires_at,
            days_remaining: days_left(told.expires_at, event.created_at),
            threshold_days: told.days,
        });
        let unwatched = event.unwatched.clone().map(UnwatchedView::from);
        let monitor = MonitorInEvent::from(&event.monitor);
        Self {
            id: event.event_id,
            event: event.kind,
            created_at: event.created_at,
            data: EventData { monitor, incident, certificate, unwatched },
        }
    }
}

/// Objects that an event is about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventData {
    /// The monitor after the event.
    pub monitor: MonitorInEvent,
    /// The incident. Null if the event is not about an incident.
    #[schema(required)]
    pub incident: Option<Incident>,
    /// The certificate. Only with `ssl.expiring`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub certificate: Option<CertificateView>,
    /// Why the monitor cannot be probed. Only with `monitor.unwatched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unwatched: Option<UnwatchedView>,
}

/// The delivery of one event to one webhook, or of one message to one channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Unique ID, as in `X-Valpero-Delivery`.
    #[schema(value_type = schema::DeliveryId)]
    pub id: DeliveryId,
    /// ID of the channel that it is for. Null: it is for the webhook of the monitor.
    #[schema(value_type = Option<schema::ChannelId>, required)]
    pub channel_id: Option<ChannelId>,
    /// What the message says. Null for a webhook.
    #[schema(value_type = Option<schema::MessageType>, required)]
    pub message: Option<MessageType>,
    /// ID of the monitor that it is about. Null if it is about several.
    #[schema(value_type = Option<schema::MonitorId>, required)]
    pub monitor_id: Option<MonitorId>,
    /// ID of the incident that the event is about. Null: none.
    #[schema(value_type = Option<schema::IncidentId>, required)]
    pub incident_id: Option<IncidentId>,
    /// ID of the event, as in `webhook-id` of a monitor's webhook. Null for a digest, and for the end of a mute.
    #[schema(value_type = Option<schema::EventId>, required)]
    pub event_id: Option<EventId>,
    /// Event type. Null for a digest, and for the end of a mute.
    #[schema(value_type = Option<schema::EventType>, required)]
    pub event: Option<EventType>,
    /// ID of the delivery of the digest that has it. Null: it is in none.
    #[schema(value_type = Option<schema::DeliveryId>, required)]
    pub digest_id: Option<DeliveryId>,
    /// Delivery status.
    #[schema(value_type = schema::DeliveryStatus)]
    pub status: DeliveryStatus,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the next attempt; during an attempt, the time at which that counts as lost. Null if no attempt follows.
    #[schema(value_type = Option<schema::Time>, required)]
    pub next_attempt_at: Option<Timestamp>,
    /// What it waits for, if that is not its next attempt: the pace that the receiver allows. Null: nothing.
    #[schema(required)]
    pub waits_for: Option<String>,
    /// Why delivery was given up, or is `superseded`. Null if it was not.
    #[schema(required)]
    pub gave_up: Option<String>,
    /// Time at which somebody last asked for it to be sent again. Null: never. Its requests have the header
    /// `X-Valpero-Redelivered: true`, and may arrive after newer events.
    #[schema(value_type = Option<schema::Time>, required)]
    pub redelivered_at: Option<Timestamp>,
    /// Attempts so far, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One delivery attempt.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Start time.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// HTTP status of the receiver's response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub http_status: Option<u16>,
    /// Duration in milliseconds.
    pub latency_ms: u32,
    /// Why the attempt failed. Null if it succeeded.
    #[schema(required)]
    pub error: Option<String>,
    /// First 1,024 bytes of the response headers, one header per line, cookies hidden; never the body. Null if there was no
    /// response.
    #[schema(required)]
    pub response_headers: Option<String>,
    /// First 1,024 bytes of the response of a channel's receiver, secrets hidden. Null for a webhook, or if there was no response.
    #[schema(required)]
    pub receiver_says: Option<String>,
}

impl Delivery {
    /// As its owner sees it.
    pub fn of(delivery: &storage::Delivery) -> Self {
        let pending = delivery.status == DeliveryStatus::Pending;
        Self {
            id: delivery.id,
            channel_id: delivery.channel_id,
            message: delivery.content.as_ref().map(Content::message_type),
            monitor_id: delivery.monitor_id,
            incident_id: delivery.incident_id,
            event_id: delivery.event_id,
            event: delivery.event,
            digest_id: delivery.digest_id,
            status: delivery.status,
            created_at: delivery.created_at,
            next_attempt_at: pending.then_some(delivery.next_attempt_at),
            waits_for: delivery.waits_for.clone().filter(|_| pending),
            gave_up: delivery.gave_up.clone(),
            redelivered_at: delivery.redelivered_at,
            attempts: delivery.attempt_log.iter().map(Attempt::of).collect(),
        }
    }
}

impl Attempt {
    fn of(attempt: &storage::Attempt) -> Self {
        Self {
            at: attempt.at,
            http_status: attempt.http_status,
            latency_ms: attempt.latency_ms,
            error: attempt.error.clone(),
            response_headers: attempt.response_headers.clone(),
            receiver_says: attempt.receiver_says.clone(),
        }
    }
}

/// A new secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RotatedSecret {
    /// ID of the monitor.
    #[schema(value_type = schema::MonitorId)]
    pub monitor_id: MonitorId,
    /// The new secret. Shown only in this response.
    #[schema(value_type = schema::WebhookSecret)]
    pub webhook_secret: Shown,
    /// Time until which the old secret signs too.
    #[schema(value_type = schema::Time)]
    pub previous_valid_until: Timestamp,
}
