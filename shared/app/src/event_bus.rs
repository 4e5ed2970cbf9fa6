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
use valpero_domain::{AccountId, CheckId, MonitorId, RegionCode, Timestamp};

/// The `source` of all our events.
pub const SOURCE: &str = "valpero";

/// The `detail-type` of a check that was asked for.
pub const CHECK_REQUESTED: &str = "CheckRequested";

/// A check that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequested {
    /// Its own name.
    pub check_id: CheckId,
    /// Whose monitor.
    pub account_id: AccountId,
    /// Which.
    pub monitor_id: MonitorId,
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
    #[error("too many checks are waiting")]
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
        /// Credentials and endpoint; the region is that of each event.
        config: Box<aws_sdk_eventbridge::Config>,
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
        Self::EventBridge { config: Box::new(aws_sdk_eventbridge::Config::new(sdk)), bus }
    }

    /// Asks a region's checker for a check.
    ///
    /// # Errors
    /// Where the event was not taken: nothing was checked.
    pub async fn request_check(
        &self,
        region: RegionCode,
        check: CheckRequested,
        now: Timestamp,
    ) -> Result<(), EventError> {
        match self {
            Self::EventBridge { config, bus } => {
                let fail = |source: Box<dyn Error + Send + Sync>| EventError::EventBridge { region, source };
                let config = config.to_builder().region(Region::new(region.aws_region())).build();
                let entry = PutEventsRequestEntry::builder()
                    .event_bus_name(bus)
                    .source(SOURCE)
                    .detail_type(CHECK_REQUESTED)
                    .detail(json!(check).to_string())
                    .build();
                let client = aws_sdk_eventbridge::Client::from_conf(config);
                let answer = client.put_events().entries(entry).send().await.map_err(|error| fail(Box::new(error)))?;
                match answer.entries().iter().find_map(|entry| entry.error_message()) {
                    Some(message) => Err(fail(message.into())),
                    None => Ok(()),
                }
            }
            Self::InProcess(bus) => bus.publish(region, check, now),
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
    pub fn publish(&self, region: RegionCode, check: CheckRequested, now: Timestamp) -> Result<(), EventError> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= WAITING_MAX {
            return Err(EventError::Full);
        }
        let event = json!({
            "version": "0",
            "id": check.check_id,
            "source": SOURCE,
            "detail-type": CHECK_REQUESTED,
            "time": now,
            "region": region.aws_region(),
            "resources": [],
            "detail": check,
        });
        events.push_back((region, event));
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
