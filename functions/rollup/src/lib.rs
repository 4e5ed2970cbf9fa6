//! Hours and days of checks, summed up for long charts: called every hour, it takes up whatever is over and not summed up yet.

use std::time::Instant;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::Serialize;
use valpero_domain::{Timestamp, rollup::Span, schedule::Cohort};
use valpero_runtime::{App, Needs, WorkError, panics::caught, telemetry::chain};
use valpero_storage::{Rolled, Usage};

/// It needs the store alone.
pub const NEEDS: Needs = Needs::NONE;

/// An hour is over when its last tick is: a tick takes less than so many seconds.
const LAST_TICK_S: i64 = 120;

/// By how many seconds the clock of another machine may be ahead.
const AHEAD_S: i64 = 120;

/// How far back the first summary begins.
const FIRST_S: i64 = 2 * 86_400;

/// Hours, or days, that one call sums up; the next call takes the rest.
const AT_ONCE: usize = 48;

/// Cohorts worked on at the same time.
const COHORTS: usize = 16;

/// What a call did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RollupReport {
    /// Hours and days that were summed up.
    pub spans: usize,
    /// Summaries that were kept, one a cohort.
    pub summaries: usize,
}

/// Sums up all that is over. The same again does the same again; a call that failed half-way is taken up by the next.
///
/// # Errors
/// Where the store fails.
pub async fn roll_up(app: &App) -> Result<RollupReport, WorkError> {
    let started = Instant::now();
    let now = app.now();
    let (done, usage) = Usage::of(caught(async {
        let mut report = RollupReport::default();
        for span in [Span::Hour, Span::Day] {
            // Boxed: all within it would make one type too deep for the compiler.
            take_up(app, span, now, &mut report).boxed().await?;
        }
        Ok::<_, WorkError>(report)
    }))
    .await;
    let done = done.map_err(WorkError::from).flatten();
    tracing::info!(
        at = %now,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        wru = usage.wru,
        rru = usage.rru,
        round_trips = usage.round_trips,
        spans = done.as_ref().ok().map(|report| report.spans),
        summaries = done.as_ref().ok().map(|report| report.summaries),
        error = done.as_ref().err().map(|error| chain(error)),
        "rollup"
    );
    done
}

async fn take_up(app: &App, span: Span, now: Timestamp, report: &mut RollupReport) -> Result<(), WorkError> {
    let over = span.start(now.plus_seconds(-LAST_TICK_S));
    // A mark that lies ahead was set by a clock that was wrong, and set right since: what was summed up then was not over.
    let rolled = app.store.rolled(span).await?.filter(|rolled| rolled.until <= span.start(now.plus_seconds(AHEAD_S)));
    let mut start = rolled.map_or_else(|| span.start(now.plus_seconds(-FIRST_S)), |rolled| rolled.until);
    if start >= over {
        return Ok(());
    }
    let cohorts = cohorts(app).await?;
    for _ in 0..AT_ONCE {
        if start >= over {
            break;
        }
        let kept: Vec<bool> = stream::iter(cohorts.clone())
            .map(async |cohort| app.store.roll_up(&cohort, span, start).await)
            .buffer_unordered(COHORTS)
            .try_collect()
            .await?;
        start = start.plus_seconds(span.seconds());
        app.store.save_rolled(Rolled { span, until: start }).await?;
        report.spans += 1;
        report.summaries += kept.into_iter().filter(|kept| *kept).count();
    }
    Ok(())
}

async fn cohorts(app: &App) -> Result<Vec<Cohort>, WorkError> {
    let mut cohorts = Vec::new();
    for region in app.store.deployed_regions().await? {
        cohorts.extend(app.store.cohorts_ever(region).await?);
    }
    Ok(cohorts)
}
