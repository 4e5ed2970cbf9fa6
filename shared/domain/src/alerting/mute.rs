//! Mutes: a monitor or a whole account whose channels stay silent until a time.

use crate::{
    Faults, Field, Fields, Timestamp,
    alerting::row::{Alerting, Hold, HoldReason},
    text_spec,
};

/// Longest mute, in seconds: 366 days, so that a forgotten mute ends.
const MUTE_MAX_S: i64 = 366 * 86_400;

/// End of a mute.
pub const UNTIL: Field = Field::text("until", &text_spec::TIME)
    .required()
    .says("End of the mute: in the future, at most 366 days ahead. Channels are then told of the incidents that are still open.");

/// Reads the end of a mute.
pub fn read_until(fields: &mut Fields<'_>, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let until = fields.read(&UNTIL, faults)?;
    if until <= now {
        faults.add(fields.pointer(UNTIL.name), "must be in the future");
    } else if until > now.plus_seconds(MUTE_MAX_S) {
        faults.add(fields.pointer(UNTIL.name), "must be at most 366 days ahead");
    }
    Some(until)
}

/// Until when the channels of a monitor are silent: the later end of its own mute and the account's. None where neither lasts.
pub fn is_muted(monitor: Option<Timestamp>, account: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    monitor.max(account).filter(|until| *until > now)
}

/// What the channels are told of an incident when the mute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterMute {
    /// It is still open: its steps begin, or go on where they were ([`Alerting::release`], then [`Alerting::advance`]).
    Steps,
    /// It ended while they were silent, and those that had been told of the opening learn it now. Their deliveries are those of the
    /// row after [`Alerting::release`], which is written after them: a crash in between loses none.
    Recovery,
    /// Nothing: it opened and ended in the silence, or a person has taken it.
    Nothing,
}

impl Alerting {
    /// Keeps the channels silent until then.
    pub fn mute(&mut self, until: Timestamp, now: Timestamp) {
        self.hold(Hold { reason: HoldReason::Muted, since: now, look_at: until });
    }

    /// What the channels are told of it when the mute ends.
    pub fn after_mute(&self) -> AfterMute {
        match self.stopped {
            None => AfterMute::Steps,
            Some(_) if self.owes_recovery() => AfterMute::Recovery,
            Some(_) => AfterMute::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        EventId,
        alerting::{
            fixtures::{at, begun, policy},
            row::StopReason,
        },
        delivery::EventType,
    };

    fn alerting() -> Alerting {
        begun(policy(&[(0, &[1]), (10, &[2])], None))
    }

    #[test]
    fn the_end_of_a_mute_is_in_the_next_366_days() {
        let read = |until: &str| {
            let body = json!({ "until": until });
            let mut faults = Faults::default();
            let mut fields = Fields::of(&body, "", &mut faults);
            let until = read_until(&mut fields, at(0), &mut faults);
            faults.finish(until)
        };
        for good in [at(1), at(MUTE_MAX_S)] {
            assert_eq!(read(&good.to_string()), Ok(good));
        }
        for bad in [at(0).to_string(), at(-1).to_string(), at(MUTE_MAX_S + 1).to_string(), "soon".to_owned()] {
            let faults = read(&bad).expect_err("refused").into_vec();
            assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/until"], "{bad}");
        }
    }

    #[test]
    fn the_later_end_counts_and_an_end_is_no_part_of_the_mute() {
        for (monitor, account, until) in [
            (None, None, None),
            (Some(1), None, Some(1)),
            (None, Some(1), Some(1)),
            (Some(0), Some(0), None),
            (Some(-9), Some(5), Some(5)),
            (Some(7), Some(5), Some(7)),
        ] {
            assert_eq!(is_muted(monitor.map(at), account.map(at), at(0)), until.map(at), "{monitor:?} {account:?}");
        }
    }

    #[test]
    fn an_incident_of_the_silence_is_told_at_its_end_while_it_is_open() {
        let mut row = alerting();
        row.mute(at(3_600), at(0));
        assert!(!row.advance(at(1_800)));
        assert_eq!((row.wakes_at(), row.after_mute()), (Some(at(3_600)), AfterMute::Steps));
        let mut over = row.clone();
        over.stop(at(2_000), StopReason::Resolved);
        assert_eq!((over.after_mute(), over.wakes_at()), (AfterMute::Nothing, None), "nobody had been told");
        row.release(at(3_600));
        assert!(row.advance(at(3_600)));
        assert_eq!(row.handing_out.len(), 1, "the steps count from the end of the mute");
    }

    #[test]
    fn what_a_mute_interrupts_goes_on_at_its_end() {
        let mut row = alerting();
        assert!(row.advance(at(0)));
        row.handed_out();
        row.mute(at(3_600), at(60));
        assert!(!row.advance(at(1_200)));
        let event = EventId::new(at(0), [0; 10]);
        let mut over = row.clone();
        row.release(at(3_600));
        assert_eq!(row.next.map(|next| next.due_at), Some(at(3_600 + 600 - 60)), "a minute had passed before the mute");

        over.stop(at(1_800), StopReason::Resolved);
        let news = |row: &Alerting| row.news(EventType::IncidentResolved, event, |_, _| true).len();
        assert_eq!((over.after_mute(), over.wakes_at(), news(&over)), (AfterMute::Recovery, Some(at(3_600)), 0));
        over.release(at(3_600));
        assert_eq!((over.after_mute(), over.wakes_at(), news(&over)), (AfterMute::Nothing, None, 1));

        let mut taken = row.clone();
        taken.mute(at(9_000), at(3_700));
        taken.stop(at(3_800), StopReason::Acknowledged);
        assert_eq!((taken.after_mute(), taken.wakes_at()), (AfterMute::Nothing, None));
    }
}
