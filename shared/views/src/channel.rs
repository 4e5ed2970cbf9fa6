//! Channels as clients see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use valpero_domain::{
    ChannelId, DeliveryId, Timestamp,
    channel::{ChannelType, HealthStatus, TestOutcome},
    delivery::EventType,
};
use valpero_storage as storage;

use crate::{Shown, schema};

/// A channel, on which people or their tools are told of incidents. `type` decides which settings it has; secrets are `***`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the field that a request sets says what it is: see `FIELDS`")]
pub struct Channel {
    /// Unique ID.
    #[schema(value_type = schema::ChannelId)]
    pub id: ChannelId,
    #[schema(value_type = schema::Name)]
    pub name: String,
    #[serde(rename = "type")]
    #[schema(value_type = schema::ChannelType)]
    pub channel_type: ChannelType,
    #[schema(value_type = Vec<schema::AlertEvent>)]
    pub events: Vec<EventType>,
    pub enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<schema::MailAddress>, required = false)]
    pub to: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub webhook_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub workflow_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bot_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chat_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thread_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub routing_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub eu: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cloud_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub api_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub api_url: Option<String>,
    /// Secret that signs the messages of a `webhook` channel. Only in the response that first makes it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = schema::WebhookSecret, required = false)]
    pub webhook_secret: Option<Shown>,
    /// What the receiver said lately.
    pub health: ChannelHealth,
    /// Creation time.
    #[schema(value_type = schema::Time)]
    pub created_at: Timestamp,
    /// Time of the last change of the settings.
    #[schema(value_type = schema::Time)]
    pub updated_at: Timestamp,
}

/// What a channel's receiver said lately.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelHealth {
    /// Health of the channel.
    #[schema(value_type = schema::HealthStatus)]
    pub status: HealthStatus,
    /// Time of the last message that it took. Null: none.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_success_at: Option<Timestamp>,
    /// Time of the last attempt that failed. Null: none.
    #[schema(value_type = Option<schema::Time>, required)]
    pub last_error_at: Option<Timestamp>,
    /// Why that attempt failed. Null: none did.
    #[schema(required)]
    pub last_error: Option<String>,
}

impl Channel {
    /// A channel as its owner sees it.
    pub fn of(channel: &storage::Channel) -> Self {
        let shown = channel.spec.shown();
        let text = |name: &str| shown[name].as_str().map(str::to_owned);
        let texts = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            id: channel.id,
            name: channel.spec.name.clone().into(),
            channel_type: channel.spec.settings.channel_type(),
            events: channel.spec.events.clone(),
            enabled: channel.spec.enabled,
            to: shown["to"].as_array().map(|to| to.iter().map(texts).collect()),
            webhook_url: text("webhook_url"),
            workflow_url: text("workflow_url"),
            bot_token: text("bot_token"),
            channel: text("channel"),
            chat_id: text("chat_id"),
            thread_id: shown["thread_id"].as_i64(),
            routing_key: text("routing_key"),
            eu: shown["eu"].as_bool(),
            cloud_id: text("cloud_id"),
            email: text("email"),
            api_token: text("api_token"),
            server: text("server"),
            topic: text("topic"),
            token: text("token"),
            user: text("user"),
            url: text("url"),
            headers: shown["headers"]
                .as_object()
                .map(|headers| headers.iter().map(|(name, value)| (name.clone(), texts(value))).collect()),
            template: text("template"),
            api_url: text("api_url"),
            webhook_secret: None,
            health: ChannelHealth::of(&channel.health),
            created_at: channel.created_at,
            updated_at: channel.updated_at,
        }
    }
}

impl ChannelHealth {
    fn of(health: &storage::ChannelHealth) -> Self {
        let status = match (health.disabled_at, health.last_error_at) {
            (Some(_), _) => HealthStatus::Disabled,
            (None, Some(error)) if health.last_success_at.is_none_or(|success| success < error) => {
                HealthStatus::Failing
            }
            (None, _) => HealthStatus::Ok,
        };
        Self {
            status,
            last_success_at: health.last_success_at,
            last_error_at: health.last_error_at,
            last_error: health.last_error.clone(),
        }
    }
}

/// What came of a test message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelTest {
    /// ID of the message, as in `webhook-id` where the channel is a webhook.
    #[schema(value_type = schema::DeliveryId)]
    pub delivery_id: DeliveryId,
    /// Outcome.
    #[schema(value_type = schema::TestOutcome)]
    pub outcome: TestOutcome,
    /// Why the receiver has not taken it. Null: it has.
    #[schema(required)]
    pub error: Option<String>,
    /// HTTP status of the receiver's response. Null if there was none.
    #[schema(required, minimum = 100, maximum = 999)]
    pub http_status: Option<u16>,
    /// Duration in milliseconds.
    pub latency_ms: u32,
    /// First 1,024 bytes of the response's body, the channel's secrets hidden. Null if there was no response.
    #[schema(required)]
    pub receiver_says: Option<String>,
}

/// A message as its receiver would get it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelPreview {
    /// Method of the HTTP request. Null: it is an e-mail.
    #[schema(required)]
    pub method: Option<String>,
    /// URL of the request, secrets hidden. Null: it is an e-mail.
    #[schema(required)]
    pub url: Option<String>,
    /// Headers of the request or e-mail, secrets hidden.
    pub headers: BTreeMap<String, String>,
    /// Body of the request, or plain text of the e-mail.
    pub body: String,
    /// HTML part of the e-mail. Null: it is none.
    #[schema(required)]
    pub html: Option<String>,
}

/// A channel's new secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RotatedChannelSecret {
    /// ID of the channel.
    #[schema(value_type = schema::ChannelId)]
    pub channel_id: ChannelId,
    /// The new secret. Shown only in this response.
    #[schema(value_type = schema::WebhookSecret)]
    pub webhook_secret: Shown,
    /// Time until which the old secret signs too.
    #[schema(value_type = schema::Time)]
    pub previous_valid_until: Timestamp,
}
