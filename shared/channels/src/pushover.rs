//! Pushover.
//!
//! The beginning of an incident is an emergency: the phone repeats it for an hour until somebody acknowledges it there. Its tag is the
//! incident, so its end, or its acknowledgement with us, cancels the repeats before it is told; cancelling may be repeated without
//! harm, and needs no receipt to be kept.

use url::form_urlencoded;
use valpero_domain::{Invalid, channel::Pushover};

use crate::{
    judge::{by_status, said},
    message::{Kind, Level, Message},
    text::cut,
    wire::{Answer, Outgoing, Request, Step, Thread, Verdict, below},
};

const VENDOR: &str = "https://api.pushover.net";
const TITLE_MAX: usize = 250;
const MESSAGE_MAX: usize = 1_024;
const URL_MAX: usize = 512;
/// Seconds between the repeats of an emergency (30 at least), and until they end (10,800 at most).
const RETRY_S: &str = "60";
const EXPIRE_S: &str = "3600";

pub(crate) fn render(settings: &Pushover, message: &Message, thread: Option<&Thread>) -> Result<Outgoing, Invalid> {
    let token = settings.token.reveal();
    let tag = message.topic.replace(',', "");
    let ends = matches!(message.kind, Kind::Acknowledged | Kind::Resolved) && !message.context.opening_untold;
    if ends && !thread.is_some_and(|thread| thread.prepared) {
        let url =
            below(settings.api_url.as_ref(), VENDOR, &["1", "receipts", "cancel_by_tag", &format!("{tag}.json")])?;
        let step = Step::Prepare(Thread::default().prepared());
        return Ok(Outgoing::Http(form(url, &[("token", token.to_owned())]).for_step(step)));
    }
    let url = below(settings.api_url.as_ref(), VENDOR, &["1", "messages.json"])?;
    let priority = match (message.kind, message.level) {
        (Kind::Opened, _) => "2",
        (_, Level::Critical) => "1",
        (Kind::Test, _) | (_, Level::Warning | Level::Good) => "0",
        (_, Level::Info) => "-1",
    };
    let mut fields = vec![
        ("token", token.to_owned()),
        ("user", settings.user.clone()),
        ("title", cut(&message.title, TITLE_MAX)),
        ("message", cut(&message.plain(), MESSAGE_MAX)),
        ("priority", priority.to_owned()),
        ("timestamp", message.at.seconds().to_string()),
    ];
    if priority == "2" {
        fields.extend([("retry", RETRY_S.to_owned()), ("expire", EXPIRE_S.to_owned()), ("tags", tag)]);
    }
    let mut links = message.links().into_iter().filter(|(_, url)| url.len() <= URL_MAX);
    if let Some((label, url)) = links.next() {
        fields.extend([("url", url.to_owned()), ("url_title", label.to_owned())]);
    }
    Ok(Outgoing::Http(form(url, &fields)))
}

fn form(url: url::Url, fields: &[(&str, String)]) -> Request {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    Request { method: "POST", url, headers, body: body.into_bytes(), step: Step::Deliver }
}

pub(crate) fn judge(sent: &Request, answer: &Answer<'_>) -> Verdict {
    let body = answer.json();
    let errors = body["errors"].as_array().into_iter().flatten().filter_map(|error| error.as_str());
    let why = said(answer, &errors.collect::<Vec<_>>().join("; "));
    let refused = body["user"] == "invalid" || body["token"] == "invalid";
    match (&sent.step, answer.status) {
        (_, 400..500) if refused && answer.status != 429 => Verdict::Refused { why },
        (Step::Prepare(thread), 200..300 | 400..=428 | 430..500) => Verdict::Next { thread: Some(thread.clone()) },
        _ => by_status(answer, why, &[401, 403]),
    }
}
