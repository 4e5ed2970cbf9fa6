//! What keeps the channels silent of an incident, when there is more than one reason.

use crate::{
    Timestamp,
    alerting::{
        dependency::Suppression,
        row::{Hold, HoldReason},
    },
};

/// How long a suppressed incident waits until the sweep looks at it again, in milliseconds: a tick.
pub const SUPPRESSED_LOOK_MS: i64 = 60_000;

/// Why no channel is told of an incident at present: a mute, else the outage of another monitor, else flapping. None: they are told.
///
/// `has_begun`: a step was taken ([`Alerting::has_begun`](super::Alerting::has_begun)). From then on only a mute counts. `muted_until` is what [`is_muted`](super::mute::is_muted) answers, `stable_at` is
/// [`State::wakes_at`](super::flapping::State::wakes_at).
pub fn hold(
    has_begun: bool,
    muted_until: Option<Timestamp>,
    suppression: Suppression,
    stable_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Hold> {
    let hold = |reason, look_at| Some(Hold { reason, since: now, look_at });
    if let Some(until) = muted_until {
        return hold(HoldReason::Muted, until);
    }
    if has_begun {
        return None;
    }
    match suppression {
        Suppression::Wait { until } => hold(HoldReason::Waiting, until),
        Suppression::SuppressedBy(suppressed_by) => {
            hold(HoldReason::Suppressed { suppressed_by }, now.plus_ms(SUPPRESSED_LOOK_MS))
        }
        Suppression::Clear => stable_at.and_then(|stable_at| hold(HoldReason::Flapping, stable_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::fixtures::{at, monitor};

    #[test]
    fn a_mute_goes_before_an_outage_and_an_outage_before_flapping() {
        let wait = Suppression::Wait { until: at(75) };
        let suppressed = Suppression::SuppressedBy(monitor(1));
        let by = HoldReason::Suppressed { suppressed_by: monitor(1) };
        for (muted, suppression, stable, expected) in [
            (None, Suppression::Clear, None, None),
            (None, Suppression::Clear, Some(900), Some((HoldReason::Flapping, 900))),
            (None, wait, Some(900), Some((HoldReason::Waiting, 75))),
            (None, suppressed, Some(900), Some((by, 70))),
            (Some(600), suppressed, Some(900), Some((HoldReason::Muted, 600))),
            (Some(600), Suppression::Clear, None, Some((HoldReason::Muted, 600))),
        ] {
            let expected = expected.map(|(reason, look_at)| Hold { reason, since: at(10), look_at: at(look_at) });
            assert_eq!(hold(false, muted.map(at), suppression, stable.map(at), at(10)), expected);
            let begun = hold(true, muted.map(at), suppression, stable.map(at), at(10));
            assert_eq!(begun, expected.filter(|hold| hold.reason == HoldReason::Muted));
        }
    }
}
