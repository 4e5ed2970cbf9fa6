//! Objects as clients and webhook receivers see them; the OpenAPI document describes them by these types.

mod incident;
mod monitor;
mod webhook;

pub use incident::{CauseView, Incident, TimelineEntry};
pub use monitor::{CertificateView, HttpView, Latest, Monitor, MonitorInEvent, UptimeView};
pub use webhook::{Attempt, Delivery, EventData, WebhookEvent};

/// Microseconds as the API's milliseconds, to a hundredth.
pub fn ms(us: u32) -> f64 {
    f64::from((us + 5) / 10) / 100.0
}
