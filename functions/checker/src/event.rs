//! The events that a checker takes: a tick of the schedule, and a check that was asked for.

use serde::Deserialize;
use serde_json::Value;
use valpero_app::event_bus::{CHECK_REQUESTED, CheckRequested};
use valpero_domain::Timestamp;

/// The `detail-type` of EventBridge's schedule.
const SCHEDULED: &str = "Scheduled Event";

/// An event for a checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckerEvent {
    /// A minute has begun.
    Tick(Timestamp),
    /// Somebody wants a check now.
    CheckRequested(CheckRequested, Timestamp),
}

/// An event that is none of ours, or broken.
#[derive(Debug, thiserror::Error)]
#[error("not an event for a checker")]
pub struct BadEvent(#[source] serde_json::Error);

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: String,
    time: Timestamp,
    #[serde(default)]
    detail: Value,
}

impl CheckerEvent {
    /// Reads EventBridge's JSON.
    ///
    /// # Errors
    /// Where it is none of ours, or broken.
    pub fn parse(event: &Value) -> Result<Self, BadEvent> {
        let envelope = Envelope::deserialize(event).map_err(BadEvent)?;
        match envelope.detail_type.as_str() {
            SCHEDULED => Ok(Self::Tick(envelope.time)),
            CHECK_REQUESTED => {
                let check = CheckRequested::deserialize(&envelope.detail).map_err(BadEvent)?;
                Ok(Self::CheckRequested(check, envelope.time))
            }
            other => Err(BadEvent(serde::de::Error::custom(format!("unknown detail-type {other:?}")))),
        }
    }

    /// The moment that it is about.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Tick(at) | Self::CheckRequested(_, at) => *at,
        }
    }

    /// The event of the schedule for this minute, as EventBridge sends it.
    pub fn scheduled(at: Timestamp) -> Value {
        serde_json::json!({
            "version": "0",
            "id": format!("tick-{}", at.minute()),
            "source": "aws.events",
            "detail-type": SCHEDULED,
            "time": at,
            "resources": [],
            "detail": {},
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tick_as_aws_writes_it_is_understood() {
        let event = json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2015-10-08T16:53:06Z", "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"], "detail": {},
        });
        let at = "2015-10-08T16:53:06Z".parse().expect("a time");
        assert_eq!(CheckerEvent::parse(&event).ok(), Some(CheckerEvent::Tick(at)));
        assert_eq!(CheckerEvent::parse(&CheckerEvent::scheduled(at)).ok(), Some(CheckerEvent::Tick(at)));
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        for event in [
            json!({}),
            json!({"detail-type": "EC2", "time": "2015-10-08T16:53:06Z"}),
            json!({"detail-type": "CheckRequested", "time": "2015-10-08T16:53:06Z", "detail": {"monitor_id": "x"}}),
        ] {
            assert!(CheckerEvent::parse(&event).is_err(), "{event}");
        }
    }
}
