//! PagerDuty, by the Events API v2.
//!
//! The incident is the `dedup_key`: `trigger` opens an alert or adds to the one of this key, `acknowledge` and `resolve` apply to the
//! open alert of this key and to nothing else. PagerDuty groups alerts by itself, so it is never sent a digest of incidents, whose
//! alerts could not be resolved one by one. Its API has no comments.

use serde_json::{Map, Value, json};
use valpero_domain::{Invalid, channel::PagerDuty};

use crate::{
    judge::{by_status, said},
    message::{Kind, Level, Message},
    text::cut,
    wire::{Answer, Outgoing, Request, Verdict, below},
};

const VENDOR: &str = "https://events.pagerduty.com";
const VENDOR_EU: &str = "https://events.eu.pagerduty.com";
const DEDUP_KEY_MAX: usize = 255;
const SUMMARY_MAX: usize = 1_024;
/// An event is 512 KB at most; nothing else is bounded.
const DETAIL_MAX: usize = 4_000;
const FACTS_MAX: usize = 20;

pub(crate) fn render(settings: &PagerDuty, message: &Message) -> Result<Outgoing, Invalid> {
    let action = match message.kind {
        Kind::Commented => return Ok(Outgoing::Nothing { why: "PagerDuty takes no comments" }),
        Kind::MuteEnded => return Ok(Outgoing::Nothing { why: "PagerDuty is told of incidents alone" }),
        Kind::Resolved if message.context.opening_untold => {
            return Ok(Outgoing::Nothing { why: "PagerDuty was never told of this incident" });
        }
        Kind::Acknowledged => "acknowledge",
        Kind::Resolved | Kind::Recovered | Kind::Stable => "resolve",
        Kind::Opened
        | Kind::Reminded
        | Kind::Degraded
        | Kind::Unwatched
        | Kind::SslExpiring
        | Kind::Flapping
        | Kind::Digest
        | Kind::Test => "trigger",
    };
    let vendor = if settings.eu { VENDOR_EU } else { VENDOR };
    let url = below(settings.api_url.as_ref(), vendor, &["v2", "enqueue"])?;
    let mut body = json!({
        "routing_key": settings.routing_key.reveal(),
        "event_action": action,
        "dedup_key": cut(&message.topic, DEDUP_KEY_MAX),
    });
    if action == "trigger" {
        body["payload"] = payload(message);
        body["client"] = json!("Valpero");
        if let Some(view) = message.view() {
            body["client_url"] = json!(view);
        }
        let links: Vec<Value> =
            message.links().iter().map(|(label, url)| json!({"href": url, "text": label})).collect();
        body["links"] = json!(links);
    }
    Ok(Outgoing::Http(Request::json(url, &body)))
}

fn payload(message: &Message) -> Value {
    let severity = match message.level {
        Level::Critical => "critical",
        Level::Warning => "warning",
        Level::Good | Level::Info => "info",
    };
    let subject = message.subject.as_ref();
    let mut details: Map<String, Value> = message
        .facts
        .iter()
        .take(FACTS_MAX)
        .map(|fact| (fact.label.to_owned(), json!(cut(&fact.value, DETAIL_MAX))))
        .collect();
    let texts: Vec<String> = message.items.iter().map(crate::message::Item::line).collect();
    for (label, text) in [("Note", message.note.clone().unwrap_or_default()), ("Messages", texts.join("\n"))] {
        if !text.is_empty() {
            details.insert(label.to_owned(), json!(cut(&text, DETAIL_MAX)));
        }
    }
    json!({
        "summary": cut(&format!("{}. {}", message.title, message.summary), SUMMARY_MAX),
        "source": cut(subject.map_or("Valpero", |subject| &subject.target), SUMMARY_MAX),
        "severity": severity,
        "timestamp": message.at.to_string(),
        "component": cut(subject.map_or("Valpero", |subject| &subject.name), SUMMARY_MAX),
        "class": message.kind.as_str(),
        "custom_details": details,
    })
}

pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let errors =
        body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
    let words = if errors.is_empty() { body["message"].as_str().unwrap_or_default() } else { &errors };
    let why = said(answer, words);
    let key = words.to_lowercase().replace(['_', '\''], " ");
    if answer.status == 400 && (key.contains("routing key") || body["status"] == "invalid key") {
        return Verdict::Refused { why };
    }
    by_status(answer, why, &[401, 403, 404])
}
