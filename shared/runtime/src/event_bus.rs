//! Events between functions: EventBridge on AWS, a channel of the same events in one process.

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use aws_config::{Region, SdkConfig};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use valpero_domain::{AccountId, CheckId, MonitorId, RegionCode, Timestamp, packed::Slot};

/// The `source` of all our events.
pub const SOURCE: &str = "valpero";

/// The `detail-type` of a check that was asked for.
const CHECK_REQUESTED: &str = "CheckRequested";

/// The `detail-type` of a part of a tick.
const COHORTS_DUE: &str = "CohortsDue";

/// What one function asks of a region's checker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To check a monitor now.
    CheckRequested(CheckRequested),
    /// To take a part of a tick.
    CohortsDue(CohortsDue),
}

impl Event {
    /// Reads an event's detail; none where the type is none of ours.
    ///
    /// # Errors
    /// Where the detail is not one of that type.
    pub fn parse(detail_type: &str, detail: &Value) -> Result<Option<Self>, serde_json::Error> {
        match detail_type {
            CHECK_REQUESTED => CheckRequested::deserialize(detail).map(|check| Some(Self::CheckRequested(check))),
            COHORTS_DUE => CohortsDue::deserialize(detail).map(|due| Some(Self::CohortsDue(due))),
            _ => Ok(None),
        }
    }

    /// Its `detail-type`.
    pub fn detail_type(&self) -> &'static str {
        match self {
            Self::CheckRequested(_) => CHECK_REQUESTED,
            Self::CohortsDue(_) => COHORTS_DUE,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::CheckRequested(check) => json!(check),
            Self::CohortsDue(due) => json!(due),
        }
    }
}

/// A check that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequested {
    /// Its own name, which also says when it was asked for.
    pub check_id: CheckId,
    /// Whose monitor.
    pub account_id: AccountId,
    /// Which.
    pub monitor_id: MonitorId,
}

/// A part of a region's tick, for an invocation of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortsDue {
    /// The tick's minute.
    pub at: Timestamp,
    /// Which cohorts of the region.
    pub cohorts: Vec<DueCohort>,
}

/// A cohort whose monitors are to be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueCohort {
    /// Seconds between two of its checks.
    pub interval: u32,
    /// Its number.
    pub number: u32,
    /// These monitors alone, since their targets are slow; all where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<Vec<Slot>>,
}

/// An event could not be published.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// EventBridge refused it or did not answer.
    #[error("the event bus of {region} did not take the event")]
    EventBridge {
        /// The region.
        region: RegionCode,
        /// What AWS says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The channel in this process is full.
    #[error("too many events are waiting")]
    Full,
    /// This function was given no bus.
    #[error("this function has no event bus")]
    Absent,
}

/// Where events go.
#[derive(Debug, Clone)]
pub enum EventBus {
    /// The bus of this name in each region.
    EventBridge {
        /// Credentials and endpoint; the region is that of each event. Shared, for every request has an `App` of its own.
        config: Arc<aws_sdk_eventbridge::Config>,
        /// The bus.
        bus: String,
    },
    /// This process.
    InProcess(Arc<InProcessBus>),
    /// None: the function publishes nothing.
    Absent,
}

impl EventBus {
    /// The buses of this name.
    pub fn event_bridge(sdk: &SdkConfig, bus: String) -> Self {
        Self::EventBridge { config: Arc::new(aws_sdk_eventbridge::Config::new(sdk)), bus }
    }

    /// Hands an event to a region's checker.
    ///
    /// # Errors
    /// Where it was not taken: nothing will come of it.
    pub async fn publish(&self, region: RegionCode, event: &Event, now: Timestamp) -> Result<(), EventError> {
        match self {
            Self::EventBridge { config, bus } => {
                let fail = |source: Box<dyn Error + Send + Sync>| EventError::EventBridge { region, source };
                let config = config.to_builder().region(Region::new(region.aws_region())).build();
                let entry = PutEventsRequestEntry::builder()
                    .event_bus_name(bus)
                    .source(SOURCE)
                    .detail_type(event.detail_type())
                    .detail(event.detail().to_string())
                    .build();
                let client = aws_sdk_eventbridge::Client::from_conf(config);
                let answer = client.put_events().entries(entry).send().await.map_err(|error| fail(Box::new(error)))?;
                match answer.entries().iter().find_map(|entry| entry.error_message()) {
                    Some(message) => Err(fail(message.into())),
                    None => Ok(()),
                }
            }
            Self::InProcess(bus) => bus.publish(region, event, now),
            Self::Absent => Err(EventError::Absent),
        }
    }
}

/// Events that wait at the most.
const WAITING_MAX: usize = 10_000;

/// EventBridge's events in one process.
#[derive(Debug, Default)]
pub struct InProcessBus {
    events: Mutex<VecDeque<(RegionCode, Value)>>,
    arrived: Notify,
}

impl InProcessBus {
    /// Takes an event for a region's checker.
    ///
    /// # Errors
    /// Where too many wait already.
    pub fn publish(&self, region: RegionCode, event: &Event, now: Timestamp) -> Result<(), EventError> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= WAITING_MAX {
            return Err(EventError::Full);
        }
        let envelope = json!({
            "version": "0",
            "id": now.ms().to_string(),
            "source": SOURCE,
            "detail-type": event.detail_type(),
            "time": now,
            "region": region.aws_region(),
            "resources": [],
            "detail": event.detail(),
        });
        events.push_back((region, envelope));
        drop(events);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next event, and the region whose checker it is for.
    pub fn take(&self) -> Option<(RegionCode, Value)> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits for the next event to be published.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }
}
