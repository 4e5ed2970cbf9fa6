//! Sends one message to a channel: renders it, signs it, sends it through the guard, and says what came of it.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use valpero_auth::WebhookSecret;
use valpero_channels::{Answer, Message, Outgoing, Request, Thread, Verdict, judge, render};
use valpero_domain::{
    Timestamp,
    channel::Settings,
    http_check::REDACTED,
    probe::{Cause, Outcome},
};
use valpero_mail::{Fate, Mailer, Posted, Tags};
use valpero_outbound::{
    Outbound,
    webhook::{self, Reply},
};
use valpero_storage::{Attempt as LoggedAttempt, Channel};

/// Requests of one attempt, at most: some receivers need to be asked something first, and one may have moved.
const REQUESTS_MAX: usize = 4;

/// Time within which another request of one attempt begins, so that the attempt ends before it counts as lost.
const ANOTHER_WITHIN: Duration = Duration::from_secs(9);

/// Bytes kept of what a receiver said.
const SAID_MAX: usize = 1024;

/// What an attempt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The receiver has the message.
    Delivered {
        /// What it calls the message, if it says so.
        thread: Option<Thread>,
    },
    /// It may take it later.
    Retry {
        /// Not before so many seconds have passed.
        after_s: Option<i64>,
        /// Why it has not.
        why: String,
    },
    /// It was never asked, by a fault of our own.
    OurFault {
        /// Which.
        why: String,
    },
    /// It never takes this message.
    Undeliverable {
        /// Why not.
        why: String,
    },
    /// It cannot express the message, so that nothing was sent.
    Nothing {
        /// Why not.
        why: String,
    },
    /// It takes no message any more.
    Refused {
        /// Why not.
        why: String,
    },
}

/// An attempt.
#[derive(Debug)]
pub struct Sent {
    /// What it means.
    pub meaning: Meaning,
    /// HTTP status of the receiver's last response, if there was one.
    pub http_status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// The first 1,024 bytes of the last response's body, or of what the mail server said, the channel's secrets hidden.
    pub receiver_says: Option<String>,
    /// The settings from now on, where the receiver has moved.
    pub moved: Option<Settings>,
}

impl Meaning {
    /// Why the receiver has not got the message; none if it has.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Delivered { .. } => None,
            Self::Retry { why, .. }
            | Self::OurFault { why }
            | Self::Nothing { why }
            | Self::Undeliverable { why }
            | Self::Refused { why } => Some(why),
        }
    }
}

impl Sent {
    /// The attempt as the delivery log keeps it. It began at `at`.
    pub fn logged(&self, at: Timestamp) -> LoggedAttempt {
        LoggedAttempt {
            at,
            http_status: self.http_status,
            latency_ms: self.latency_ms,
            error: self.meaning.why().map(str::to_owned),
            response_headers: None,
            receiver_says: self.receiver_says.clone(),
        }
    }
}

/// What goes with a message.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// ID of the delivery: the same on every attempt, so that a webhook's receiver can drop repeats.
    pub delivery: &'a str,
    /// What the message tells, such as `opened` or `reminded`.
    pub kind: &'static str,
    /// Whether a person asked for it to be sent again.
    pub redelivered: bool,
}

/// Sends a message to a channel once. `thread` is what the receiver called the first message about the incident.
pub async fn dispatch(
    outbound: &Outbound,
    mailer: &Mailer,
    channel: &Channel,
    message: &Message,
    thread: Option<Thread>,
    stamp: Stamp<'_>,
    now: Timestamp,
) -> Sent {
    let started = Instant::now();
    let settings = channel.spec.settings.clone();
    let mut attempt =
        Attempt { channel, mailer, settings, thread, credentials: None, reply: None, posted: None, moved: false };
    let meaning = attempt.send(outbound, message, stamp, now).await;
    let Attempt { settings, credentials, reply, posted, moved, .. } = attempt;
    let hide = |text: &str| hidden(channel, credentials.as_deref(), text);
    let says = reply.as_ref().map(|reply| said(hide(&String::from_utf8_lossy(&reply.body))));
    Sent {
        meaning: meaning.without(hide),
        http_status: reply.as_ref().map(|reply| reply.status),
        latency_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        receiver_says: says.or(posted),
        moved: moved.then_some(settings),
    }
}

struct Attempt<'a> {
    channel: &'a Channel,
    mailer: &'a Mailer,
    settings: Settings,
    thread: Option<Thread>,
    /// What it authenticated itself with, which a receiver may repeat: in Base64 it shows none of the secrets that it is made of.
    credentials: Option<String>,
    reply: Option<Reply>,
    /// What the mail server said.
    posted: Option<String>,
    moved: bool,
}

impl Attempt<'_> {
    async fn send(&mut self, outbound: &Outbound, message: &Message, stamp: Stamp<'_>, now: Timestamp) -> Meaning {
        let began = Instant::now();
        for _ in 0..REQUESTS_MAX {
            if began.elapsed() > ANOTHER_WITHIN {
                let why = "The receiver was too slow to be asked again.".to_owned();
                return Meaning::Retry { after_s: None, why };
            }
            let request = match render(&self.settings, message, self.thread.as_ref()) {
                Ok(Outgoing::Http(request)) => request,
                Ok(Outgoing::Mail(mail)) => {
                    let tags = Tags::of_channel(self.channel.account_id, self.channel.id);
                    let Posted { fate, said } = self.mailer.send(&mail, tags, now).await;
                    self.posted = said;
                    return meaning_of(fate);
                }
                Ok(Outgoing::Nothing { why }) => return Meaning::Nothing { why: why.to_owned() },
                Err(error) => return Meaning::Undeliverable { why: error.0 },
            };
            let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
            self.credentials =
                authorization.and_then(|(_, value)| value.split_once(' ')).map(|(_, end)| end.to_owned());
            let reply = match self.ask(outbound, &request, stamp, now).await {
                Ok(reply) => reply,
                Err(cause) => {
                    let why = format!("{}: {}", cause.code.as_str(), cause.detail);
                    let is_ours = cause.code.outcome() == Outcome::ProbeError;
                    return if is_ours { Meaning::OurFault { why } } else { Meaning::Retry { after_s: None, why } };
                }
            };
            let Reply { status, retry_after_s, .. } = reply;
            let answer = Answer { status, retry_after_s, body: &reply.body };
            let verdict = judge(&self.settings, &request, &answer);
            self.reply = Some(reply);
            match verdict {
                Verdict::Delivered { thread } => return Meaning::Delivered { thread },
                Verdict::Retry { after_s, why } => return Meaning::Retry { after_s, why },
                Verdict::Undeliverable { why } => return Meaning::Undeliverable { why },
                Verdict::Refused { why } => return Meaning::Refused { why },
                Verdict::Next { thread } => self.thread = thread,
                Verdict::Moved { settings } => {
                    self.settings = *settings;
                    self.moved = true;
                }
            }
        }
        Meaning::Retry { after_s: None, why: "The receiver asked for something else again and again.".to_owned() }
    }

    async fn ask(
        &self,
        outbound: &Outbound,
        request: &Request,
        stamp: Stamp<'_>,
        now: Timestamp,
    ) -> Result<Reply, Cause> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            insert(&mut headers, name, value);
        }
        if let (Settings::Webhook(_), Some(secret)) = (&self.settings, &self.channel.secret) {
            sign(&mut headers, secret, stamp, &request.body, now);
            if let (Some(previous), Some(until)) = (&self.channel.previous_secret, self.channel.previous_until)
                && now < until
            {
                sign_too(&mut headers, previous, stamp, &request.body, now);
            }
        }
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::POST);
        let (url, body) = (&request.url, request.body.clone().into());
        webhook::send(outbound, webhook::Message { method, url, headers, body, reads_body: true }, now).await
    }
}

/// What becomes of a mail is no news about later ones: each says by its ids which incident it is about.
fn meaning_of(fate: Fate) -> Meaning {
    match fate {
        Fate::Delivered { .. } => Meaning::Delivered { thread: None },
        // An alert that comes twice is better than one that does not come.
        Fate::Retry { why } | Fate::Unknown { why } => Meaning::Retry { after_s: None, why },
        Fate::Undeliverable { why } => Meaning::Undeliverable { why },
        Fate::Refused { why } => Meaning::Refused { why },
        Fate::OurFault { why } => Meaning::OurFault { why },
    }
}

/// The signatures of a monitor's webhook.
fn sign(headers: &mut HeaderMap, secret: &WebhookSecret, stamp: Stamp<'_>, body: &[u8], now: Timestamp) {
    let timestamp = now.seconds();
    insert(headers, "x-valpero-signature", &secret.sign_body(body));
    insert(headers, "x-valpero-delivery", stamp.delivery);
    insert(headers, "x-valpero-message", stamp.kind);
    insert(headers, "webhook-id", stamp.delivery);
    insert(headers, "webhook-timestamp", &timestamp.to_string());
    insert(headers, "webhook-signature", &secret.sign_standard(stamp.delivery, timestamp, body));
    if stamp.redelivered {
        insert(headers, "x-valpero-redelivered", "true");
    }
}

/// Adds the signature of the secret before, as Standard Webhooks has it: behind a space.
fn sign_too(headers: &mut HeaderMap, previous: &WebhookSecret, stamp: Stamp<'_>, body: &[u8], now: Timestamp) {
    let first = headers.get("webhook-signature").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let second = previous.sign_standard(stamp.delivery, now.seconds(), body);
    insert(headers, "webhook-signature", &format!("{first} {second}"));
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(mut value)) =
        (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
    {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

/// What a receiver said, without the secrets that it repeats.
fn hidden(channel: &Channel, credentials: Option<&str>, text: &str) -> String {
    let text = channel.spec.settings.hide_secrets(text);
    match credentials {
        Some(credentials) if !credentials.is_empty() => text.replace(credentials, REDACTED),
        _ => text,
    }
}

/// The first of it. Hidden first: a cut could leave the half of a secret.
fn said(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(SAID_MAX));
    text
}

impl Meaning {
    /// The same, without secrets in its words.
    fn without(self, hide: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Delivered { thread } => Self::Delivered { thread },
            Self::Retry { after_s, why } => Self::Retry { after_s, why: hide(&why) },
            Self::OurFault { why } => Self::OurFault { why: hide(&why) },
            Self::Undeliverable { why } => Self::Undeliverable { why: hide(&why) },
            Self::Nothing { why } => Self::Nothing { why },
            Self::Refused { why } => Self::Refused { why: hide(&why) },
        }
    }
}
