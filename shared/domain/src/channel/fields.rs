//! The fields of channels: one definition each.

use crate::{
    Field, Items, Kind, Literal, Object,
    delivery::EventType,
    http_check::OWN_HEADERS,
    mail_address,
    text_spec::{self, Text, Unit, values},
};

use super::ChannelType;

/// The events that a channel may be told of, as a list for [`values!`].
pub(super) struct Told;

impl Told {
    pub(super) const ALL: [EventType; 8] = [
        EventType::IncidentOpened,
        EventType::IncidentAcknowledged,
        EventType::IncidentCommented,
        EventType::IncidentResolved,
        EventType::MonitorDegraded,
        EventType::MonitorRecovered,
        EventType::MonitorUnwatched,
        EventType::SslExpiring,
    ];
}

/// Events that channels are told of.
pub const ALERT_EVENT: Text = Text {
    name: "AlertEvent",
    says: "Type of an event that channels are told of.",
    example: "incident.opened",
    values: values!(Told),
    ..Text::PLAIN
};

/// A receiver's URL that is a secret.
const SECRET_URL: Text = Text { name: "SecretUrl", secret: true, ..text_spec::URL };

pub(super) const TOKEN: Text =
    Text { pattern: "^[!-~]{1,512}$", min: 1, max: Some(512), unit: Unit::Bytes, secret: true, ..Text::PLAIN };

const ROUTING_KEY_TEXT: Text =
    Text { pattern: "^[0-9A-Za-z]{32}$", min: 32, max: Some(32), secret: true, ..Text::PLAIN };

pub(super) const SLACK_CHANNEL: Text =
    Text { pattern: "^[^\\s,<>&@]{1,80}$", min: 1, max: Some(80), example: "C024BE91L", ..Text::PLAIN };

pub(super) const CHAT_ID_TEXT: Text = Text {
    pattern: "^(-?[1-9][0-9]{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31})$",
    min: 1,
    max: Some(33),
    example: "-1001234567890",
    ..Text::PLAIN
};

const CLOUD_ID_TEXT: Text = Text {
    pattern: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    min: 36,
    max: Some(36),
    example: "11223344-a1b2-3b33-c444-def123456789",
    ..Text::PLAIN
};

const TOPIC_TEXT: Text =
    Text { pattern: "^[-_A-Za-z0-9]{1,64}$", min: 1, max: Some(64), example: "shop-alerts", ..Text::PLAIN };

const USER_KEY_TEXT: Text = Text { pattern: "^[0-9A-Za-z]{30}$", min: 30, max: Some(30), ..Text::PLAIN };

const TEMPLATE_TEXT: Text = Text { min: 1, max: Some(16 * 1024), unit: Unit::Bytes, lines: true, ..Text::PLAIN };

/// Display name.
pub const NAME: Field =
    Field::text("name", &text_spec::NAME).required().says("Display name.").example(Literal::Str("On call"));

/// Type of the receiver.
pub const TYPE: Field = Field::text("type", &ChannelType::TEXT)
    .required()
    .says("Type of the receiver. It decides which of the other fields apply.")
    .on_patch("With another type, the settings of the old one are removed.");

/// Events that it is told of.
pub const EVENTS: Field = Field::list("events", "event", Items::Texts(&ALERT_EVENT), 1, Some(Told::ALL.len()))
    .says("Events that it is told of.")
    .default(Literal::Strs(&["incident.opened", "incident.resolved", "ssl.expiring"]))
    .on_patch("Replaces the list.");

/// Event that is previewed.
pub const EVENT: Field = Field::text("event", &ALERT_EVENT)
    .says("Type of an event, about a monitor that does not exist.")
    .computed("a test message");

/// Whether it is told of anything.
pub const ENABLED: Field =
    Field::boolean("enabled").says("If false, nothing is sent to it.").default(Literal::Bool(true));

/// Recipients of e-mail.
pub const TO: Field = Field::list("to", "recipient", Items::Texts(&mail_address::TEXT), 1, Some(20))
    .depends()
    .says("E-mail addresses, at most 20. Only with type `email`, which requires it.")
    .on_patch("Replaces the list.");

/// URL of an incoming webhook.
pub const WEBHOOK_URL: Field = Field::text("webhook_url", &SECRET_URL)
    .depends()
    .says("URL of an incoming webhook. With types `slack`, `discord`, `google_chat` and `mattermost`. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// URL of a Teams workflow.
pub const WORKFLOW_URL: Field = Field::text("workflow_url", &SECRET_URL)
    .depends()
    .says("URL of the workflow \"Post to a channel when a webhook request is received\". Only with type `teams`, which requires it. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// Token of a bot.
pub const BOT_TOKEN: Field = Field::text("bot_token", &TOKEN)
    .depends()
    .says("Token of the bot. With type `telegram`, which requires it, and with type `slack` in place of `webhook_url`: a Slack bot with the scope `chat:write` keeps all messages of an incident in one thread. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// Channel that a Slack bot posts to.
pub const CHANNEL: Field = Field::text("channel", &SLACK_CHANNEL)
    .depends()
    .says("ID or name of the Slack channel. Only with type `slack` and `bot_token`, which requires it.");

/// Chat that a Telegram bot posts to.
pub const CHAT_ID: Field = Field::text("chat_id", &CHAT_ID_TEXT)
    .depends()
    .says("ID of the chat, as a string, or `@name` of a public channel. Only with type `telegram`, which requires it.");

/// Topic of a forum.
pub const THREAD_ID: Field = Field::integer("thread_id", 1, i32::MAX as i64)
    .depends()
    .says("ID of a topic in a forum. Only with type `telegram`.")
    .computed("the chat itself");

/// Integration key of PagerDuty.
pub const ROUTING_KEY: Field = Field::text("routing_key", &ROUTING_KEY_TEXT)
    .depends()
    .says("Integration key of an Events API v2 integration. Only with type `pagerduty`, which requires it. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// Service region of PagerDuty.
pub const EU: Field = Field::boolean("eu")
    .depends()
    .says("Whether the PagerDuty account is in the EU service region. Only with type `pagerduty`.")
    .default(Literal::Bool(false));

/// Site of Atlassian.
pub const CLOUD_ID: Field = Field::text("cloud_id", &CLOUD_ID_TEXT)
    .depends()
    .says("Cloud ID of the Atlassian site. Only with type `jsm`, which requires it.");

/// Account of Atlassian.
pub const EMAIL: Field = Field::text("email", &mail_address::TEXT).depends().says(
    "E-mail address of the Atlassian account that `api_token` belongs to. Only with type `jsm`, which requires it.",
);

/// Token of Atlassian.
pub const API_TOKEN: Field = Field::text("api_token", &TOKEN)
    .depends()
    .says("API token of the Atlassian account. Only with type `jsm`, which requires it. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// Server of ntfy.
pub const SERVER: Field = Field::text("server", &text_spec::URL)
    .depends()
    .says("ntfy server. Only with type `ntfy`.")
    .default(Literal::Str("https://ntfy.sh"));

/// Topic of ntfy.
pub const TOPIC: Field = Field::text("topic", &TOPIC_TEXT).depends().says(
    "Topic. Only with type `ntfy`, which requires it. Whoever knows it can read it, unless the server protects it.",
);

/// Token of ntfy or Pushover.
pub const PUSH_TOKEN: Field = Field::text("token", &TOKEN)
    .depends()
    .says("Access token. With type `ntfy` that of a user, and with type `pushover`, which requires it, that of the application. It is a secret: answers show `***` in its place.")
    .on_patch("`***` keeps the stored one.");

/// User of Pushover.
pub const USER: Field = Field::text("user", &USER_KEY_TEXT)
    .depends()
    .says("Key of the user or group. Only with type `pushover`, which requires it.");

/// Receiver of our own webhooks.
pub const URL: Field = Field::text("url", &text_spec::URL)
    .depends()
    .says("Receiver of signed requests. Only with type `webhook`, which requires it.")
    .on_patch("With another scheme, host or port, all values of `headers` must be sent again.");

/// Headers that a webhook's request has in any case.
pub(super) const RESERVED: [&str; 17] = {
    let ours = [
        "content-type",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-valpero-delivery",
        "x-valpero-event",
        "x-valpero-redelivered",
        "x-valpero-signature",
    ];
    let mut all = [""; 17];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < OWN_HEADERS.len() { OWN_HEADERS[place] } else { ours[place - OWN_HEADERS.len()] };
        place += 1;
    }
    all
};

/// Headers of a webhook.
pub const HEADERS: Field = Field::of(
    "headers",
    Kind::Map { names: &text_spec::HEADER_NAME, reserved: &RESERVED, values: &text_spec::HEADER_VALUE, max: 20 },
)
.depends()
.says("Further headers of the request by name, at most 20. Only with type `webhook`. Values are secrets: answers show `***` in their place.")
.on_patch("`null` as a value removes a header, `***` keeps its value.");

/// Body of a webhook.
pub const TEMPLATE: Field = Field::text("template", &TEMPLATE_TEXT)
    .depends()
    .says("Template (MiniJinja, at most 16 KiB) of the JSON body. Only with type `webhook`. Values are written as JSON, so they stand without quotes: `{\"text\": {{ message.title }}}`.")
    .computed("the body of a monitor's webhook");

/// Base URL of the receiver's API.
pub const API_URL: Field = Field::text("api_url", &text_spec::URL)
    .depends()
    .says("Base URL of a compatible API, such as a self-hosted Bot API server. With types `telegram`, `pagerduty`, `jsm` and `pushover`, and with type `slack` and `bot_token`.")
    .computed("that of the vendor")
    .on_patch("With another scheme, host or port, the secrets must be sent again.");

/// All of them.
pub const OBJECT: Object = Object {
    name: "ChannelCreate",
    patch_name: "ChannelPatch",
    says: "Settings of a channel. `type` decides which of them apply.",
    fields: &ALL,
};

/// Those of the receiver, and what is previewed.
pub const PREVIEW: Object = Object {
    name: "PreviewSettings",
    patch_name: "",
    says: "Settings of a channel's receiver, and the event of the message. `type` decides which settings apply.",
    fields: &PREVIEWED,
};

const PREVIEWED: [Field; 22] = {
    let mut fields = [EVENT; 22];
    let mut place = 1;
    while place < fields.len() {
        fields[place] = ALL[place + 2];
        place += 1;
    }
    fields
};

const ALL: [Field; 24] = [
    NAME,
    EVENTS,
    ENABLED,
    TYPE,
    TO,
    WEBHOOK_URL,
    WORKFLOW_URL,
    BOT_TOKEN,
    CHANNEL,
    CHAT_ID,
    THREAD_ID,
    ROUTING_KEY,
    EU,
    CLOUD_ID,
    EMAIL,
    API_TOKEN,
    SERVER,
    TOPIC,
    PUSH_TOKEN,
    USER,
    URL,
    HEADERS,
    TEMPLATE,
    API_URL,
];

/// The fields that each type has, apart from those of all channels.
pub const fn of(channel: ChannelType) -> &'static [Field] {
    match channel {
        ChannelType::Email => const { &[TO.required()] },
        ChannelType::Slack => const { &[WEBHOOK_URL, BOT_TOKEN, CHANNEL, API_URL] },
        ChannelType::Discord | ChannelType::GoogleChat | ChannelType::Mattermost => const { &[WEBHOOK_URL.required()] },
        ChannelType::Teams => const { &[WORKFLOW_URL.required()] },
        ChannelType::Telegram => const { &[BOT_TOKEN.required(), CHAT_ID.required(), THREAD_ID, API_URL] },
        ChannelType::PagerDuty => const { &[ROUTING_KEY.required(), EU, API_URL] },
        ChannelType::Jsm => const { &[CLOUD_ID.required(), EMAIL.required(), API_TOKEN.required(), API_URL] },
        ChannelType::Ntfy => const { &[SERVER, TOPIC.required(), PUSH_TOKEN] },
        ChannelType::Pushover => const { &[PUSH_TOKEN.required(), USER.required(), API_URL] },
        ChannelType::Webhook => const { &[URL.required(), HEADERS, TEMPLATE] },
    }
}

/// Whether answers hide it: a text that is a secret, or a map whose values are.
pub const fn is_secret(field: &Field) -> bool {
    match field.kind {
        Kind::Text(text) | Kind::Map { values: text, .. } => text.secret,
        _ => false,
    }
}
