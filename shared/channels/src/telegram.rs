//! Telegram, by a bot. Later news of an incident are replies to its first message: an edit would make no sound.

use serde_json::json;
use valpero_domain::{
    Invalid,
    channel::{Settings, Telegram},
};

use crate::{
    judge::{by_status, said},
    message::{Item, Kind, Level, Message},
    text::{escaped, html, unmention},
    wire::{Answer, Outgoing, Request, Thread, Verdict, below},
};

const VENDOR: &str = "https://api.telegram.org";
const TEXT_MAX: usize = 4_096;
/// Its shares: the title, each fact, each link, and for the rest what is left.
const TITLE_MAX: usize = 400;
const FACT_MAX: usize = 160;
const FACTS_MAX: usize = 10;
const LINK_MAX: usize = 500;

pub(crate) fn render(settings: &Telegram, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    let bot = format!("bot{}", settings.bot_token.reveal());
    let url = below(settings.api_url.as_ref(), VENDOR, &[&bot, "sendMessage"])?;
    let mut body = json!({
        "chat_id": settings.chat_id,
        "text": text(message),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
        "disable_notification": message.level == Level::Info && message.kind != Kind::Test,
    });
    if let Some(thread_id) = settings.thread_id {
        body["message_thread_id"] = json!(thread_id);
    }
    if let Some(first) = thread.and_then(|thread| thread.id.parse::<i64>().ok()) {
        body["reply_parameters"] = json!({"message_id": first, "allow_sending_without_reply": true});
    }
    Ok(Outgoing::Http(Request::json(url, &body)))
}

fn text(message: &Message) -> String {
    let plain = |text: &str, max: usize| escaped(text, max, |text| html(&unmention(text)));
    let title = format!("<b>{}</b>", plain(&message.title, TITLE_MAX));
    let facts = message.facts.iter().take(FACTS_MAX);
    let facts: Vec<String> =
        facts.map(|fact| format!("<b>{}:</b> {}", fact.label, plain(&fact.value, FACT_MAX))).collect();
    let links = message.links().into_iter().map(|(label, url)| format!("<a href=\"{}\">{label}</a>", html(url)));
    // Half a link is none.
    let links: Vec<String> = links.filter(|link| link.encode_utf16().count() <= LINK_MAX).collect();
    let items: Vec<String> = message.items.iter().map(Item::line).collect();
    let end = [facts.join("\n"), links.join(" · ")];
    let taken: usize = [title.as_str(), &end[0], &end[1]].iter().map(|part| part.encode_utf16().count() + 2).sum();
    let words = [message.summary.as_str(), message.note.as_deref().unwrap_or_default(), &items.join("\n")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    let words = plain(&words, TEXT_MAX.saturating_sub(taken));
    let [facts, links] = end;
    let parts = [title, words, facts, links];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

pub(crate) fn judge(settings: &Telegram, answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let description = body["description"].as_str().unwrap_or_default();
    let why = said(answer, description);
    if answer.is_success() {
        return Verdict::Delivered {
            thread: body["result"]["message_id"].as_i64().map(|id| Thread::new(id.to_string())),
        };
    }
    if let Some(chat) = body["parameters"]["migrate_to_chat_id"].as_i64() {
        let moved = Telegram { chat_id: chat.to_string(), ..settings.clone() };
        return Verdict::Moved { settings: Box::new(Settings::Telegram(moved)) };
    }
    if answer.status == 429 {
        let told = body["parameters"]["retry_after"].as_i64();
        return Verdict::Retry { after_s: told.or(answer.retry_after_s), why };
    }
    let gone = [
        "chat not found",
        "message thread not found",
        "group chat was deactivated",
        "group chat was deleted",
        "user is deactivated",
        "not enough rights",
        "have no rights to send",
        "CHAT_WRITE_FORBIDDEN",
        "CHAT_RESTRICTED",
        "PEER_ID_INVALID",
        "TOPIC_CLOSED",
    ];
    if answer.status == 400 && gone.iter().any(|words| description.contains(words)) {
        return Verdict::Refused { why };
    }
    // 403: blocked, kicked, deactivated. 401 and 404: no such bot.
    by_status(answer, why, &[401, 403, 404])
}
