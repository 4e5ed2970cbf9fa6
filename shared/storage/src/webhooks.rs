//! The secret side of a monitor's webhook, on the monitor's own item.

use serde::{Deserialize, Serialize};
use valpero_auth::WebhookSecret;
use valpero_domain::Timestamp;

use crate::{
    Monitor, Store, StoreError, Trail,
    call::{Cancelled, n, to_value},
    change::{Change, If},
};

/// The secret side of a monitor's webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    /// Signs.
    pub secret: WebhookSecret,
    /// Signs beside it until the grace ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<WebhookSecret>,
    /// When the grace ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    /// When the receiver said 410 Gone; nothing is sent from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

impl Webhook {
    /// A webhook with this secret and nothing else.
    pub fn new(secret: WebhookSecret) -> Self {
        Self { secret, previous: None, previous_until: None, disabled_at: None }
    }
}

impl Store {
    /// Gives a monitor's webhook other secrets, or switches it off. 4 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before; [`StoreError::Conflict`] where somebody else changed the
    /// monitor since it was read.
    pub async fn save_webhook(&self, monitor: &Monitor, webhook: &Webhook, trail: &Trail) -> Result<(), StoreError> {
        let change = Change::new()
            .set("webhook", to_value("monitors", webhook)?)
            .add("version", 1)
            .only_if(If::Is("version", n(monitor.version)));
        let change = change.on(&self.tables.monitors, Self::monitor_key(monitor.account_id, monitor.id))?;
        self.transact_once(vec![change], trail).await.map_err(Cancelled::conflict)
    }
}
