//! Who does what of a tick: one invocation probes as many monitors as it can in a few seconds, and no slow ones beside others. What is
//! more goes to the region's bus, from where the same function takes it in invocations of their own.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use futures::future::join_all;
use valpero_domain::{RegionCode, Timestamp, packed::Slot, schedule::Cohort};
use valpero_runtime::{
    event_bus::{CohortsDue, DueCohort, Event, EventError},
    telemetry::chain,
};
use valpero_storage::{Occasion, ScheduledProbe};

use crate::{Checker, group::Group};

/// Monitors that one invocation probes.
const SLICE: usize = 1_500;

/// Slices that the bus did not take and that are done here all the same, late as they are: with the own one half a minute's work, and
/// over before Lambda ends it.
const OWN_SLICES: usize = 3;

/// Who does what of a tick.
#[derive(Debug)]
pub(crate) struct Division {
    /// What is done here.
    pub own: Vec<Work>,
    /// Slices that other invocations do.
    pub handed_over: usize,
    /// Why the bus did not take slices, where there are so many of them that some are left undone.
    pub unfinished: Option<EventError>,
}

/// A cohort, or some of its monitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub cohort: Cohort,
    /// These alone; all that are due where it is absent.
    pub only: Option<Vec<Slot>>,
}

impl Work {
    /// What an event asks of this region.
    pub(crate) fn of(region: RegionCode, due: DueCohort) -> Self {
        Self { cohort: Cohort { region, interval: due.interval, number: due.number }, only: due.slow }
    }

    fn named(&self) -> DueCohort {
        DueCohort { interval: self.cohort.interval, number: self.cohort.number, slow: self.only.clone() }
    }
}

impl Checker {
    /// What this invocation does of what is due.
    pub(crate) async fn divide(&self, due: Vec<(Cohort, usize)>, at: Timestamp) -> Division {
        let mut slices = slices(due).into_iter();
        let own = slices.next().unwrap_or_default();
        let others: Vec<Vec<Work>> = slices.collect();
        let taken = join_all(others.iter().map(|slice| self.hand_over(slice, at))).await;
        let mut division = Division { own, handed_over: 0, unfinished: None };
        let (mut missed, mut failure) = (Vec::new(), None);
        for (slice, taken) in others.into_iter().zip(taken) {
            match taken {
                Ok(()) => division.handed_over += 1,
                Err(error) => {
                    missed.push(slice);
                    failure = Some(error);
                }
            }
        }
        if let Some(error) = failure {
            let slices = missed.len();
            tracing::warn!(region = %self.region, slices, error = chain(&error), "the bus did not take slices of a tick");
            // Each minute begins with any of them, so that none is left out for ever.
            let any = BuildHasherDefault::<DefaultHasher>::default().hash_one(at.minute());
            missed.rotate_left(usize::try_from(any % slices as u64).unwrap_or(0));
            division.unfinished = Some(error).filter(|_| slices > OWN_SLICES);
            division.own.extend(missed.into_iter().take(OWN_SLICES).flatten());
        }
        division
    }

    /// Leaves the slow monitors of a tick to another invocation, where there are others that would wait for them. Answers what
    /// is left to do here, and how many invocations there will be.
    pub(crate) async fn set_slow_apart(&self, mut groups: Vec<Group>, at: Timestamp) -> (Vec<Group>, usize) {
        let is_slow = |member: &ScheduledProbe| member.state.slow;
        let prompt = |group: &Group| group.occasion == Occasion::Tick && !group.members.iter().all(is_slow);
        if !groups.iter().any(prompt) {
            return (groups, 0);
        }
        let slow = |group: &Group| -> Option<Work> {
            let slots: Vec<Slot> =
                group.members.iter().filter(|member| is_slow(member)).map(|member| member.slot).collect();
            (!slots.is_empty()).then_some(Work { cohort: group.cohort, only: Some(slots) })
        };
        let slice: Vec<Work> = groups.iter().filter_map(slow).collect();
        if slice.is_empty() {
            return (groups, 0);
        }
        if let Err(error) = self.hand_over(&slice, at).await {
            tracing::warn!(region = %self.region, error = chain(&error), "slow targets could not be left to another invocation");
            return (groups, 0);
        }
        for group in &mut groups {
            group.members.retain(|member| !is_slow(member));
        }
        (groups, 1)
    }

    async fn hand_over(&self, slice: &[Work], at: Timestamp) -> Result<(), EventError> {
        let due = CohortsDue { at, cohorts: slice.iter().map(Work::named).collect() };
        self.app.events.publish(self.region, &Event::CohortsDue(due), self.app.now()).await
    }
}

/// Slices of about the same size, each of which one invocation probes.
fn slices(due: Vec<(Cohort, usize)>) -> Vec<Vec<Work>> {
    let total: usize = due.iter().map(|(_, members)| members).sum();
    let size = total.div_ceil(total.div_ceil(SLICE).max(1));
    let (mut slices, mut room) = (Vec::<Vec<Work>>::new(), 0);
    for (cohort, members) in due {
        let work = Work { cohort, only: None };
        match slices.last_mut() {
            Some(slice) if room >= members => slice.push(work),
            _ => {
                slices.push(vec![work]);
                room = size.max(members);
            }
        }
        room -= members;
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(cohorts: u32, members: usize) -> Vec<(Cohort, usize)> {
        let region = "fra".parse().expect("a region");
        (0..cohorts).map(|number| (Cohort { region, interval: 60, number }, members)).collect()
    }

    fn sizes(due: Vec<(Cohort, usize)>) -> Vec<usize> {
        slices(due).iter().map(Vec::len).collect()
    }

    #[test]
    fn what_one_invocation_can_do_is_not_divided() {
        assert_eq!(sizes(due(0, 0)), Vec::<usize>::new());
        assert_eq!(sizes(due(1, 1)), [1]);
        assert_eq!(sizes(due(1_500, 1)), [1_500], "many cohorts that are almost empty");
        assert_eq!(sizes(due(26, 56)), [26]);
    }

    #[test]
    fn more_is_divided_evenly_and_nothing_is_lost() {
        assert_eq!(sizes(due(28, 56)), [14, 14]);
        for cohorts in [1_786, 179, 53] {
            let slices = slices(due(cohorts, 56));
            let all: Vec<u32> = slices.iter().flatten().map(|work| work.cohort.number).collect();
            assert_eq!(all, (0..cohorts).collect::<Vec<u32>>());
            assert!(slices.iter().all(|slice| slice.len() * 56 <= SLICE), "{cohorts}");
            assert!(slices.len() <= cohorts.div_ceil(25) as usize, "{cohorts} in {}", slices.len());
        }
    }
}
