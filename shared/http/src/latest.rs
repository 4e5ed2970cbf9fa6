//! The newest checks of monitors, cohort by cohort: one query shows those of up to 56 monitors.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use valpero_domain::{MonitorId, RegionCode, schedule::Cohort};
use valpero_storage::{LatestCheck, Monitor, Place, Seat, StoreError};

use valpero_runtime::App;
use valpero_views::Latest;

/// Cohorts asked for at the same time.
const AT_ONCE: usize = 16;

/// Who stands in which cohorts, each by a key of the asker's.
#[derive(Debug)]
pub struct Members<K>(BTreeMap<Cohort, Vec<(Seat, K)>>);

impl<K> Default for Members<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy> Members<K> {
    /// Adds one by its places.
    pub fn add(&mut self, key: K, places: &[Place]) {
        for place in places {
            self.0.entry(place.cohort()).or_default().push((place.seat(), key));
        }
    }

    /// Shows the newest check of each, in each of its regions, to `see`.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn newest(self, app: &App, mut see: impl FnMut(K, RegionCode, LatestCheck)) -> Result<(), StoreError> {
        let read = stream::iter(self.0).map(async |(cohort, members)| {
            let seats: Vec<Seat> = members.iter().map(|(seat, _)| *seat).collect();
            let found = app.store.latest_checks(&seats).await?;
            Ok::<_, StoreError>((cohort.region, members, found))
        });
        let mut read = read.buffer_unordered(AT_ONCE);
        while let Some((region, members, found)) = read.try_next().await? {
            for (seat, key) in members {
                if let Some(check) = found.get(&seat.slot()) {
                    see(key, region, *check);
                }
            }
        }
        Ok(())
    }
}

/// The newest check of each region, of each of these monitors.
///
/// # Errors
/// Where the store fails.
pub async fn latest(app: &App, monitors: &[Monitor]) -> Result<HashMap<MonitorId, Latest>, StoreError> {
    let mut members = Members::default();
    for monitor in monitors {
        members.add(monitor.id, &monitor.places);
    }
    let mut latest: HashMap<MonitorId, Latest> = HashMap::with_capacity(monitors.len());
    members
        .newest(app, |monitor, region, check| {
            latest.entry(monitor).or_default().insert(region, check);
        })
        .await?;
    Ok(latest)
}

/// The same for one monitor.
///
/// # Errors
/// Where the store fails.
pub async fn latest_of(app: &App, monitor: &Monitor) -> Result<Latest, StoreError> {
    let mut all = latest(app, std::slice::from_ref(monitor)).await?;
    Ok(all.remove(&monitor.id).unwrap_or_default())
}
