//! What is known of the certificate that a monitor's target shows, on the monitor's own item.

use valpero_domain::{AccountId, MonitorId, Timestamp, certificate::ToldOf, event::Event};

use crate::{
    AuditRow, Monitor, Store, StoreError,
    call::{Cancelled, Updated, s, to_value},
    change::{Change, If},
};

const TABLE: &str = "monitors";

impl Store {
    /// Keeps when the certificate that the target shows expires. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn save_certificate(
        &self,
        account: AccountId,
        monitor: MonitorId,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change::new().set("ssl_expires_at", s(expires_at)).only_if(If::Exists("account_id"));
        match self.change(&self.tables.monitors, Self::monitor_key(account, monitor), change).await? {
            // A monitor that was deleted meanwhile needs no certificate.
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }

    /// Keeps the event that tells of a certificate's end, and that it was told, so that of all regions one tells. 6 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another region told since the monitor was read, or it is gone.
    pub async fn tell_of_certificate(
        &self,
        monitor: &Monitor,
        told: &ToldOf,
        event: &Event,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let unchanged = If::Is("certificates_told", to_value(TABLE, &monitor.certificates_told)?);
        let condition = if monitor.certificates_told.is_empty() {
            If::All(vec![If::Exists("account_id"), If::Any(vec![If::Absent("certificates_told"), unchanged])])
        } else {
            unchanged
        };
        let change = Change::new().set("certificates_told", to_value(TABLE, told)?).only_if(condition);
        let change = change.on(&self.tables.monitors, Self::monitor_key(monitor.account_id, monitor.id))?;
        let items = vec![change, self.new_event(event)?, self.audit(audit)?];
        self.transact(items).await.map_err(Cancelled::conflict)
    }
}
