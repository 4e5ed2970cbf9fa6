//! The last hours of many monitors: one query shows those of up to 56 of them.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use valpero_domain::{
    MonitorId, Timestamp,
    rollup::{Span, Summary},
    schedule::Cohort,
};
use valpero_runtime::App;
use valpero_storage::{CheckSpan, Monitor, Place, StoreError};

/// Hours that are shown.
pub const SHOWN: i64 = 24;

/// Cohorts asked for at the same time.
const AT_ONCE: usize = 16;

/// Hours of a monitor by their begins, oldest first; those without checks are left out.
pub type Hours = BTreeMap<Timestamp, Summary>;

/// What was found of each monitor, by hour: one summary a region.
type Parts = HashMap<MonitorId, BTreeMap<Timestamp, Vec<Summary>>>;

/// The last hours of each of these monitors that are summed up, all regions as one.
///
/// # Errors
/// Where the store fails.
pub async fn hours<'a>(
    app: &App,
    monitors: impl IntoIterator<Item = &'a Monitor>,
) -> Result<HashMap<MonitorId, Hours>, StoreError> {
    let to = Span::Hour.start(app.now());
    let window = CheckSpan { from: to.plus_seconds(-Span::Hour.seconds() * SHOWN), to };
    let mut cohorts: BTreeMap<Cohort, (Vec<MonitorId>, Vec<Place>)> = BTreeMap::new();
    for monitor in monitors {
        let past = monitor.past_places.iter().filter(|place| place.until.is_none_or(|until| until >= window.from));
        for place in monitor.places.iter().chain(past) {
            let (ids, places) = cohorts.entry(place.cohort()).or_default();
            ids.push(monitor.id);
            places.push(place.clone());
        }
    }
    let reads = stream::iter(cohorts.into_values()).map(async |(ids, places)| {
        let found = app.store.hours_of(&places, window).await?;
        Ok::<_, StoreError>((ids, found))
    });
    let mut reads = reads.buffer_unordered(AT_ONCE);
    let mut parts: Parts = HashMap::new();
    while let Some((ids, found)) = reads.try_next().await? {
        for (index, bucket) in found {
            parts.entry(ids[index]).or_default().entry(bucket.at).or_default().push(bucket.summary);
        }
    }
    let merged = |hours: BTreeMap<Timestamp, Vec<Summary>>| {
        hours.into_iter().filter_map(|(at, parts)| Some((at, Summary::merged(&parts)?))).collect()
    };
    Ok(parts.into_iter().map(|(monitor, hours)| (monitor, merged(hours))).collect())
}
