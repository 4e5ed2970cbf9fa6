//! A webhook of our own: the body of a monitor's webhook, or what a template makes of it. The caller signs it.

use serde_json::{Value, json};
use valpero_domain::{Invalid, channel::Webhook};

use crate::{
    judge::said,
    message::Message,
    template,
    wire::{Answer, Outgoing, Request, Verdict},
};

pub(crate) fn render(settings: &Webhook, message: &Message) -> Result<Outgoing, Invalid> {
    let values = body(message);
    let mut request = Request::json(settings.url.as_url().clone(), &values);
    if let Some(template) = &settings.template {
        request.body = render_template(template, values, message)?.into_bytes();
    }
    for (name, value) in settings.headers.iter() {
        request = request.with(&name.to_ascii_lowercase(), value.to_owned());
    }
    Ok(Outgoing::Http(request))
}

/// A template sees the members of the default body, and `message`: the same in words.
fn render_template(template: &str, mut values: Value, message: &Message) -> Result<String, Invalid> {
    values["message"] = message.value();
    template::render(template, &values)
}

/// The body of a monitor's webhook; for what has none, such as a digest, one of the same shape.
fn body(message: &Message) -> Value {
    if message.context.body.is_object() {
        return message.context.body.clone();
    }
    json!({
        "id": message.context.delivery,
        "type": format!("channel.{}", message.kind.as_str()),
        "created_at": message.at.to_string(),
        "data": message.value(),
    })
}

/// As for a monitor's webhook: 2xx alone is success, and 410 means never again.
pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let why = said(answer, "");
    match answer.status {
        200..300 => Verdict::Delivered { thread: None },
        410 => Verdict::Refused { why },
        _ => Verdict::Retry { after_s: answer.retry_after_s, why },
    }
}
