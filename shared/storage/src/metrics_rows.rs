//! Monitors at a glance: what the metrics tell of each, read in small portions.

use std::ops::ControlFlow;

use serde::Deserialize;
use valpero_domain::{
    AccountId, IncidentId, MonitorId, Status, Timestamp, check::CheckType, downtime::Downtime, monitor::Name,
    status::Unwatched,
};

use crate::{
    Place, Store, StoreError,
    call::{from_item, s},
};

/// Monitors read at once: a portion is some 50 KB.
const PORTION: i32 = 100;

/// What the metrics tell of a monitor.
#[derive(Debug, Clone, Deserialize)]
pub struct MetricsRow {
    /// Which.
    #[serde(rename = "monitor_id")]
    pub id: MonitorId,
    /// What its owner says of it.
    pub spec: Named,
    /// What it is.
    pub status: Status,
    /// Where it is checked.
    pub places: Vec<Place>,
    /// Since when, and why, nobody watches it.
    #[serde(default)]
    pub unwatched: Option<Unwatched>,
    /// The incident that is open.
    #[serde(default)]
    pub current_incident_id: Option<IncidentId>,
    /// When the certificate that its target last showed expires.
    #[serde(default)]
    pub ssl_expires_at: Option<Timestamp>,
    /// When it was down or paused.
    #[serde(default)]
    pub downtime: Downtime,
}

/// What people call a monitor, and how it is checked.
#[derive(Debug, Clone, Deserialize)]
pub struct Named {
    /// Its name.
    pub name: Name,
    /// How it is checked.
    pub check_type: CheckType,
}

impl Store {
    /// Shows each of the account's monitors to `see`, oldest first. 0.5 RRU per 4 KB read.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn metrics_rows(&self, account: AccountId, mut see: impl FnMut(MetricsRow)) -> Result<(), StoreError> {
        let request = self
            .query(&self.tables.monitors)
            .key_condition_expression("account_id = :account")
            .expression_attribute_values(":account", s(account))
            .projection_expression(
                "monitor_id, spec.#name, spec.check_type, #status, places, unwatched, current_incident_id, ssl_expires_at, downtime",
            )
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#status", "status")
            .limit(PORTION);
        let all = self.query_each(request, None, |item| {
            see(from_item("monitors", item)?);
            Ok(ControlFlow::Continue(()))
        });
        all.await
    }
}
