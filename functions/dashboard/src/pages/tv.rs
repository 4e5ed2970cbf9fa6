//! `/tv`: what is down, to be read from across the room.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, http::HeaderMap, response::Response};
use valpero_domain::Status;
use valpero_http::{List, Problem};
use valpero_views::Monitor;

use super::monitors::{
    incident,
    row::{ORDER, Row, number, sort},
};
use crate::{
    page::{Shell, live},
    parts::State,
    visitor::Visitor,
    words::Words,
};

/// Monitors that the screen shows by name, at most.
const SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "tv.html")]
struct Page {
    shell: Shell,
    /// The worst status that there is, as the API spells it; its shape, and the sentence that says it.
    state: &'static str,
    shape: &'static str,
    title: String,
    tiles: Vec<Tile>,
    /// How many more there are that are down or degraded; empty where there are none.
    more: String,
    counts: Vec<Count>,
}

/// A monitor that is down or degraded.
struct Tile {
    href: String,
    row: Row,
}

/// How many monitors have a status.
struct Count {
    state: &'static str,
    shape: &'static str,
    word: &'static str,
    count: u64,
}

/// The monitors that are not up, and how many have each status, in the order of [`ORDER`].
struct Found {
    amiss: Vec<Monitor>,
    counts: [Option<u64>; 5],
}

/// `GET /tv`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>, headers: HeaderMap) -> Result<Response, Problem> {
    let found = find(&visitor).await?;
    live(&headers, &page_of(&visitor, found))
}

/// All that are not up are read, up to 200; the others are up. Of a status with more of them no number is known, and then of those up neither.
async fn find(visitor: &Visitor) -> Result<Found, Problem> {
    let path = "/api/v1/monitors?limit=200&status=";
    let mut amiss: List<Monitor> = visitor.client.get(&format!("{path}down,degraded")).await?;
    let idle: List<Monitor> = visitor.client.get(&format!("{path}pending,paused")).await?;
    let known = |list: &List<Monitor>, status: Status| -> Option<u64> {
        let count = list.data.iter().filter(|monitor| monitor.status == status).count();
        if list.has_more { None } else { Some(number(count)) }
    };
    let others: Option<u64> =
        if amiss.has_more || idle.has_more { None } else { Some(number(amiss.data.len() + idle.data.len())) };
    let up = others.map(|others| u64::from(visitor.account.usage.monitors).saturating_sub(others));
    let counts = ORDER.map(|status| match status {
        Status::Down | Status::Degraded => known(&amiss, status),
        Status::Pending | Status::Paused => known(&idle, status),
        Status::Up => up,
    });
    sort(&mut amiss.data);
    Ok(Found { amiss: amiss.data, counts })
}

fn page_of(visitor: &Visitor, found: Found) -> Page {
    let shell = visitor.shell("");
    let words = shell.words();
    let Found { amiss, counts } = found;
    let (status, title) = headline(&words, &amiss, visitor.account.usage.monitors);
    let tiles = amiss.iter().take(SHOWN).map(|monitor| Tile { href: incident(monitor), row: Row::of(&words, monitor) });
    let others = number(amiss.len().saturating_sub(SHOWN));
    let mut known: Vec<Count> = Vec::new();
    for (status, count) in ORDER.into_iter().zip(counts) {
        if let Some(count) = count {
            let word = visitor.t.common.status(&status);
            known.push(Count { state: status.as_str(), shape: State::shape_of(status), word, count });
        }
    }
    Page {
        state: status.as_str(),
        shape: State::shape_of(status),
        title,
        tiles: tiles.collect(),
        more: if others == 0 { String::new() } else { (visitor.t.monitors.and_more)(others) },
        counts: known,
        shell,
    }
}

/// The worst status, and the sentence that says it.
fn headline(words: &Words, amiss: &[Monitor], all: u32) -> (Status, String) {
    let m = &words.t.monitors;
    let count = |status: Status| number(amiss.iter().filter(|monitor| monitor.status == status).count());
    let (down, degraded) = (count(Status::Down), count(Status::Degraded));
    if all == 0 {
        (Status::Pending, m.nothing_watched.to_owned())
    } else if down > 0 && degraded > 0 {
        (Status::Down, format!("{}, {}", (m.count_down)(down), (m.count_degraded)(degraded)))
    } else if down > 0 {
        (Status::Down, (m.count_down)(down))
    } else if degraded > 0 {
        (Status::Degraded, (m.count_degraded)(degraded))
    } else {
        (Status::Up, m.all_well.to_owned())
    }
}
