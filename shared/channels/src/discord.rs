//! Discord, by a webhook.
//!
//! Later news of an incident change its first message, so that a channel shows one message an incident, with its state; a reminder is
//! posted anew, since an edit makes no sound. One request is the delivery, and an edit may be repeated without harm.

use serde_json::{Value, json};
use url::Url;
use valpero_domain::{Invalid, channel::Hook};

use crate::{
    judge::{by_status, said},
    message::{Kind, Message},
    text::{escaped, link, markdown},
    wire::{Answer, Outgoing, Request, Step, Thread, Verdict},
};

const CONTENT_MAX: usize = 2_000;
const DESCRIPTION_MAX: usize = 4_096;
/// Of 25 fields that an embed may have, each with a name of 256 and a value of 1,024 characters, fewer and shorter ones: there is
/// always room for the words.
const FACTS_MAX: usize = 10;
const NAME_MAX: usize = 50;
const VALUE_MAX: usize = 250;
const LINKS_MAX: usize = 1_000;
/// All texts of the embeds together.
const EMBEDS_MAX: usize = 6_000;

pub(crate) fn render(settings: &Hook, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    let mut url = settings.webhook_url.reveal().as_url().clone();
    let body = body(message);
    let request = match thread.filter(|_| message.kind != Kind::Reminded) {
        Some(thread) => {
            push_path(&mut url, &["messages", &thread.id])?;
            Request { method: "PATCH", ..Request::json(url, &body) }.for_step(Step::Follow)
        }
        None => {
            // Without it the answer has no id.
            url.query_pairs_mut().append_pair("wait", "true");
            Request::json(url, &body)
        }
    };
    Ok(Outgoing::Http(request))
}

fn push_path(url: &mut Url, path: &[&str]) -> Result<(), Invalid> {
    let mut segments = url.path_segments_mut().map_err(|()| Invalid::new("must be a URL of a webhook"))?;
    segments.pop_if_empty().extend(path);
    Ok(())
}

fn body(message: &Message) -> Value {
    let links: Vec<String> = message.links().iter().map(|(label, url)| format!("[{label}]({})", link(url))).collect();
    // Half a link is none.
    let links = Some(links.join(" · ")).filter(|links| units(links) <= LINKS_MAX).unwrap_or_default();
    let facts: Vec<(String, String)> = message
        .facts
        .iter()
        .take(FACTS_MAX)
        .map(|fact| (escaped(fact.label, NAME_MAX, markdown), escaped(&fact.value, VALUE_MAX, markdown)))
        .collect();
    let taken = units(&links) + facts.iter().map(|(label, value)| units(label) + units(value)).sum::<usize>();
    let words = message.words();
    let room = (EMBEDS_MAX - taken - 2).min(DESCRIPTION_MAX - LINKS_MAX - 2);
    let mut description = escaped(&words, room, markdown);
    if !links.is_empty() {
        description = format!("{description}\n\n{links}");
    }
    let fields: Vec<Value> =
        facts.iter().map(|(label, value)| json!({"name": label, "value": value, "inline": true})).collect();
    json!({
        "content": escaped(&message.title, CONTENT_MAX, markdown),
        "embeds": [{
            "description": description,
            "color": message.level.colour(),
            "fields": fields,
            "timestamp": message.at.to_string(),
        }],
        "allowed_mentions": {"parse": []},
    })
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(crate) fn judge(sent: &Request, answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let why = said(answer, body["message"].as_str().unwrap_or_default());
    match answer.status {
        200..300 => Verdict::Delivered { thread: body["id"].as_str().map(Thread::new) },
        429 => {
            #[expect(clippy::cast_possible_truncation, reason = "a wait of some seconds")]
            let told = body["retry_after"].as_f64().map(|seconds| seconds.ceil() as i64);
            Verdict::Retry { after_s: told.or(answer.retry_after_s), why }
        }
        // The message was deleted, is of another webhook, or was changed too often: it is posted anew.
        400 | 403 | 404 if sent.step == Step::Follow => Verdict::Next { thread: None },
        _ => by_status(answer, why, &[401, 403, 404, 410]),
    }
}
