//! What the receivers of deliveries are called.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use valpero_domain::{ChannelId, MonitorId};
use valpero_http::{Code, List, Problem};
use valpero_views::{Channel, Delivery, Monitor};

use super::asked::Kind;
use crate::{client::Client, pages::alerts::CHANNELS, texts::Texts};

/// Monitors whose names the list knows.
const MONITORS: &str = "/api/v1/monitors?limit=200";

/// What channels and monitors are called.
#[derive(Debug, Default)]
pub struct Names {
    channels: BTreeMap<ChannelId, String>,
    /// Names and webhook URLs.
    monitors: BTreeMap<MonitorId, (String, String)>,
}

impl Names {
    fn add_channel(&mut self, channel: &Channel) {
        self.channels.insert(channel.id, channel.name.clone());
    }

    fn add_monitor(&mut self, monitor: &Monitor) {
        let url = monitor.webhook_url.as_ref().map(|url| url.as_given().to_owned()).unwrap_or_default();
        self.monitors.insert(monitor.id, (monitor.name.as_str().to_owned(), url));
    }

    /// Those of a list.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn of_list(client: &Client, kind: Kind) -> Result<Self, Problem> {
        let mut names = Self::default();
        if kind == Kind::All {
            let channels: Option<List<Channel>> = optional(client, CHANNELS).await?;
            for channel in channels.iter().flat_map(|list| list.data.iter()) {
                names.add_channel(channel);
            }
        }
        let monitors: Option<List<Monitor>> = optional(client, MONITORS).await?;
        for monitor in monitors.iter().flat_map(|list| list.data.iter()) {
            names.add_monitor(monitor);
        }
        Ok(names)
    }

    /// Those of one delivery.
    ///
    /// # Errors
    /// The API's problem.
    pub async fn of_one(client: &Client, delivery: &Delivery) -> Result<Self, Problem> {
        let mut names = Self::default();
        if let Some(id) = delivery.channel_id {
            let channel: Option<Channel> = optional(client, &format!("/api/v1/channels/{id}")).await?;
            if let Some(channel) = &channel {
                names.add_channel(channel);
            }
        }
        if let Some(id) = delivery.monitor_id {
            let monitor: Option<Monitor> = optional(client, &format!("/api/v1/monitors/{id}")).await?;
            if let Some(monitor) = &monitor {
                names.add_monitor(monitor);
            }
        }
        Ok(names)
    }

    /// The monitor's name.
    pub fn monitor(&self, id: MonitorId) -> Option<&str> {
        self.monitors.get(&id).map(|(name, _)| name.as_str())
    }

    /// The channel's name.
    pub fn channel(&self, id: ChannelId) -> Option<&str> {
        self.channels.get(&id).map(String::as_str)
    }

    /// The channel's name, or the webhook's URL.
    pub fn receiver(&self, t: &Texts, delivery: &Delivery) -> Link {
        if let Some(id) = delivery.channel_id {
            return match self.channel(id) {
                Some(name) => Link { label: name.to_owned(), href: format!("/alerts/channels/{id}") },
                None => Link { label: t.deliveries.deleted_channel.to_owned(), href: String::new() },
            };
        }
        let known = delivery.monitor_id.and_then(|id| self.monitors.get(&id)).map(|(_, url)| url.clone());
        let label = known.filter(|url| !url.is_empty()).unwrap_or_else(|| t.deliveries.webhook.to_owned());
        Link { label, href: String::new() }
    }
}

/// What the API has there; none where it has nothing there, or the person may not see it.
///
/// # Errors
/// The API's problem.
pub async fn optional<T: DeserializeOwned>(client: &Client, path: &str) -> Result<Option<T>, Problem> {
    match client.get::<T>(path).await {
        Ok(found) => Ok(Some(found)),
        Err(problem) if is_nothing(&problem) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Whether the person has no such object, or may not see it.
pub fn is_nothing(problem: &Problem) -> bool {
    matches!(problem.code(), Code::NotFound | Code::MissingScope)
}

/// A link.
#[derive(Debug)]
pub struct Link {
    /// Its text.
    pub label: String,
    /// Empty where it leads nowhere.
    pub href: String,
}
