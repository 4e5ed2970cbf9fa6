//! Objects as clients and webhook receivers see them; the OpenAPI document describes them by these types.

use std::fmt;

use serde::Serialize;

mod actor;
pub mod bodies;
mod check;
mod incident;
mod monitor;
mod phases;
pub mod schema;
mod webhook;

pub use actor::ActorView;
pub use check::{DnsView, HttpView, PingView, SettingsView, SslView, TcpView};
pub use incident::{CauseView, Incident, TimelineEntry};
pub use monitor::{CertificateView, Latest, Monitor, MonitorInEvent, UnwatchedView, UptimeView};
pub use phases::PhasesView;
pub use webhook::{Attempt, Delivery, EventData, WebhookEvent};

/// A secret in the one answer that shows it; nothing else does.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Shown(String);

impl From<&str> for Shown {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Microseconds as the API's milliseconds, to a hundredth.
pub fn ms(us: u32) -> f64 {
    f64::from((us + 5) / 10) / 100.0
}
