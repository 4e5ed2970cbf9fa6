//! When to tell that a certificate is about to expire.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// Days before a certificate expires at which it is told of, each once.
pub const TOLD_AT_DAYS: [u8; 4] = [30, 14, 7, 1];

/// Two certificates whose ends lie closer together count as one, for the edges of a large site renew theirs one by one.
const SAME_MS: i64 = DAY_MS;

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Of the certificate that expires then.
    pub expires_at: Timestamp,
    /// That it had so many days left: one of [`TOLD_AT_DAYS`].
    pub days: u8,
}

/// Whole days until then, rounded down; negative once it is past.
pub const fn days_left(expires_at: Timestamp, now: Timestamp) -> i64 {
    expires_at.ms_since(now).div_euclid(DAY_MS)
}

/// What is to be told now of a certificate, given what was told last; nothing where that was told already, or it is too early.
/// Of several marks that were passed at once only the last is told.
pub fn due(expires_at: Timestamp, told: Option<Told>, now: Timestamp) -> Option<Told> {
    let left_ms = expires_at.ms_since(now);
    let days = TOLD_AT_DAYS.into_iter().rev().find(|days| left_ms <= i64::from(*days) * DAY_MS)?;
    let same = told.filter(|told| told.expires_at.ms_since(expires_at).abs() < SAME_MS);
    same.is_none_or(|told| days < told.days).then_some(Told { expires_at, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn each_mark_is_told_once() {
        let mut told = None;
        let mut marks = Vec::new();
        for minute in (-60..40 * 1_440).rev() {
            let now = END.plus_seconds(-60 * minute);
            if let Some(next) = due(END, told, now) {
                marks.push((next.days, minute / 1_440));
                told = Some(next);
            }
        }
        assert_eq!(marks, [(30, 30), (14, 14), (7, 7), (1, 1)]);
    }

    #[test]
    fn of_marks_passed_at_once_the_last_is_told_and_a_renewal_begins_anew() {
        let now = END.plus_ms(-10 * DAY_MS);
        let told = due(END, None, now).expect("due");
        assert_eq!(told.days, 14);
        assert_eq!(due(END.plus_seconds(3_600), Some(told), now), None, "another edge's copy of the same renewal");
        let renewed = END.plus_ms(80 * DAY_MS);
        assert_eq!(due(renewed, Some(told), now), None);
        assert_eq!(due(renewed, Some(told), renewed.plus_ms(-30 * DAY_MS)).map(|told| told.days), Some(30));
    }

    #[test]
    fn days_left_are_whole() {
        assert_eq!(days_left(END, END.plus_ms(-DAY_MS)), 1);
        assert_eq!(days_left(END, END.plus_ms(-DAY_MS + 1)), 0);
        assert_eq!(days_left(END, END.plus_ms(1)), -1);
    }
}
