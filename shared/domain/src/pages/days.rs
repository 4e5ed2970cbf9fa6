//! The days of a component: how long it was looked at and down on each, from its monitors' downtimes, without planned maintenance.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    Timestamp,
    downtime::{Downtime, Looked},
    time_zone::LocalDay,
};

/// A time from its begin to its end.
pub type Span = (Timestamp, Timestamp);

/// A component's day: that of the monitor which was down for the longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentDay {
    /// Its date in the page's time zone.
    pub name: String,
    /// What is known of it; nothing on a day on which no monitor was looked at.
    pub looked: Looked,
}

/// The days of a component, as many as are given, from the downtimes of its monitors, without the times of planned work. The present day
/// counts up to `now`.
pub fn component_days(days: &[LocalDay], downtimes: &[&Downtime], work: &[Span], now: Timestamp) -> Vec<ComponentDay> {
    let work = united(work);
    let of_day = |day: &LocalDay| {
        let to = day.to.min(now);
        let looked = downtimes.iter().map(|downtime| without(downtime, (day.from, to), &work));
        let worst = looked.filter(|looked| looked.ms > 0).max_by_key(|looked| (looked.down_ms, looked.ms));
        ComponentDay { name: day.name.clone(), looked: worst.unwrap_or_default() }
    };
    days.iter().map(of_day).collect()
}

/// These times in order, none of which touches another.
fn united(spans: &[Span]) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.iter().copied().filter(|(from, to)| from < to).collect();
    sorted.sort_unstable();
    let mut united: Vec<Span> = Vec::with_capacity(sorted.len());
    for (from, to) in sorted {
        match united.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => united.push((from, to)),
        }
    }
    united
}

fn without(downtime: &Downtime, (from, to): Span, work: &[Span]) -> Looked {
    let mut looked = downtime.between(from, to);
    for (begin, end) in work {
        let cut = downtime.between(from.max(*begin), to.min(*end));
        looked.ms -= cut.ms;
        looked.down_ms -= cut.down_ms;
    }
    Looked { ms: looked.ms.max(0), down_ms: looked.down_ms.clamp(0, looked.ms.max(0)) }
}

/// The sum of these days.
pub fn sum(days: &[ComponentDay]) -> Looked {
    days.iter().fold(Looked::default(), |sum, day| Looked {
        ms: sum.ms + day.looked.ms,
        down_ms: sum.down_ms + day.looked.down_ms,
    })
}

/// Days that are over, oldest first. In the store: a byte for each, and 8 more where it is neither unseen nor a whole day without
/// downtime.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastDays(pub Vec<Looked>);

const DAY_MS: i64 = 86_400_000;

impl PastDays {
    /// The day so many days before the first one that is not over; nothing where it is too long ago.
    pub fn before(&self, days: usize) -> Looked {
        days.checked_sub(1).and_then(|back| self.0.iter().rev().nth(back)).copied().unwrap_or_default()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len());
        for day in &self.0 {
            match *day {
                Looked { ms: 0, .. } => bytes.push(0),
                Looked { ms: DAY_MS, down_ms: 0 } => bytes.push(1),
                Looked { ms, down_ms } => {
                    bytes.push(2);
                    for number in [ms, down_ms] {
                        bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
                    }
                }
            }
        }
        bytes
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut days = Vec::new();
        while let Some((kind, rest)) = bytes.split_first() {
            bytes = rest;
            days.push(match kind {
                0 => Looked::default(),
                1 => Looked { ms: DAY_MS, down_ms: 0 },
                2 => {
                    let (ms, rest) = bytes.split_first_chunk::<4>()?;
                    let (down_ms, rest) = rest.split_first_chunk::<4>()?;
                    bytes = rest;
                    let number = |bytes: &[u8; 4]| i64::from(u32::from_be_bytes(*bytes));
                    Looked { ms: number(ms), down_ms: number(down_ms).min(number(ms)) }
                }
                _ => return None,
            });
        }
        Some(Self(days))
    }
}

impl Serialize for PastDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for PastDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl de::Visitor<'_> for Bytes {
            type Value = PastDays;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a component's days in bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<PastDays, E> {
                PastDays::from_bytes(bytes).ok_or_else(|| E::custom("no days of a form that is known"))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Status, TimeZone};

    #[test]
    fn a_page_of_yesterday_has_no_data_before_it() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        let began = now.plus_seconds(-86_400);
        let mut downtime = Downtime::default();
        downtime.transition(Status::Up, began, began);
        let outage = now.plus_seconds(-7_200);
        downtime.transition(Status::Down, outage, outage);
        downtime.transition(Status::Up, outage.plus_ms(1), outage.plus_ms(1));
        let days = component_days(&TimeZone::default().days(now, 90), &[&downtime, &Downtime::default()], &[], now);
        let hundredths: Vec<Option<u32>> = days.iter().map(|day| day.looked.hundredths()).collect();
        assert_eq!(days.len(), 90);
        assert!(hundredths[..88].iter().all(Option::is_none), "88 days of which nothing is known");
        assert_eq!(hundredths[88..], [Some(10_000), Some(9_999)], "and a millisecond is never rounded away");
        assert_eq!(days[89].name, "2026-11-29");
    }
    #[test]
    fn planned_work_does_not_count_and_overlapping_plans_count_once() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        let day: Timestamp = "2026-11-29T00:00:00Z".parse().expect("a time");
        let at = |minutes: i64| day.plus_seconds(minutes * 60);
        let mut downtime = Downtime::default();
        downtime.transition(Status::Up, day, day);
        downtime.transition(Status::Down, at(60), at(60));
        downtime.transition(Status::Up, at(120), at(120));
        let days = TimeZone::default().days(now, 1);
        let looked = |work: &[Span]| component_days(&days, &[&downtime], work, now)[0].looked;
        assert_eq!(looked(&[]), Looked { ms: 12 * 3_600_000, down_ms: 3_600_000 });
        assert_eq!(
            looked(&[(at(30), at(90)), (at(80), at(100))]),
            Looked { ms: 12 * 3_600_000 - 70 * 60_000, down_ms: 20 * 60_000 }
        );
        assert_eq!(looked(&[(at(-60), at(24 * 60))]), Looked::default(), "all of it was planned");
    }

    #[test]
    fn past_days_are_counted_from_the_present_one() {
        let whole = Looked { ms: DAY_MS, down_ms: 0 };
        let bad = Looked { ms: 82_800_000, down_ms: 1 };
        let days = PastDays(vec![Looked::default(), whole, bad]);
        assert_eq!(
            (days.before(1), days.before(2), days.before(3), days.before(4)),
            (bad, whole, Looked::default(), Looked::default())
        );
        assert_eq!(days.before(0), Looked::default());
        assert_eq!(days.to_bytes().len(), 11);
    }

    proptest! {
        #[test]
        fn past_days_survive_their_bytes(days in proptest::collection::vec((0_i64..90_000_001, 0_i64..90_000_001), 0..90)) {
            // A day on which nobody looked has no downtime.
            let days = PastDays(days.into_iter().map(|(ms, down)| Looked { ms, down_ms: down.min(ms) }).collect());
            prop_assert_eq!(PastDays::from_bytes(&days.to_bytes()), Some(days));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _read = PastDays::from_bytes(&bytes);
        }

        /// Against a count of each single minute of three days, with work that is planned for any time.
        #[test]
        fn days_are_what_each_minute_says(turns in proptest::collection::vec((0_usize..3, 1_i64..600), 1..30), work in proptest::collection::vec((0_i64..4_320, 1_i64..400), 0..5)) {
            let statuses = [Status::Up, Status::Down, Status::Paused];
            let start: Timestamp = "2026-11-27T00:00:00Z".parse().expect("a time");
            let at = |minute: i64| start.plus_seconds(minute * 60);
            let (mut downtime, mut minute, mut present) = (Downtime::default(), 0, Status::Paused);
            let mut minutes = Vec::new();
            for (status, wait) in turns {
                minutes.extend((0..wait).map(|_| present));
                minute += wait;
                present = statuses[status];
                downtime.transition(present, at(minute), at(minute));
            }
            minutes.extend((0..4_320).map(|_| present));
            let planned = |minute: i64| work.iter().any(|(from, lasts)| (*from..from + lasts).contains(&minute));
            let spans: Vec<Span> = work.iter().map(|(from, lasts)| (at(*from), at(from + lasts))).collect();
            let now = at(4_320 - 1);
            let days = component_days(&TimeZone::default().days(now, 3), &[&downtime], &spans, now);
            for (day, found) in days.iter().enumerate() {
                let first = day as i64 * 1_440;
                let last = (first + 1_440).min(4_319);
                let count = |wanted: Status| (first..last).filter(|minute| minutes[*minute as usize] == wanted && !planned(*minute)).count() as i64;
                let (up, down) = (count(Status::Up), count(Status::Down));
                prop_assert_eq!(found.looked, Looked { ms: (up + down) * 60_000, down_ms: down * 60_000 }, "day {}", day);
            }
        }
    }
}
