//! What a channel needs to know of its receiver: one type each.

use serde::{Deserialize, Serialize};

use super::{
    ChannelType,
    fields::{self, SLACK_CHANNEL},
    secret::{BotToken, PushoverToken, RoutingKey, SecretUrl, Token},
};
use crate::{Faults, Field, Fields, Invalid, http_check::RequestHeaders, mail_address::MailAddress, monitor::HttpUrl};

/// The settings of a channel, by its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Settings {
    /// E-mail.
    Email(Email),
    /// Slack, by an incoming webhook or by a bot.
    Slack(Slack),
    /// Discord, by a webhook.
    Discord(Hook),
    /// Microsoft Teams, by a workflow.
    Teams(Teams),
    /// Telegram, by a bot.
    Telegram(Telegram),
    /// PagerDuty, by the Events API v2.
    #[serde(rename = "pagerduty")]
    PagerDuty(PagerDuty),
    /// Jira Service Management, by the operations API.
    Jsm(Jsm),
    /// ntfy.
    Ntfy(Ntfy),
    /// Pushover.
    Pushover(Pushover),
    /// Google Chat, by a webhook.
    GoogleChat(Hook),
    /// Mattermost, by an incoming webhook.
    Mattermost(Hook),
    /// A webhook of our own.
    Webhook(Webhook),
}

/// E-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// Recipients, without repeats.
    pub to: Vec<MailAddress>,
}

/// Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Slack {
    /// By an incoming webhook, which can neither thread nor change what it posted.
    Hook(Hook),
    /// By a bot.
    Bot(SlackBot),
}

/// A Slack bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackBot {
    /// Token, with the scope `chat:write`.
    pub bot_token: Token,
    /// ID or name of the channel.
    pub channel: String,
    /// Base URL. Default: Slack's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<HttpUrl>,
}

/// A hook of another product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// URL, which carries its own token.
    pub webhook_url: SecretUrl,
}

/// Microsoft Teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teams {
    /// URL of the workflow, which carries its own token.
    pub workflow_url: SecretUrl,
}

/// Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telegram {
    /// Token of the bot.
    pub bot_token: BotToken,
    /// Chat, by its number or by the `@name` of a public channel.
    pub chat_id: String,
    /// Topic of a forum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
    /// Base URL. Default: Telegram's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<HttpUrl>,
}

/// PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagerDuty {
    /// Integration key.
    pub routing_key: RoutingKey,
    /// Whether the account is in the EU service region.
    #[serde(default)]
    pub eu: bool,
    /// Base URL. Default: PagerDuty's of that region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<HttpUrl>,
}

/// Jira Service Management.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jsm {
    /// Site.
    pub cloud_id: String,
    /// Account that the token belongs to.
    pub email: MailAddress,
    /// API token.
    pub api_token: Token,
    /// Base URL. Default: Atlassian's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<HttpUrl>,
}

/// ntfy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ntfy {
    /// Server.
    pub server: HttpUrl,
    /// Topic.
    pub topic: String,
    /// Access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

/// Pushover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushover {
    /// Token of the application.
    pub token: PushoverToken,
    /// Key of the user or group.
    pub user: String,
    /// Base URL. Default: Pushover's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<HttpUrl>,
}

/// A webhook of our own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Receiver.
    pub url: HttpUrl,
    /// Further headers of the request.
    #[serde(default, skip_serializing_if = "no_headers")]
    pub headers: RequestHeaders,
    /// Template of the body. Default: the body of a monitor's webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

fn no_headers(headers: &RequestHeaders) -> bool {
    headers.iter().next().is_none()
}

impl Settings {
    /// The type of the receiver.
    pub const fn channel_type(&self) -> ChannelType {
        match self {
            Self::Email(_) => ChannelType::Email,
            Self::Slack(_) => ChannelType::Slack,
            Self::Discord(_) => ChannelType::Discord,
            Self::Teams(_) => ChannelType::Teams,
            Self::Telegram(_) => ChannelType::Telegram,
            Self::PagerDuty(_) => ChannelType::PagerDuty,
            Self::Jsm(_) => ChannelType::Jsm,
            Self::Ntfy(_) => ChannelType::Ntfy,
            Self::Pushover(_) => ChannelType::Pushover,
            Self::GoogleChat(_) => ChannelType::GoogleChat,
            Self::Mattermost(_) => ChannelType::Mattermost,
            Self::Webhook(_) => ChannelType::Webhook,
        }
    }

    /// The URL that its owner named, and the field that did. None where only the vendor's own host is contacted, and for e-mail.
    pub fn url(&self) -> Option<(&'static str, &HttpUrl)> {
        let hook = |hook| (fields::WEBHOOK_URL.name, SecretUrl::reveal(hook));
        match self {
            Self::Email(_) => None,
            Self::Slack(Slack::Hook(slack)) => Some(hook(&slack.webhook_url)),
            Self::Discord(Hook { webhook_url })
            | Self::GoogleChat(Hook { webhook_url })
            | Self::Mattermost(Hook { webhook_url }) => Some(hook(webhook_url)),
            Self::Teams(teams) => Some((fields::WORKFLOW_URL.name, teams.workflow_url.reveal())),
            Self::Ntfy(ntfy) => Some((fields::SERVER.name, &ntfy.server)),
            Self::Webhook(webhook) => Some((fields::URL.name, &webhook.url)),
            Self::Slack(Slack::Bot(SlackBot { api_url, .. }))
            | Self::Telegram(Telegram { api_url, .. })
            | Self::PagerDuty(PagerDuty { api_url, .. })
            | Self::Jsm(Jsm { api_url, .. })
            | Self::Pushover(Pushover { api_url, .. }) => {
                api_url.as_ref().map(|api_url| (fields::API_URL.name, api_url))
            }
        }
    }

    /// Reads the fields of a type.
    pub(super) fn read(channel: ChannelType, fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        match channel {
            ChannelType::Email => {
                let mut to: Vec<MailAddress> = fields.read(&fields::TO.required(), faults)?;
                let mut seen = std::collections::BTreeSet::new();
                to.retain(|address| seen.insert(address.as_str().to_owned()));
                Some(Self::Email(Email { to }))
            }
            ChannelType::Slack => read_slack(fields, faults).map(Self::Slack),
            ChannelType::Discord => read_hook(fields, faults).map(Self::Discord),
            ChannelType::GoogleChat => read_hook(fields, faults).map(Self::GoogleChat),
            ChannelType::Mattermost => read_hook(fields, faults).map(Self::Mattermost),
            ChannelType::Teams => {
                let workflow_url = fields.read(&fields::WORKFLOW_URL.required(), faults)?;
                Some(Self::Teams(Teams { workflow_url }))
            }
            ChannelType::Telegram => {
                let bot_token = fields.read(&fields::BOT_TOKEN.required(), faults);
                let chat_id = read_text(&fields::CHAT_ID.required(), fields, faults, is_chat_id);
                let thread_id = fields.read(&fields::THREAD_ID, faults);
                let api_url = read_base(&fields::API_URL, fields, faults);
                Some(Self::Telegram(Telegram { bot_token: bot_token?, chat_id: chat_id?, thread_id, api_url }))
            }
            ChannelType::PagerDuty => {
                let routing_key = fields.read(&fields::ROUTING_KEY.required(), faults);
                let eu = fields.read(&fields::EU, faults).unwrap_or_default();
                let api_url = read_base(&fields::API_URL, fields, faults);
                Some(Self::PagerDuty(PagerDuty { routing_key: routing_key?, eu, api_url }))
            }
            ChannelType::Jsm => {
                let cloud_id = read_text(&fields::CLOUD_ID.required(), fields, faults, is_uuid);
                let email = fields.read(&fields::EMAIL.required(), faults);
                let api_token = fields.read(&fields::API_TOKEN.required(), faults);
                let api_url = read_base(&fields::API_URL, fields, faults);
                Some(Self::Jsm(Jsm { cloud_id: cloud_id?, email: email?, api_token: api_token?, api_url }))
            }
            ChannelType::Ntfy => {
                let server = read_base(&fields::SERVER, fields, faults);
                let topic = read_text(&fields::TOPIC.required(), fields, faults, is_topic);
                let token = fields.read(&fields::PUSH_TOKEN, faults);
                Some(Self::Ntfy(Ntfy { server: server?, topic: topic?, token }))
            }
            ChannelType::Pushover => {
                let token = fields.read(&fields::PUSH_TOKEN.required(), faults);
                let user = read_text(&fields::USER.required(), fields, faults, is_user_key);
                let api_url = read_base(&fields::API_URL, fields, faults);
                Some(Self::Pushover(Pushover { token: token?, user: user?, api_url }))
            }
            ChannelType::Webhook => {
                let url = fields.read(&fields::URL.required(), faults);
                let headers: RequestHeaders = fields.read(&fields::HEADERS, faults).unwrap_or_default();
                let reserved = |name: &str| fields::RESERVED.iter().any(|ours| name.eq_ignore_ascii_case(ours));
                for (name, _) in headers.iter().filter(|(name, _)| reserved(name)) {
                    let place = format!("{}/{}", fields.pointer(fields::HEADERS.name), crate::escape(name));
                    faults.add(place, "is set by Valpero itself");
                }
                let template = fields.read(&fields::TEMPLATE, faults);
                Some(Self::Webhook(Webhook { url: url?, headers, template }))
            }
        }
    }
}

fn read_hook(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Hook> {
    let webhook_url = fields.read(&fields::WEBHOOK_URL.required(), faults)?;
    Some(Hook { webhook_url })
}

fn read_slack(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Slack> {
    let has_hook = fields.value(&fields::WEBHOOK_URL).is_some();
    let has_bot = fields.value(&fields::BOT_TOKEN).is_some();
    let webhook_url: Option<SecretUrl> = fields.read(&fields::WEBHOOK_URL, faults);
    let bot_token = fields.read(&fields::BOT_TOKEN, faults);
    let channel_field = if has_bot { fields::CHANNEL.required() } else { fields::CHANNEL };
    let channel = read_text(&channel_field, fields, faults, is_slack_channel);
    let api_url = read_base(&fields::API_URL, fields, faults);
    match (has_hook, has_bot) {
        (true, true) => faults.add(fields.pointer("bot_token"), "does not go with webhook_url: give one of the two"),
        (false, false) => faults.add(fields.pointer("webhook_url"), "is required, or bot_token and channel"),
        (true, false) => {
            for name in [fields::CHANNEL, fields::API_URL].map(|field| field.name) {
                let given = if name == fields::CHANNEL.name { channel.is_some() } else { api_url.is_some() };
                if given {
                    faults.add(fields.pointer(name), "goes with bot_token; a webhook has its own channel and host");
                }
            }
        }
        (false, true) => {
            return Some(Slack::Bot(SlackBot { bot_token: bot_token?, channel: channel?, api_url }));
        }
    }
    webhook_url.map(|webhook_url| Slack::Hook(Hook { webhook_url }))
}

/// A base URL, to which paths are appended.
fn read_base(field: &Field, fields: &mut Fields<'_>, faults: &mut Faults) -> Option<HttpUrl> {
    let url: HttpUrl = fields.read(field, faults)?;
    if url.as_url().query().is_some() {
        faults.add(fields.pointer(field.name), "must not have a query: paths are appended to it");
    }
    Some(url)
}

/// A text whose pattern this function checks.
fn read_text(
    field: &Field,
    fields: &mut Fields<'_>,
    faults: &mut Faults,
    fits: fn(&str) -> Result<(), Invalid>,
) -> Option<String> {
    let before = faults.len();
    let text: String = fields.read(field, faults)?;
    if let Err(misfit) = fits(&text)
        && faults.len() == before
    {
        faults.add(fields.pointer(field.name), misfit.0);
    }
    Some(text)
}

fn refuse_unless(fits: bool, rule: &str) -> Result<(), Invalid> {
    if fits { Ok(()) } else { Err(Invalid::new(rule)) }
}

fn is_slack_channel(text: &str) -> Result<(), Invalid> {
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !",<>&@".contains(c));
    refuse_unless(plain && SLACK_CHANNEL.fit(text).is_ok(), "must be the ID or name of a channel, such as C024BE91L")
}

fn is_chat_id(text: &str) -> Result<(), Invalid> {
    let number = text.parse::<i64>().is_ok_and(|number| number != 0 && number.to_string() == text);
    let public = text.strip_prefix('@').is_some_and(|name| {
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
        begins
            && (4..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    refuse_unless(number || public, "must be the number of a chat, such as -1001234567890, or @name of a channel")
}

fn is_uuid(text: &str) -> Result<(), Invalid> {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hex);
    refuse_unless(fits, "must be a cloud ID such as 11223344-a1b2-3b33-c444-def123456789")
}

fn is_topic(text: &str) -> Result<(), Invalid> {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    refuse_unless(fits && (1..=64).contains(&text.len()), "must be 1 to 64 letters, digits, - or _")
}

fn is_user_key(text: &str) -> Result<(), Invalid> {
    let fits = text.len() == 30 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    refuse_unless(fits, "must be the key of a user or group: 30 letters and digits")
}
