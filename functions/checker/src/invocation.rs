//! What all checks of one invocation share: which tick or request it is, how long it has run, and which regions report.

use std::{collections::BTreeSet, time::Duration};

use tokio::{sync::OnceCell, time::Instant};
use valpero_domain::{RegionCode, Timestamp};
use valpero_storage::{Store, StoreError};

use crate::CheckerEvent;

/// One call of the checker.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The tick, or the moment at which a check was asked for.
    pub at: Timestamp,
    /// Whether somebody asked for it.
    pub requested: bool,
    /// Which regions report.
    pub reporting: Reporting,
    began: Instant,
    writes_until: Duration,
}

impl Invocation {
    pub(crate) fn of(event: &CheckerEvent, writes_until: Duration) -> Self {
        Self {
            at: event.at(),
            requested: matches!(event, CheckerEvent::CheckRequested(_)),
            reporting: Reporting::default(),
            began: Instant::now(),
            writes_until,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether there is time to begin another write.
    pub(crate) fn may_write(&self) -> bool {
        self.elapsed() < self.writes_until
    }
}

/// The regions that report, read once however many monitors need them: in a mass outage, thousands do.
#[derive(Debug, Default)]
pub struct Reporting(OnceCell<BTreeSet<RegionCode>>);

impl Reporting {
    /// The regions whose last tick is less than three minutes old. 1 RRU the first time.
    ///
    /// # Errors
    /// Where the store fails; the next call reads again.
    pub async fn regions(&self, store: &Store, now: Timestamp) -> Result<&BTreeSet<RegionCode>, StoreError> {
        self.0.get_or_try_init(|| store.reporting_regions(now)).await
    }
}
