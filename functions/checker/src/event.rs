//! The events that a checker takes: a tick of the schedule, a part of one, and a check that was asked for.

use serde::Deserialize;
use serde_json::Value;
use valpero_domain::Timestamp;
use valpero_runtime::event_bus::{CheckRequested, CohortsDue, Event};

/// The `detail-type` of EventBridge's schedule.
const SCHEDULED: &str = "Scheduled Event";

/// An event for a checker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckerEvent {
    /// This minute has begun.
    Tick(Timestamp),
    /// Of a minute that has begun, this is left to do.
    CohortsDue(CohortsDue),
    /// Somebody wants a check now.
    CheckRequested(CheckRequested),
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
        if envelope.detail_type == SCHEDULED {
            // The schedule is some seconds late at times; all that is of one minute carries its beginning.
            return Ok(Self::Tick(envelope.time.start_of_minute()));
        }
        match Event::parse(&envelope.detail_type, &envelope.detail).map_err(BadEvent)? {
            Some(Event::CheckRequested(check)) => Ok(Self::CheckRequested(check)),
            Some(Event::CohortsDue(due)) => Ok(Self::CohortsDue(due)),
            None => {
                let unknown = format!("unknown detail-type {:?}", envelope.detail_type);
                Err(BadEvent(serde::de::Error::custom(unknown)))
            }
        }
    }

    /// The moment that it is about. A requested check's is the same in every region, so that they are known to be of one request:
    /// the bus stamps each region's event with a time of its own.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Tick(at) => *at,
            Self::CheckRequested(check) => check.check_id.at(),
            Self::CohortsDue(due) => due.at,
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
        let at = "2015-10-08T16:53:00Z".parse().expect("a time");
        assert_eq!(CheckerEvent::parse(&event).ok(), Some(CheckerEvent::Tick(at)), "of the minute");
        assert_eq!(CheckerEvent::parse(&CheckerEvent::scheduled(at)).ok(), Some(CheckerEvent::Tick(at)));
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        for event in [
            json!({}),
            json!({"detail-type": "EC2", "time": "2015-10-08T16:53:06Z"}),
            json!({"detail-type": "CheckRequested", "time": "2015-10-08T16:53:06Z", "detail": {"monitor_id": "x"}}),
            json!({"detail-type": "CohortsDue", "time": "2015-10-08T16:53:06Z", "detail": {"cohorts": []}}),
        ] {
            assert!(CheckerEvent::parse(&event).is_err(), "{event}");
        }
    }
}
