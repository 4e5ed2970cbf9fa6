//! Microsoft Teams, by a workflow: an Adaptive Card.
//!
//! The workflow answers 202 with no id: what it posted can be neither changed nor answered. Texts are runs of rich text, in which no
//! Markdown is read.

use serde_json::{Value, json};
use valpero_domain::{Invalid, channel::Teams};

use crate::{
    judge::{by_status, said},
    message::{Level, Message},
    text::cut_json,
    wire::{Answer, Outgoing, Request, Verdict},
};

/// A message of Teams is 28 KB at most. These, in bytes of JSON, keep far enough below it.
const TITLE_MAX: usize = 600;
const SUMMARY_MAX: usize = 1_600;
const NOTE_MAX: usize = 4_000;
const FACT_MAX: usize = 900;
const FACTS_MAX: usize = 12;
const LABEL_MAX: usize = 60;
const ITEM_MAX: usize = 220;
const ITEMS_MAX: usize = 20;
const URL_MAX: usize = 1_500;

#[expect(clippy::unnecessary_wraps, reason = "all types have this form")]
pub(crate) fn render(settings: &Teams, message: &Message) -> Result<Outgoing, Invalid> {
    let url = settings.workflow_url.reveal().as_url().clone();
    Ok(Outgoing::Http(Request::json(url, &body(message))))
}

fn run(text: &str, max: usize) -> Value {
    json!({"type": "TextRun", "text": cut_json(text, max)})
}

fn block(runs: &[Value]) -> Value {
    json!({"type": "RichTextBlock", "inlines": runs, "spacing": "Small"})
}

fn body(message: &Message) -> Value {
    let colour = match message.level {
        Level::Critical => "Attention",
        Level::Warning => "Warning",
        Level::Good => "Good",
        Level::Info => "Default",
    };
    let mut title = run(&message.title, TITLE_MAX);
    title["weight"] = json!("Bolder");
    title["size"] = json!("Large");
    title["color"] = json!(colour);
    let mut blocks = vec![block(&[title]), block(&[run(&message.summary, SUMMARY_MAX)])];
    if let Some(note) = &message.note {
        blocks.push(block(&[run(note, NOTE_MAX)]));
    }
    for item in message.items.iter().take(ITEMS_MAX) {
        blocks.push(block(&[run(&format!("• {}", item.line()), ITEM_MAX)]));
    }
    if message.items.len() > ITEMS_MAX {
        // The title says how many there are.
        blocks.push(block(&[run("… and others", ITEM_MAX)]));
    }
    for fact in message.facts.iter().take(FACTS_MAX) {
        let mut label = run(&format!("{}: ", fact.label), LABEL_MAX);
        label["isSubtle"] = json!(true);
        blocks.push(block(&[label, run(&fact.value, FACT_MAX)]));
    }
    let links = message.links().into_iter().filter(|(_, url)| url.len() <= URL_MAX);
    let actions: Vec<Value> =
        links.map(|(label, url)| json!({"type": "Action.OpenUrl", "title": label, "url": url})).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": cut_json(&message.title, TITLE_MAX),
                "msteams": {"width": "Full"},
                "body": blocks,
                "actions": actions,
            },
        }],
    })
}

pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let error = &body["error"];
    let code = error["code"].as_str().unwrap_or_default();
    let why = said(answer, error["message"].as_str().unwrap_or(code));
    // Its owner has switched the workflow off, or left.
    if matches!(code, "WorkflowTriggerIsNotEnabled" | "WorkflowNotFound" | "DirectApiAuthorizationRequired") {
        return Verdict::Refused { why };
    }
    by_status(answer, why, &[401, 403, 404, 410])
}
