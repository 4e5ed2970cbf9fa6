//! A monitor's status, and the decision that changes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{Invalid, RegionCode, Timestamp, probe::Cause};

/// What a monitor is, all regions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet decided: new, resumed, or resolved by hand.
    Pending,
    /// Enough regions see it up.
    Up,
    /// A minority of regions has seen it down for a minute.
    Degraded,
    /// Enough regions see it down; an incident is open.
    Down,
    /// Not checked.
    Paused,
}

impl Status {
    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Paused => "paused",
        }
    }
}

impl FromStr for Status {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Pending, Self::Up, Self::Degraded, Self::Down, Self::Paused]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Invalid::new("must be a status: up, down, degraded, paused or pending"))
    }
}

/// One region's mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "up and down need no words")]
pub enum Verdict {
    Up,
    Down,
}

/// One region's vote about one monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Up or down.
    pub verdict: Verdict,
    /// The first check that said so.
    pub since: Timestamp,
    /// When the vote was cast.
    pub at: Timestamp,
    /// Why, where it is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// How long a minority, or a region that is alone of many, must see a monitor down before it counts: one tick.
pub const SETTLE_MS: i64 = 60_000;

/// Failures of several regions that began within so long are one outage: five ticks.
pub const ONE_OUTAGE_MS: i64 = 300_000;

/// A region that has not ticked for so long has no vote.
pub const SILENT_MS: i64 = 180_000;

/// Everything that the decision depends on.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// The monitor's status now.
    pub status: Status,
    /// Since when.
    pub status_since: Timestamp,
    /// The monitor's regions.
    pub regions: &'a [RegionCode],
    /// How many must agree, where the owner says so.
    pub confirm_regions: Option<u8>,
    /// The votes.
    pub votes: &'a BTreeMap<RegionCode, Vote>,
}

/// A line that was crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The new status: up, degraded or down.
    pub to: Status,
    /// The regions that see it down.
    pub regions: Vec<RegionCode>,
    /// The first failure of those regions that belongs to the same outage: no longer than [`ONE_OUTAGE_MS`] before there were enough.
    /// The moment of the decision where there is none.
    pub started_at: Timestamp,
    /// What the region that saw it first says.
    pub cause: Option<Cause>,
}

/// Whether the monitor's status changes, given the regions that report. The same standing always gives the same answer.
pub fn decide(standing: &Standing<'_>, reporting: &BTreeSet<RegionCode>, now: Timestamp) -> Option<Change> {
    let voters: Vec<RegionCode> =
        standing.regions.iter().copied().filter(|region| reporting.contains(region)).collect();
    let votes: Vec<(RegionCode, &Vote)> =
        voters.iter().filter_map(|region| standing.votes.get(region).map(|vote| (*region, vote))).collect();
    let down: Vec<(RegionCode, &Vote)> =
        votes.iter().copied().filter(|(_, vote)| vote.verdict == Verdict::Down).collect();
    let up = votes.len() - down.len();
    let majority = voters.len() / 2 + 1;
    let need = standing.confirm_regions.map_or(majority, usize::from).clamp(1, voters.len().max(1));
    // Votes that are older than one tick, and than the last change of status.
    let settled = |vote: &Vote| now.ms_since(vote.at.max(standing.status_since)) >= SETTLE_MS;
    let alone = voters.len() == 1 && standing.regions.len() > 1;

    let confirmed = down.iter().filter(|(_, vote)| !alone || settled(vote)).count();
    let to = match standing.status {
        Status::Paused => return None,
        _ if voters.is_empty() => return None,
        _ if confirmed >= need => Status::Down,
        Status::Down if up >= need => Status::Up,
        Status::Pending if up >= majority => Status::Up,
        Status::Degraded if down.is_empty() => Status::Up,
        Status::Pending | Status::Up if down.iter().any(|(_, vote)| settled(vote)) => Status::Degraded,
        _ => return None,
    };
    if to == standing.status {
        return None;
    }
    let first = down.iter().min_by_key(|(_, vote)| vote.since);
    let mut sinces: Vec<Timestamp> = down.iter().map(|(_, vote)| vote.since).collect();
    sinces.sort_unstable();
    // What a minority has seen for long was no outage: that began when others joined it.
    let enough = sinces.get(need - 1).or(sinces.last()).copied().unwrap_or(now);
    let began = sinces.iter().find(|since| enough.ms_since(**since) <= ONE_OUTAGE_MS);
    Some(Change {
        to,
        regions: down.iter().map(|(region, _)| *region).collect(),
        started_at: began.copied().unwrap_or(now),
        cause: first.and_then(|(_, vote)| vote.cause.clone()),
    })
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
        Vote { verdict, since: at, at, cause: None }
    }

    fn votes(marks: &[(&str, char, i64)]) -> BTreeMap<RegionCode, Vote> {
        let verdict = |mark: char| if mark == 'd' { Verdict::Down } else { Verdict::Up };
        marks.iter().map(|(code, mark, age)| (region(code), vote(verdict(*mark), *age))).collect()
    }

    fn run(status: Status, marks: &[(&str, char, i64)], reporting: &[&str], confirm: Option<u8>) -> Option<Status> {
        let (regions, votes) = (all(), votes(marks));
        let standing = Standing {
            status,
            status_since: NOW.plus_seconds(-600),
            regions: &regions,
            confirm_regions: confirm,
            votes: &votes,
        };
        let reporting = reporting.iter().map(|code| region(code)).collect();
        decide(&standing, &reporting, NOW).map(|change| change.to)
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
    fn a_region_alone_of_many_needs_a_second_tick() {
        assert_eq!(run(Status::Up, &[("fra", 'd', 1)], &["fra"], None), None);
        assert_eq!(run(Status::Up, &[("fra", 'd', 61)], &["fra"], None), Some(Status::Down));
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
        let standing =
            Standing { status: Status::Up, status_since: NOW, regions: &regions, confirm_regions: None, votes: &votes };
        let change = decide(&standing, &regions.iter().copied().collect(), NOW).expect("a change");
        assert_eq!((change.started_at, change.regions), (NOW.plus_seconds(-65), vec![region("fra"), region("hel")]));
    }

    #[test]
    fn what_a_minority_saw_for_long_is_no_outage_until_others_see_it_too() {
        let day = 86_400;
        let (regions, votes) = (all(), votes(&[("fra", 'd', 6 * day), ("hel", 'd', 0), ("usc", 'u', 7 * day)]));
        let standing = Standing {
            status: Status::Degraded,
            status_since: NOW.plus_seconds(-6 * day + 60),
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        let change = decide(&standing, &regions.iter().copied().collect(), NOW).expect("a change");
        assert_eq!((change.to, change.started_at), (Status::Down, NOW));
    }

    proptest! {
        /// Whatever is decided, deciding again on the result decides nothing: every tick may re-run it.
        #[test]
        fn a_decision_is_its_own_fixed_point(
            status in prop::sample::select(vec![Status::Pending, Status::Up, Status::Degraded, Status::Down]),
            marks in prop::collection::vec((0..3_usize, any::<bool>(), 0..200_i64), 0..6),
            reporting in prop::collection::btree_set(0..3_usize, 0..4),
            confirm in prop::option::of(1..4_u8),
        ) {
            let regions = all();
            let votes: BTreeMap<_, _> = marks.iter()
                .map(|(place, down, age)| (regions[*place], vote(if *down { Verdict::Down } else { Verdict::Up }, *age)))
                .collect();
            let reporting = reporting.iter().map(|place| regions[*place]).collect();
            let standing = |status, status_since| Standing { status, status_since, regions: &regions, confirm_regions: confirm, votes: &votes };
            if let Some(change) = decide(&standing(status, NOW.plus_seconds(-600)), &reporting, NOW) {
                prop_assert_ne!(change.to, status);
                prop_assert!(change.to != Status::Down || !change.regions.is_empty());
                prop_assert_eq!(decide(&standing(change.to, NOW), &reporting, NOW), None);
            }
        }
    }
}
