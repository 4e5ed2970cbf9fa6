//! An outage that another one explains alerts nobody, and one that it does not explain alerts as soon as that is known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::alerting::fixtures::{at, monitor};

fn parent(number: u8, status: Status, since: i64) -> Parent {
    Parent { id: monitor(number), status, since: at(since) }
}

#[test]
fn the_list_is_short_and_names_each_other_monitor_once() {
    let read = |ids: &[u8], of: Option<u8>| {
        let body = json!({"depends_on": ids.iter().map(|&id| json!(monitor(id))).collect::<Value>()});
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "", &mut faults);
        let read = read_depends_on(&mut fields, of.map(monitor), &mut faults);
        let faults: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
        (read.len(), faults)
    };
    for (ids, of, expected) in [
        (&[][..], None, vec![]),
        (&[1, 2, 3, 4, 5], Some(9), vec![]),
        (&[1, 2, 3, 4, 5, 6], Some(9), vec!["/depends_on"]),
        (&[1, 9], Some(9), vec!["/depends_on/1"]),
        (&[1, 9], None, vec![]),
        (&[1, 2, 1], None, vec!["/depends_on/2"]),
    ] {
        assert_eq!(read(ids, of), (ids.len(), expected.into_iter().map(str::to_owned).collect()), "{ids:?}");
    }
}

#[test]
fn a_circle_is_found_however_long_it_is() {
    let graph: BTreeMap<u8, &[u8]> =
        [(1, &[2, 3][..]), (2, &[4]), (3, &[4]), (4, &[5]), (5, &[]), (6, &[7]), (7, &[6])].into();
    let cycle = |of: u8, on: &[u8]| {
        let on: Vec<MonitorId> = on.iter().map(|&id| monitor(id)).collect();
        let number = |id: MonitorId| (0..=9).find(|&number| monitor(number) == id);
        let lookup = |id: MonitorId| {
            let parents = number(id).and_then(|number| graph.get(&number)).copied().unwrap_or_default();
            parents.iter().map(|&id| monitor(id)).collect::<Vec<_>>()
        };
        would_cycle(monitor(of), &on, lookup).and_then(number)
    };
    for (of, on, expected) in [
        (5, &[][..], None),
        (1, &[2, 3, 4], None),
        (1, &[1], Some(1)),
        (5, &[9, 1], Some(1)),
        (4, &[2], Some(2)),
        (4, &[9, 3, 2], Some(3)),
        (2, &[1, 3], Some(1)),
        (3, &[2, 5], None),
        // A circle of others is not this monitor's.
        (1, &[6], None),
        (7, &[5, 6], Some(6)),
    ] {
        assert_eq!(cycle(of, on), expected, "{of} {on:?}");
    }
}

#[test]
fn an_incident_waits_75_seconds_for_a_monitor_that_may_go_down() {
    let wait = Suppression::Wait { until: at(75) };
    let by = |number| Suppression::SuppressedBy(monitor(number));
    for (parents, now, expected) in [
        (&[][..], 0, Suppression::Clear),
        (&[parent(1, Status::Up, -900)], 0, wait),
        (&[parent(1, Status::Degraded, -900)], 74, wait),
        (&[parent(1, Status::Pending, -900)], 74, wait),
        (&[parent(1, Status::Up, -900)], 75, Suppression::Clear),
        // Nobody checks it, so it cannot explain anything.
        (&[parent(1, Status::Paused, -900)], 0, Suppression::Clear),
        (&[parent(1, Status::Down, -900)], 0, by(1)),
        (&[parent(1, Status::Up, -900), parent(2, Status::Down, -900)], 0, by(2)),
        (&[parent(3, Status::Down, 0), parent(2, Status::Down, -900)], 0, by(3)),
        // However late it is asked, what counts is when the other went down.
        (&[parent(1, Status::Down, 75)], 600, by(1)),
        (&[parent(1, Status::Down, 76)], 600, Suppression::Clear),
        // A clock that is wrong by more than two minutes.
        (&[parent(1, Status::Up, -900)], -120, wait),
        (&[parent(1, Status::Up, -900)], -121, Suppression::Clear),
    ] {
        assert_eq!(suppression(at(0), parents, at(now)), expected, "{parents:?} {now}");
    }
}

#[test]
fn the_policy_begins_when_a_check_after_the_recovery_finds_it_down() {
    let by = |number| Release::SuppressedBy(monitor(number));
    for (parents, checked_at, expected) in [
        (&[parent(1, Status::Down, -900)][..], Some(900), by(1)),
        (&[parent(1, Status::Up, 600), parent(2, Status::Down, 700)], Some(900), by(2)),
        (&[parent(1, Status::Up, 600)], None, Release::AwaitsCheck),
        (&[parent(1, Status::Up, 600)], Some(600), Release::AwaitsCheck),
        (&[parent(1, Status::Up, 600)], Some(601), Release::Begins),
        (&[parent(1, Status::Up, 600), parent(2, Status::Degraded, 660)], Some(601), Release::AwaitsCheck),
        (&[parent(1, Status::Up, 600), parent(2, Status::Degraded, 660)], Some(661), Release::Begins),
        // Paused or deleted while it was down: it explains nothing any more.
        (&[parent(1, Status::Paused, 600)], Some(601), Release::Begins),
        (&[], Some(30), Release::AwaitsCheck),
        (&[], Some(31), Release::Begins),
    ] {
        assert_eq!(released(at(30), parents, checked_at.map(at)), expected, "{parents:?} {checked_at:?}");
    }
}
