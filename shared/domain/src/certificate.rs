//! When to tell that a certificate is about to expire.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// Days before a certificate expires at which it is told of, each once.
pub const TOLD_AT_DAYS: [u8; 4] = [30, 14, 7, 1];

/// Two certificates whose ends lie closer together count as one, for the edges of a large site renew theirs one by one.
const SAME_MS: i64 = DAY_MS;

/// Certificates of one target that are remembered: its edges may show several.
const REMEMBERED: usize = 8;

/// What was told of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Of the certificate that expires then.
    pub expires_at: Timestamp,
    /// That it had so many days left: one of [`TOLD_AT_DAYS`].
    pub days: u8,
}

/// What was told of the certificates of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToldOf(Vec<Told>);

impl ToldOf {
    /// Whether nothing was told yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is to be told now of a certificate that the target shows; nothing where that was told already, or it is too early.
    /// Of several marks that were passed at once only the last is told.
    pub fn due(&self, expires_at: Timestamp, now: Timestamp) -> Option<Told> {
        let left_ms = expires_at.ms_since(now);
        let days = TOLD_AT_DAYS.into_iter().rev().find(|days| left_ms <= i64::from(*days) * DAY_MS)?;
        let same = self.0.iter().find(|told| told.is_of(expires_at));
        same.is_none_or(|told| days < told.days).then_some(Told { expires_at, days })
    }

    /// The same, with this told, too; what has long expired is forgotten.
    pub fn with(&self, told: Told, now: Timestamp) -> Self {
        let lives = |other: &&Told| !other.is_of(told.expires_at) && now.ms_since(other.expires_at) < 30 * DAY_MS;
        let mut all: Vec<Told> = self.0.iter().filter(lives).copied().collect();
        all.push(told);
        let beyond = all.len().saturating_sub(REMEMBERED);
        all.drain(..beyond);
        Self(all)
    }
}

impl Told {
    fn is_of(&self, expires_at: Timestamp) -> bool {
        self.expires_at.ms_since(expires_at).abs() < SAME_MS
    }
}

/// Whole days until then, rounded down; negative once it is past.
pub const fn days_left(expires_at: Timestamp, now: Timestamp) -> i64 {
    expires_at.ms_since(now).div_euclid(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn each_mark_is_told_once() {
        let mut told = ToldOf::default();
        let mut marks = Vec::new();
        for minute in (-60..40 * 1_440).rev() {
            let now = END.plus_seconds(-60 * minute);
            if let Some(next) = told.due(END, now) {
                marks.push((next.days, minute / 1_440));
                told = told.with(next, now);
            }
        }
        assert_eq!(marks, [(30, 30), (14, 14), (7, 7), (1, 1)]);
    }

    #[test]
    fn of_marks_passed_at_once_the_last_is_told_and_a_renewal_begins_anew() {
        let now = END.plus_ms(-10 * DAY_MS);
        let first = ToldOf::default().due(END, now).expect("due");
        assert_eq!(first.days, 14);
        let told = ToldOf::default().with(first, now);
        assert_eq!(told.due(END.plus_seconds(3_600), now), None, "another edge's copy of the same renewal");
        let renewed = END.plus_ms(80 * DAY_MS);
        assert_eq!(told.due(renewed, now), None);
        assert_eq!(told.due(renewed, renewed.plus_ms(-30 * DAY_MS)).map(|told| told.days), Some(30));
    }

    #[test]
    fn a_target_that_shows_several_certificates_in_turn_is_told_of_each_once() {
        let now = END.plus_ms(-5 * DAY_MS);
        let mut told = ToldOf::default();
        let mut count = 0;
        for look in 0..100 {
            let expires_at = END.plus_ms(i64::from(look % 3) * 3 * DAY_MS);
            if let Some(next) = told.due(expires_at, now) {
                told = told.with(next, now);
                count += 1;
            }
        }
        assert_eq!(count, 3);
    }

    #[test]
    fn days_left_are_whole() {
        assert_eq!(days_left(END, END.plus_ms(-DAY_MS)), 1);
        assert_eq!(days_left(END, END.plus_ms(-DAY_MS + 1)), 0);
        assert_eq!(days_left(END, END.plus_ms(1)), -1);
    }
}
