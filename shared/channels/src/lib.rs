//! What is told to whom: an event as a message, the message as the request of each type of channel, and what the receiver's answer means.
//!
//! All of it is pure: nothing here sends anything. One delivery is one request that delivers; where a receiver needs another one before
//! it, that one may be repeated without harm ([`Verdict::Next`]). So after a crash at any point a delivery is rendered and sent again,
//! and the worst that happens is what a retry does anyway: a receiver that has taken a message, and whose answer was lost, gets it twice.

mod discord;
mod email;
mod google_chat;
mod jsm;
mod judge;
mod mattermost;
mod message;
mod ntfy;
mod pace;
mod pagerduty;
mod pushover;
pub mod sample;
mod slack;
mod teams;
mod telegram;
mod template;
mod template_rules;
mod text;
mod webhook;
mod wire;
mod words;

use valpero_domain::{
    Invalid,
    channel::{ChannelType, Settings},
};

pub use email::notice;
pub use message::{Context, Fact, Item, Kind, Level, Message, Occasion, Subject};
pub use pace::{Pace, pace};
pub use text::html;
pub use wire::{Answer, Mail, Outgoing, Request, Thread, Verdict};
pub use words::Zone;

/// The message as this receiver takes it. `thread` is what the receiver called the first message about the same incident, or what
/// [`Verdict::Next`] puts in its place.
///
/// # Errors
/// Where a webhook's template does not make JSON of this message.
pub fn render(settings: &Settings, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    match settings {
        Settings::Email(email) => Ok(email::render(email, message)),
        Settings::Slack(slack) => slack::render(slack, message, thread),
        Settings::Discord(hook) => discord::render(hook, message, thread),
        Settings::Teams(teams) => teams::render(teams, message),
        Settings::Telegram(telegram) => telegram::render(telegram, message, thread),
        Settings::PagerDuty(pagerduty) => pagerduty::render(pagerduty, message),
        Settings::Jsm(jsm) => jsm::render(jsm, message, thread),
        Settings::Ntfy(ntfy) => ntfy::render(ntfy, message),
        Settings::Pushover(pushover) => pushover::render(pushover, message, thread),
        Settings::GoogleChat(hook) => google_chat::render(hook, message),
        Settings::Mattermost(hook) => mattermost::render(hook, message),
        Settings::Webhook(webhook) => webhook::render(webhook, message),
    }
}

/// What the receiver's answer to a request means.
pub fn judge(settings: &Settings, sent: &Request, answer: &Answer<'_>) -> Verdict {
    match settings {
        Settings::Slack(slack) => slack::judge(slack, sent, answer),
        Settings::Discord(_) => discord::judge(sent, answer),
        Settings::Teams(_) => teams::judge(answer),
        Settings::Telegram(telegram) => telegram::judge(telegram, answer),
        Settings::PagerDuty(_) => pagerduty::judge(answer),
        Settings::Jsm(_) => jsm::judge(sent, answer),
        Settings::Ntfy(_) => ntfy::judge(answer),
        Settings::Pushover(_) => pushover::judge(sent, answer),
        Settings::GoogleChat(_) => google_chat::judge(answer),
        Settings::Mattermost(_) => mattermost::judge(answer),
        // Mail is no request; whoever sends it by an API of HTTP is answered like a webhook.
        Settings::Email(_) | Settings::Webhook(_) => webhook::judge(answer),
    }
}

/// Whether it may be sent a digest in the place of several messages. A receiver that keeps incidents of its own is sent each one, for a
/// digest of them could not be resolved.
pub const fn takes_digests(channel: ChannelType) -> bool {
    !matches!(channel, ChannelType::PagerDuty | ChannelType::Jsm)
}

/// Checks what only rendering shows: whether a webhook's template makes JSON of each kind of message.
///
/// # Errors
/// What is wrong with the template, and in which line.
pub fn check(settings: &Settings) -> Result<(), Invalid> {
    let Settings::Webhook(_) = settings else { return Ok(()) };
    let context = Context { delivery: "dlv_01M82PJFFSY9XKXCV0WRMX4C7M".to_owned(), ..Context::default() };
    Kind::ALL.into_iter().try_for_each(|kind| render(settings, &sample::message(kind, &context)?, None).map(|_| ()))
}
