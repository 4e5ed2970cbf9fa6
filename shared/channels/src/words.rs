//! Times, durations and names as people read them.

use valpero_domain::{Actor, Author, Timestamp};

/// How the times of a message are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// What stands behind a time, such as `EET`, `UTC+02:00` or `UTC`.
    pub name: String,
    /// Minutes ahead of UTC at the time of the message.
    pub offset_minutes: i32,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), offset_minutes: 0 }
    }
}

impl Zone {
    /// A time, to the second: `2026-11-28 17:23:41 UTC`.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        let local = at.plus_ms(i64::from(self.offset_minutes) * 60_000).to_string();
        let (date, time) = local.split_once('T').unwrap_or((&local, ""));
        let time = time.split('.').next().unwrap_or_default();
        format!("{date} {time} {}", self.name)
    }
}

/// A duration in its two largest units: `3 d 4 h`, `12 min 5 s`.
pub(crate) fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, 0) => format!("{minutes} min"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// A number of things: `1 day`, `3 days`.
pub(crate) fn count(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Who did something, as the beginning of a sentence.
pub(crate) fn who(author: &Author) -> String {
    match (&author.actor, &author.name) {
        (Actor::Key(_), Some(name)) => format!("API key {name}"),
        (Actor::Channel(_), Some(name)) => format!("Somebody in {name}"),
        (Actor::Channel(_), None) => "Somebody in a channel".to_owned(),
        (_, Some(name)) => name.clone(),
        (Actor::Key(id), None) => format!("API key {id}"),
        (Actor::User(id), None) => id.to_string(),
        (Actor::Operator, None) => "The operator".to_owned(),
        (Actor::Recovery, None) => "Recovery".to_owned(),
        (Actor::Checker(_) | Actor::Delivery | Actor::System, None) => "Valpero".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        for (seconds, words) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (725, "12 min 5 s"),
            (3_600, "1 h"),
            (7_380, "2 h 3 min"),
            (86_400, "1 d"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn a_time_is_that_of_its_zone() {
        let at = Timestamp::from_seconds(1_795_886_621);
        assert_eq!(Zone::default().time(at), "2026-11-28 17:23:41 UTC");
        let zone = Zone { name: "EST".to_owned(), offset_minutes: -300 };
        assert_eq!(zone.time(at), "2026-11-28 12:23:41 EST");
    }
}
