//! How fast each receiver may be sent to, by what it publishes.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use valpero_domain::channel::{Settings, Slack};

/// At most so many messages in so many seconds, for all channels that share the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Messages.
    pub messages: u32,
    /// In so many seconds.
    pub seconds: u32,
    /// Which channels share the limit. It is made from what the receiver counts by, and tells none of it.
    pub key: String,
}

/// The limit of a receiver; none where it publishes none.
pub fn pace(settings: &Settings) -> Option<Pace> {
    let of = |messages, seconds, parts: &[&str]| {
        let key = key(settings.channel_type().as_str(), parts);
        Some(Pace { messages, seconds, key })
    };
    match settings {
        // One message a second and channel, by hook and by bot alike.
        Settings::Slack(Slack::Hook(hook)) => of(1, 1, &[hook.webhook_url.reveal().as_str()]),
        Settings::Slack(Slack::Bot(bot)) => of(1, 1, &[bot.bot_token.reveal(), &bot.channel]),
        Settings::Discord(hook) => of(5, 2, &[hook.webhook_url.reveal().as_str()]),
        Settings::Teams(teams) => of(4, 1, &[teams.workflow_url.reveal().as_str()]),
        // A group takes 20 messages a minute, a person one a second. The ids of groups are negative, and channels have names.
        Settings::Telegram(telegram) => {
            let is_group = telegram.chat_id.starts_with(['-', '@']);
            let (messages, seconds) = if is_group { (20, 60) } else { (1, 1) };
            of(messages, seconds, &[telegram.bot_token.reveal(), &telegram.chat_id])
        }
        Settings::PagerDuty(pagerduty) => of(120, 60, &[pagerduty.routing_key.reveal()]),
        // 60 at once, and one more each 5 s.
        Settings::Ntfy(ntfy) => of(60, 300, &[ntfy.server.as_str()]),
        Settings::GoogleChat(hook) => of(1, 1, &[hook.webhook_url.reveal().as_url().path()]),
        Settings::Email(_)
        | Settings::Jsm(_)
        | Settings::Pushover(_)
        | Settings::Mattermost(_)
        | Settings::Webhook(_) => None,
    }
}

fn key(kind: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut key = format!("{kind}.");
    for byte in hash.finalize().iter().take(16) {
        let _ = write!(key, "{byte:02x}");
    }
    key
}
