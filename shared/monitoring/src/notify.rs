//! Telling a monitor's webhook: the record that is written with the change, and the message that says it is due.

use serde_json::json;
use valpero_auth::NoEntropy;
use valpero_domain::{
    DeliveryId, EventId, Status, Timestamp,
    certificate::{Told, days_left},
    delivery::{DeliveryStatus, EventType},
    incident::{self, TimelineEntry},
    status::Unwatched,
};
use valpero_storage::{Delivery, Monitor, StatusChange, StoreError};

use valpero_runtime::{App, entropy, queue::DeliveryMessage, telemetry::chain};
use valpero_views as views;
use valpero_views::{CertificateView, EventData, Incident, MonitorInEvent, UnwatchedView, WebhookEvent};

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    /// What happened.
    pub event: EventType,
    /// To which monitor.
    pub monitor: &'a Monitor,
    /// What the monitor's status is by it.
    pub status: Status,
    /// In which incident, as it is by it.
    pub incident: Option<&'a incident::Incident>,
    /// The line that it adds to the incident's story.
    pub entry: Option<&'a TimelineEntry>,
    /// Which certificate is about to expire.
    pub certificate: Option<Told>,
    /// Why nobody watches the monitor.
    pub unwatched: Option<&'a Unwatched>,
    /// When.
    pub at: Timestamp,
}

impl<'a> News<'a> {
    /// What happened to a monitor that stays what it is, in no incident.
    pub fn of(event: EventType, monitor: &'a Monitor, at: Timestamp) -> Self {
        let status = monitor.status;
        Self { event, monitor, status, incident: None, entry: None, certificate: None, unwatched: None, at }
    }
}

/// The delivery of some news; none where the monitor has no webhook, or its receiver is gone.
///
/// # Errors
/// Where the operating system has no random bytes for its ids.
pub fn delivery(news: &News<'_>) -> Result<Option<Delivery>, NoEntropy> {
    let News { event, monitor, at, .. } = *news;
    if monitor.webhook.as_ref().is_none_or(|webhook| webhook.disabled_at.is_some()) {
        return Ok(None);
    }
    let event_id = EventId::new(at, entropy()?);
    let data = EventData {
        monitor: MonitorInEvent::of(monitor, news.status),
        incident: news.incident.map(|incident| Incident {
            latest_entry: news.entry.map(views::TimelineEntry::from),
            ..Incident::of(incident)
        }),
        certificate: news.certificate.map(|told| CertificateView {
            expires_at: told.expires_at,
            days_remaining: days_left(told.expires_at, at),
            threshold_days: told.days,
        }),
        unwatched: news.unwatched.cloned().map(UnwatchedView::from),
    };
    Ok(Some(Delivery {
        account_id: monitor.account_id,
        id: DeliveryId::new(at, entropy()?),
        monitor_id: monitor.id,
        incident_id: news.incident.map(|incident| incident.id),
        event_id,
        event,
        body: json!(WebhookEvent { id: event_id, event, created_at: at, data }).to_string(),
        status: DeliveryStatus::Pending,
        attempts: 0,
        attempts_before: 0,
        attempt_log: Vec::new(),
        claimed_until: None,
        next_attempt_at: at,
        created_at: at,
        gave_up: None,
    }))
}

/// Changes a monitor's status and, once that is written, says that the delivery which goes with it is due.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else changed the monitor first.
pub async fn change_status(app: &App, change: &StatusChange<'_>) -> Result<Monitor, StoreError> {
    let changed = app.store.change_status(change).await?;
    announce(app, change.delivery).await;
    Ok(changed)
}

/// Says that a delivery is due, where there is one. It is written already: a message that is lost is found by the sweep, so
/// this never fails.
pub async fn announce(app: &App, delivery: Option<&Delivery>) {
    let Some(delivery) = delivery else { return };
    let message = DeliveryMessage { account_id: delivery.account_id, delivery_id: delivery.id };
    if let Err(error) = app.queue.send(message, 0, app.now()).await {
        tracing::warn!(delivery_id = %delivery.id, error = chain(&error), "the sweep will send what the queue did not take");
    }
}
