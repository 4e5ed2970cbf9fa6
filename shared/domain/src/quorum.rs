//! Which votes count, and whether they change what a monitor is: pure, so that every interleaving can be tried.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    RegionCode, Status, Timestamp,
    probe::Cause,
    schedule::Cohort,
    status::{DegradedReason, Verdict, Vote},
};

/// How long a minority, or a region that is alone of many, must see a monitor down before it counts: one tick.
pub const SETTLE_MS: i64 = 60_000;

/// Failures of several regions that began within so long are one outage: five ticks.
pub const ONE_OUTAGE_MS: i64 = 300_000;

/// Everything that the decision depends on.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// The monitor's status now.
    pub status: Status,
    /// Why it is degraded, where it is.
    pub reason: Option<DegradedReason>,
    /// Since when.
    pub status_since: Timestamp,
    /// The monitor's regions.
    pub regions: &'a [RegionCode],
    /// How many must agree, where the owner says so.
    pub confirm_regions: Option<u8>,
    /// The votes.
    pub votes: &'a BTreeMap<RegionCode, Vote>,
}

impl Standing<'_> {
    /// The regions that have a vote: those that report, and can probe the target as far as is known.
    fn voters(&self, reporting: &BTreeSet<RegionCode>) -> Vec<RegionCode> {
        let can_tell = |region: &RegionCode| self.votes.get(region).is_none_or(Vote::counts);
        self.regions.iter().copied().filter(|region| reporting.contains(region) && can_tell(region)).collect()
    }

    /// Whether a region that reports has seen the target.
    pub fn is_watched(&self, reporting: &BTreeSet<RegionCode>) -> bool {
        self.voters(reporting).iter().any(|region| self.votes.contains_key(region))
    }

    /// Why nobody watches the monitor: what the region says that has been unable to probe it for longest. `None` where a region
    /// that reports can probe it, as far as is known, or where none reports at all.
    pub fn unwatched(&self, reporting: &BTreeSet<RegionCode>) -> Option<&Vote> {
        if !self.voters(reporting).is_empty() {
            return None;
        }
        let blind = self.regions.iter().filter(|region| reporting.contains(region));
        blind.filter_map(|region| self.votes.get(region)).min_by_key(|vote| vote.since)
    }
}

/// The check after which a decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decider {
    /// Where it was made.
    pub region: RegionCode,
    /// What it found; `None` where it could not tell.
    pub verdict: Option<Verdict>,
    /// The tick that it belongs to, or the moment at which it was asked for.
    pub at: Timestamp,
    /// Whether somebody asked for it. Then every region was asked, so only votes since that moment are current.
    pub requested: bool,
}

impl Decider {
    /// Since when a region's vote must have been cast to be current: since the region's last tick that was due, and not before a
    /// check that all regions were asked for.
    pub fn since(&self, cohort: &Cohort, now: Timestamp) -> Timestamp {
        let due = cohort.last_due(now);
        if self.requested { due.max(self.at) } else { due }
    }

    /// The regions whose vote is current: cast since their last due check, or said again by this one. `cohort` is where a region
    /// checks the monitor.
    pub fn current<'a>(
        &self,
        votes: &BTreeMap<RegionCode, Vote>,
        cohort: impl Fn(RegionCode) -> Option<Cohort> + 'a,
        now: Timestamp,
    ) -> BTreeSet<RegionCode> {
        let is_current = |(region, vote): &(&RegionCode, &Vote)| {
            let own = **region == self.region && self.verdict == Some(vote.verdict);
            let said_at = if own { vote.at.max(self.at) } else { vote.at };
            cohort(**region).is_some_and(|cohort| said_at >= self.since(&cohort, now))
        };
        votes.iter().filter(is_current).map(|(region, _)| *region).collect()
    }
}

/// A line that was crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The new status: up, degraded or down.
    pub to: Status,
    /// Why it is degraded, where it is.
    pub reason: Option<DegradedReason>,
    /// The regions that see it down.
    pub regions: Vec<RegionCode>,
    /// The first failure of those regions that belongs to the same outage: no longer than [`ONE_OUTAGE_MS`] before there were enough.
    /// The moment of the decision where there is none.
    pub started_at: Timestamp,
    /// What the region that saw it first says.
    pub cause: Option<Cause>,
}

/// Whether the monitor's status changes, given the regions that report and those whose vote is `current`: cast by their latest due
/// check, or confirmed by it. Only a current vote counts for a change; one that is not current can only hold the status as it is.
/// The same standing always gives the same answer.
pub fn decide(
    standing: &Standing<'_>,
    reporting: &BTreeSet<RegionCode>,
    current: &BTreeSet<RegionCode>,
    now: Timestamp,
) -> Option<Change> {
    let voters = standing.voters(reporting);
    let votes: Vec<(RegionCode, &Vote)> =
        voters.iter().filter_map(|region| standing.votes.get(region).map(|vote| (*region, vote))).collect();
    let (down, up): (Vec<_>, Vec<_>) = votes.iter().copied().partition(|(_, vote)| vote.verdict == Verdict::Down);
    let said_down = down.len();
    let is_current = |(region, _): &(RegionCode, &Vote)| current.contains(region);
    let down: Vec<(RegionCode, &Vote)> = down.into_iter().filter(is_current).collect();
    let up: Vec<(RegionCode, &Vote)> = up.into_iter().filter(is_current).collect();
    let slow = up.iter().filter(|(_, vote)| vote.slow).count();
    let (prompt, up) = (up.len() - slow, up.len());
    let majority = voters.len() / 2 + 1;
    let need = standing.confirm_regions.map_or(majority, usize::from).clamp(1, voters.len().max(1));
    // Votes that are older than one tick, and than the last change of status.
    let settled = |vote: &Vote| now.ms_since(vote.at.max(standing.status_since)) >= SETTLE_MS;
    let alone = voters.len() == 1 && standing.regions.len() > 1;
    // A region without any vote, since it never could probe, keeps no monitor degraded.
    let most = majority.min(votes.len().max(1));
    let was_slow = standing.status == Status::Degraded && standing.reason == Some(DegradedReason::Slow);
    // It stays what it is until most regions say otherwise.
    let is_slow = if was_slow { prompt < most } else { slow >= majority };
    let degraded = |reason| (Status::Degraded, Some(reason));
    let well = if is_slow { degraded(DegradedReason::Slow) } else { (Status::Up, None) };
    let minority = || down.iter().any(|(_, vote)| settled(vote));

    let confirmed = down.iter().filter(|(_, vote)| !alone || settled(vote)).count();
    let to = match standing.status {
        Status::Paused => return None,
        _ if voters.is_empty() => return None,
        _ if confirmed >= need => (Status::Down, None),
        // As many as keep it down say so still, or have not been heard since they did.
        Status::Down if said_down >= need => return None,
        Status::Down if up >= need => well,
        Status::Pending if up >= majority => well,
        Status::Degraded if !was_slow && said_down == 0 && up >= most => well,
        Status::Degraded if was_slow && said_down == 0 => well,
        Status::Pending | Status::Up => match minority() {
            true => degraded(DegradedReason::Regions),
            false if standing.status == Status::Up => well,
            false => return None,
        },
        Status::Degraded if was_slow && minority() => degraded(DegradedReason::Regions),
        Status::Down | Status::Degraded => return None,
    };
    // What was degraded before there were reasons was so for its regions.
    let old = standing.reason.unwrap_or(DegradedReason::Regions);
    if to == (standing.status, (standing.status == Status::Degraded).then_some(old)) {
        return None;
    }
    let first = down.iter().min_by_key(|(_, vote)| vote.since);
    let mut sinces: Vec<Timestamp> = down.iter().map(|(_, vote)| vote.since).collect();
    sinces.sort_unstable();
    // What a minority has seen for long was no outage: that began when others joined it.
    let enough = sinces.get(need - 1).or(sinces.last()).copied().unwrap_or(now);
    let began = sinces.iter().find(|since| enough.ms_since(**since) <= ONE_OUTAGE_MS);
    let (to, reason) = to;
    Some(Change {
        to,
        reason,
        regions: down.iter().map(|(region, _)| *region).collect(),
        started_at: began.copied().unwrap_or(now),
        cause: first.and_then(|(_, vote)| vote.cause.clone()),
    })
}

/// The regions whose vote is not current and would change what is decided if it were: their latest due check has to be asked.
/// Empty where it makes no difference, as nearly always.
pub fn in_doubt(
    standing: &Standing<'_>,
    reporting: &BTreeSet<RegionCode>,
    current: &BTreeSet<RegionCode>,
    now: Timestamp,
) -> BTreeSet<RegionCode> {
    let all: BTreeSet<RegionCode> = standing.votes.keys().copied().collect();
    let to = |current| decide(standing, reporting, current, now).map(outcome);
    if to(&all) == to(current) {
        return BTreeSet::new();
    }
    standing.voters(reporting).into_iter().filter(|region| all.contains(region) && !current.contains(region)).collect()
}

/// What differs between two decisions: the status, its reason, and the regions that an incident names.
fn outcome(change: Change) -> (Status, Option<DegradedReason>, Vec<RegionCode>) {
    (change.to, change.reason, if change.to == Status::Down { change.regions } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn region(code: &str) -> RegionCode {
        code.parse().expect("a region")
    }

    fn all() -> Vec<RegionCode> {
        ["fra", "hel", "usc"].map(region).to_vec()
    }

    fn vote(verdict: Verdict, age_s: i64) -> Vote {
        let at = NOW.plus_seconds(-age_s);
        Vote { verdict, since: at, at, cause: None, slow: false }
    }

    fn votes(marks: &[(&str, char, i64)]) -> BTreeMap<RegionCode, Vote> {
        let verdict = |mark: char| if mark == 'd' { Verdict::Down } else { Verdict::Up };
        marks.iter().map(|(code, mark, age)| (region(code), vote(verdict(*mark), *age))).collect()
    }

    fn run(status: Status, marks: &[(&str, char, i64)], reporting: &[&str], confirm: Option<u8>) -> Option<Status> {
        let (regions, votes) = (all(), votes(marks));
        let standing = Standing {
            status,
            reason: None,
            status_since: NOW.plus_seconds(-600),
            regions: &regions,
            confirm_regions: confirm,
            votes: &votes,
        };
        let reporting = reporting.iter().map(|code| region(code)).collect();
        decide(&standing, &reporting, &current(&votes), NOW).map(|change| change.to)
    }

    /// Every region that voted: what most tests are about is what current votes decide.
    fn current(votes: &BTreeMap<RegionCode, Vote>) -> BTreeSet<RegionCode> {
        votes.keys().copied().collect()
    }

    const THREE: &[&str] = &["fra", "hel", "usc"];

    #[test]
    fn a_majority_takes_it_down_and_brings_it_up() {
        assert_eq!(
            run(Status::Up, &[("fra", 'd', 0), ("hel", 'd', 0), ("usc", 'u', 90)], THREE, None),
            Some(Status::Down)
        );
        assert_eq!(run(Status::Up, &[("fra", 'd', 0), ("hel", 'u', 90), ("usc", 'u', 90)], THREE, None), None);
        assert_eq!(
            run(Status::Down, &[("fra", 'd', 90), ("hel", 'u', 0), ("usc", 'u', 0)], THREE, None),
            Some(Status::Up)
        );
        assert_eq!(run(Status::Down, &[("fra", 'd', 90), ("hel", 'd', 90), ("usc", 'u', 0)], THREE, None), None);
    }

    #[test]
    fn a_new_monitor_waits_for_a_majority() {
        assert_eq!(run(Status::Pending, &[("fra", 'u', 0)], THREE, None), None);
        assert_eq!(run(Status::Pending, &[("fra", 'u', 0), ("hel", 'u', 0)], THREE, None), Some(Status::Up));
        assert_eq!(run(Status::Pending, &[("fra", 'd', 0), ("hel", 'd', 0)], THREE, None), Some(Status::Down));
    }

    #[test]
    fn a_minority_degrades_it_after_one_tick_and_its_end_mends_it() {
        assert_eq!(run(Status::Up, &[("fra", 'd', 59), ("hel", 'u', 90), ("usc", 'u', 90)], THREE, None), None);
        assert_eq!(
            run(Status::Up, &[("fra", 'd', 60), ("hel", 'u', 90), ("usc", 'u', 90)], THREE, None),
            Some(Status::Degraded)
        );
        assert_eq!(
            run(Status::Degraded, &[("fra", 'u', 0), ("hel", 'u', 90), ("usc", 'u', 90)], THREE, None),
            Some(Status::Up)
        );
        assert_eq!(
            run(Status::Degraded, &[("fra", 'd', 90), ("hel", 'd', 0), ("usc", 'u', 90)], THREE, None),
            Some(Status::Down)
        );
    }

    #[test]
    fn a_silent_region_has_no_vote_in_either_direction() {
        assert_eq!(
            run(Status::Degraded, &[("fra", 'd', 900), ("hel", 'u', 90), ("usc", 'u', 90)], &["hel", "usc"], None),
            Some(Status::Up)
        );
        assert_eq!(
            run(Status::Up, &[("fra", 'd', 900), ("hel", 'd', 0), ("usc", 'u', 90)], &["hel", "usc"], None),
            None
        );
        assert_eq!(
            run(Status::Down, &[("fra", 'd', 900), ("hel", 'u', 0), ("usc", 'u', 0)], &["hel", "usc"], None),
            Some(Status::Up)
        );
        assert_eq!(run(Status::Up, &[("fra", 'd', 900)], &[], None), None);
    }

    #[test]
    fn a_region_that_cannot_probe_has_no_vote_and_where_none_can_nobody_watches() {
        let (regions, mut votes) = (all(), votes(&[("fra", 'd', 0), ("hel", 'd', 5), ("usc", 'd', 9)]));
        let everywhere: BTreeSet<RegionCode> = regions.iter().copied().collect();
        let seen = |votes: &BTreeMap<RegionCode, Vote>, reporting: &BTreeSet<RegionCode>| {
            let standing = Standing {
                status: Status::Up,
                reason: None,
                status_since: NOW.plus_seconds(-600),
                regions: &regions,
                confirm_regions: None,
                votes,
            };
            let change = decide(&standing, reporting, &current(votes), NOW).map(|change| change.to);
            (change, standing.unwatched(reporting).map(|vote| vote.since))
        };
        for code in ["fra", "hel"] {
            votes.entry(region(code)).and_modify(|vote| vote.verdict = Verdict::Unknown);
        }
        assert_eq!(seen(&votes, &everywhere), (None, None), "one that is left alone waits for its next tick");
        let two: BTreeSet<RegionCode> = ["fra", "hel"].map(region).into();
        assert_eq!(seen(&votes, &two), (None, Some(NOW.plus_seconds(-5))), "the third one is silent");
        assert_eq!(seen(&votes, &BTreeSet::new()), (None, None), "that is another alarm");
        votes.remove(&region("fra"));
        assert_eq!(seen(&votes, &two), (None, None), "who has not looked yet may be able to");
    }

    #[test]
    fn a_region_alone_of_many_needs_a_second_tick() {
        assert_eq!(run(Status::Up, &[("fra", 'd', 1)], &["fra"], None), None);
        assert_eq!(run(Status::Up, &[("fra", 'd', 61)], &["fra"], None), Some(Status::Down));
    }

    /// What is decided where only these regions' votes are current, and who would have to be asked.
    fn with_current(status: Status, marks: &[(&str, char, i64)], current: &[&str]) -> (Option<Status>, usize) {
        let (regions, votes) = (all(), votes(marks));
        let standing = Standing {
            status,
            reason: None,
            status_since: NOW.plus_seconds(-600),
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        let (reporting, current) =
            (regions.iter().copied().collect(), current.iter().map(|code| region(code)).collect());
        let to = decide(&standing, &reporting, &current, NOW).map(|change| change.to);
        (to, in_doubt(&standing, &reporting, &current, NOW).len())
    }

    #[test]
    fn votes_of_different_ticks_do_not_add_up() {
        let marks = [("fra", 'd', 60), ("hel", 'd', 0), ("usc", 'u', 900)];
        assert_eq!(with_current(Status::Up, &marks, &["hel"]), (None, 2), "the tick before is no agreement");
        assert_eq!(with_current(Status::Up, &marks, &["fra", "hel"]), (Some(Status::Down), 0));
        let marks = [("fra", 'u', 60), ("hel", 'u', 0), ("usc", 'd', 900)];
        assert_eq!(with_current(Status::Down, &marks, &["hel"]), (None, 2), "nor is it a recovery");
        assert_eq!(with_current(Status::Down, &marks, &["fra", "hel"]), (Some(Status::Up), 0));
        let marks = [("fra", 'd', 120), ("hel", 'u', 900), ("usc", 'u', 900)];
        assert_eq!(with_current(Status::Up, &marks, &["hel", "usc"]), (None, 1), "nobody is named by an old vote");
        assert_eq!(with_current(Status::Degraded, &marks, &["hel", "usc"]), (None, 0), "nor forgotten for its age");
    }

    #[test]
    fn a_steady_state_has_no_doubts() {
        let up = [("fra", 'u', 900), ("hel", 'u', 900), ("usc", 'u', 900)];
        assert_eq!(with_current(Status::Up, &up, &["hel"]), (None, 0));
        let down = [("fra", 'd', 900), ("hel", 'd', 900), ("usc", 'd', 900)];
        assert_eq!(with_current(Status::Down, &down, &["hel"]), (None, 0));
        let split = [("fra", 'd', 900), ("hel", 'u', 900), ("usc", 'u', 900)];
        assert_eq!(with_current(Status::Degraded, &split, &["fra"]), (None, 0));
        assert_eq!(with_current(Status::Degraded, &split, &["hel"]), (None, 0));
    }

    #[test]
    fn with_one_of_three_enough_an_old_down_holds_the_incident_open() {
        let (regions, votes) = (all(), votes(&[("fra", 'd', 60), ("hel", 'u', 0), ("usc", 'u', 0)]));
        let standing = Standing {
            status: Status::Down,
            reason: None,
            status_since: NOW.plus_seconds(-600),
            regions: &regions,
            confirm_regions: Some(1),
            votes: &votes,
        };
        let current = BTreeSet::from([region("hel"), region("usc")]);
        assert_eq!(decide(&standing, &regions.iter().copied().collect(), &current, NOW), None);
    }

    #[test]
    fn a_vote_is_current_from_its_regions_last_due_tick_on() {
        let cohort = |number| Cohort { region: region("hel"), interval: 300, number };
        let tick = Timestamp::from_seconds(1_700_000_100);
        let votes = BTreeMap::from([
            (region("fra"), Vote { at: tick.plus_seconds(-180), ..vote(Verdict::Down, 0) }),
            (region("hel"), Vote { at: tick.plus_seconds(-900), ..vote(Verdict::Down, 0) }),
            (region("usc"), Vote { at: tick.plus_seconds(-900), ..vote(Verdict::Down, 0) }),
        ]);
        let decider = |verdict, requested| {
            let check = Decider { region: region("hel"), verdict, at: tick, requested };
            // Each region has its minute: three minutes ago it was the first one's turn.
            let cohorts =
                |of: RegionCode| Some(Cohort { region: of, ..cohort(if of == region("fra") { 3 } else { 0 }) });
            check.current(&votes, cohorts, tick.plus_seconds(20)).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(tick.minute() % 5, 0);
        assert_eq!(decider(Some(Verdict::Down), false), [region("hel"), region("fra")]);
        assert_eq!(decider(Some(Verdict::Up), false), [region("fra")], "its own vote says something else");
        assert_eq!(decider(None, false), [region("fra")]);
        let late = Decider { region: region("hel"), verdict: Some(Verdict::Down), at: tick, requested: false };
        let everywhere = |of: RegionCode| Some(Cohort { region: of, ..cohort(0) });
        assert!(late.current(&votes, everywhere, tick.plus_seconds(300)).is_empty(), "its next check is due");
        assert_eq!(decider(Some(Verdict::Down), true), [region("hel")], "all were asked, and have not answered yet");
    }

    #[test]
    fn the_owner_says_how_many_must_agree() {
        assert_eq!(
            run(Status::Up, &[("fra", 'd', 0), ("hel", 'u', 9), ("usc", 'u', 9)], THREE, Some(1)),
            Some(Status::Down)
        );
        assert_eq!(run(Status::Down, &[("fra", 'd', 0), ("hel", 'u', 9), ("usc", 'u', 9)], THREE, Some(1)), None);
        assert_eq!(run(Status::Up, &[("fra", 'd', 0), ("hel", 'd', 0), ("usc", 'u', 9)], THREE, Some(3)), None);
        assert_eq!(run(Status::Down, &[("fra", 'd', 0), ("hel", 'u', 9), ("usc", 'u', 9)], THREE, Some(3)), None);
    }

    #[test]
    fn the_incident_starts_with_the_first_failure() {
        let (regions, votes) = (all(), votes(&[("fra", 'd', 5), ("hel", 'd', 65), ("usc", 'u', 90)]));
        let standing = Standing {
            status: Status::Up,
            reason: None,
            status_since: NOW,
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        let change = decide(&standing, &regions.iter().copied().collect(), &current(&votes), NOW).expect("a change");
        assert_eq!((change.started_at, change.regions), (NOW.plus_seconds(-65), vec![region("fra"), region("hel")]));
    }

    #[test]
    fn what_a_minority_saw_for_long_is_no_outage_until_others_see_it_too() {
        let day = 86_400;
        let (regions, votes) = (all(), votes(&[("fra", 'd', 6 * day), ("hel", 'd', 0), ("usc", 'u', 7 * day)]));
        let standing = Standing {
            status: Status::Degraded,
            reason: None,
            status_since: NOW.plus_seconds(-6 * day + 60),
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        let change = decide(&standing, &regions.iter().copied().collect(), &current(&votes), NOW).expect("a change");
        assert_eq!((change.to, change.started_at), (Status::Down, NOW));
    }

    proptest! {
        /// Whatever is decided, deciding again on the result decides nothing: every tick may re-run it.
        #[test]
        fn a_decision_is_its_own_fixed_point(
            status in prop::sample::select(vec![Status::Pending, Status::Up, Status::Degraded, Status::Down]),
            marks in prop::collection::vec((0..3_usize, any::<bool>(), 0..200_i64), 0..6),
            reporting in prop::collection::btree_set(0..3_usize, 0..4),
            current in prop::collection::btree_set(0..3_usize, 0..4),
            confirm in prop::option::of(1..4_u8),
        ) {
            let regions = all();
            let votes: BTreeMap<_, _> = marks.iter()
                .map(|(place, down, age)| (regions[*place], vote(if *down { Verdict::Down } else { Verdict::Up }, *age)))
                .collect();
            let reporting = reporting.iter().map(|place| regions[*place]).collect();
            let standing = |status, status_since| Standing { status, reason: None, status_since, regions: &regions, confirm_regions: confirm, votes: &votes };
            let current = current.iter().map(|place| regions[*place]).collect();
            let before = standing(status, NOW.plus_seconds(-600));
            if let Some(change) = decide(&before, &reporting, &current, NOW) {
                prop_assert_ne!(change.to, status);
                prop_assert!(change.to != Status::Down || !change.regions.is_empty());
                prop_assert_eq!(decide(&standing(change.to, NOW), &reporting, &current, NOW), None);
                // Who is named was heard of by their latest check.
                prop_assert!(change.regions.iter().all(|region| current.contains(region)));
            }
            // What is not current may make a difference only where somebody is in doubt.
            if in_doubt(&before, &reporting, &current, NOW).is_empty() {
                let all = votes.keys().copied().collect();
                let to = |current| decide(&before, &reporting, current, NOW).map(outcome);
                prop_assert_eq!(to(&all), to(&current));
            }
        }
    }
}
