//! Whether a monitor can depend on those that its settings name: each is one of the account's, and none depends on it in turn.

use std::collections::{BTreeMap, BTreeSet};

use valpero_domain::{
    AccountId, Faults, MonitorId,
    alerting::dependency::{DEPENDS_ON, would_cycle},
};
use valpero_http::Problem;
use valpero_runtime::App;

/// Monitors that one may depend on, be it by way of others: they are read, level by level, before it depends on more.
const ANCESTORS_MAX: usize = 500;

/// Refuses monitors that the account does not have, and circles. Those of `kept` are in the settings already: they were looked at
/// when they came, and one of them that was deleted since may stay, so that settings that were read can be sent back.
///
/// Two changes at the same time can make a circle together, as neither sees the other. It is harmless: alerting asks for the status of
/// the monitors that one names, and of none behind them.
pub async fn check(
    app: &App,
    account: AccountId,
    monitor: Option<MonitorId>,
    kept: &[MonitorId],
    depends_on: &[MonitorId],
) -> Result<(), Problem> {
    let added: Vec<MonitorId> = depends_on.iter().copied().filter(|id| !kept.contains(id)).collect();
    if added.is_empty() {
        return Ok(());
    }
    let mut level: BTreeSet<MonitorId> = added.iter().copied().collect();
    let mut known = app.store.depend_on(account, &level).await?;
    let strangers = added.iter().filter(|id| !known.contains_key(id));
    refuse(depends_on, strangers, "must be the id of a monitor")?;
    // Nothing depends on a monitor that does not exist yet.
    let Some(monitor) = monitor else { return Ok(()) };
    // A monitor that is found on the way is a circle: what lies behind it adds nothing.
    while !level.is_empty() && !level.contains(&monitor) {
        level = ahead(&known, &level);
        if known.len() + level.len() > ANCESTORS_MAX {
            let detail = format!("leads to more than {ANCESTORS_MAX} monitors, by way of others");
            return Err(Problem::invalid_at(format!("/{}", DEPENDS_ON.name), detail));
        }
        known.extend(app.store.depend_on(account, &level).await?);
    }
    let circle = would_cycle(monitor, &added, |id| known.get(&id).cloned().unwrap_or_default());
    refuse(depends_on, circle.iter(), "depends on this monitor already")
}

/// Those that a level depends on, and that are not known yet.
fn ahead(known: &BTreeMap<MonitorId, Vec<MonitorId>>, level: &BTreeSet<MonitorId>) -> BTreeSet<MonitorId> {
    let parents = level.iter().filter_map(|id| known.get(id)).flatten();
    parents.copied().filter(|id| !known.contains_key(id)).collect()
}

/// 422 at the place of each of these.
fn refuse<'a>(depends_on: &[MonitorId], bad: impl Iterator<Item = &'a MonitorId>, detail: &str) -> Result<(), Problem> {
    let mut faults = Faults::default();
    for id in bad {
        let place = depends_on.iter().position(|parent| parent == id).unwrap_or_default();
        faults.add(format!("/{}/{place}", DEPENDS_ON.name), detail);
    }
    Ok(faults.finish(Some(()))?)
}
