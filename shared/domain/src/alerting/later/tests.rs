//! Later news goes to those who were told of the opening.

use super::*;
use crate::alerting::fixtures::{at, begun, channel, incident, policy};

fn event(number: u8) -> EventId {
    EventId::new(at(0), [number; 10])
}

fn all(_: ChannelId, _: EventType) -> bool {
    true
}

#[test]
fn a_step_that_was_not_reached_is_told_of_nothing() {
    let mut row = begun(policy(&[(0, &[1, 2]), (10, &[2, 3])], None));
    row.advance(at(0));
    row.stop(at(599), StopReason::Resolved);
    assert!(!row.advance(at(9_999)));
    let recovery = |number| NewsKey { incident_id: incident(0), event_id: None, channel_id: channel(number) };
    assert_eq!(row.news(EventType::IncidentResolved, event(1), all), [recovery(1), recovery(2)]);
    assert_eq!(row.news(EventType::IncidentOpened, event(1), all), []);
}

#[test]
fn a_channel_gets_the_types_that_it_takes() {
    let mut row = begun(policy(&[(0, &[1, 2])], None));
    row.advance(at(0));
    let takes = |of: ChannelId, kind: EventType| match kind {
        EventType::IncidentOpened => of == channel(1),
        EventType::IncidentResolved => of == channel(2),
        _ => false,
    };
    let paged: Vec<ChannelId> = row.pages(takes).into_iter().map(|page| page.key.channel_id).collect();
    assert_eq!(paged, [channel(1)]);
    row.stop(at(1), StopReason::Resolved);
    let told: Vec<ChannelId> =
        row.news(EventType::IncidentResolved, event(1), takes).into_iter().map(|key| key.channel_id).collect();
    assert_eq!(told, [channel(2)], "its step was reached, and it takes recoveries alone");
    assert_eq!(row.news(EventType::IncidentCommented, event(1), takes), []);
}

#[test]
fn the_first_page_of_a_channel_is_known_from_reminders() {
    let mut row = begun(policy(&[(0, &[1]), (10, &[1, 2])], Some(5)));
    let pages = |row: &Alerting| -> Vec<(u32, u8, bool)> {
        let pages = row.pages(all).into_iter();
        pages.map(|page| (page.key.after_minutes, page.key.repeat_round, page.is_first)).collect()
    };
    row.advance(at(0));
    assert_eq!(pages(&row), [(0, 0, true)]);
    assert_eq!(pages(&row), [(0, 0, true)], "again after a crash");
    row.handed_out();
    row.advance(at(600));
    assert_eq!(pages(&row), [(10, 0, false), (10, 0, true)]);
    row.handed_out();
    row.advance(at(900));
    assert_eq!(pages(&row), [(0, 1, false)]);
}

#[test]
fn each_news_has_its_own_key_and_the_recovery_one_for_the_incident() {
    let mut row = begun(policy(&[(0, &[1])], None));
    row.advance(at(0));
    let key = |kind, number| row.news(kind, event(number), all).first().map(NewsKey::to_string).expect("a key");
    assert_ne!(key(EventType::IncidentCommented, 1), key(EventType::IncidentCommented, 2));
    assert_ne!(key(EventType::IncidentCommented, 1), key(EventType::IncidentResolved, 1));
    assert_eq!(key(EventType::IncidentResolved, 1), key(EventType::IncidentResolved, 2));
}
