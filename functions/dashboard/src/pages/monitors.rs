//! `/monitors`: all monitors at a glance.

pub mod asked;
mod bulk;
mod first_run;
pub mod row;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use axum::{
    Extension,
    extract::RawQuery,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use valpero_domain::{MonitorId, Scope, Status, check::CheckType, monitor::Tag};
use valpero_http::{List, Problem};
use valpero_views::{Account, Monitor};

use crate::{
    page::{Shell, live},
    parts::State,
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

use asked::Asked;
use row::{ORDER, Row, number};

pub use bulk::selected;
pub use first_run::create_quick;

/// An account of at most so many monitors gets all of them on one page, in order. It is what the API gives at once.
const ALL: u32 = 200;

/// Monitors on one page of a larger account.
const A_PAGE: u32 = 100;

/// Of a larger account, the first page has so many more of those that are down or degraded, wherever they stand in the list.
const AMISS: u32 = 50;

/// The banner names so many monitors.
const NAMED: usize = 5;

/// Tags that the filter proposes, at most.
const PROPOSED: usize = 50;

#[derive(Template)]
#[template(path = "monitors.html")]
struct Page {
    shell: Shell,
    /// Whether the person may change monitors.
    writes: bool,
    /// Whether the person may, and the plan allows another one.
    adds: bool,
    /// Name and path data of the shape of each status that a row has.
    shapes: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    chips: Vec<Chip>,
    types: Vec<Choice>,
    tags: Vec<String>,
    asked: Asked,
    /// The filters as a query.
    filters: String,
    banner: Option<Banner>,
    /// That the plan is full; empty where it is not.
    full: String,
    /// Path of the next page; empty where there is none.
    next: String,
    /// Path of the first page; empty where this is it.
    first: String,
}

/// A link that filters by a status.
struct Chip {
    href: String,
    label: String,
    current: bool,
}

/// A check type to filter by.
struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

/// What is down, above the list.
struct Banner {
    title: String,
    /// For how long; empty where several are down.
    span: String,
    at: String,
    exact: String,
    links: Vec<Link>,
    /// How many more there are; empty where there are none.
    more: String,
}

/// A link to an incident.
struct Link {
    href: String,
    label: String,
}

/// What the API has of what is asked for.
struct Found {
    /// The monitors to show, in order.
    monitors: Vec<Monitor>,
    /// Those that are down, whatever is asked for.
    down: Vec<Monitor>,
    /// How many have each status; none where not all were read.
    counts: Option<BTreeMap<&'static str, usize>>,
    next_cursor: Option<String>,
}

/// `GET /monitors`.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    if visitor.account.usage.monitors == 0 {
        return first_run::show(&visitor, StatusCode::OK, "", "");
    }
    let found = find(&visitor, &asked).await?;
    live(&headers, &page_of(&visitor, asked, found))
}

/// That the account has as many monitors as its plan allows; empty where it may have more.
pub fn full(t: &Texts, account: &Account) -> String {
    let most = account.limits.monitors;
    if account.usage.monitors >= most { (t.monitors.plan_full)(u64::from(most)) } else { String::new() }
}

async fn find(visitor: &Visitor, asked: &Asked) -> Result<Found, Problem> {
    let is_small = visitor.account.usage.monitors <= ALL && asked.cursor.is_empty();
    // A status that is not known is for the API to refuse.
    let (mut found, sees_all) = match asked.statuses() {
        Some(statuses) if is_small => (find_all(visitor, asked, &statuses).await?, true),
        _ => (find_page(visitor, asked).await?, asked.status.is_empty() && asked.cursor.is_empty()),
    };
    // The banner tells of whatever is down, not only of what the filters let through.
    if !sees_all || asked.is_narrow() {
        let down: List<Monitor> = visitor.client.get(&format!("/api/v1/monitors?status=down&limit={AMISS}")).await?;
        found.down = those_down(&down.data);
    }
    Ok(found)
}

/// All monitors, so that those of each status can be counted; the statuses are chosen here.
async fn find_all(visitor: &Visitor, asked: &Asked, statuses: &[Status]) -> Result<Found, Problem> {
    let list: List<Monitor> = visitor.client.get(&asked.api("", ALL)).await?;
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for monitor in &list.data {
        *counts.entry(monitor.status.as_str()).or_default() += 1;
    }
    let down = those_down(&list.data);
    let mut monitors = list.data;
    monitors.retain(|monitor| statuses.is_empty() || statuses.contains(&monitor.status));
    row::sort(&mut monitors);
    // More than all there were a moment ago. A cursor goes with the filters that it was given for.
    let next_cursor = list.next_cursor.filter(|_| statuses.is_empty());
    Ok(Found { monitors, down, counts: Some(counts), next_cursor })
}

/// A page of many monitors, oldest first; the first page begins with some of those that are down or degraded.
async fn find_page(visitor: &Visitor, asked: &Asked) -> Result<Found, Problem> {
    let list: List<Monitor> = visitor.client.get(&asked.api(&asked.status, A_PAGE)).await?;
    let mut monitors = list.data;
    if asked.cursor.is_empty() && asked.status.is_empty() {
        let amiss: List<Monitor> = visitor.client.get(&asked.api("down,degraded", AMISS)).await?;
        let known: BTreeSet<MonitorId> = monitors.iter().map(|monitor| monitor.id).collect();
        monitors.extend(amiss.data.into_iter().filter(|monitor| !known.contains(&monitor.id)));
    }
    let down = those_down(&monitors);
    row::sort(&mut monitors);
    Ok(Found { monitors, down, counts: None, next_cursor: list.next_cursor })
}

fn those_down(monitors: &[Monitor]) -> Vec<Monitor> {
    let mut down: Vec<Monitor> = monitors.iter().filter(|monitor| monitor.status == Status::Down).cloned().collect();
    row::sort(&mut down);
    down
}

fn page_of(visitor: &Visitor, asked: Asked, found: Found) -> Page {
    let shell = visitor.shell("monitors");
    let words = shell.words();
    let tags: BTreeSet<&str> = found.monitors.iter().flat_map(|monitor| &monitor.tags).map(Tag::as_str).collect();
    let full = full(visitor.t, &visitor.account);
    let writes = visitor.client.may(Scope::MonitorsWrite);
    Page {
        writes,
        adds: writes && full.is_empty(),
        full,
        shapes: Status::ALL.iter().map(|status| (status.as_str(), State::shape_of(*status))).collect(),
        rows: found.monitors.iter().map(|monitor| Row::of(&words, monitor)).collect(),
        chips: chips(visitor.t, &asked, found.counts.as_ref()),
        types: types(visitor.t, &asked),
        tags: tags.into_iter().take(PROPOSED).map(str::to_owned).collect(),
        filters: asked.filters(),
        banner: banner(&words, &found.down),
        next: found.next_cursor.map(|cursor| asked.path_from(&cursor)).unwrap_or_default(),
        first: if asked.cursor.is_empty() { String::new() } else { asked.path() },
        asked,
        shell,
    }
}

/// All, and each status: with how many there are, where that is known, and then only those that there are.
fn chips(t: &Texts, asked: &Asked, counts: Option<&BTreeMap<&'static str, usize>>) -> Vec<Chip> {
    let labelled = |label: &str, count: Option<usize>| match count {
        Some(count) => format!("{label} {count}"),
        None => label.to_owned(),
    };
    let all: Option<usize> = counts.map(|counts| counts.values().sum());
    let mut chips = vec![Chip {
        href: asked.path_of_status(""),
        label: labelled(t.monitors.all, all),
        current: asked.status.is_empty(),
    }];
    for status in ORDER {
        let name = status.as_str();
        let count: Option<usize> = counts.map(|counts| counts.get(name).copied().unwrap_or_default());
        let current = asked.status.split(',').any(|part| part == name);
        if count != Some(0) || current {
            let label = labelled(t.common.status(&status), count);
            chips.push(Chip { href: asked.path_of_status(name), label, current });
        }
    }
    chips
}

fn types(t: &Texts, asked: &Asked) -> Vec<Choice> {
    let choice = |check_type: &CheckType| {
        let value = check_type.as_str();
        Choice { value, label: t.option("check_type", value).to_owned(), chosen: asked.check_type == value }
    };
    CheckType::ALL.iter().map(choice).collect()
}

fn banner(words: &Words, down: &[Monitor]) -> Option<Banner> {
    let m = &words.t.monitors;
    let first = down.first()?;
    if down.len() == 1 {
        let label = if first.current_incident_id.is_some() { m.open_incident } else { first.name.as_str() };
        return Some(Banner {
            title: (m.one_down)(first.name.as_str()),
            span: (m.for_span)(&words.since(&first.status_since)),
            at: first.status_since.to_string(),
            exact: words.exact(&first.status_since),
            links: vec![Link { href: incident(first), label: label.to_owned() }],
            more: String::new(),
        });
    }
    let named = down.iter().take(NAMED);
    let others = number(down.len().saturating_sub(NAMED));
    Some(Banner {
        title: (m.many_down)(number(down.len())),
        span: String::new(),
        at: String::new(),
        exact: String::new(),
        links: named.map(|monitor| Link { href: incident(monitor), label: monitor.name.as_str().to_owned() }).collect(),
        more: if others == 0 { String::new() } else { (m.and_more)(others) },
    })
}

/// Path of a monitor's open incident, or of the monitor where it has none.
pub fn incident(monitor: &Monitor) -> String {
    match &monitor.current_incident_id {
        Some(id) => format!("/incidents/{id}"),
        None => format!("/monitors/{}", monitor.id),
    }
}
