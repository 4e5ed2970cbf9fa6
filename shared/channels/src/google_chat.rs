//! Google Chat, by a webhook. The incident is the thread's key, so later news of it are replies without anything being kept.

use serde_json::{Value, json};
use valpero_domain::{Invalid, channel::Hook};

use crate::{
    judge::{by_status, said},
    message::Message,
    text::{cut, cut_json, html},
    wire::{Answer, Outgoing, Request, Verdict},
};

/// A message is 32,000 bytes at most. These, in bytes of JSON before HTML's escapes (up to six characters for one), keep below it.
const TITLE_MAX: usize = 200;
const WORDS_MAX: usize = 2_400;
const FACT_MAX: usize = 160;
const FACTS_MAX: usize = 10;
const URL_MAX: usize = 1_500;
const KEY_MAX: usize = 4_000;

#[expect(clippy::unnecessary_wraps, reason = "all types have this form")]
pub(crate) fn render(settings: &Hook, message: &Message) -> Result<Outgoing, Invalid> {
    let mut url = settings.webhook_url.reveal().as_url().clone();
    url.query_pairs_mut().append_pair("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    Ok(Outgoing::Http(Request::json(url, &body(message))))
}

/// Texts of cards know a little HTML, and no mention.
fn body(message: &Message) -> Value {
    let text = |text: &str, max: usize| html(&cut_json(text, max)).replace('\n', "<br>");
    let words = message.words();
    let mut widgets = vec![json!({"textParagraph": {"text": text(&words, WORDS_MAX)}})];
    for fact in message.facts.iter().take(FACTS_MAX) {
        let value = text(&fact.value, FACT_MAX);
        widgets.push(json!({"decoratedText": {"topLabel": fact.label, "text": value, "wrapText": true}}));
    }
    let links = message.links().into_iter().filter(|(_, url)| url.len() <= URL_MAX);
    let buttons: Vec<Value> =
        links.map(|(label, url)| json!({"text": label, "onClick": {"openLink": {"url": url}}})).collect();
    if !buttons.is_empty() {
        widgets.push(json!({"buttonList": {"buttons": buttons}}));
    }
    // What a phone shows: a mention of Google Chat is `<users/…>`, and would be one here.
    let fallback = cut_json(&message.title, TITLE_MAX).replace('<', "‹").replace('>', "›");
    json!({
        "fallbackText": fallback,
        "cardsV2": [{
            "cardId": "valpero",
            "card": {
                "header": {"title": fallback, "subtitle": "Valpero"},
                "sections": [{"widgets": widgets}],
            },
        }],
        "thread": {"threadKey": cut(&message.topic, KEY_MAX)},
    })
}

pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let why = said(answer, body["error"]["message"].as_str().unwrap_or_default());
    by_status(answer, why, &[401, 403, 404, 410])
}
