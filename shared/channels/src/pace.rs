//! How fast each receiver may be sent to, by what it publishes.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use valpero_domain::{
    Timestamp,
    channel::{Settings, Slack},
};

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

impl Pace {
    /// How many messages may go at once after a silence: half of them, so that no stretch of time as long as the limit's has more than
    /// it allows, wherever it begins.
    const fn burst(&self) -> u32 {
        if self.messages < 2 { 1 } else { self.messages / 2 }
    }

    /// Time between two messages after those, in milliseconds.
    fn interval_ms(&self) -> i64 {
        let steady = self.messages.saturating_sub(self.burst()).max(1);
        (i64::from(self.seconds) * 1_000 + i64::from(steady) - 1) / i64::from(steady)
    }

    /// When a message may go, and what is to be noted then. `noted`: what was noted at the message before.
    pub fn reserve(&self, noted: Option<Timestamp>, now: Timestamp) -> (Timestamp, Timestamp) {
        let interval = self.interval_ms();
        let tolerance = interval * i64::from(self.burst() - 1);
        // A time further ahead than any limit was noted by a wrong clock.
        let noted = noted.filter(|noted| noted.ms_since(now) <= AHEAD_MAX_MS).unwrap_or(now);
        let at = noted.plus_ms(-tolerance).max(now);
        (at, noted.max(now).plus_ms(interval))
    }

    /// The time to note if the receiver asks for so many seconds without messages.
    pub fn left_alone(&self, seconds: i64, now: Timestamp) -> Timestamp {
        let tolerance = self.interval_ms() * i64::from(self.burst() - 1);
        now.plus_ms(seconds.clamp(0, 3_600) * 1_000 + tolerance)
    }
}

/// The furthest that anything is noted ahead, in milliseconds: 100 messages of a group that takes one each 6 s, and an hour.
const AHEAD_MAX_MS: i64 = 2 * 3_600_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn times(pace: &Pace, messages: usize) -> Vec<i64> {
        let mut noted = None;
        let mut times = Vec::new();
        for _ in 0..messages {
            let (at, next) = pace.reserve(noted, NOW);
            times.push(at.ms_since(NOW));
            noted = Some(next);
        }
        times
    }

    #[test]
    fn no_stretch_of_time_has_more_messages_than_the_receiver_allows() {
        for (messages, seconds) in [(1, 1), (5, 2), (4, 1), (20, 60), (120, 60), (60, 300)] {
            let pace = Pace { messages, seconds, key: String::new() };
            let times = times(&pace, 300);
            assert!(times.is_sorted());
            for (place, from) in times.iter().enumerate() {
                let within = times[place..].iter().filter(|at| **at - from < i64::from(seconds) * 1_000).count();
                assert!(within <= messages as usize, "{within} of {messages} in {seconds} s from {from}: {times:?}");
            }
            let rate = 300_000.0 / (times[299] as f64 + 1.0) / (f64::from(messages) / f64::from(seconds));
            assert!(rate > 0.45, "half of what is allowed at least: {rate}");
        }
    }

    #[test]
    fn a_silence_is_followed_by_a_burst_and_a_wish_to_be_left_alone_by_none() {
        let pace = Pace { messages: 20, seconds: 60, key: String::new() };
        assert_eq!(times(&pace, 12)[9..], [0, 6_000, 12_000]);
        let (at, _) = pace.reserve(Some(pace.left_alone(30, NOW)), NOW);
        assert_eq!(at.ms_since(NOW), 30_000);
        let (at, _) = pace.reserve(Some(NOW.plus_seconds(86_400)), NOW);
        assert_eq!(at, NOW, "a wrong clock keeps nothing waiting");
    }
}
