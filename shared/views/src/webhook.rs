//! Webhooks: what receivers get, and what their owner sees of it.

use serde::Serialize;
use utoipa::ToSchema;
use valpero_domain::{
    DeliveryId, EventId, IncidentId, MonitorId, Timestamp,
    certificate::days_left,
    delivery::{DeliveryStatus, EventType},
    event::Event,
};
use valpero_storage as storage;

use super::{CertificateView, Incident, MonitorInEvent, TimelineEntry, UnwatchedView};
use crate::schema;

/// The body of a webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookEvent {
    /// The event's own name: `webhook-id`, the same on every attempt.
    #[schema(value_type = schema::EventId)]
    pub id: EventId,
    /// What happened: `X-Valpero-Event`.
    #[serde(rename = "type")]
    #[schema(value_type = schema::EventType)]
    pub event: EventType,
    /// When.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// To what.
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

/// What an event is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventData {
    /// The monitor.
    pub monitor: MonitorInEvent,
    /// The incident. Null where the event is about none.
    #[schema(required)]
    pub incident: Option<Incident>,
    /// The certificate: with `ssl.expiring` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub certificate: Option<CertificateView>,
    /// Why nobody watches the monitor: with `monitor.unwatched` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unwatched: Option<UnwatchedView>,
}

/// A webhook on its way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    /// Its own name: `X-Valpero-Delivery`.
    #[schema(value_type = schema::DeliveryId)]
    pub id: DeliveryId,
    /// The monitor whose webhook it goes to.
    #[schema(value_type = schema::MonitorId)]
    pub monitor_id: MonitorId,
    /// The incident that it tells of. Null: none.
    #[schema(value_type = Option<schema::IncidentId>, required)]
    pub incident_id: Option<IncidentId>,
    /// The event: `webhook-id`.
    #[schema(value_type = schema::EventId)]
    pub event_id: EventId,
    /// What happened.
    #[schema(value_type = schema::EventType)]
    pub event: EventType,
    /// Where it is on its way.
    #[schema(value_type = schema::DeliveryStatus)]
    pub status: DeliveryStatus,
    /// When it was made.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// When the next attempt is due; while one is under way, when it counts as lost. Null where none follows.
    #[schema(value_type = Option<schema::Time>, required)]
    pub next_attempt_at: Option<Timestamp>,
    /// Why it was given up. Null where it was not.
    #[schema(required)]
    pub gave_up: Option<String>,
    /// The attempts so far, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Attempt {
    /// When it began.
    #[schema(value_type = schema::Time)]
    pub at: Timestamp,
    /// The receiver's answer. Null where there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub http_status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// Why it failed. Null where it did not.
    #[schema(required)]
    pub error: Option<String>,
    /// The first 1,024 bytes of the answer's head, a header a line, cookies hidden; never its body. Null where there was none.
    #[schema(required)]
    pub response_headers: Option<String>,
}

impl Delivery {
    /// As its owner sees it.
    pub fn of(delivery: &storage::Delivery) -> Self {
        let pending = delivery.status == DeliveryStatus::Pending;
        Self {
            id: delivery.id,
            monitor_id: delivery.monitor_id,
            incident_id: delivery.incident_id,
            event_id: delivery.event_id,
            event: delivery.event,
            status: delivery.status,
            created_at: delivery.created_at,
            next_attempt_at: pending.then_some(delivery.next_attempt_at),
            gave_up: delivery.gave_up.clone(),
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
        }
    }
}
