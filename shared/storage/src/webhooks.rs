//! The secret side of a monitor's webhook, on the monitor's own item.

use crate::{
    Monitor, Store, StoreError, Trail, Webhook,
    call::{Cancelled, n, to_value},
    change::{Change, If},
};

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
