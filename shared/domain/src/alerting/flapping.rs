//! Flapping: a monitor that goes down again and again is told of once, until it is stable.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, IncidentId, Timestamp};

/// The incident of a monitor from which on it is flapping.
pub const INCIDENTS: usize = 3;

/// Within this time, in milliseconds: an hour.
pub const WITHIN_MS: i64 = 3_600_000;

/// How long a monitor's status has stayed the same when it is stable again, in milliseconds: 15 minutes.
pub const STABLE_MS: i64 = 900_000;

/// What is known of a monitor's flapping: a part of its row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The incident with which it began; none while it is not flapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_with: Option<IncidentId>,
    /// When it was stable again the last time. Incidents of before do not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// What the channels of a flapping monitor are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flapping {
    /// It is not flapping: everything as usual.
    Normal,
    /// It is, from this incident on: one message that says so, in place of the opening.
    Begins,
    /// It still is: nothing.
    Silent,
    /// It is stable: one message that says so. An incident that is open then begins its policy.
    Ends,
}

/// What identifies a message about flapping. As text it is the material of the delivery's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeKey {
    /// The incident with which it began.
    pub began_with: IncidentId,
    /// Whether it tells that the monitor is stable again.
    pub is_end: bool,
    /// Who is told.
    pub channel_id: ChannelId,
}

impl fmt::Display for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { began_with, is_end, channel_id } = self;
        write!(f, "{began_with} {} {channel_id}", if *is_end { "stable" } else { "flapping" })
    }
}

/// What is told when an incident opens or ends, and when the sweep looks at a flapping monitor.
///
/// `starts`: when the monitor's incidents opened, in any order, with the one that is told of. `opens`: that incident, where the
/// question is about an opening. `changed_at`: when the monitor went down or up the last time.
pub fn flapping(
    starts: &[Timestamp],
    opens: Option<IncidentId>,
    state: &State,
    changed_at: Timestamp,
    now: Timestamp,
) -> Flapping {
    if let Some(first) = state.began_with {
        return match opens {
            // The same event again, as after a crash: it is told again, under the same ID.
            Some(incident) if incident == first => Flapping::Begins,
            Some(_) => Flapping::Silent,
            None if now.ms_since(changed_at) >= STABLE_MS => Flapping::Ends,
            None => Flapping::Silent,
        };
    }
    let counts =
        |start: &&Timestamp| now.ms_since(**start) <= WITHIN_MS && state.ended_at.is_none_or(|ended| **start > ended);
    let recent = starts.iter().filter(counts).count();
    if opens.is_some() && recent >= INCIDENTS { Flapping::Begins } else { Flapping::Normal }
}

impl State {
    /// The state after what was decided. An end is written after its deliveries, which a crash would lose otherwise; their IDs keep
    /// them from being written twice.
    #[must_use]
    pub fn after(&self, decided: Flapping, opens: Option<IncidentId>, now: Timestamp) -> Self {
        match decided {
            Flapping::Normal | Flapping::Silent => self.clone(),
            Flapping::Begins => Self { began_with: self.began_with.or(opens), ..self.clone() },
            Flapping::Ends => Self { began_with: None, ended_at: Some(now) },
        }
    }

    /// Whether the monitor is flapping: its incidents say so.
    pub const fn is_flapping(&self) -> bool {
        self.began_with.is_some()
    }

    /// When the sweep is to ask whether it is stable again.
    pub fn wakes_at(&self, changed_at: Timestamp) -> Option<Timestamp> {
        self.is_flapping().then(|| changed_at.plus_ms(STABLE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_000_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(START + ms)
    }

    fn incident(number: u8) -> IncidentId {
        IncidentId::new(at(0), [number; 10])
    }

    #[test]
    fn the_third_incident_within_an_hour_begins_it() {
        let state = State::default();
        for (starts, expected) in [
            (&[0][..], Flapping::Normal),
            (&[0, 60_000], Flapping::Normal),
            (&[0, 60_000, 120_000], Flapping::Begins),
            (&[120_000, 0, 60_000, 30_000], Flapping::Begins),
            (&[0, 60_000, WITHIN_MS], Flapping::Begins),
            (&[0, 60_000, WITHIN_MS + 1], Flapping::Normal),
        ] {
            let now = at(starts.iter().copied().max().unwrap_or_default());
            let starts: Vec<Timestamp> = starts.iter().map(|&ms| at(ms)).collect();
            assert_eq!(flapping(&starts, Some(incident(9)), &state, now, now), expected, "{starts:?}");
            assert_eq!(flapping(&starts, None, &state, now, now), Flapping::Normal, "only an opening begins it");
        }
    }

    #[test]
    fn it_is_told_once_and_again_when_the_monitor_is_stable() {
        let starts = [at(0), at(60_000), at(120_000)];
        let begun = State::default().after(Flapping::Begins, Some(incident(3)), at(120_000));
        assert!(begun.is_flapping());
        let tell = |opens, changed: i64, now: i64| flapping(&starts, opens, &begun, at(changed), at(now));
        assert_eq!(tell(Some(incident(3)), 120_000, 121_000), Flapping::Begins, "the same event again");
        assert_eq!(begun.after(Flapping::Begins, Some(incident(3)), at(121_000)), begun);
        assert_eq!(tell(Some(incident(4)), 180_000, 180_000), Flapping::Silent);
        assert_eq!(tell(None, 120_000, 120_000 + STABLE_MS - 1), Flapping::Silent);
        assert_eq!(tell(None, 120_000, 120_000 + STABLE_MS), Flapping::Ends);
        assert_eq!(tell(Some(incident(4)), 120_000, 120_000 + STABLE_MS), Flapping::Silent, "an opening is a change");
        let key = |is_end| NoticeKey { began_with: incident(3), is_end, channel_id: ChannelId::new(at(0), [0; 10]) };
        assert_ne!(key(false).to_string(), key(true).to_string());
        assert_eq!(begun.wakes_at(at(120_000)), Some(at(120_000 + STABLE_MS)));
        let ended = begun.after(Flapping::Ends, None, at(2_000_000));
        assert_eq!((ended.is_flapping(), ended.wakes_at(at(0))), (false, None));
        assert_eq!(flapping(&starts, None, &ended, at(120_000), at(2_000_000)), Flapping::Normal, "once");
    }

    #[test]
    fn incidents_of_before_it_was_stable_do_not_count() {
        let state = State { began_with: None, ended_at: Some(at(1_000_000)) };
        let opens = Some(incident(9));
        let tell = |starts: &[i64]| {
            let starts: Vec<Timestamp> = starts.iter().map(|&ms| at(ms)).collect();
            flapping(&starts, opens, &state, at(1_300_000), at(1_300_000))
        };
        assert_eq!(tell(&[0, 60_000, 120_000, 1_000_000, 1_100_000, 1_200_000]), Flapping::Normal);
        assert_eq!(tell(&[0, 60_000, 120_000, 1_000_001, 1_100_000, 1_200_000]), Flapping::Begins);
    }

    #[test]
    fn the_state_survives_the_store() {
        for state in [State::default(), State { began_with: Some(incident(1)), ended_at: Some(at(5)) }] {
            let stored = serde_json::to_value(&state).expect("JSON");
            assert_eq!(serde_json::from_value::<State>(stored).ok(), Some(state));
        }
    }
}
