//! Webhook deliveries: the events, and when to try again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Timestamp,
    text_spec::{Text, values},
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    /// A monitor went down.
    #[serde(rename = "incident.opened")]
    IncidentOpened,
    /// A person took an incident.
    #[serde(rename = "incident.acknowledged")]
    IncidentAcknowledged,
    /// A person wrote on an incident.
    #[serde(rename = "incident.commented")]
    IncidentCommented,
    /// A monitor is up again, or a person closed its incident.
    #[serde(rename = "incident.resolved")]
    IncidentResolved,
    /// A minority of regions sees a monitor down.
    #[serde(rename = "monitor.degraded")]
    MonitorDegraded,
    /// No region sees it down any more, or one can probe it again.
    #[serde(rename = "monitor.recovered")]
    MonitorRecovered,
    /// No region can probe it, so nobody knows whether it is up.
    #[serde(rename = "monitor.unwatched")]
    MonitorUnwatched,
    /// A certificate is about to expire.
    #[serde(rename = "ssl.expiring")]
    SslExpiring,
    /// Somebody asked for a delivery to see whether it arrives.
    #[serde(rename = "webhook.test")]
    WebhookTest,
}

impl EventType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "EventType",
        says: "Type of the event.",
        example: "incident.opened",
        values: values!(EventType),
        ..Text::PLAIN
    };

    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::IncidentOpened,
        Self::IncidentAcknowledged,
        Self::IncidentCommented,
        Self::IncidentResolved,
        Self::MonitorDegraded,
        Self::MonitorRecovered,
        Self::MonitorUnwatched,
        Self::SslExpiring,
        Self::WebhookTest,
    ];

    /// The type as payloads and headers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncidentOpened => "incident.opened",
            Self::IncidentAcknowledged => "incident.acknowledged",
            Self::IncidentCommented => "incident.commented",
            Self::IncidentResolved => "incident.resolved",
            Self::MonitorDegraded => "monitor.degraded",
            Self::MonitorRecovered => "monitor.recovered",
            Self::MonitorUnwatched => "monitor.unwatched",
            Self::SslExpiring => "ssl.expiring",
            Self::WebhookTest => "webhook.test",
        }
    }
}

/// Where a delivery is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// To be sent, or sent again.
    Pending,
    /// A 2xx answered.
    Succeeded,
    /// Given up, and kept.
    Dead,
    /// Not sent, because the receiver knows a newer event of the same incident.
    Superseded,
    /// Told as a part of a digest.
    Digested,
}

impl DeliveryStatus {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "DeliveryStatus",
        says: "`pending`: to be sent, or sent again. `dead`: given up, and kept. `superseded`: not sent, because a newer status of the same incident was delivered first, or because the receiver cannot express it. `digested`: told as part of a digest, only to channels.",
        example: "succeeded",
        values: values!(DeliveryStatus),
        ..Text::PLAIN
    };

    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Succeeded, Self::Dead, Self::Superseded, Self::Digested];

    /// The status as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Superseded => "superseded",
            Self::Digested => "digested",
        }
    }
}

impl FromStr for DeliveryStatus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| DeliveryStatus::TEXT.none_of_these("a delivery's status"))
    }
}

/// Waits before the second and each later attempt, in seconds: 5 s, 1 m, 5 m, 30 m, 2 h, 5 h, 10 h.
pub const RETRY_AFTER_S: [i64; 7] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000];

/// How long to wait after attempt number `attempts` (1 is the first) failed, in milliseconds; none when it was the last.
///
/// `jitter` (0..=255) lengthens the wait by up to a tenth, so that a receiver that comes back is not met by everything at once.
/// `asked_s` is the receiver's own `Retry-After`; it lengthens the wait, to ten hours at most, and never shortens it.
pub fn retry_after_ms(attempts: u32, jitter: u8, asked_s: Option<i64>) -> Option<i64> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let base_ms = RETRY_AFTER_S.get(place)? * 1000;
    let jittered = base_ms + base_ms * i64::from(jitter) / 2550;
    let asked_ms = asked_s.unwrap_or(0).clamp(0, 36_000) * 1000;
    Some(jittered.max(asked_ms))
}

/// What came of one attempt to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// Its `Retry-After`, in seconds.
        retry_after_s: Option<i64>,
    },
    /// The receiver did not answer.
    Silence,
    /// It was never asked, by a fault of our own.
    OurFault,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver has it.
    Done,
    /// It is tried again.
    Retry {
        /// After this many milliseconds.
        after_ms: i64,
    },
    /// It is given up.
    GiveUp(Reason),
}

/// Why a delivery is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The receiver answered 410 Gone: it wants nothing more.
    Gone,
    /// This many attempts failed.
    Attempts(u32),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("The receiver answered 410 Gone."),
            Self::Attempts(attempts) => write!(f, "{attempts} attempts failed."),
        }
    }
}

/// How long a delivery is tried that fails by a fault of our own, such as a name server of ours that does not answer, in
/// milliseconds: three days.
pub const OUR_FAULT_MS: i64 = 3 * 86_400_000;

/// What becomes of a delivery of age `age_ms` after attempt number `attempts` (1 is the first) since it was last asked for. `jitter`
/// is that of [`retry_after_ms`].
pub fn next(answer: Answer, attempts: u32, age_ms: i64, jitter: u8) -> Next {
    let (asked_s, place) = match answer {
        Answer::Status { status: 200..300, .. } => return Next::Done,
        Answer::Status { status: 410, .. } => return Next::GiveUp(Reason::Gone),
        Answer::Status { retry_after_s, .. } => (retry_after_s, attempts),
        Answer::Silence => (None, attempts),
        // No attempt of the receiver's is used up by it: the last wait is repeated.
        Answer::OurFault if age_ms < OUR_FAULT_MS => (None, attempts.min(RETRY_AFTER_S.len() as u32)),
        Answer::OurFault => (None, attempts),
    };
    match retry_after_ms(place, jitter, asked_s) {
        Some(after_ms) => Next::Retry { after_ms },
        None => Next::GiveUp(Reason::Attempts(attempts)),
    }
}

/// The longest wait between two attempts, in seconds: that of the last, with its jitter, and the difference between the clocks of
/// two machines.
pub const WAIT_MAX_S: i64 = 36_000 + 3_600 + 120;

/// Whether what is planned for this moment is due. What lies further ahead than anything is ever planned was planned by a clock
/// that was wrong, and set right since: it is due, too, for to wait for that moment could take a year.
pub fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > now.plus_seconds(WAIT_MAX_S)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_is_spelled_alike_in_bodies_and_headers() {
        for event in EventType::ALL {
            assert_eq!(serde_json::to_value(event).ok(), Some(event.as_str().into()));
        }
    }

    #[test]
    fn eight_attempts_and_no_more() {
        let waits: Vec<i64> = (1..10).filter_map(|attempts| retry_after_ms(attempts, 0, None)).collect();
        assert_eq!(waits, RETRY_AFTER_S.map(|seconds| seconds * 1000));
        assert_eq!((retry_after_ms(0, 0, None), retry_after_ms(8, 0, None)), (None, None));
    }

    #[test]
    fn the_receivers_own_wish_is_honoured_within_bounds() {
        assert_eq!(retry_after_ms(1, 0, Some(120)), Some(120_000));
        assert_eq!(retry_after_ms(4, 0, Some(1)), Some(1_800_000));
        assert_eq!(retry_after_ms(1, 0, Some(i64::MAX)), Some(36_000_000));
        assert_eq!(retry_after_ms(1, 0, Some(-5)), Some(5_000));
    }

    #[test]
    fn each_answer_has_its_next_step() {
        let status = |status| Answer::Status { status, retry_after_s: None };
        let retry = |after_ms| Next::Retry { after_ms };
        for (answer, attempts, age_ms, expected) in [
            (status(200), 1, 0, Next::Done),
            (status(299), 8, 0, Next::Done),
            (status(410), 1, 0, Next::GiveUp(Reason::Gone)),
            (status(300), 1, 0, retry(5_000)),
            (status(500), 7, 0, retry(36_000_000)),
            (status(500), 8, 0, Next::GiveUp(Reason::Attempts(8))),
            (Answer::Status { status: 429, retry_after_s: Some(90) }, 1, 0, retry(90_000)),
            (Answer::Silence, 2, 0, retry(60_000)),
            (Answer::Silence, 8, 0, Next::GiveUp(Reason::Attempts(8))),
            (Answer::OurFault, 20, OUR_FAULT_MS - 1, retry(36_000_000)),
            (Answer::OurFault, 20, OUR_FAULT_MS, Next::GiveUp(Reason::Attempts(20))),
            (Answer::OurFault, 1, OUR_FAULT_MS, retry(5_000)),
        ] {
            assert_eq!(next(answer, attempts, age_ms, 0), expected, "{answer:?} {attempts} {age_ms}");
        }
    }

    #[test]
    fn what_no_clock_can_have_planned_is_due() {
        let now = Timestamp::from_seconds(1_795_000_000);
        let longest_ms = retry_after_ms(7, 255, Some(i64::MAX)).expect("a wait");
        for (ahead_ms, due) in [(-1, true), (0, true), (1, false), (longest_ms, false), (366 * 86_400_000, true)] {
            assert_eq!(is_due(now.plus_ms(ahead_ms), now), due, "{ahead_ms}");
        }
    }

    proptest! {
        #[test]
        fn jitter_lengthens_by_a_tenth_at_most(attempts in 1..8_u32, jitter: u8) {
            let plain = retry_after_ms(attempts, 0, None).unwrap_or(0);
            let jittered = retry_after_ms(attempts, jitter, None).unwrap_or(0);
            prop_assert!((plain..=plain + plain / 10).contains(&jittered));
        }
    }
}
