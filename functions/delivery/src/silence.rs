//! Silence: why the channels are not told of an incident at present.

use valpero_domain::{
    AccountId, Timestamp,
    alerting::{
        Alerting, Hold, HoldReason,
        dependency::{Parent, Release, Suppression, released, suppression},
        gate,
        mute::is_muted,
    },
};
use valpero_runtime::WorkError;
use valpero_storage::{Monitor, Optional};

use crate::Delivery;

/// The longest until a mute is looked at again, in milliseconds: somebody may end it before its time.
const MUTE_LOOK_MS: i64 = 300_000;

/// How long a check and the decision on it take at most, in seconds.
const DECIDED_S: i64 = 15;

impl Delivery {
    /// Why an incident's channels are not told at present; none where they are. `stable_at`: when its monitor, which is flapping, is to
    /// be looked at.
    pub(crate) async fn hold(
        &self,
        account: AccountId,
        alerting: &Alerting,
        monitor: Option<&Monitor>,
        stable_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Hold>, WorkError> {
        let muted = self.muted_until(account, monitor).await?.map(|until| look_again(until, now));
        let has_begun = alerting.has_begun();
        let suppression = match monitor {
            Some(monitor) if !has_begun && muted.is_none() => self.suppression(alerting, monitor, now).await?,
            _ => Suppression::Clear,
        };
        Ok(gate::hold(has_begun, muted, suppression, stable_at, now))
    }

    /// Whether an incident that has told nobody yet is kept quiet by the outage of another monitor.
    async fn suppression(
        &self,
        alerting: &Alerting,
        monitor: &Monitor,
        now: Timestamp,
    ) -> Result<Suppression, WorkError> {
        let mut parents = Vec::new();
        for &id in &monitor.spec.depends_on {
            let parent = self.app.store.monitor(monitor.account_id, id).await.optional()?;
            parents.extend(parent.map(|parent| Parent { id, status: parent.status, since: parent.status_since }));
        }
        Ok(match alerting.hold {
            Some(Hold { reason: HoldReason::Suppressed { suppressed_by }, since, .. }) => {
                // The last check that is known to be decided on.
                let checked_at = now.plus_seconds(-(i64::from(monitor.spec.check_interval) + DECIDED_S));
                match released(since, &parents, Some(checked_at)) {
                    Release::SuppressedBy(id) => Suppression::SuppressedBy(id),
                    Release::AwaitsCheck => Suppression::SuppressedBy(suppressed_by),
                    Release::Begins => Suppression::Clear,
                }
            }
            Some(Hold { reason: HoldReason::Muted, .. }) => suppression(now, &parents, now),
            _ => suppression(alerting.opened_at, &parents, now),
        })
    }

    /// Until when the channels of a monitor, or of all monitors, are silent; none where they are not.
    pub(crate) async fn muted_until(
        &self,
        account: AccountId,
        monitor: Option<&Monitor>,
    ) -> Result<Option<Timestamp>, WorkError> {
        let of_account = self.app.store.account(account).await.optional()?.and_then(|account| account.muted_until);
        Ok(is_muted(monitor.and_then(|monitor| monitor.muted_until), of_account, self.app.now()))
    }
}

/// When a mute that lasts until then is looked at again.
pub(crate) fn look_again(until: Timestamp, now: Timestamp) -> Timestamp {
    until.min(now.plus_ms(MUTE_LOOK_MS))
}
