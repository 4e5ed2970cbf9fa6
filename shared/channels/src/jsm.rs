//! Jira Service Management, by the operations API: the heir of Opsgenie.
//!
//! The incident is the alert's `alias`. An alert is acknowledged, closed and commented by its own id, which the answer to its creation
//! does not name: it is looked up by the alias first, which may be repeated without harm.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use valpero_domain::{Invalid, channel::Jsm};

use crate::{
    judge::{by_status, said},
    message::{Item, Kind, Level, Message},
    text::cut,
    wire::{Answer, Outgoing, Request, Step, Thread, Verdict, below},
};

const VENDOR: &str = "https://api.atlassian.com";
const MESSAGE_MAX: usize = 130;
const ALIAS_MAX: usize = 512;
const DESCRIPTION_MAX: usize = 15_000;
const ENTITY_MAX: usize = 512;
/// All names and values of the details together.
const DETAILS_MAX: usize = 8_000;
const DETAIL_MAX: usize = 700;
const NOTE_MAX: usize = 25_000;

pub(crate) fn render(settings: &Jsm, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    let action = match message.kind {
        Kind::MuteEnded => return Ok(Outgoing::Nothing { why: "Jira is told of incidents alone" }),
        Kind::Resolved if message.context.opening_untold => {
            return Ok(Outgoing::Nothing { why: "Jira was never told of this incident" });
        }
        Kind::Acknowledged => Some("acknowledge"),
        Kind::Commented => Some("notes"),
        Kind::Resolved | Kind::Recovered | Kind::Stable => Some("close"),
        Kind::Opened
        | Kind::Reminded
        | Kind::Degraded
        | Kind::Unwatched
        | Kind::SslExpiring
        | Kind::Flapping
        | Kind::Digest
        | Kind::Test => None,
    };
    let alerts = |rest: &[&str]| {
        let path = ["jsm", "ops", "api", &settings.cloud_id, "v1", "alerts"];
        below(settings.api_url.as_ref(), VENDOR, &[&path, rest].concat())
    };
    let alias = cut(&message.topic, ALIAS_MAX);
    let request = match (action, thread) {
        (None, _) => Request::json(alerts(&[])?, &alert(message, &alias)),
        (Some(action), Some(thread)) => {
            let body = json!({"note": cut(&format!("{}\n\n{}", message.title, message.plain()), NOTE_MAX), "source": "Valpero"});
            Request::json(alerts(&[&thread.id, action])?, &body).for_step(Step::Follow)
        }
        (Some(_), None) => {
            let mut url = alerts(&["alias"])?;
            url.query_pairs_mut().append_pair("alias", &alias);
            // The end of an incident that could not be told would leave its alert open for good.
            let step = Step::Find { must_exist: message.incident.is_some() && message.kind != Kind::Stable };
            Request { method: "GET", url, headers: Vec::new(), body: Vec::new(), step }
        }
    };
    let credentials = STANDARD.encode(format!("{}:{}", settings.email, settings.api_token.reveal()));
    let request = request.with("authorization", format!("Basic {credentials}"));
    Ok(Outgoing::Http(request.with("accept", "application/json".to_owned())))
}

fn alert(message: &Message, alias: &str) -> Value {
    let priority = match message.level {
        Level::Critical => "P1",
        Level::Warning => "P3",
        Level::Good | Level::Info => "P5",
    };
    let mut details = Map::new();
    let mut room = DETAILS_MAX;
    for fact in &message.facts {
        let value = cut(&fact.value, DETAIL_MAX);
        let size = (fact.label.len() + value.encode_utf16().count()).min(room);
        room -= size;
        if room > 0 {
            details.insert(fact.label.to_owned(), json!(value));
        }
    }
    let links: Vec<String> = message.links().iter().map(|(label, url)| format!("{label}: {url}")).collect();
    let mut words = vec![message.summary.clone(), message.note.clone().unwrap_or_default()];
    words.push(message.items.iter().map(Item::line).collect::<Vec<_>>().join("\n"));
    words.retain(|part| !part.is_empty());
    let description = cut(&words.join("\n\n"), DESCRIPTION_MAX / 2);
    let links = Some(links.join("\n")).filter(|links| links.len() < DESCRIPTION_MAX / 2).unwrap_or_default();
    json!({
        "message": cut(&message.title, MESSAGE_MAX),
        "alias": alias,
        "description": format!("{description}\n\n{links}").trim_end(),
        "entity": cut(message.subject.as_ref().map_or("Valpero", |subject| &subject.name), ENTITY_MAX),
        "source": "Valpero",
        "priority": priority,
        "tags": ["valpero"],
        "extraProperties": details,
    })
}

pub(crate) fn judge(sent: &Request, answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let why = said(answer, body["message"].as_str().or(body["errors"][0]["title"].as_str()).unwrap_or_default());
    match (&sent.step, answer.status) {
        (Step::Find { .. }, 200..300) => match body["id"].as_str() {
            Some(id) => Verdict::Next { thread: Some(Thread::new(id).prepared()) },
            None => Verdict::Retry { after_s: None, why: said(answer, "the alert has no id yet") },
        },
        // Alerts are created a moment after their creation was accepted.
        (Step::Find { must_exist: true }, 404) => Verdict::Retry { after_s: answer.retry_after_s, why },
        (Step::Find { must_exist: false }, 404) => Verdict::Undeliverable { why },
        // It is gone, and with it what could be done to it.
        (Step::Follow, 404) => Verdict::Undeliverable { why },
        _ => by_status(answer, why, &[401, 403, 404]),
    }
}
