//! Slack, by an incoming webhook or by a bot.
//!
//! A bot keeps an incident in one thread: the first message is posted to the channel and later news are replies to it, the end of the
//! incident also in the channel. Before the reply to a change of state, the first message is changed to show the state, too: that
//! request may be repeated without harm, so the reply alone is the delivery. An incoming webhook can do neither.

use serde_json::{Value, json};
use url::Url;
use valpero_domain::{
    Invalid,
    channel::{Slack, SlackBot},
};

use crate::{
    judge::{by_status, said},
    message::{Kind, Message},
    text::{cut, escaped, link, slack},
    wire::{Answer, Outgoing, Request, Step, Thread, Verdict, below},
};

const VENDOR: &str = "https://slack.com/api";
const HEADER_MAX: usize = 150;
const TEXT_MAX: usize = 3_000;
const FIELDS_MAX: usize = 10;
const FIELD_MAX: usize = 2_000;

pub(crate) fn render(settings: &Slack, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    let bot = match settings {
        Slack::Hook(hook) => return Ok(Outgoing::Http(hook_request(hook.webhook_url.reveal().as_url(), message))),
        Slack::Bot(bot) => bot,
    };
    let mut body = body(message);
    let Some(thread) = thread else {
        body["channel"] = json!(bot.channel);
        return request(bot, "chat.postMessage", &body, Step::Deliver);
    };
    body["channel"] = json!(thread.place.as_ref().unwrap_or(&bot.channel));
    let changes_state = matches!(message.kind, Kind::Acknowledged | Kind::Resolved);
    if changes_state && !thread.prepared {
        body["ts"] = json!(thread.id);
        return request(bot, "chat.update", &body, Step::Prepare(thread.clone().prepared()));
    }
    body["thread_ts"] = json!(thread.id);
    // Who waits for the end does not watch the thread.
    body["reply_broadcast"] = json!(matches!(message.kind, Kind::Resolved | Kind::Reminded));
    request(bot, "chat.postMessage", &body, Step::Follow)
}

pub(crate) fn hook_request(url: &Url, message: &Message) -> Request {
    Request::json(url.clone(), &body(message))
}

fn request(bot: &SlackBot, method: &str, body: &Value, step: Step) -> Result<Outgoing, Invalid> {
    let url = below(bot.api_url.as_ref(), VENDOR, &[method])?;
    let request = Request::json(url, body).with("authorization", format!("Bearer {}", bot.bot_token.reveal()));
    Ok(Outgoing::Http(request.for_step(step)))
}

/// All that people wrote stands in plain texts, in which Slack reads no markup.
fn plain(text: &str, max: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, max), "emoji": false})
}

fn body(message: &Message) -> Value {
    let mut blocks = vec![json!({"type": "header", "text": plain(&message.title, HEADER_MAX)})];
    let mut section = |text: &str| {
        if !text.is_empty() {
            blocks.push(json!({"type": "section", "text": plain(text, TEXT_MAX)}));
        }
    };
    section(&message.summary);
    section(message.note.as_deref().unwrap_or_default());
    let items: Vec<String> = message.items.iter().map(|item| format!("• {}", item.line())).collect();
    section(&items.join("\n"));
    let facts = message.facts.iter().take(FIELDS_MAX);
    let fields: Vec<Value> = facts.map(|fact| plain(&format!("{}\n{}", fact.label, fact.value), FIELD_MAX)).collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let links: Vec<String> =
        message.links().iter().map(|(label, url)| format!("<{}|{label}>", slack(&link(url)))).collect();
    let links = links.join("   ");
    // Half a link is none.
    if !links.is_empty() && links.chars().count() <= TEXT_MAX {
        blocks.push(json!({"type": "section", "text": {"type": "mrkdwn", "text": links, "verbatim": true}}));
    }
    let text = format!("{}. {}", message.title, message.summary);
    json!({
        // What a phone shows; unlike the blocks it is read as markup.
        "text": escaped(&text, TEXT_MAX, slack),
        "attachments": [{"color": message.level.css(), "blocks": blocks}],
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

pub(crate) fn judge(settings: &Slack, sent: &Request, answer: &Answer<'_>) -> Verdict {
    match settings {
        Slack::Hook(_) => judge_hook(answer),
        Slack::Bot(_) => judge_bot(sent, answer),
    }
}

fn judge_hook(answer: &Answer<'_>) -> Verdict {
    let text = answer.text();
    let why = said(answer, &text);
    if answer.status == 400 && matches!(text.as_str(), "invalid_token" | "no_active_hooks" | "no_service" | "no_team") {
        return Verdict::Refused { why };
    }
    by_status(answer, why, &[401, 403, 404, 410])
}

/// The API answers 200 to nearly all, and says in the body what it means.
fn judge_bot(sent: &Request, answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let error = body["error"].as_str().unwrap_or_default();
    let why = said(answer, error);
    if !answer.is_success() {
        return by_status(answer, why, &[401, 403]);
    }
    let refused = [
        "access_denied",
        "account_inactive",
        "channel_not_found",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    ];
    let passing = [
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    ];
    match (body["ok"].as_bool(), &sent.step) {
        (Some(true), Step::Prepare(thread)) => Verdict::Next { thread: Some(thread.clone()) },
        (Some(true), _) => {
            let place = body["channel"].as_str().map(str::to_owned);
            let thread = body["ts"].as_str().map(|ts| Thread { place, ..Thread::new(ts) });
            Verdict::Delivered { thread }
        }
        (None, _) => Verdict::Retry { after_s: None, why: said(answer, "not an answer of Slack's API") },
        (Some(false), _) if passing.contains(&error) => Verdict::Retry { after_s: answer.retry_after_s, why },
        // The first message cannot be changed any more; the reply is what matters.
        (Some(false), Step::Prepare(thread)) => Verdict::Next { thread: Some(thread.clone()) },
        (Some(false), Step::Follow)
            if matches!(error, "thread_not_found" | "message_not_found" | "cannot_reply_to_message") =>
        {
            Verdict::Next { thread: None }
        }
        (Some(false), _) if refused.contains(&error) => Verdict::Refused { why },
        (Some(false), _) => Verdict::Undeliverable { why },
    }
}
