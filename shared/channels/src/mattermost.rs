//! Mattermost, by an incoming webhook, which can neither thread nor change what it posted.

use serde_json::{Value, json};
use valpero_domain::{Invalid, channel::Hook};

use crate::{
    judge::{by_status, said},
    message::Message,
    text::{cut, escaped, link, mattermost},
    wire::{Answer, Outgoing, Request, Verdict},
};

/// Old servers keep 8,000 characters of attachments, as JSON: these keep below it, backslashes included.
const TITLE_MAX: usize = 400;
const WORDS_MAX: usize = 1_800;
const FACT_MAX: usize = 120;
const FACTS_MAX: usize = 10;
const LINKS_MAX: usize = 800;
const FALLBACK_MAX: usize = 200;

#[expect(clippy::unnecessary_wraps, reason = "all types have this form")]
pub(crate) fn render(settings: &Hook, message: &Message) -> Result<Outgoing, Invalid> {
    let url = settings.webhook_url.reveal().as_url().clone();
    Ok(Outgoing::Http(Request::json(url, &body(message))))
}

fn body(message: &Message) -> Value {
    let words = message.words();
    let links: Vec<String> = message.links().iter().map(|(label, url)| format!("[{label}]({})", link(url))).collect();
    // Half a link is none.
    let links = Some(links.join(" · ")).filter(|links| links.chars().count() <= LINKS_MAX).unwrap_or_default();
    let text = format!("{}\n\n{links}", escaped(&words, WORDS_MAX, mattermost));
    let facts = message.facts.iter().take(FACTS_MAX);
    let fields: Vec<Value> = facts
        .map(|fact| json!({"title": fact.label, "value": escaped(&fact.value, FACT_MAX, mattermost), "short": true}))
        .collect();
    json!({
        "text": escaped(&message.title, TITLE_MAX, mattermost),
        "attachments": [{
            "fallback": cut(&message.title, FALLBACK_MAX),
            "color": message.level.css(),
            "text": text.trim_end(),
            "fields": fields,
        }],
    })
}

pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let id = body["id"].as_str().unwrap_or_default();
    let why = said(answer, body["message"].as_str().unwrap_or(id));
    let gone = ["disabled", "invalid", "channel", "permissions", "user"];
    let hook = id.strip_prefix("web.incoming_webhook.").and_then(|rest| rest.split('.').next());
    if hook.is_some_and(|part| gone.contains(&part)) {
        return Verdict::Refused { why };
    }
    by_status(answer, why, &[401, 403, 404, 410])
}
