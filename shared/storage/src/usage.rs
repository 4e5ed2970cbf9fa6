//! What a piece of work consumed: request units and round trips, summed over every call made inside [`Usage::of`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

tokio::task_local! {
    static CURRENT: Arc<Meter>;
}

#[derive(Debug, Default)]
struct Meter {
    wru_tenths: AtomicU64,
    rru_tenths: AtomicU64,
    round_trips: AtomicU64,
}

impl Meter {
    fn add(&self, more: &Self) {
        for (sum, more) in [
            (&self.wru_tenths, &more.wru_tenths),
            (&self.rru_tenths, &more.rru_tenths),
            (&self.round_trips, &more.round_trips),
        ] {
            sum.fetch_add(more.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// The sum of what DynamoDB said it consumed (`ReturnConsumedCapacity`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Write request units.
    pub wru: f64,
    /// Read request units.
    pub rru: f64,
    /// Requests sent, failed ones too.
    pub round_trips: u64,
}

pub(crate) enum Kind {
    Read,
    Write,
}

impl Usage {
    /// Runs `work` and tells what it consumed; who measures around it sees it, too. Work that it spawns on other tasks is not seen.
    #[expect(clippy::cast_precision_loss, reason = "no request consumes 2^53 units")]
    pub async fn of<F: Future>(work: F) -> (F::Output, Self) {
        let meter = Arc::new(Meter::default());
        let output = CURRENT.scope(Arc::clone(&meter), work).await;
        let _outermost = CURRENT.try_with(|around| around.add(&meter));
        let usage = Self {
            wru: meter.wru_tenths.load(Ordering::Relaxed) as f64 / 10.0,
            rru: meter.rru_tenths.load(Ordering::Relaxed) as f64 / 10.0,
            round_trips: meter.round_trips.load(Ordering::Relaxed),
        };
        (output, usage)
    }
}

/// Adds one round trip that consumed `units`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "units are small multiples of a half")]
pub(crate) fn record(kind: &Kind, units: f64) {
    // Work that nobody measures is no fault.
    let _unmeasured = CURRENT.try_with(|meter| {
        let sum = match kind {
            Kind::Read => &meter.rru_tenths,
            Kind::Write => &meter.wru_tenths,
        };
        sum.fetch_add((units * 10.0).round() as u64, Ordering::Relaxed);
        meter.round_trips.fetch_add(1, Ordering::Relaxed);
    });
}
