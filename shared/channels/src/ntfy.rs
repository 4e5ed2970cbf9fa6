//! ntfy. The incident is the `sequence_id`: from server 2.16 on, later news of it take the place of the first message; older servers
//! show each by itself. A reminder is a message of its own, since a change may make no sound.

use serde_json::{Value, json};
use valpero_domain::{Invalid, channel::Ntfy};

use crate::{
    judge::{by_status, said},
    message::{Kind, Level, Message},
    text::{cut, cut_json},
    wire::{Answer, Outgoing, Request, Verdict},
};

const TITLE_MAX: usize = 250;
/// A message is 4,096 bytes at most, and one of more becomes an attachment; the whole of its JSON may have twice as much.
const MESSAGE_MAX: usize = 4_096;
const URL_MAX: usize = 1_000;
const SEQUENCE_MAX: usize = 64;

#[expect(clippy::unnecessary_wraps, reason = "all types have this form")]
pub(crate) fn render(settings: &Ntfy, message: &Message) -> Result<Outgoing, Invalid> {
    // JSON is published at the root of the server, and names its topic.
    let url = settings.server.as_url().clone();
    let mut request = Request::json(url, &body(&settings.topic, message));
    if let Some(token) = &settings.token {
        request = request.with("authorization", format!("Bearer {}", token.reveal()));
    }
    Ok(Outgoing::Http(request))
}

fn body(topic: &str, message: &Message) -> Value {
    let (priority, tag) = match (message.kind, message.level) {
        (Kind::Opened | Kind::Reminded, _) => (5, "rotating_light"),
        (_, Level::Critical) => (4, "rotating_light"),
        (_, Level::Warning) => (3, "warning"),
        (_, Level::Good) => (3, "white_check_mark"),
        (Kind::Test, Level::Info) => (3, "information_source"),
        (_, Level::Info) => (2, "information_source"),
    };
    let links = message.links().into_iter().filter(|(_, url)| url.len() <= URL_MAX);
    let actions: Vec<Value> = links.map(|(label, url)| json!({"action": "view", "label": label, "url": url})).collect();
    let mut body = json!({
        "topic": topic,
        "title": cut(&message.title, TITLE_MAX),
        "message": cut_json(&message.plain(), MESSAGE_MAX),
        "priority": priority,
        "tags": [tag],
        "actions": actions,
    });
    if message.kind != Kind::Reminded {
        // Its characters are letters, digits, - and _.
        let sequence: String = message.topic.replace('.', "-").chars().take(SEQUENCE_MAX).collect();
        body["sequence_id"] = json!(sequence);
    }
    if let Some(view) = message.view().filter(|view| view.len() <= URL_MAX) {
        body["click"] = json!(view);
    }
    body
}

pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let why = said(answer, body["error"].as_str().unwrap_or_default());
    by_status(answer, why, &[401, 403, 404, 410])
}
