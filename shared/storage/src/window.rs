//! Calendar minutes in which requests are counted.

use valpero_domain::Timestamp;

/// Minutes by which the clocks of two machines may differ. What lies further ahead was written by a clock that was wrong, and set
/// right since.
const CLOCKS_APART: i64 = 2;

/// Whether an open window is the minute that another machine's clock, which is a little ahead, has begun already: requests of the
/// minute before are counted there. A window that is further ahead is nobody's, and is opened anew.
pub(crate) const fn is_next(open: i64, minute: i64) -> bool {
    open > minute && open <= minute + CLOCKS_APART
}

/// Whether this moment is further ahead of `now` than the clocks of two machines can differ.
pub(crate) fn is_beyond(at: Timestamp, now: Timestamp) -> bool {
    at > now.plus_seconds(CLOCKS_APART * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_a_little_ahead_is_followed_and_one_that_was_wrong_is_not() {
        let followed: Vec<i64> = (-3..6).filter(|ahead| is_next(100 + ahead, 100)).collect();
        assert_eq!(followed, [1, 2]);
        let now = Timestamp::from_seconds(1_000);
        assert!(!is_beyond(now.plus_seconds(120), now) && is_beyond(now.plus_seconds(121), now));
    }
}
