//! Small parts that several pages show: a state with its shape, a time with its exact one, and a label with its value.

use valpero_domain::{Status, Timestamp, delivery::DeliveryStatus, probe::Outcome};

use crate::{texts::Texts, words::Words};

const OCTAGON: &str = "M5 1h6l4 4v6l-4 4H5l-4-4V5z";
const TRIANGLE: &str = "M8 1.5 15 14H1z";
const DISC: &str = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z";
const RING: &str = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 0 1 0-7z";
const BARS: &str = "M3 2h3.6v12H3zM9.4 2H13v12H9.4z";

/// A state: a colour, a shape and a word.
#[derive(Debug, Clone)]
pub struct State {
    /// Class of its colour.
    pub class: &'static str,
    /// Path of its shape within 16 by 16 units.
    pub shape: &'static str,
    /// The word.
    pub word: String,
}

impl State {
    /// Up, delivered, resolved.
    pub fn up(word: impl Into<String>) -> Self {
        Self { class: "is-up", shape: DISC, word: word.into() }
    }

    /// Degraded.
    pub fn degraded(word: impl Into<String>) -> Self {
        Self { class: "is-degraded", shape: TRIANGLE, word: word.into() }
    }

    /// Down, failed, ongoing.
    pub fn down(word: impl Into<String>) -> Self {
        Self { class: "is-down", shape: OCTAGON, word: word.into() }
    }

    /// Pending: no result yet.
    pub fn pending(word: impl Into<String>) -> Self {
        Self { class: "is-pending", shape: RING, word: word.into() }
    }

    /// Paused or switched off.
    pub fn paused(word: impl Into<String>) -> Self {
        Self { class: "is-paused", shape: BARS, word: word.into() }
    }

    /// A monitor's status, in these words.
    pub fn of_status(status: Status, word: impl Into<String>) -> Self {
        match status {
            Status::Up => Self::up(word),
            Status::Degraded => Self::degraded(word),
            Status::Down => Self::down(word),
            Status::Pending => Self::pending(word),
            Status::Paused => Self::paused(word),
        }
    }

    /// Path of a monitor status's shape within 16 by 16 units.
    pub fn shape_of(status: Status) -> &'static str {
        Self::of_status(status, "").shape
    }

    /// The status of a delivery.
    pub fn of_delivery(t: &Texts, status: DeliveryStatus) -> Self {
        let m = &t.deliveries;
        match status {
            DeliveryStatus::Pending => Self::pending(m.on_its_way),
            DeliveryStatus::Succeeded => Self::up(m.delivered),
            DeliveryStatus::Dead => Self::down(m.given_up),
            DeliveryStatus::Superseded => Self::paused(m.superseded),
            DeliveryStatus::Digested => Self::up(m.digested),
        }
    }

    /// The outcome of a check.
    pub fn of_outcome(t: &Texts, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Up => Self::up(t.common.up),
            Outcome::Slow => Self::degraded(t.monitor.slow),
            Outcome::Down => Self::down(t.common.down),
            Outcome::ProbeError => Self::pending(t.monitor.not_checked),
        }
    }
}

/// A time as a page shows it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub iso: String,
    /// Date and clock time with the name of the time zone.
    pub exact: String,
    /// The visible text.
    pub says: String,
}

impl Moment {
    /// A past time: "4 min ago".
    pub fn past(words: &Words, at: Timestamp) -> Self {
        Self::of(words, at, words.ago(&at))
    }

    /// A future time: "in 4 min".
    pub fn coming(words: &Words, at: Timestamp) -> Self {
        Self::of(words, at, words.until(&at))
    }

    /// Date and clock time with the name of the time zone.
    pub fn exact(words: &Words, at: Timestamp) -> Self {
        Self::of(words, at, words.exact(&at))
    }

    /// Date and clock time.
    pub fn clock(words: &Words, at: Timestamp) -> Self {
        Self::of(words, at, words.moment(&at))
    }

    fn of(words: &Words, at: Timestamp, says: String) -> Self {
        Self { iso: at.to_string(), exact: words.exact(&at), says }
    }
}

/// A label and what belongs to it.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The label.
    pub label: String,
    /// The text.
    pub value: String,
}
