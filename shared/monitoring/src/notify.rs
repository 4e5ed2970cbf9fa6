//! Telling: the event that is written with a change, and the message that says it waits for its destinations.

use valpero_domain::{
    AccountId, EventId, Status, Timestamp,
    delivery::EventType,
    event::{Due, Event, MonitorFacts, PageMark},
    incident::{Incident, TimelineEntry, TimelineType},
};
use valpero_runtime::{App, entropy, queue::DeliveryMessage, telemetry::chain};
use valpero_storage::{Delivery, Monitor, StatusChange, StoreError};

/// An event about a monitor, which is `status` by it. Whom it is told to is found when it is handed out.
pub fn event(monitor: &Monitor, kind: EventType, status: Status, at: Timestamp) -> Event {
    let facts = MonitorFacts::of(monitor.id, &monitor.spec, status);
    let event = Event::new(monitor.account_id, EventId::new(at, entropy()), kind, facts, at);
    event.with_degraded_reason(monitor.degraded_reason.filter(|_| status == monitor.status))
}

/// An event about a monitor's incident, which is as told by it: the one that the line of the timeline makes.
pub fn incident_event(monitor: &Monitor, status: Status, incident: Incident, entry: &TimelineEntry) -> Event {
    let kind = match entry.kind {
        TimelineType::Opened => EventType::IncidentOpened,
        TimelineType::Acknowledged => EventType::IncidentAcknowledged,
        TimelineType::Commented => EventType::IncidentCommented,
        TimelineType::Resolved => EventType::IncidentResolved,
    };
    event(monitor, kind, status, entry.at).with_incident(incident, entry.clone())
}

/// Changes a monitor's status and, once that is written, says that the event which goes with it waits.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else changed the monitor first.
pub async fn change_status(app: &App, change: &StatusChange<'_>) -> Result<Monitor, StoreError> {
    let changed = app.store.change_status(change).await?;
    announce(app, change.event).await;
    announce_pages_of(app, change.monitor).await;
    Ok(changed)
}

/// Says that an event waits for its destinations, where there is one. It is written already: a message that is lost is found by the
/// sweep, so this never fails.
pub async fn announce(app: &App, event: Option<&Event>) {
    if let Some(event) = event {
        send(app, event.account_id, Due::Event(event.event_id)).await;
    }
}

/// Says that the status pages which show a monitor are to be made anew, as its change marked them.
pub async fn announce_pages_of(app: &App, monitor: &Monitor) {
    for page in &monitor.pages {
        let mark = PageMark { page_id: *page, monitor_id: Some(monitor.id) };
        send(app, monitor.account_id, Due::Page(mark)).await;
    }
}

/// Says that a delivery is due. As with [`announce`], the sweep finds what was lost.
pub async fn announce_delivery(app: &App, delivery: &Delivery) {
    send(app, delivery.account_id, Due::Delivery(delivery.id)).await;
}

/// Says that something waits for the delivery worker. As with [`announce`], the sweep finds what was lost.
pub async fn announce_due(app: &App, account: AccountId, due: Due) {
    send(app, account, due).await;
}

async fn send(app: &App, account_id: AccountId, due: Due) {
    if let Err(error) = app.queue.send(DeliveryMessage { account_id, due }, 0, app.now()).await {
        tracing::warn!(%due, error = chain(&error), "the sweep will send what the queue did not take");
    }
}
