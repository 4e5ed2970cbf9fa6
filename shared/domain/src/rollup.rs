//! Checks summed up by hour and by day: one binary value holds one hour, or one day, of a whole cohort.
//!
//! Layout, all big-endian: a version byte (1), then per monitor 13 bytes: `slot:3  count:2  failures:2  p50:2  p95:2  max:2`.
//! Durations are those of [`packed`]; percentiles are by nearest rank over the checks that were up.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Timestamp,
    packed::{self, Slot, gear, ungear},
    probe::Outcome,
    text_spec::{Text, values},
};

const VERSION: u8 = 1;
const SUMMARY: usize = 13;

/// How long a time one summary covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the two words say it")]
pub enum Span {
    Hour,
    Day,
}

impl Span {
    /// Its seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The start of the hour or day (UTC) in which this moment lies.
    pub const fn start(self, at: Timestamp) -> Timestamp {
        Timestamp::from_seconds(at.seconds() - at.seconds() % self.seconds())
    }
}

/// One monitor's checks of one hour or day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Whose checks.
    pub slot: Slot,
    /// Checks that count: those that were up or down; our own faults are none.
    pub count: u16,
    /// Those that were down.
    pub failures: u16,
    /// Half of the checks that were up took no longer, in microseconds. None where none was up.
    pub p50_us: Option<u32>,
    /// 95 of 100 took no longer.
    pub p95_us: Option<u32>,
    /// None took longer.
    pub max_us: Option<u32>,
}

/// Sums ticks up, one after the other.
#[derive(Debug, Default)]
pub struct Sum(BTreeMap<Slot, One>);

#[derive(Debug, Default)]
struct One {
    /// The tick that was added last.
    last: Option<Timestamp>,
    count: u16,
    failures: u16,
    times: Vec<u32>,
}

impl Sum {
    /// Adds the packed checks of one tick. Those of a tick stand together; of a monitor that is in two parts of it, because a part
    /// was done twice, the first counts.
    pub fn add(&mut self, at: Timestamp, checks: &[u8]) {
        for record in packed::records(checks) {
            if record.outcome == Outcome::ProbeError {
                continue;
            }
            let one = self.0.entry(record.slot).or_default();
            if one.last.replace(at) == Some(at) {
                continue;
            }
            one.count = one.count.saturating_add(1);
            match record.outcome {
                Outcome::Up | Outcome::Slow => one.times.push(record.phases.total_us()),
                _ => one.failures = one.failures.saturating_add(1),
            }
        }
    }

    /// The summary of each monitor that was checked.
    pub fn finish(self) -> Vec<Summary> {
        let summary = |(slot, mut one): (Slot, One)| {
            one.times.sort_unstable();
            Summary {
                slot,
                count: one.count,
                failures: one.failures,
                p50_us: rank(&one.times, 50),
                p95_us: rank(&one.times, 95),
                max_us: one.times.last().copied(),
            }
        };
        self.0.into_iter().map(summary).collect()
    }
}

impl Summary {
    /// Several summaries of one monitor as one. Counts and the longest time are exact; a percentile is that of the parts' own,
    /// each weighing as much as it has checks that were up.
    pub fn merged(parts: &[Self]) -> Option<Self> {
        let first = parts.first()?;
        let weighted = |percent: u32, of: fn(&Self) -> Option<u32>| {
            let mut values: Vec<(u32, u32)> = parts
                .iter()
                .filter_map(|part| Some((of(part)?, u32::from(part.count - part.failures.min(part.count)))))
                .collect();
            values.sort_unstable();
            let all: u32 = values.iter().map(|(_, weight)| weight).sum();
            let wanted = (all * percent).div_ceil(100);
            let mut seen = 0;
            values
                .iter()
                .find(|(_, weight)| {
                    seen += weight;
                    seen >= wanted
                })
                .map(|(value, _)| *value)
        };
        Some(Self {
            slot: first.slot,
            count: parts.iter().fold(0, |sum, part| sum.saturating_add(part.count)),
            failures: parts.iter().fold(0, |sum, part| sum.saturating_add(part.failures)),
            p50_us: weighted(50, |part| part.p50_us),
            p95_us: weighted(95, |part| part.p95_us),
            max_us: parts.iter().filter_map(|part| part.max_us).max(),
        })
    }
}

/// The nearest rank: the smallest value that so many percent of all do not exceed.
fn rank(sorted: &[u32], percent: usize) -> Option<u32> {
    let place = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
    sorted.get(place).copied()
}

/// The bytes of these summaries.
pub fn pack(summaries: &[Summary]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + summaries.len() * SUMMARY);
    bytes.push(VERSION);
    for summary in summaries {
        let [_, slot @ ..] = summary.slot.number().to_be_bytes();
        bytes.extend_from_slice(&slot);
        bytes.extend_from_slice(&summary.count.to_be_bytes());
        bytes.extend_from_slice(&summary.failures.to_be_bytes());
        for duration in [summary.p50_us, summary.p95_us, summary.max_us] {
            bytes.extend_from_slice(&gear(duration).to_be_bytes());
        }
    }
    bytes
}

/// The summary of one monitor, if these bytes hold one. Bytes that are not ours hold none.
pub fn find(bytes: &[u8], slot: Slot) -> Option<Summary> {
    let body = match bytes.split_first() {
        Some((&VERSION, body)) => body,
        _ => &[],
    };
    body.as_chunks::<SUMMARY>().0.iter().filter_map(summary).find(|summary| summary.slot == slot)
}

fn summary(bytes: &[u8; SUMMARY]) -> Option<Summary> {
    let [t0, t1, t2, c0, c1, f0, f1, a0, a1, b0, b1, m0, m1] = *bytes;
    Some(Summary {
        slot: Slot::new(u32::from_be_bytes([0, t0, t1, t2]))?,
        count: u16::from_be_bytes([c0, c1]),
        failures: u16::from_be_bytes([f0, f1]),
        p50_us: ungear(u16::from_be_bytes([a0, a1])),
        p95_us: ungear(u16::from_be_bytes([b0, b1])),
        max_us: ungear(u16::from_be_bytes([m0, m1])),
    })
}

/// How far back a chart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// 24 hours.
    #[serde(rename = "24h")]
    Day,
    /// 7 days.
    #[serde(rename = "7d")]
    Week,
    /// 30 days.
    #[serde(rename = "30d")]
    Month,
    /// 90 days.
    #[serde(rename = "90d")]
    Quarter,
}

impl Window {
    /// Every period.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Window",
        says: "Period until now. Up to 7 days by the hour, longer ones by the day (UTC).",
        example: "24h",
        values: values!(Window),
        ..Text::PLAIN
    };

    /// The period as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// What one bucket covers, and how many there are, the one that has just begun among them.
    pub const fn buckets(self) -> (Span, i64) {
        match self {
            Self::Day => (Span::Hour, 24),
            Self::Week => (Span::Hour, 7 * 24),
            Self::Month => (Span::Day, 30),
            Self::Quarter => (Span::Day, 90),
        }
    }
}

impl FromStr for Window {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let named = Self::ALL.into_iter().find(|window| window.as_str() == text);
        named.ok_or_else(|| Self::TEXT.none_of_these("a window"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        packed::{COHORT_SIZE, Record},
        probe::{ErrorCode, Phases},
    };

    fn check(slot: u32, outcome: Outcome, first_byte_us: u32) -> Record {
        Record {
            slot: Slot::new(slot).expect("a slot"),
            outcome,
            error: (outcome != Outcome::Up).then_some(ErrorCode::ResponseTimeout),
            http_status: None,
            phases: Phases { first_byte_us: Some(first_byte_us), ..Phases::default() },
        }
    }

    #[test]
    fn an_hour_is_summed_up_by_monitor() {
        let mut sum = Sum::default();
        for minute in 1..=20 {
            let other = if minute == 7 { Outcome::ProbeError } else { Outcome::Down };
            let at = Timestamp::from_seconds(i64::from(minute) * 60);
            sum.add(at, &packed::pack(&[check(1, Outcome::Up, minute * 1_000), check(2, other, 5_000)]));
        }
        let bytes = pack(&sum.finish());
        let slot = |number| Slot::new(number).expect("a slot");
        let first = find(&bytes, slot(1)).expect("a summary");
        assert_eq!((first.count, first.failures), (20, 0));
        assert_eq!((first.p50_us, first.p95_us, first.max_us), (Some(10_000), Some(19_000), Some(20_000)));
        let second = find(&bytes, slot(2)).expect("a summary");
        assert_eq!((second.count, second.failures, second.p50_us), (19, 19, None), "our own fault is no check");
        assert_eq!(find(&bytes, slot(3)), None);
    }

    #[test]
    fn a_monitor_in_two_parts_of_one_tick_was_checked_once() {
        let mut sum = Sum::default();
        let at = |minute: i64| Timestamp::from_seconds(minute * 60);
        sum.add(at(1), &packed::pack(&[check(1, Outcome::Up, 700)]));
        sum.add(at(2), &packed::pack(&[check(1, Outcome::Up, 2_000), check(3, Outcome::Down, 0)]));
        sum.add(at(2), &packed::pack(&[check(1, Outcome::Down, 0), check(2, Outcome::Up, 300)]));
        let counts: Vec<(u16, u16)> = sum.finish().iter().map(|one| (one.count, one.failures)).collect();
        assert_eq!(counts, [(2, 0), (1, 0), (1, 1)]);
    }

    #[test]
    fn parts_are_merged_by_their_weight() {
        let part = |count, failures, p50_us, max_us| Summary {
            slot: Slot::new(1).expect("a slot"),
            count,
            failures,
            p50_us,
            p95_us: p50_us,
            max_us,
        };
        let parts = [part(60, 0, Some(10), Some(90)), part(60, 58, Some(5_000), Some(7_000)), part(3, 3, None, None)];
        let whole = Summary::merged(&parts).expect("a summary");
        assert_eq!((whole.count, whole.failures, whole.p50_us, whole.max_us), (123, 61, Some(10), Some(7_000)));
        assert_eq!(Summary::merged(&[]), None);
        assert_eq!(Summary::merged(&parts[2..]).and_then(|down| down.p50_us), None);
    }

    #[test]
    fn a_full_cohort_fits_one_write_unit() {
        let mut sum = Sum::default();
        let full: Vec<Record> = (0..COHORT_SIZE as u32).map(|slot| check(slot, Outcome::Up, 9_000_000)).collect();
        sum.add(Timestamp::from_seconds(60), &packed::pack(&full));
        assert!(pack(&sum.finish()).len() + 100 <= 1024);
    }

    #[test]
    fn hours_and_days_begin_in_utc() {
        let at: Timestamp = "2026-11-25T17:31:05.123Z".parse().expect("a time");
        assert_eq!(Span::Hour.start(at).to_string(), "2026-11-25T17:00:00.000Z");
        assert_eq!(Span::Day.start(at).to_string(), "2026-11-25T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn percentiles_are_values_that_were_seen_and_in_order(times in proptest::collection::vec(0_u32..30_000_000, 1..200)) {
            let mut sorted = times;
            sorted.sort_unstable();
            let (half, most) = (rank(&sorted, 50), rank(&sorted, 95));
            prop_assert!(half <= most && most <= sorted.last().copied());
            prop_assert!(sorted.contains(&half.unwrap_or(u32::MAX)));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..500), slot in 0_u32..100) {
            let _found = Slot::new(slot).and_then(|slot| find(&bytes, slot));
        }
    }
}
