//! A function's configuration: the one place that reads the environment, and it reports all that is wrong at once.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use valpero_domain::RegionCode;
use valpero_storage::{Store, Tables};

use crate::{App, Clock, EventBus, Queue, Settings};

/// The environment's variables and what each means.
pub const VARIABLES: [(&str, &str); 6] = [
    ("VALPERO_STACK", "the stack's name, with which the names of its tables begin"),
    ("VALPERO_HOME_REGION", "the AWS region of the tables and the queue, such as eu-central-1"),
    ("VALPERO_REGIONS", "the codes of the regions that check, such as hel,fra,usc"),
    ("VALPERO_QUEUE_URL", "the webhook queue"),
    ("VALPERO_EVENT_BUS", "the name of each region's event bus"),
    ("VALPERO_PRIVATE_TARGETS", "allow or deny; deny unless set"),
];

/// What is wrong with the environment.
#[derive(Debug, thiserror::Error)]
#[error("the environment is not complete: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// A function's configuration on AWS.
#[derive(Debug, Clone)]
pub struct Config {
    /// The stack's name.
    pub stack: String,
    /// The AWS region of the tables and the queue.
    pub home_region: String,
    /// The regions that check.
    pub regions: Vec<RegionCode>,
    /// The webhook queue.
    pub queue_url: String,
    /// The name of each region's event bus.
    pub event_bus: String,
    /// Whether targets may be private addresses.
    pub private_targets: bool,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// All that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(variable)
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let mut required = |name: &str| {
            variable(name).unwrap_or_else(|| {
                let meaning = VARIABLES.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning);
                faults.push(format!("{name} is missing ({meaning})"));
                String::new()
            })
        };
        let stack = required("VALPERO_STACK");
        let home_region = required("VALPERO_HOME_REGION");
        let codes = required("VALPERO_REGIONS");
        let queue_url = required("VALPERO_QUEUE_URL");
        let event_bus = required("VALPERO_EVENT_BUS");
        let mut regions = Vec::new();
        for code in codes.split(',').map(str::trim).filter(|code| !code.is_empty()) {
            match code.parse() {
                Ok(region) => regions.push(region),
                Err(error) => faults.push(format!("VALPERO_REGIONS: {code:?} {error}")),
            }
        }
        let private_targets = match variable("VALPERO_PRIVATE_TARGETS").as_deref() {
            Some("allow") => true,
            None | Some("deny") => false,
            Some(other) => {
                faults.push(format!("VALPERO_PRIVATE_TARGETS is {other:?}; it must be allow or deny"));
                false
            }
        };
        if faults.is_empty() {
            Ok(Self { stack, home_region, regions, queue_url, event_bus, private_targets })
        } else {
            Err(ConfigError(faults))
        }
    }

    /// Connects to AWS: credentials and endpoint as its SDK finds them.
    pub async fn connect(&self) -> App {
        let sdk = sdk_config(Some(self.home_region.clone())).await;
        App {
            store: Store::new(aws_sdk_dynamodb::Client::new(&sdk), Tables::of_stack(&self.stack)),
            queue: Queue::sqs(aws_sdk_sqs::Client::new(&sdk), self.queue_url.clone()),
            events: EventBus::event_bridge(&sdk, self.event_bus.clone()),
            clock: Clock::system(),
            settings: Arc::new(Settings { regions: self.regions.clone(), private_targets: self.private_targets }),
        }
    }
}

/// AWS as its SDK finds it, in this region or the environment's.
pub async fn sdk_config(region: Option<String>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    loader.load().await
}

/// The region that this checker is, from `VALPERO_REGION`.
///
/// # Errors
/// Where it is missing or no region's code.
pub fn own_region() -> Result<RegionCode, ConfigError> {
    let code = variable("VALPERO_REGION")
        .ok_or_else(|| ConfigError(vec!["VALPERO_REGION is missing (the code of this checker's region)".into()]))?;
    code.parse().map_err(|error| ConfigError(vec![format!("VALPERO_REGION: {code:?} {error}")]))
}

/// Which log lines are written, from `VALPERO_LOG`: `info` unless set.
pub fn log_filter(default: &str) -> String {
    variable("VALPERO_LOG").unwrap_or_else(|| default.to_owned())
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once() {
        let error = Config::read(|_| None).expect_err("nothing is set").to_string();
        for (name, _) in &VARIABLES[..5] {
            assert!(error.contains(name), "{name} is not in: {error}");
        }
    }

    #[test]
    fn wrong_values_are_named_too() {
        let value = |name: &str| match name {
            "VALPERO_REGIONS" => Some("hel, atlantis".to_owned()),
            "VALPERO_PRIVATE_TARGETS" => Some("maybe".to_owned()),
            _ => Some("x".to_owned()),
        };
        let ConfigError(faults) = Config::read(value).expect_err("wrong");
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("atlantis") && faults[1].contains("maybe"));
    }
}
