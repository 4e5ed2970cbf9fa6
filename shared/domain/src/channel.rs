//! Channels: where people and their tools are told of incidents.

mod fields;
mod health;
mod hide;
mod patch;
mod secret;
mod settings;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Field, Fields, Invalid, Object,
    address::is_global,
    check::{PRIVATE, port_blocked},
    delivery::EventType,
    monitor::{HttpUrl, Name},
    text_spec::{Text, values},
};

pub use fields::{
    ALERT_EVENT, API_TOKEN, API_URL, BOT_TOKEN, CHANNEL, CHAT_ID, CLOUD_ID, EMAIL, ENABLED, EU, EVENT, EVENTS, HEADERS,
    NAME, PUSH_TOKEN, ROUTING_KEY, SERVER, TEMPLATE, THREAD_ID, TO, TOPIC, TYPE, URL, USER, WEBHOOK_URL, WORKFLOW_URL,
};
pub use health::{HealthStatus, TestOutcome};
pub use secret::{BotToken, PushoverToken, RoutingKey, SecretUrl, Token};
pub use settings::{Email, Hook, Jsm, Ntfy, PagerDuty, Pushover, Settings, Slack, SlackBot, Teams, Telegram, Webhook};

/// The types of receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of products")]
pub enum ChannelType {
    Email,
    Slack,
    Discord,
    Teams,
    Telegram,
    #[serde(rename = "pagerduty")]
    PagerDuty,
    Jsm,
    Ntfy,
    Pushover,
    GoogleChat,
    Mattermost,
    Webhook,
}

impl ChannelType {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "ChannelType",
        says: "Type of a channel's receiver. `teams`: Microsoft Teams by a workflow. `jsm`: Jira Service Management. `webhook`: signed requests of Valpero's own.",
        example: "slack",
        values: values!(ChannelType),
        ..Text::PLAIN
    };

    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::Email,
        Self::Slack,
        Self::Discord,
        Self::Teams,
        Self::Telegram,
        Self::PagerDuty,
        Self::Jsm,
        Self::Ntfy,
        Self::Pushover,
        Self::GoogleChat,
        Self::Mattermost,
        Self::Webhook,
    ];

    /// The type as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Telegram => "telegram",
            Self::PagerDuty => "pagerduty",
            Self::Jsm => "jsm",
            Self::Ntfy => "ntfy",
            Self::Pushover => "pushover",
            Self::GoogleChat => "google_chat",
            Self::Mattermost => "mattermost",
            Self::Webhook => "webhook",
        }
    }

    /// The product's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Slack => "Slack",
            Self::Discord => "Discord",
            Self::Teams => "Microsoft Teams",
            Self::Telegram => "Telegram",
            Self::PagerDuty => "PagerDuty",
            Self::Jsm => "Jira Service Management",
            Self::Ntfy => "ntfy",
            Self::Pushover => "Pushover",
            Self::GoogleChat => "Google Chat",
            Self::Mattermost => "Mattermost",
            Self::Webhook => "Webhook",
        }
    }

    /// The fields of its settings, those that it requires marked so. A Slack channel requires `webhook_url`, or `bot_token` and
    /// `channel`, which no mark can say.
    pub const fn fields(self) -> &'static [Field] {
        fields::of(self)
    }
}

impl FromStr for ChannelType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| ChannelType::TEXT.none_of_these("a channel's type"))
    }
}

/// What a deployment allows a channel to be.
#[derive(Debug, Clone, Copy)]
pub struct Allowance<'a> {
    /// Whether receivers may be private addresses.
    pub private_targets: bool,
    /// Ports that this deployment cannot connect to.
    pub blocked_ports: &'a [u16],
}

/// A channel as its owner describes it. In JSON the settings stand beside the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSpec {
    /// Display name.
    pub name: Name,
    /// Events that it is told of, without repeats.
    pub events: Vec<EventType>,
    /// Whether anything is sent to it.
    pub enabled: bool,
    /// The receiver: the members `type` and those of the type.
    #[serde(flatten)]
    pub settings: Settings,
}

impl ChannelSpec {
    /// Its fields.
    pub const OBJECT: Object = fields::OBJECT;

    /// The fields of a preview: those of the receiver, and the event.
    pub const PREVIEW: Object = fields::PREVIEW;

    /// Reads a request's body, reporting every fault at once. Whether a webhook's `template` makes JSON, `valpero-channels` checks.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read(body: &Value, allowance: &Allowance<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let name: Option<Name> = fields.read(&NAME, &mut faults);
        let channel: Option<ChannelType> = fields.read(&TYPE, &mut faults);
        let events = read_events(&mut fields, &mut faults);
        let enabled = fields.read(&ENABLED, &mut faults);
        let settings = read_settings(channel, &mut fields, &mut faults);
        if let Some((field, url)) = settings.as_ref().and_then(Settings::url) {
            refuse_address(field, url, allowance, &fields, &mut faults);
        }
        fields.finish(&mut faults);
        let spec = move || Some(Self { name: name?, events, enabled: enabled?, settings: settings? });
        faults.finish(spec())
    }

    /// Reads what is previewed: the settings of a type, and the event; none for a test message.
    ///
    /// # Errors
    /// All faults, each with its pointer.
    pub fn read_preview(body: &Value, allowance: &Allowance<'_>) -> Result<(Settings, Option<EventType>), Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let channel: Option<ChannelType> = fields.read(&TYPE, &mut faults);
        let event: Option<EventType> = fields.read(&EVENT, &mut faults);
        let settings = read_settings(channel, &mut fields, &mut faults);
        if let Some((field, url)) = settings.as_ref().and_then(Settings::url) {
            refuse_address(field, url, allowance, &fields, &mut faults);
        }
        fields.finish(&mut faults);
        faults.finish(settings.map(|settings| (settings, event)))
    }

    /// The channel as JSON, as answers show it: with a mark in the place of each secret.
    pub fn shown(&self) -> Value {
        let mut value = self.to_value();
        patch::redact(&mut value, self);
        value
    }

    /// The channel as JSON, with its secrets.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

fn read_events(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<EventType> {
    let mut events: Vec<EventType> = fields.read(&EVENTS, faults).unwrap_or_default();
    for (place, _) in events.iter().enumerate().filter(|(_, event)| !fields::Told::ALL.contains(event)) {
        let detail = format!("must be one of these: {}", EVENTS.options().join(", "));
        faults.add(format!("{}/{place}", fields.pointer(EVENTS.name)), detail);
    }
    let mut seen = Vec::new();
    events.retain(|event| {
        let new = !seen.contains(event);
        seen.push(*event);
        new
    });
    events
}

/// The settings of a type; each field of another type is a fault.
fn read_settings(channel: Option<ChannelType>, fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Settings> {
    let is_setting = |field: &&Field| ChannelType::ALL.into_iter().any(|other| has(other, field));
    for field in ChannelSpec::OBJECT.fields.iter().filter(is_setting) {
        let given = fields.value(field).is_some();
        if let Some(channel) = channel.filter(|channel| given && !has(*channel, field)) {
            let owners: Vec<&str> =
                ChannelType::ALL.into_iter().filter(|other| has(*other, field)).map(ChannelType::as_str).collect();
            let detail = format!("goes with type {}; this is a {} channel", owners.join(", "), channel.as_str());
            faults.add(fields.pointer(field.name), detail);
        }
    }
    Settings::read(channel?, fields, faults)
}

fn has(channel: ChannelType, field: &Field) -> bool {
    channel.fields().iter().any(|own| own.name == field.name)
}

fn refuse_address(field: &str, url: &HttpUrl, allowance: &Allowance<'_>, fields: &Fields<'_>, faults: &mut Faults) {
    if !allowance.private_targets && url.literal_address().is_some_and(|address| !is_global(address)) {
        faults.add(fields.pointer(field), PRIVATE);
    }
    if let Some(port) = url.port().filter(|port| allowance.blocked_ports.contains(port)) {
        faults.add(fields.pointer(field), port_blocked(port));
    }
}
