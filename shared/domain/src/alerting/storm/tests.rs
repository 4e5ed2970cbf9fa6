//! A storm is five messages and one digest, and so is its end.

use proptest::prelude::*;

use super::*;
use crate::alerting::fixtures::{at, channel, incident};

fn item(number: u16) -> Item {
    let monitor_name = Name::try_from(format!("Shop {number}")).expect("a name");
    Item { incident_id: incident(number), monitor_name }
}

fn delivery(number: u16) -> DeliveryId {
    let [high, low] = number.to_be_bytes();
    DeliveryId::new(at(0), [0, 0, 0, 0, 0, 0, 0, 0, high, low])
}

fn opened(window: &mut Window, numbers: std::ops::Range<u16>) -> Vec<Place> {
    numbers.map(|number| window.place(Kind::Opened, delivery(number), item(number))).collect()
}

#[test]
fn three_hundred_monitors_are_five_messages_and_one_digest_and_again_on_recovery() {
    let mut window = Window::of(at(0));
    for kind in [Kind::Opened, Kind::Resolved] {
        let places: Vec<Place> = (0..300).map(|number| window.place(kind, delivery(number), item(number))).collect();
        assert_eq!(places.iter().filter(|place| **place == Place::Send).count(), 5);
        assert_eq!(places.iter().position(|place| *place == Place::IntoDigest), Some(5));
    }
    let due = window.due_at();
    assert_eq!(due, at(0).start_of_minute().plus_seconds(60));
    assert_eq!(window.close(due.plus_ms(-1)), []);
    let digests = window.close(due);
    assert_eq!(digests.iter().map(|digest| digest.kind).collect::<Vec<_>>(), [Kind::Opened, Kind::Resolved]);
    for digest in &digests {
        assert_eq!((digest.count(), digest.named.len(), digest.more), (295, 50, 245));
        assert_eq!(digest.named.first(), Some(&item(5)));
    }
    assert_eq!(window.close(due), digests, "a crash before it was sent loses nothing");
    assert!(serde_json::to_vec(&window).expect("JSON").len() < 40_000, "names of 100 letters fit an item of 400 KB");
}

#[test]
fn the_sixth_message_is_the_first_of_the_digest_and_the_56th_is_not_named() {
    let mut window = Window::of(at(0));
    assert_eq!(opened(&mut window, 0..5), [Place::Send; 5]);
    assert_eq!(window.clone().close(window.due_at()), [], "no digest of nothing");
    assert_eq!(opened(&mut window, 5..6), [Place::IntoDigest]);
    let digest = |window: &Window| window.clone().close(window.due_at()).pop().map(|one| (one.named.len(), one.more));
    assert_eq!(digest(&window), Some((1, 0)));
    opened(&mut window, 6..55);
    assert_eq!(digest(&window), Some((50, 0)));
    opened(&mut window, 55..56);
    assert_eq!(digest(&window), Some((50, 1)));
}

#[test]
fn a_message_that_comes_twice_has_one_place() {
    let mut window = Window::of(at(0));
    opened(&mut window, 0..55);
    let before = window.clone();
    assert_eq!(opened(&mut window, 0..5), [Place::Send; 5]);
    assert_eq!(opened(&mut window, 5..55), [Place::IntoDigest; 50]);
    assert_eq!(window, before);
}

#[test]
fn a_second_message_of_one_incident_counts_and_a_digest_names_it_once() {
    let mut window = Window::of(at(0));
    for number in 0..5 {
        assert_eq!(window.place(Kind::Opened, delivery(number), item(0)), Place::Send);
    }
    for number in 5..9 {
        assert_eq!(window.place(Kind::Opened, delivery(number), item(0)), Place::IntoDigest);
    }
    assert_eq!(window.close(window.due_at()).iter().map(Digest::count).collect::<Vec<_>>(), [1]);
}

#[test]
fn each_digest_has_its_own_key() {
    let key = |number, minute, kind| DigestKey { channel_id: channel(number), minute, kind }.to_string();
    let keys = [key(1, 7, Kind::Opened), key(2, 7, Kind::Opened), key(1, 8, Kind::Opened), key(1, 7, Kind::Resolved)];
    assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), keys.len());
}

#[test]
fn a_closed_window_takes_nothing() {
    let mut window = Window::of(at(0));
    opened(&mut window, 0..7);
    let digests = window.close(window.due_at());
    assert_eq!(opened(&mut window, 7..8), [Place::Closed]);
    window.withdraw(Kind::Opened, incident(6), true);
    assert_eq!(window.close(window.due_at()), digests);
}

#[test]
fn an_opening_that_was_overtaken_leaves_the_digest() {
    let mut window = Window::of(at(0));
    opened(&mut window, 0..60);
    window.withdraw(Kind::Opened, incident(7), true);
    window.withdraw(Kind::Opened, incident(58), true);
    window.withdraw(Kind::Opened, incident(0), false);
    let digest = window.close(window.due_at()).pop().expect("a digest");
    assert_eq!((digest.named.len(), digest.more), (49, 4));
    assert!(!digest.named.contains(&item(7)));
}

proptest! {
    /// Whatever is placed, twice or once, each incident has one place, and no kind takes another's.
    #[test]
    fn every_incident_is_sent_or_counted_once(placed in prop::collection::vec((0..54_u16, 0..3_usize), 0..200)) {
        let kinds = Kind::ALL;
        let mut window = Window::of(at(0));
        for (number, kind) in &placed {
            let place = window.place(kinds[*kind], delivery(*number), item(*number));
            let is_single = window.lane(kinds[*kind]).single.contains(&delivery(*number));
            prop_assert_eq!(place == Place::Send, is_single);
        }
        let digests = window.close(window.due_at());
        for (place, kind) in kinds.iter().enumerate() {
            let distinct: std::collections::BTreeSet<u16> = placed.iter().filter(|one| one.1 == place).map(|one| one.0).collect();
            let single = window.lane(*kind).single.len();
            let counted: usize = digests.iter().filter(|digest| digest.kind == *kind).map(Digest::count).sum();
            prop_assert_eq!(single, distinct.len().min(SINGLE_MAX));
            prop_assert_eq!(single + counted, distinct.len());
        }
    }
}
