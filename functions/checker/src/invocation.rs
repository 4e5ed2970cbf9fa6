//! What all checks of one invocation share: which tick or request it is, how long it has run, and which regions report.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;
use valpero_domain::Timestamp;
use valpero_monitoring::settle::Reporting;
use valpero_runtime::WorkError;

use crate::CheckerEvent;

/// The wait before a write that was refused for too many at once is tried again, beyond the store's own attempts of some seconds.
const THROTTLED_WAIT: Duration = Duration::from_millis(500);

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

    /// Does what may be repeated, again and again while the store refuses it for too many writes at once and there is time: a partition
    /// that thousands of monitors share is free again a little later, and the next tick would come after a minute.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) async fn insist<'a, T>(
        &self,
        work: impl Fn() -> BoxFuture<'a, Result<T, WorkError>>,
    ) -> Result<T, WorkError> {
        loop {
            match work().await {
                Err(error) if error.is_throttled() && self.may_write() => tokio::time::sleep(THROTTLED_WAIT).await,
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;
    use valpero_storage::StoreError;

    use super::*;

    fn run() -> Invocation {
        let at = Timestamp::from_seconds(1_800_000_000);
        Invocation::of(&CheckerEvent::Tick(at), Duration::from_secs(70))
    }

    fn throttled() -> WorkError {
        StoreError::Throttled("1,000 units a second".into()).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_is_throttled_is_tried_until_there_is_room() {
        let (run, tried) = (run(), Cell::new(0));
        let write = || {
            tried.set(tried.get() + 1);
            let done = if tried.get() < 20 { Err(throttled()) } else { Ok(tried.get()) };
            std::future::ready(done).boxed()
        };
        assert_eq!(run.insist(write).await.ok(), Some(20));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_given_up_when_the_invocation_has_no_time_for_writes_any_more() {
        let run = run();
        let refused = run.insist(|| std::future::ready(Err::<(), _>(throttled())).boxed()).await;
        assert!(refused.is_err_and(|error| error.is_throttled()));
        assert!(!run.may_write() && run.elapsed() < Duration::from_secs(71), "{:?}", run.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn no_other_failure_is_tried_again() {
        let (run, tried) = (run(), Cell::new(0));
        let write = || {
            tried.set(tried.get() + 1);
            std::future::ready(Err::<(), WorkError>(StoreError::Conflict.into())).boxed()
        };
        assert!(run.insist(write).await.is_err());
        assert_eq!(tried.get(), 1);
    }
}
