//! The protocol by which regions agree, explored exhaustively: every interleaving of the steps of their checks, of crashes, doubled and
//! requested checks and late decisions. The rules are the product's own pure functions; what is modelled is the store between them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use valpero_domain::{
    RegionCode, Status, Timestamp,
    probe::{Cause, ErrorCode, Outcome, Phases, ProbeResult},
    quorum::{Decider, Standing, decide, in_doubt},
    schedule::{Cohort, RegionState},
    status::{Verdict, Vote},
};

/// Half minutes: ticks come at the even ones, and checks are asked for at the odd ones.
type Moment = u8;

/// What a check found; it could tell.
type Found = bool;

const UP: Found = true;
const DOWN: Found = false;

/// What is explored.
#[derive(Debug, Clone, Copy)]
struct Plan {
    regions: usize,
    /// Checks that one region may have under way at once.
    lanes: usize,
    /// The last moment.
    end: Moment,
    /// Checks that each region makes at most.
    checks: u8,
    /// Whether checks are asked for, too.
    requests: bool,
    /// Whether a check may stop after any of its steps.
    crashes: bool,
    /// The status to begin with, which all regions agree to.
    first: Status,
    /// Whether votes of any age count: the mistake that the exploration must find.
    any_age: bool,
}

/// Where a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// It found something, with what it had read of its region's state.
    Found { revision: u8, said: Option<Found>, well: bool },
    /// What it found is kept, and to be recorded.
    ToRecord { decides: bool },
    /// The monitor is to be read and decided on, the check being recorded or not.
    ToDecide { recorded: bool },
    /// It decided on what it read, and is about to write that.
    ToWrite { recorded: bool, seen: Monitor, to: Mark, by: Moment },
}

/// A check under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Check {
    at: Moment,
    found: Found,
    step: Step,
    tries: u8,
}

/// A status, and the regions that an incident names, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Mark {
    Up,
    Degraded,
    Down(u8),
}

/// What is kept of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Monitor {
    status: u8,
    since: Moment,
    version: u8,
    votes: [Option<(Found, Moment)>; 3],
}

/// What is kept of a region, and what is known of it from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Region {
    said: Option<Found>,
    revision: u8,
    /// What the check of each tick found, once that is recorded; and of each request.
    records: [Option<Found>; 6],
    begun: u8,
    lanes: [Option<Check>; 2],
    /// The latest check that is over: what it found, and when.
    latest: Option<(Found, Moment)>,
    crashed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    now: Moment,
    monitor: Monitor,
    regions: [Region; 3],
}

const STATUSES: [Status; 4] = [Status::Pending, Status::Up, Status::Degraded, Status::Down];

fn place(status: Status) -> u8 {
    STATUSES.iter().position(|other| *other == status).expect("one of the four") as u8
}

fn code(region: usize) -> RegionCode {
    ["hel", "fra", "usc"][region].parse().expect("a region")
}

/// The first moment is the start of a minute.
fn time(moment: Moment) -> Timestamp {
    Timestamp::from_seconds(1_795_000_020 + 30 * i64::from(moment))
}

fn cohort(region: RegionCode) -> Cohort {
    Cohort { region, interval: 60, number: 0 }
}

const fn verdict(found: Found) -> Verdict {
    if found { Verdict::Up } else { Verdict::Down }
}

fn result(found: Found) -> ProbeResult {
    let up = ProbeResult {
        outcome: Outcome::Up,
        http_status: None,
        phases: Phases::default(),
        cause: None,
        certificate_expires_at: None,
    };
    if found { up } else { ProbeResult::failed(Cause::of(ErrorCode::ConnectRefused), Phases::default()) }
}

impl Monitor {
    fn votes(&self, any_age: Option<Moment>) -> BTreeMap<RegionCode, Vote> {
        let vote = |(region, vote): (usize, &Option<(Found, Moment)>)| {
            let (found, at) = (*vote)?;
            let at = time(any_age.unwrap_or(at));
            Some((code(region), Vote { verdict: verdict(found), since: at, at, cause: None, slow: false }))
        };
        self.votes.iter().enumerate().filter_map(vote).collect()
    }
}

impl Region {
    /// A check is over. One that began earlier and says the same makes what is known no older.
    fn over(&mut self, check: Check) {
        let at = match self.latest {
            Some((found, at)) if found == check.found => at.max(check.at),
            _ => check.at,
        };
        self.latest = Some((check.found, at));
    }
}

impl World {
    fn new(plan: &Plan) -> Self {
        let said = match plan.first {
            Status::Up => Some(UP),
            Status::Down => Some(DOWN),
            _ => None,
        };
        let region =
            Region { said, revision: 0, records: [None; 6], begun: 0, lanes: [None; 2], latest: None, crashed: false };
        let mut votes = [None; 3];
        votes[..plan.regions].fill(said.map(|said| (said, 0)));
        let monitor = Monitor { status: place(plan.first), since: 0, version: 0, votes };
        Self { now: 2, monitor, regions: [region; 3] }
    }

    /// Every world that one step leads to.
    fn next(&self, plan: &Plan) -> Vec<Self> {
        let mut worlds = Vec::new();
        if self.now < plan.end {
            worlds.push(Self { now: self.now + if plan.requests { 1 } else { 2 }, ..*self });
        }
        for region in 0..plan.regions {
            for lane in 0..plan.lanes {
                match self.regions[region].lanes[lane] {
                    None => self.begin(plan, region, lane, &mut worlds),
                    Some(check) => {
                        if plan.crashes {
                            let mut crashed = *self;
                            crashed.regions[region].lanes[lane] = None;
                            crashed.regions[region].crashed = true;
                            worlds.push(crashed);
                        }
                        let mut world = *self;
                        world.regions[region].lanes[lane] = world.step(plan, region, check);
                        worlds.push(world);
                    }
                }
            }
        }
        worlds
    }

    fn begin(&self, plan: &Plan, region: usize, lane: usize, worlds: &mut Vec<Self>) {
        let of = &self.regions[region];
        let requested = self.now % 2 == 1;
        // A lane beside the first repeats its check, as a doubled event does.
        if of.begun >= plan.checks || (lane > 0 && of.lanes[0].is_none()) || (requested && !plan.requests) {
            return;
        }
        let well = of.said == Some(UP) && self.monitor.status == place(Status::Up);
        for found in [UP, DOWN] {
            let mut world = *self;
            let step = Step::Found { revision: of.revision, said: of.said, well };
            world.regions[region].begun += 1;
            world.regions[region].lanes[lane] = Some(Check { at: self.now, found, step, tries: 0 });
            worlds.push(world);
        }
    }

    /// One step of a check; answers what is left of it.
    fn step(&mut self, plan: &Plan, region: usize, check: Check) -> Option<Check> {
        let on = |step| Some(Check { step, ..check });
        match check.step {
            Step::Found { revision, said, well } => self.keep(region, check, revision, said, well),
            Step::ToRecord { decides } => {
                self.regions[region].records[usize::from(check.at)] = Some(check.found);
                if decides { on(Step::ToDecide { recorded: true }) } else { None }
            }
            Step::ToDecide { recorded } => match self.decision(plan, region, check) {
                Some(to) => on(Step::ToWrite { recorded, seen: self.monitor, to, by: self.now }),
                None if recorded => None,
                None => on(Step::ToRecord { decides: false }),
            },
            Step::ToWrite { recorded, seen, to, by } => {
                if seen != self.monitor && check.tries < 2 {
                    return Some(Check { step: Step::ToDecide { recorded }, tries: check.tries + 1, ..check });
                }
                if seen == self.monitor {
                    self.write(plan, to, by);
                }
                if recorded { None } else { on(Step::ToRecord { decides: false }) }
            }
        }
    }

    /// The region keeps what the check found, unless another check of it was faster: then this one is recorded and decided on all the
    /// same.
    fn keep(&mut self, region: usize, check: Check, revision: u8, said: Option<Found>, well: bool) -> Option<Check> {
        let state = RegionState { verdict: said.map(verdict), ..RegionState::default() };
        let after = state.after(&result(check.found), time(check.at), false);
        let of = &mut self.regions[region];
        if after.verdict != state.verdict {
            if of.revision != revision {
                if of.said == Some(check.found) {
                    of.over(check);
                }
                return Some(Check { step: Step::ToRecord { decides: true }, ..check });
            }
            of.said = Some(check.found);
            of.revision += 1;
            of.over(check);
            self.monitor.votes[region] = Some((check.found, check.at));
            return Some(Check { step: Step::ToDecide { recorded: false }, ..check });
        }
        if of.revision == revision {
            of.over(check);
        }
        Some(Check { step: Step::ToRecord { decides: !well }, ..check })
    }

    /// What a check decides on what it reads now.
    fn decision(&self, plan: &Plan, region: usize, check: Check) -> Option<Mark> {
        let now = time(self.now);
        let requested = check.at % 2 == 1;
        let decider =
            Decider { region: code(region), verdict: Some(verdict(check.found)), at: time(check.at), requested };
        let votes = self.monitor.votes(plan.any_age.then_some(self.now));
        let regions: Vec<RegionCode> = (0..plan.regions).map(code).collect();
        let standing = Standing {
            status: STATUSES[usize::from(self.monitor.status)],
            reason: None,
            status_since: time(self.monitor.since),
            regions: &regions,
            confirm_regions: None,
            votes: &votes,
        };
        let reporting: BTreeSet<RegionCode> = regions.iter().copied().collect();
        let mut current = decider.current(&votes, |region| Some(cohort(region)), now);
        for doubt in in_doubt(&standing, &reporting, &current, decider.at) {
            let since = decider.since(&cohort(doubt), now);
            let of = (0..plan.regions).find(|region| code(*region) == doubt).expect("one of them");
            let moment = (0..=self.now).find(|moment| time(*moment) == since).expect("a moment");
            let record = self.regions[of].records[usize::from(moment)];
            if record.is_some() && record == self.monitor.votes[of].map(|(found, _)| found) {
                current.insert(doubt);
            }
        }
        let change = decide(&standing, &reporting, &current, decider.at)?;
        let bits = (0..plan.regions).filter(|region| change.regions.contains(&code(*region)));
        Some(match change.to {
            Status::Down => Mark::Down(bits.map(|region| 1 << region).sum()),
            Status::Up => Mark::Up,
            _ => Mark::Degraded,
        })
    }

    /// The transaction that crosses the line: what it says must be true of each region that it counts.
    fn write(&mut self, plan: &Plan, to: Mark, by: Moment) {
        let tick = by - by % 2;
        let seen = |region: usize, found: Found| {
            self.regions[region].latest.is_some_and(|(latest, at)| latest == found && at >= tick)
        };
        let need = plan.regions / 2 + 1;
        match to {
            Mark::Down(regions) => {
                let counted: Vec<usize> = (0..plan.regions).filter(|region| regions & (1 << region) != 0).collect();
                assert!(counted.len() >= need, "opened by {counted:?}: {self:?}");
                assert!(counted.iter().all(|region| seen(*region, DOWN)), "opened by {counted:?}: {self:?}");
            }
            Mark::Up => {
                let up = (0..plan.regions).filter(|region| seen(*region, UP)).count();
                // Only one that is not down may be called up by fewer, where the others have never been able to look.
                let is_down = self.monitor.status == place(Status::Down);
                let need = if is_down { need } else { need.min(self.monitor.votes.iter().flatten().count()) };
                assert!(up >= need, "ended by {up}: {self:?}");
            }
            Mark::Degraded => {
                assert!((0..plan.regions).any(|region| seen(region, DOWN)), "degraded by nobody: {self:?}");
            }
        }
        let status = match to {
            Mark::Up => Status::Up,
            Mark::Degraded => Status::Degraded,
            Mark::Down(_) => Status::Down,
        };
        self.monitor.status = place(status);
        self.monitor.since = self.now;
        self.monitor.version += 1;
    }

    /// Where all is done, an agreement that every region came to within the last tick was found.
    fn check_end(&self, plan: &Plan) {
        let idle = |region: &Region| region.lanes.iter().all(Option::is_none) && !region.crashed;
        let regions = &self.regions[..plan.regions];
        // What changes back within one tick, or is checked twice in it with two results, may take one tick more.
        let clear = plan.lanes == 1 && self.monitor.since < self.now;
        if !self.now.is_multiple_of(2) || !clear || !regions.iter().all(idle) {
            return;
        }
        let agree = |found| regions.iter().filter(|region| region.latest == Some((found, self.now))).count();
        let need = plan.regions / 2 + 1;
        let is_down = self.monitor.status == place(Status::Down);
        assert!(agree(DOWN) < need || is_down, "an outage that nobody found: {self:?}");
        assert!(agree(UP) < need || !is_down, "a recovery that nobody found: {self:?}");
    }
}

/// Goes through every world that can be reached; answers how many there are.
fn explore(plan: &Plan) -> usize {
    let mut seen = HashSet::from([World::new(plan)]);
    let mut open: Vec<World> = seen.iter().copied().collect();
    while let Some(world) = open.pop() {
        world.check_end(plan);
        for next in world.next(plan) {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen.len()
}

const TWO: Plan =
    Plan { regions: 2, lanes: 1, end: 4, checks: 3, requests: false, crashes: true, first: Status::Up, any_age: false };

#[test]
fn two_regions_agree_only_on_their_latest_checks() {
    for first in [Status::Up, Status::Down, Status::Pending] {
        let worlds = explore(&Plan { first, ..TWO });
        assert!(worlds > 1_000, "{first:?}: {worlds}");
    }
}

#[test]
fn so_they_do_where_checks_are_doubled_and_asked_for() {
    for first in [Status::Up, Status::Down] {
        let worlds = explore(&Plan { lanes: 2, end: 3, crashes: false, requests: true, checks: 2, first, ..TWO });
        assert!(worlds > 1_000, "{first:?}: {worlds}");
    }
}

#[test]
fn three_regions_agree_only_on_their_latest_checks() {
    for first in [Status::Up, Status::Down] {
        let worlds = explore(&Plan { regions: 3, crashes: false, checks: 2, first, ..TWO });
        assert!(worlds > 10_000, "{first:?}: {worlds}");
    }
}

#[test]
#[should_panic(expected = "ed by ")]
fn were_votes_of_any_age_counted_the_exploration_would_find_a_false_alarm() {
    explore(&Plan { regions: 3, crashes: false, checks: 2, any_age: true, ..TWO });
}
