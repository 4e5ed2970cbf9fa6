//! What the newest checks say of monitors.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use valpero_app::{App, views::Latest};
use valpero_domain::{MonitorId, packed::Tag, schedule::Cohort};
use valpero_storage::{Monitor, StoreError};

/// Cohorts asked for at the same time.
const AT_ONCE: usize = 16;

/// The newest check of each region, of each of these monitors. One query for each cohort that they stand in.
pub async fn latest(app: &App, monitors: &[Monitor]) -> Result<HashMap<MonitorId, Latest>, StoreError> {
    let mut cohorts: BTreeMap<Cohort, Vec<(Tag, MonitorId)>> = BTreeMap::new();
    for monitor in monitors {
        for place in &monitor.places {
            cohorts.entry(place.cohort()).or_default().push((place.tag, monitor.id));
        }
    }
    let read = stream::iter(cohorts).map(async |(cohort, members)| {
        let tags: Vec<Tag> = members.iter().map(|(tag, _)| *tag).collect();
        let found = app.store.latest_checks(&cohort, &tags).await?;
        Ok::<_, StoreError>((cohort.region, members, found))
    });
    let read: Vec<_> = read.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut latest: HashMap<MonitorId, Latest> = HashMap::new();
    for (region, members, found) in read {
        for (tag, monitor) in members {
            if let Some(check) = found.get(&tag) {
                latest.entry(monitor).or_default().insert(region, *check);
            }
        }
    }
    Ok(latest)
}

/// The same for one monitor.
pub async fn latest_of(app: &App, monitor: &Monitor) -> Result<Latest, StoreError> {
    let mut all = latest(app, std::slice::from_ref(monitor)).await?;
    Ok(all.remove(&monitor.id).unwrap_or_default())
}
