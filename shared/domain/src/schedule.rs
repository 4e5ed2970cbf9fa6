//! When a cohort is due, and how one region makes up its mind about one monitor.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    RegionCode, Timestamp,
    certificate::ToldOf,
    probe::{Cause, Outcome, ProbeResult},
    status::Verdict,
};

/// Up to 56 monitors that one region checks at the same minutes: region, interval in seconds, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cohort {
    /// The region that checks them.
    pub region: RegionCode,
    /// Seconds between two checks; a multiple of 60.
    pub interval: u32,
    /// Counts the cohorts of this region and interval.
    pub number: u32,
}

impl Cohort {
    /// Whether the tick of this minute checks the cohort. Cohorts of a longer interval are spread over its minutes.
    pub fn is_due(&self, tick: Timestamp) -> bool {
        let minutes = i64::from((self.interval / 60).max(1));
        (tick.minute() + i64::from(self.number)) % minutes == 0
    }

    /// The newest tick, up to `now`, that checks the cohort.
    pub fn last_due(&self, now: Timestamp) -> Timestamp {
        let minutes = i64::from((self.interval / 60).max(1));
        let since = (now.minute() + i64::from(self.number)) % minutes;
        Timestamp::from_seconds((now.minute() - since) * 60)
    }

    /// Whether the next tick that checks the cohort has come by now: what was to be done at this one is then no word about its time.
    pub fn is_overtaken(&self, tick: Timestamp, now: Timestamp) -> bool {
        now.ms_since(tick) >= i64::from(self.interval) * 1_000
    }
}

/// What a region thinks of a monitor; kept beside the probe's description and written only when it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionState {
    /// The region's vote; none before the first check that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Since when: the first check that said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why, where the vote is not up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The check that contradicts the vote and waits for a second one to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turning_since: Option<Timestamp>,
    /// The first of the checks, up to the last one, that could not tell; kept for one more that could, where the region had no vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_since: Option<Timestamp>,
    /// When the certificate that the target last showed expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_expires_at: Option<Timestamp>,
    /// The last words that history has of a check that was not up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// Whether the target keeps those who check it waiting, so that it is checked apart from the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slow: bool,
    /// Whether it answers more slowly than the monitor wishes: it did in two checks running, and has not been prompt in two since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slow_response: bool,
    /// The first check that said otherwise, where one more must say so, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_response_turning: Option<Timestamp>,
    /// What this region saw to be told of certificates' ends, so that it asks for each no more than once.
    #[serde(default, skip_serializing_if = "ToldOf::is_empty")]
    pub certificates_told: ToldOf,
}

/// Why a check was not up, and since when history says so: it is said again when it changes, and once a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said above")]
pub struct Words {
    pub cause: Cause,
    pub at: Timestamp,
}

/// A region that has not been able to tell for so long has no vote: two ticks after the first check that could not.
const BLIND_MS: i64 = 120_000;

/// Words are said anew after so long, so that none outlive those that history keeps.
const WORDS_MS: i64 = 86_400_000;

impl RegionState {
    /// What history has to be told of a check that was not up, where it does not say so already.
    pub fn news<'a>(&self, result: &'a ProbeResult, at: Timestamp) -> Option<&'a Cause> {
        let said = |cause: &Cause| {
            self.words.as_ref().is_some_and(|words| {
                // Words that lie ahead are of a clock that was set right since.
                words.cause == *cause && (0..WORDS_MS).contains(&at.ms_since(words.at))
            })
        };
        result.cause.as_ref().filter(|cause| !said(cause))
    }

    /// The state after one more result, probed at `at`.
    ///
    /// `needs_second` is set where nobody confirms what was seen, neither another region nor another attempt: then a change of
    /// mind takes two ticks, in either direction.
    pub fn after(&self, result: &ProbeResult, at: Timestamp, needs_second: bool) -> Self {
        let mut next = self.clone();
        if let Some(cause) = self.news(result, at) {
            next.words = Some(Words { cause: cause.clone(), at });
        }
        if let Some(expires_at) = result.certificate_expires_at {
            next.certificate_expires_at = Some(expires_at);
            if let Some(told) = self.certificates_told.due(expires_at, at) {
                next.certificates_told = self.certificates_told.with(told, at);
            }
        }
        next.weigh_speed(result.outcome, at);
        let Some(observed) = Verdict::of(result.outcome) else {
            // One that lies ahead is of a clock that was set right since.
            let since = self.blind_since.filter(|since| *since <= at).unwrap_or(at);
            next.blind_since = Some(since);
            if at.ms_since(since) >= BLIND_MS && self.verdict != Some(Verdict::Unknown) {
                next.verdict = Some(Verdict::Unknown);
                next.since = Some(since);
                next.cause.clone_from(&result.cause);
                next.turning_since = None;
            }
            return next;
        };
        // A region that had no vote has one again. The next check forgets why: so that one is decided on, too, if nobody came to it.
        if self.verdict != Some(Verdict::Unknown) {
            next.blind_since = None;
        }
        if self.verdict == Some(observed) {
            next.turning_since = None;
            return next;
        }
        // A first "up" contradicts nothing; the same tick run twice is still one tick.
        let undecided = matches!(self.verdict, None | Some(Verdict::Unknown));
        let waits = needs_second && !(undecided && observed == Verdict::Up);
        // One that lies ahead is of a clock that was set right since.
        let first = self.turning_since.filter(|first| *first <= at).unwrap_or(at);
        if waits && first >= at {
            next.turning_since = Some(first);
            return next;
        }
        next.verdict = Some(observed);
        next.since = Some(first);
        next.cause = result.cause.clone().filter(|_| observed == Verdict::Down);
        next.turning_since = None;
        next
    }
}

impl RegionState {
    /// Takes two checks running for a change of speed, in either direction; the same tick run twice is still one.
    fn weigh_speed(&mut self, outcome: Outcome, at: Timestamp) {
        let slow = match outcome {
            Outcome::Slow => true,
            Outcome::Up => false,
            Outcome::Down => {
                (self.slow_response, self.slow_response_turning) = (false, None);
                return;
            }
            Outcome::ProbeError => return,
        };
        if slow == self.slow_response {
            self.slow_response_turning = None;
            return;
        }
        // One that lies ahead is of a clock that was set right since.
        let first = self.slow_response_turning.filter(|first| *first <= at).unwrap_or(at);
        if first < at {
            (self.slow_response, self.slow_response_turning) = (slow, None);
        } else {
            self.slow_response_turning = Some(first);
        }
    }
}

/// A check that took so long makes its target a slow one …
const SLOW: Duration = Duration::from_secs(1);

/// … until one takes no longer than this: a target at the border does not go to and fro.
const SLOW_NO_MORE: Duration = Duration::from_millis(500);

impl RegionState {
    /// The state after a check that took so long, whatever it saw.
    #[must_use]
    pub fn having_taken(mut self, took: Duration) -> Self {
        self.slow = took >= SLOW || (self.slow && took > SLOW_NO_MORE);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{ErrorCode, Phases};

    fn up() -> ProbeResult {
        ProbeResult {
            outcome: Outcome::Up,
            http_status: Some(200),
            phases: Phases::default(),
            cause: None,
            certificate_expires_at: None,
        }
    }

    fn failed(code: ErrorCode) -> ProbeResult {
        ProbeResult::failed(Cause::of(code), Phases::default())
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(minute * 60)
    }

    #[test]
    fn a_cohort_is_due_once_an_interval() {
        for number in 0..7 {
            let cohort = Cohort { region: "fra".parse().expect("a region"), interval: 300, number };
            let due: Vec<i64> = (0..10).filter(|minute| cohort.is_due(at(*minute))).collect();
            assert_eq!(due.len(), 2);
            assert_eq!(due[1] - due[0], 5);
            let last: Vec<i64> = (5..10).map(|minute| cohort.last_due(at(minute).plus_seconds(59)).minute()).collect();
            let expected = |minute| due.iter().copied().rfind(|due| *due <= minute).expect("one is due by then");
            assert_eq!(last, (5..10).map(expected).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_tick_is_overtaken_by_the_next_one_of_the_cohort() {
        let after = |interval, seconds| {
            let cohort = Cohort { region: "fra".parse().expect("a region"), interval, number: 0 };
            cohort.is_overtaken(at(5), at(5).plus_seconds(seconds))
        };
        assert_eq!([-3_600, 0, 59, 60].map(|seconds| after(60, seconds)), [false, false, false, true]);
        assert_eq!([60, 299, 300].map(|seconds| after(300, seconds)), [false, false, true]);
    }

    #[test]
    fn with_others_to_confirm_one_tick_is_enough() {
        let state =
            RegionState::default().after(&up(), at(1), false).after(&failed(ErrorCode::ConnectRefused), at(2), false);
        assert_eq!((state.verdict, state.since), (Some(Verdict::Down), Some(at(2))));
        assert_eq!(state.cause.map(|cause| cause.code), Some(ErrorCode::ConnectRefused));
    }

    #[test]
    fn alone_without_retries_it_takes_two_ticks_and_the_first_is_the_start() {
        let bad = failed(ErrorCode::HttpStatus);
        let first = RegionState::default().after(&up(), at(1), true).after(&bad, at(2), true);
        assert_eq!((first.verdict, first.turning_since), (Some(Verdict::Up), Some(at(2))));
        assert_eq!(first.after(&bad, at(2), true), first, "the same tick twice is one tick");
        let second = first.after(&bad, at(3), true);
        assert_eq!((second.verdict, second.since, second.turning_since), (Some(Verdict::Down), Some(at(2)), None));
        let blip = first.after(&up(), at(3), true);
        assert_eq!((blip.verdict, blip.turning_since), (Some(Verdict::Up), None));
    }

    #[test]
    fn two_checks_running_make_a_target_slow_and_two_make_it_prompt() {
        let slow = ProbeResult { outcome: Outcome::Slow, cause: Some(Cause::of(ErrorCode::SlowResponse)), ..up() };
        let seen = |results: &[&ProbeResult]| {
            let minutes = (1..).map(at);
            let after = |state: RegionState, (result, at): (&&ProbeResult, Timestamp)| state.after(result, at, false);
            results.iter().zip(minutes).fold(RegionState::default(), after).slow_response
        };
        let (up, down, fault) = (up(), failed(ErrorCode::HttpStatus), failed(ErrorCode::DnsTimeout));
        assert!(!seen(&[&up, &slow]));
        assert!(!seen(&[&slow, &up, &slow]));
        assert!(seen(&[&up, &slow, &slow]));
        assert!(seen(&[&up, &slow, &fault, &slow]), "what could not tell comes between nothing");
        assert!(seen(&[&slow, &slow, &up]));
        assert!(!seen(&[&slow, &slow, &up, &up]));
        assert!(!seen(&[&slow, &slow, &down, &up]));
        let once = RegionState::default().after(&slow, at(1), false);
        assert_eq!(once.after(&slow, at(1), false), once, "the same tick twice is one tick");
    }

    #[test]
    fn our_own_fault_changes_nothing() {
        let state = RegionState::default().after(&up(), at(1), false);
        let fault = failed(ErrorCode::DnsTimeout);
        let after = state.after(&fault, at(2), false);
        assert_eq!(after.words.as_ref().map(|words| &words.cause), fault.cause.as_ref(), "but for the words of it");
        assert_eq!(RegionState { words: None, blind_since: None, ..after }, state);
    }

    #[test]
    fn a_region_that_cannot_tell_for_three_ticks_has_no_vote_until_it_can() {
        let fault = failed(ErrorCode::DnsTimeout);
        let state = RegionState::default().after(&up(), at(1), true);
        let blind = |state: &RegionState, minute| state.after(&fault, at(minute), true);
        let (second, third) = (blind(&blind(&state, 2), 3), blind(&blind(&state, 2), 4));
        assert_eq!((second.verdict, second.blind_since), (Some(Verdict::Up), Some(at(2))));
        assert_eq!((third.verdict, third.since), (Some(Verdict::Unknown), Some(at(2))));
        assert_eq!(third.cause, fault.cause);
        assert_eq!(blind(&third, 5), third, "nothing new, so nothing to write");
        let seen = third.after(&up(), at(6), true);
        assert_eq!((seen.verdict, seen.since, seen.blind_since), (Some(Verdict::Up), Some(at(6)), Some(at(2))));
        assert_eq!(seen.after(&up(), at(7), true).blind_since, None);
        assert_eq!(third.after(&failed(ErrorCode::HttpStatus), at(6), true).verdict, Some(Verdict::Unknown));
        assert_eq!(third.after(&failed(ErrorCode::HttpStatus), at(6), false).verdict, Some(Verdict::Down));
        assert_eq!(second.after(&up(), at(4), true).blind_since, None, "checks in a row count alone");
    }

    #[test]
    fn a_target_is_slow_from_a_second_on_until_it_takes_half_of_one() {
        let state = |slow: bool, ms| {
            RegionState { slow, ..RegionState::default() }.having_taken(Duration::from_millis(ms)).slow
        };
        assert_eq!([999, 1_000, 10_000].map(|ms| state(false, ms)), [false, true, true]);
        assert_eq!([500, 501, 999].map(|ms| state(true, ms)), [false, true, true]);
    }

    #[test]
    fn words_are_said_when_they_change_and_once_a_day() {
        let (refused, status) = (failed(ErrorCode::ConnectRefused), failed(ErrorCode::HttpStatus));
        let state = RegionState::default().after(&refused, at(1), false);
        assert_eq!(RegionState::default().news(&refused, at(1)), refused.cause.as_ref());
        assert_eq!(state.news(&refused, at(1)), None, "the same tick again says nothing new");
        assert_eq!(state.news(&refused, at(2)), None);
        assert_eq!(state.news(&refused, at(1 + 24 * 60 - 1)), None);
        assert_eq!(state.news(&refused, at(1 + 24 * 60)), refused.cause.as_ref());
        assert_eq!(state.news(&refused, at(0)), refused.cause.as_ref(), "the clock was set right");
        assert_eq!(state.news(&status, at(2)), status.cause.as_ref());
        assert_eq!(state.news(&up(), at(2)), None);
        let back = state.after(&status, at(2), false).after(&up(), at(3), false);
        assert_eq!(back.news(&status, at(4)), None, "the last words are the same");
        assert_eq!(back.news(&refused, at(4)), refused.cause.as_ref());
    }
}
