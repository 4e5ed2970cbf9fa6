//! Each step is taken once, in order, whatever was missed, edited or wrong.

use super::*;
use crate::alerting::fixtures::{at, begun, channel, incident, monitor, policy};

/// The steps taken since the last look: minutes and round.
fn taken(row: &mut Alerting, now: i64) -> Vec<(u32, u8)> {
    row.advance(at(now));
    let steps = row.handing_out.iter().map(|step| (step.after_minutes, step.repeat_round)).collect();
    row.handed_out();
    steps
}

fn next(row: &Alerting) -> Option<(usize, u8, i64)> {
    row.next.map(|next| (next.step, next.repeat_round, next.due_at.ms_since(at(0)) / 1000))
}

#[test]
fn a_step_is_due_at_its_minute_and_not_before() {
    let mut row = begun(policy(&[(0, &[1]), (5, &[2]), (15, &[3])], None));
    assert_eq!(next(&row), Some((0, 0, 0)));
    assert_eq!((taken(&mut row, -1), row.has_begun()), (vec![], false));
    assert_eq!((taken(&mut row, 0), row.has_begun()), (vec![(0, 0)], true));
    assert_eq!((taken(&mut row, 299), next(&row)), (vec![], Some((1, 0, 300))));
    assert_eq!(taken(&mut row, 300), [(5, 0)]);
    assert_eq!(taken(&mut row, 300), []);
    assert_eq!(taken(&mut row, 901), [(15, 0)]);
    assert_eq!((next(&row), row.wakes_at()), (None, None));
    assert_eq!(row.told.iter().map(|told| told.channel_id).collect::<Vec<_>>(), [channel(1), channel(2), channel(3)]);
}

#[test]
fn missed_steps_are_taken_once_and_in_order() {
    let mut row = begun(policy(&[(0, &[1]), (5, &[1, 2]), (15, &[3])], Some(10)));
    assert_eq!(taken(&mut row, 86_400), [(0, 0), (5, 0), (15, 0)]);
    assert_eq!(next(&row), Some((0, 1, 86_400 + 600)), "a repeat follows the last step, not the time when it was due");
    assert_eq!(row.told.len(), 3);
}

#[test]
fn repeats_begin_with_the_first_step_and_keep_the_distances() {
    let mut row = begun(policy(&[(5, &[1]), (15, &[2])], Some(10)));
    assert_eq!(taken(&mut row, 310), [(5, 0)]);
    assert_eq!(
        taken(&mut row, 959),
        [(15, 0)],
        "within a minute it is in time, and the repeat counts from when it was due"
    );
    assert_eq!(next(&row), Some((0, 1, 1_500)));
    assert_eq!(taken(&mut row, 1_500), [(5, 1)]);
    assert_eq!(next(&row), Some((1, 1, 2_100)));
    assert_eq!(taken(&mut row, 2_160), [(15, 1)]);
    assert_eq!(next(&row), Some((0, 2, 2_160 + 600)), "a minute late is late");
}

#[test]
fn after_a_gap_comes_one_repeat() {
    let mut row = begun(policy(&[(0, &[1]), (5, &[2])], Some(10)));
    assert_eq!(taken(&mut row, 0), [(0, 0)]);
    assert_eq!(taken(&mut row, 300), [(5, 0)]);
    assert_eq!(taken(&mut row, 40_000), [(0, 1)]);
    assert_eq!(next(&row), Some((1, 1, 40_300)));
    assert_eq!(taken(&mut row, 80_000), [(5, 1)]);
    assert_eq!(next(&row), Some((0, 2, 80_600)));
}

#[test]
fn there_are_twenty_repeats_and_no_more() {
    let mut row = begun(policy(&[(0, &[1])], Some(5)));
    let mut now = 0;
    let mut all = Vec::new();
    for _ in 0..60 {
        all.extend(taken(&mut row, now));
        now += 150;
    }
    assert_eq!(all, (0..=20).map(|round| (0, round)).collect::<Vec<_>>());
    assert_eq!(row.next, None);
}

#[test]
fn what_was_taken_is_handed_out_again_until_it_is_noted() {
    let mut row = begun(policy(&[(0, &[1]), (5, &[2])], None));
    row.advance(at(0));
    assert_eq!(row.wakes_at(), Some(at(0)));
    assert!(!row.advance(at(60)));
    assert_eq!(row.handing_out.len(), 1);
    assert!(row.advance(at(300)));
    assert_eq!(row.handing_out.len(), 2);
    row.handed_out();
    assert_eq!((row.handing_out.len(), row.wakes_at()), (0, None));
}

#[test]
fn a_stop_ends_steps_and_repeats() {
    for why in [StopReason::Acknowledged, StopReason::Resolved, StopReason::Deleted] {
        let mut row = begun(policy(&[(0, &[1]), (5, &[2])], Some(5)));
        row.advance(at(0));
        row.stop(at(10), why);
        assert_eq!((row.next, row.handing_out.len(), row.wakes_at()), (None, 0, None));
        assert!(!row.advance(at(86_400)));
        row.adopt(policy(&[(0, &[1]), (7, &[2])], Some(5)));
        row.release(at(20));
        assert!(!row.advance(at(86_400)));
        assert!(row.has_reached(channel(1)) && !row.has_reached(channel(2)));
    }
}

#[test]
fn the_end_of_an_incident_replaces_that_it_was_taken() {
    let mut row = begun(policy(&[(0, &[1])], None));
    let mut stop = |seconds, why| {
        row.stop(at(seconds), why);
        row.stopped.map(|stopped| (stopped.at.ms_since(at(0)) / 1000, stopped.why))
    };
    assert_eq!(stop(1, StopReason::Acknowledged), Some((1, StopReason::Acknowledged)));
    assert_eq!(stop(2, StopReason::Acknowledged), Some((1, StopReason::Acknowledged)));
    assert_eq!(stop(3, StopReason::Resolved), Some((3, StopReason::Resolved)));
    assert_eq!(stop(4, StopReason::Acknowledged), Some((3, StopReason::Resolved)));
    assert_eq!(stop(5, StopReason::Deleted), Some((3, StopReason::Resolved)));
}

#[test]
fn without_a_policy_nothing_begins() {
    let mut row = Alerting::begin(incident(0), monitor(0), None, None, at(0));
    assert_eq!(row.stopped, Some(Stopped { at: at(0), why: StopReason::NoPolicy }));
    assert!(!row.advance(at(60)));
    assert_eq!(row.wakes_at(), None);
}

#[test]
fn an_edited_policy_counts_from_the_next_step() {
    let at_minute_12 = || {
        let mut row = begun(policy(&[(0, &[1]), (10, &[2]), (30, &[3])], None));
        taken(&mut row, 0);
        taken(&mut row, 600);
        row
    };
    for (edited, repeat, expected) in [
        (&[(0, &[1][..]), (10, &[2]), (20, &[3])][..], None, Some((2, 0, 1_200))),
        // A step before the last one that was taken is done, though it was not there.
        (&[(0, &[1]), (5, &[4]), (10, &[2]), (20, &[3])], None, Some((3, 0, 1_200))),
        (&[(0, &[1]), (11, &[4]), (20, &[3])], None, Some((1, 0, 660))),
        (&[(0, &[1])], None, None),
        (&[(0, &[1])], Some(5), Some((0, 1, 900))),
        (&[(3, &[1]), (10, &[9])], Some(60), Some((0, 1, 600 + 3_600))),
    ] {
        let mut row = at_minute_12();
        row.adopt(policy(edited, repeat));
        assert_eq!(next(&row), expected, "{edited:?}");
        let before = row.clone();
        row.adopt(policy(edited, repeat));
        assert_eq!(row, before);
    }
    let mut over = begun(policy(&[(0, &[1])], None));
    taken(&mut over, 0);
    over.adopt(policy(&[(0, &[1]), (5, &[2])], None));
    assert_eq!(taken(&mut over, 3_600), [(5, 0)], "a step that was added after the last was done");
}

#[test]
fn a_step_that_takes_the_place_of_another_has_a_key_of_its_own() {
    let mut row = begun(policy(&[(0, &[1]), (10, &[1])], None));
    taken(&mut row, 0);
    assert_eq!(taken(&mut row, 600), [(10, 0)]);
    row.adopt(policy(&[(0, &[1]), (20, &[1])], None));
    assert_eq!(taken(&mut row, 1_200), [(20, 0)]);
}

#[test]
fn a_hold_delays_the_steps_by_its_length() {
    let hold = |reason, since, look_at| Hold { reason, since: at(since), look_at: at(look_at) };
    let steps = policy(&[(0, &[1]), (5, &[2])], Some(5));
    let waiting = hold(HoldReason::Waiting, 0, 75);
    let mut row = Alerting::begin(incident(0), monitor(0), Some(steps.clone()), Some(waiting), at(0));
    assert_eq!((taken(&mut row, 60), row.wakes_at(), row.suppressed_by()), (vec![], Some(at(75)), None));
    row.hold(hold(HoldReason::Suppressed { suppressed_by: monitor(7) }, 30, 135));
    assert_eq!((row.wakes_at(), row.suppressed_by()), (Some(at(135)), Some(monitor(7))));
    row.release(at(1_000));
    assert_eq!((taken(&mut row, 1_000), next(&row), row.suppressed_by()), (vec![(0, 0)], Some((1, 0, 1_300)), None));

    let mut row = begun(steps);
    taken(&mut row, 0);
    row.hold(hold(HoldReason::Muted, 100, 700));
    row.hold(hold(HoldReason::Flapping, 600, 900));
    assert_eq!(taken(&mut row, 899), []);
    row.release(at(900));
    assert_eq!((taken(&mut row, 900), next(&row)), (vec![], Some((1, 0, 300 + 800))), "silent from 100 to 900");
    assert_eq!(taken(&mut row, 1_100), [(5, 0)]);
    row.hold(hold(HoldReason::Muted, 1_160, 1_200));
    row.release(at(1_200));
    assert_eq!(next(&row), Some((0, 1, 1_100 + 300 + 40)));
}

#[test]
fn an_incident_that_ends_while_it_is_suppressed_still_says_by_what() {
    let hold = Hold { reason: HoldReason::Suppressed { suppressed_by: monitor(7) }, since: at(0), look_at: at(60) };
    let mut row = Alerting::begin(incident(0), monitor(0), Some(policy(&[(0, &[1])], None)), Some(hold), at(0));
    row.stop(at(30), StopReason::Resolved);
    assert_eq!((row.suppressed_by(), row.wakes_at(), row.told.len()), (Some(monitor(7)), None, 0));
}

#[test]
fn an_incident_that_is_over_before_its_alerting_begins_reaches_the_steps_of_its_time() {
    let mut row = begun(policy(&[(0, &[1]), (5, &[2])], None));
    row.overtake(at(299), StopReason::Resolved);
    assert_eq!((row.handing_out.len(), row.told.len()), (0, 1));
    let mut row = begun(policy(&[(0, &[1]), (5, &[2])], None));
    row.overtake(at(300), StopReason::Resolved);
    assert_eq!(row.told.len(), 2);
}

#[test]
fn what_a_wrong_clock_planned_is_due_and_does_not_hurry_the_others() {
    const YEAR: i64 = 366 * 86_400;
    let mut row = begun(policy(&[(0, &[1]), (5, &[2])], Some(5)));
    assert_eq!(taken(&mut row, -YEAR), [(0, 0)]);
    assert_eq!(next(&row), Some((1, 0, -YEAR + 300)));
    // A clock that is slow by less waits until the time has come.
    let mut row = begun(policy(&[(0, &[1])], None));
    assert_eq!(taken(&mut row, -86_400 - 120), []);
    assert_eq!(taken(&mut row, -86_400 - 121), [(0, 0)]);
}
