//! When a monitor was down, and when nobody looked at it: what its uptime is computed from, exact to the millisecond.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Status, Timestamp};

/// The longest time that uptime is asked for: 90 days.
pub const KEPT_MS: i64 = 90 * 86_400_000;

/// Intervals kept of one monitor. Beyond that the oldest is added to the next of its kind, so that only the edge of a long window
/// can move.
const INTERVALS_MAX: usize = 1_000;

const VERSION: u8 = 1;
const MOMENT: usize = 6;
const INTERVAL: usize = 1 + 2 * MOMENT;

/// Stands for an end that has not come.
const OPEN: u64 = (1 << 48) - 1;

/// Why an interval is no uptime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An incident: it counts against uptime.
    Down,
    /// Paused, or not seen again since: it is left out.
    Unseen,
}

/// A time in which a monitor was not up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Why.
    pub kind: Kind,
    /// From then on.
    pub from: Timestamp,
    /// Until then; none while it lasts.
    pub to: Option<Timestamp>,
}

/// How long a monitor was checked within a period, and how long it was down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Milliseconds in which it was checked: since the first check, without pauses.
    pub ms: i64,
    /// Milliseconds of them in which it was down.
    pub down_ms: i64,
}

impl Looked {
    /// Share of the time in which it was up, from 0 to 1. None if it was not checked.
    #[expect(clippy::cast_precision_loss, reason = "90 days are less than 2^53 milliseconds")]
    pub fn uptime(self) -> Option<f64> {
        (self.ms > 0).then(|| 1.0 - self.down_ms as f64 / self.ms as f64)
    }

    /// The same in hundredths of a percent, never rounded up: 10,000 only where it was never down.
    pub fn hundredths(self) -> Option<u32> {
        let up = i128::from(self.ms - self.down_ms) * 10_000;
        u32::try_from(up.checked_div(i128::from(self.ms))?).ok()
    }
}

/// What is remembered of one monitor. In the store: a version byte, then 6 bytes of milliseconds (big-endian) since when it is
/// looked at, then per interval a byte for its kind and 6 bytes for each end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Downtime {
    since: Option<Timestamp>,
    intervals: Vec<Interval>,
}

impl Downtime {
    /// The monitor becomes `to` at `at`; an incident that opens by it began at `started_at`.
    pub fn transition(&mut self, to: Status, at: Timestamp, started_at: Timestamp) {
        if let Some(last) = self.intervals.last_mut()
            && last.to.is_none()
        {
            last.to = Some(at.max(last.from));
        }
        let begins = if to == Status::Down { started_at.min(at) } else { at };
        if matches!(to, Status::Up | Status::Degraded | Status::Down) {
            self.since.get_or_insert(begins);
        }
        let kind = match to {
            Status::Down => Kind::Down,
            Status::Paused | Status::Pending => Kind::Unseen,
            Status::Up | Status::Degraded => return self.forget(at),
        };
        // A failure that was seen before it was confirmed was a look.
        if kind == Kind::Down
            && let Some(last) = self.intervals.pop_if(|last| last.kind == Kind::Unseen)
            && let Some(cut) = last.to.map(|end| end.min(begins)).filter(|cut| *cut > last.from)
        {
            self.intervals.push(Interval { to: Some(cut), ..last });
        }
        // No moment counts twice.
        let from = self.intervals.last().and_then(|last| last.to).map_or(begins, |end| begins.max(end));
        self.intervals.push(Interval { kind, from, to: None });
        self.forget(at);
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = now.plus_ms(-KEPT_MS);
        self.intervals.retain(|interval| interval.to.is_none_or(|end| end > oldest));
        while self.intervals.len() > INTERVALS_MAX {
            let first = self.intervals.remove(0);
            // Of the same kind, so that neither sum changes.
            if let Some(next) = self.intervals.iter_mut().find(|next| next.kind == first.kind) {
                let lasted = first.to.map_or(0, |end| end.ms_since(first.from));
                next.from = next.from.plus_ms(-lasted);
            }
        }
    }

    /// How long it was checked and down from `from` to `to`. Neither may be in the future.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Looked {
        let Some(since) = self.since else { return Looked::default() };
        let from = from.max(since);
        let within = |kind: Kind| -> i64 {
            let of_kind = self.intervals.iter().filter(|interval| interval.kind == kind);
            of_kind.map(|one| one.to.unwrap_or(to).min(to).ms_since(one.from.max(from)).max(0)).sum()
        };
        let ms = (to.ms_since(from).max(0) - within(Kind::Unseen)).max(0);
        Looked { ms, down_ms: within(Kind::Down).min(ms) }
    }

    /// What is remembered of the time since `from`; [`Self::between`] answers the same as before for all that lies behind it.
    #[must_use]
    pub fn since(&self, from: Timestamp) -> Self {
        let kept = self.intervals.iter().filter(|interval| interval.to.is_none_or(|end| end > from));
        Self { since: self.since, intervals: kept.copied().collect() }
    }

    /// The part of the last `window_ms` in which the monitor was up, from 0 to 1: of the time since it was first seen, without
    /// that in which it was paused. None where nothing is left of it.
    pub fn uptime(&self, now: Timestamp, window_ms: i64) -> Option<f64> {
        self.between(now.plus_ms(-window_ms), now).uptime()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let moment = |at: Option<Timestamp>| {
            let ms = at.map_or(OPEN, |at| at.ms().unsigned_abs());
            let [_, _, bytes @ ..] = ms.to_be_bytes();
            bytes
        };
        let mut bytes = Vec::with_capacity(1 + MOMENT + self.intervals.len() * INTERVAL);
        bytes.push(VERSION);
        bytes.extend_from_slice(&moment(self.since));
        for interval in &self.intervals {
            bytes.push(match interval.kind {
                Kind::Down => 0,
                Kind::Unseen => 1,
            });
            bytes.extend_from_slice(&moment(Some(interval.from)));
            bytes.extend_from_slice(&moment(interval.to));
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION], rest) = bytes.split_first_chunk::<1>()? else { return None };
        let (since, rest) = rest.split_first_chunk::<MOMENT>()?;
        let (chunks, []) = rest.as_chunks::<INTERVAL>() else { return None };
        let interval = |bytes: &[u8; INTERVAL]| {
            let [kind, f0, f1, f2, f3, f4, f5, t0, t1, t2, t3, t4, t5] = *bytes;
            let kind = match kind {
                0 => Kind::Down,
                1 => Kind::Unseen,
                _ => return None,
            };
            Some(Interval { kind, from: moment([f0, f1, f2, f3, f4, f5])?, to: moment([t0, t1, t2, t3, t4, t5]) })
        };
        let intervals = chunks.iter().map(interval).collect::<Option<Vec<_>>>()?;
        Some(Self { since: moment(*since), intervals })
    }
}

fn moment([a, b, c, d, e, f]: [u8; MOMENT]) -> Option<Timestamp> {
    let ms = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    i64::try_from(ms).ok().filter(|_| ms != OPEN).map(Timestamp::from_ms)
}

impl Serialize for Downtime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes())
    }
}

impl<'de> Deserialize<'de> for Downtime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl de::Visitor<'_> for Bytes {
            type Value = Downtime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a monitor's downtime in bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Downtime, E> {
                Downtime::from_bytes(bytes).ok_or_else(|| E::custom("no downtime of a version that is known"))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const DAY_MS: i64 = 86_400_000;

    fn at(ms: i64) -> Timestamp {
        START.plus_ms(ms)
    }

    fn life(turns: &[(Status, i64)]) -> Downtime {
        let mut downtime = Downtime::default();
        for (to, ms) in turns {
            downtime.transition(*to, at(*ms), at(*ms));
        }
        downtime
    }

    fn is(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-12)
    }

    #[test]
    fn what_was_never_seen_has_no_uptime() {
        assert_eq!(Downtime::default().uptime(START, DAY_MS), None);
        assert_eq!(life(&[(Status::Paused, 0), (Status::Pending, 500)]).uptime(at(1_000), DAY_MS), None);
    }

    #[test]
    fn an_outage_counts_to_the_millisecond() {
        let one = life(&[(Status::Up, 0), (Status::Down, 4_000), (Status::Up, 4_001)]);
        assert!(is(one.uptime(at(10_000), DAY_MS), 0.9999));
        assert!(is(one.uptime(at(DAY_MS + 4_000), DAY_MS), 1.0 - 1.0 / 86_400_000.0), "the window has not left it yet");
        assert!(is(one.uptime(at(DAY_MS + 4_001), DAY_MS), 1.0), "and now it has");
    }

    #[test]
    fn one_that_lasts_counts_until_now_and_from_its_first_failure() {
        let mut open = life(&[(Status::Up, 0)]);
        open.transition(Status::Down, at(6_000), at(5_000));
        assert!(is(open.uptime(at(10_000), DAY_MS), 0.5));
        assert!(is(life(&[(Status::Down, 0)]).uptime(at(1), DAY_MS), 0.0), "down from the first look on");
    }

    #[test]
    fn paused_time_is_left_out() {
        let paused = [(Status::Up, 0), (Status::Down, 8_000), (Status::Paused, 9_000), (Status::Pending, 19_000)];
        let turns = [paused.as_slice(), &[(Status::Up, 25_000)]].concat();
        assert!(is(life(&turns).uptime(at(26_000), DAY_MS), 0.9), "and what follows until it is seen again");
        assert!(is(life(&turns[..4]).uptime(at(99_000), DAY_MS), 8.0 / 9.0), "never a made-up second of uptime");
        assert_eq!(life(&turns[..3]).uptime(at(9_000 + 2 * DAY_MS), DAY_MS), None, "paused all day");
    }

    #[test]
    fn a_time_between_has_what_was_seen_in_it_and_a_percentage_is_never_rounded_up() {
        let one = life(&[(Status::Up, 1_000), (Status::Down, 4_000), (Status::Up, 4_001), (Status::Paused, 9_000)]);
        assert_eq!(one.between(at(0), at(1_000)), Looked::default(), "before it was first seen");
        assert_eq!(one.between(at(0), at(4_000)), Looked { ms: 3_000, down_ms: 0 });
        assert_eq!(one.between(at(4_000), at(5_000)), Looked { ms: 1_000, down_ms: 1 });
        assert_eq!(one.between(at(8_000), at(20_000)), Looked { ms: 1_000, down_ms: 0 }, "then it was paused");
        assert_eq!(one.between(at(9_000), at(20_000)).hundredths(), None);
        for (ms, down_ms, hundredths) in
            [(DAY_MS, 0, 10_000), (DAY_MS, 1, 9_999), (10_000, 1, 9_999), (10_000, 2, 9_998), (5, 5, 0)]
        {
            assert_eq!(Looked { ms, down_ms }.hundredths(), Some(hundredths), "{ms} {down_ms}");
        }
    }

    #[test]
    fn no_moment_counts_twice() {
        let mut twice = life(&[(Status::Up, 0), (Status::Down, 2_000), (Status::Pending, 6_000)]);
        twice.transition(Status::Down, at(7_000), at(3_000));
        assert!(is(twice.uptime(at(10_000), DAY_MS), 0.2));
    }

    #[test]
    fn old_outages_are_forgotten_and_many_keep_their_sum() {
        let mut many = life(&[(Status::Up, 0)]);
        let turns = 3 * INTERVALS_MAX as i64;
        for turn in 0..turns {
            many.transition(Status::Down, at(turn * 2_000 + 1_000), at(turn * 2_000 + 1_000));
            many.transition(Status::Up, at(turn * 2_000 + 2_000), at(turn * 2_000 + 2_000));
        }
        assert_eq!(many.intervals.len(), INTERVALS_MAX);
        assert!(is(many.uptime(at(turns * 2_000), DAY_MS), 0.5));
        many.transition(Status::Degraded, at(KEPT_MS * 2), at(KEPT_MS * 2));
        assert!(many.intervals.is_empty());
    }

    proptest! {
        #[test]
        fn a_life_survives_its_bytes_and_uptime_is_a_ratio(turns in proptest::collection::vec((0_usize..5, 1_i64..100_000_000), 0..60)) {
            let statuses = [Status::Up, Status::Degraded, Status::Down, Status::Paused, Status::Pending];
            let mut downtime = Downtime::default();
            let mut now = 0;
            for (status, wait) in turns {
                now += wait;
                downtime.transition(statuses[status], at(now), at(now - wait / 2));
            }
            prop_assert_eq!(Downtime::from_bytes(&downtime.to_bytes()), Some(downtime.clone()));
            for window in [1, DAY_MS, KEPT_MS] {
                let uptime = downtime.uptime(at(now + 1), window);
                prop_assert!(uptime.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)), "{:?}", uptime);
            }
        }

        /// Against a count of each single second.
        #[test]
        fn what_is_between_is_what_each_moment_says(turns in proptest::collection::vec((0_usize..3, 1_i64..400), 1..30), from in 0_i64..4_000, lasts in 0_i64..4_000) {
            let statuses = [Status::Up, Status::Down, Status::Paused];
            let (mut downtime, mut now) = (Downtime::default(), 0);
            let mut seconds: Vec<Status> = Vec::new();
            let mut present = Status::Paused;
            for (status, wait) in turns {
                seconds.extend((0..wait).map(|_| present));
                now += wait;
                present = statuses[status];
                downtime.transition(present, at(now * 1_000), at(now * 1_000));
            }
            seconds.extend((0..8_000).map(|_| present));
            let of = |wanted: Status| (from..from + lasts).filter(|second| seconds[*second as usize] == wanted).count() as i64 * 1_000;
            let (up, down) = (of(Status::Up), of(Status::Down));
            let expected = Looked { ms: up + down, down_ms: down };
            prop_assert_eq!(downtime.between(at(from * 1_000), at((from + lasts) * 1_000)), expected);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _read = Downtime::from_bytes(&bytes);
        }
    }
}
