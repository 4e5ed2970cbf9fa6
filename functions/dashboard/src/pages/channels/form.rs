//! The form of a channel: the fields of its type as controls, and what was sent as the API's JSON.

use serde_json::{Map, Value};
use valpero_domain::{
    Fault, Field, Kind,
    channel::{API_URL, ChannelSpec, ChannelType, ENABLED, EVENT, EVENTS, HEADERS, NAME, TYPE},
    http_check::REDACTED,
};

use crate::{
    form::{Control, Sent, Shape, without_nulls},
    texts::Texts,
};

/// The controls of a channel's form.
#[derive(Debug)]
pub struct Controls {
    /// Those that all see.
    pub main: Vec<Control>,
    /// Those that few need.
    pub more: Vec<Control>,
    /// The event of a preview.
    pub event: Control,
}

impl Controls {
    /// The controls of a type, with these values. `values` has the members of a channel, and may have the event of a preview.
    pub fn of(t: &Texts, kind: ChannelType, is_new: bool, values: &Value, faults: &[Fault]) -> Self {
        let mut main = vec![Control::of(t, &NAME, NAME.name, values, faults)];
        let mut more = Vec::new();
        for field in kind.fields() {
            let shown = control(t, field, values, faults);
            if field.name == API_URL.name {
                more.push(shown);
            } else {
                main.push(shown);
            }
        }
        main.push(Control::of(t, &EVENTS, EVENTS.name, values, faults));
        if !is_new {
            main.push(Control::of(t, &ENABLED, ENABLED.name, values, faults));
        }
        Self { main, more, event: Control::of(t, &EVENT, EVENT.name, values, faults) }
    }

    /// Whether those that few need are used, or are at fault.
    pub fn more_is_used(&self) -> bool {
        self.more.iter().any(|control| control.fault.is_some() || !control.value.is_empty())
    }

    /// Faults that no control shows.
    pub fn rest(&self, faults: &[Fault]) -> Vec<String> {
        let controls: Vec<&Control> = self.main.iter().chain(&self.more).chain([&self.event]).collect();
        let is_shown = |fault: &Fault| {
            let mut place = fault.pointer.split('/').skip(1);
            let name = place.next().unwrap_or_default();
            controls.iter().any(|control| control.name == name)
        };
        faults
            .iter()
            .filter(|fault| !is_shown(fault))
            .map(|fault| format!("{} {}", fault.pointer, fault.detail))
            .collect()
    }
}

/// A setting. Most texts are long enough to be written on several lines, and are not.
fn control(t: &Texts, field: &Field, values: &Value, faults: &[Fault]) -> Control {
    let mut control = Control::of(t, field, field.name, values, faults);
    match field.kind {
        Kind::Text(text) if text.secret && text.format != "uri" => control.shape = Shape::Secret,
        Kind::Text(text) if !text.lines && text.values.is_empty() => control.shape = Shape::Line,
        Kind::Map { .. } => {
            control.shape = Shape::Lines;
            control.value = header_lines(values.get(field.name));
            control.hint = t.alerts.headers_hint.to_owned();
        }
        _ => {}
    }
    control
}

/// Headers as lines: `Name: value`.
pub fn header_lines(headers: Option<&Value>) -> String {
    let Some(headers) = headers.and_then(Value::as_object) else { return String::new() };
    let lines: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default())).collect();
    lines.join("\n")
}

/// Lines as headers; null where there is none.
fn headers_of(lines: &str) -> Value {
    let mut headers = Map::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        headers.insert(name.trim().to_owned(), Value::from(value.trim()));
    }
    if headers.is_empty() { Value::Null } else { Value::Object(headers) }
}

/// The channel that was sent, as JSON: what is empty is null.
pub fn values(sent: &Sent) -> Value {
    let mut values = sent.object(&ChannelSpec::OBJECT, "");
    if let Some(members) = values.as_object_mut() {
        if sent.has(EVENTS.name) && sent.texts(EVENTS.name).is_empty() {
            // None at all is a fault, while null would be the default.
            members.insert(EVENTS.name.to_owned(), Value::Array(Vec::new()));
        }
        if sent.has(HEADERS.name) {
            members.insert(HEADERS.name.to_owned(), headers_of(sent.text(HEADERS.name)));
        }
    }
    values
}

/// The same as a form shows it again, with the event of a preview.
pub fn shown(sent: &Sent) -> Value {
    let mut values = values(sent);
    if let Some(members) = values.as_object_mut() {
        members.insert(EVENT.name.to_owned(), Value::from(sent.text(EVENT.name)));
    }
    values
}

/// What changes a channel: headers that are no longer there are removed.
pub fn patch(sent: &Sent, stored: &Value) -> Value {
    let mut values = values(sent);
    remove_headers(&mut values, stored);
    values
}

fn remove_headers(values: &mut Value, stored: &Value) {
    let Some(given) = values.get_mut(HEADERS.name).and_then(Value::as_object_mut) else { return };
    let stored = stored.get(HEADERS.name).and_then(Value::as_object);
    for name in stored.into_iter().flat_map(Map::keys) {
        if !given.keys().any(|other| other.eq_ignore_ascii_case(name)) {
            given.insert(name.clone(), Value::Null);
        }
    }
}

/// What is previewed. A secret that is not shown is left out, for the preview does not know it.
pub fn preview(sent: &Sent, kind: ChannelType) -> Value {
    let mut values = sent.object(&ChannelSpec::PREVIEW, "");
    if let Some(members) = values.as_object_mut() {
        members.insert(TYPE.name.to_owned(), Value::from(kind.as_str()));
        if sent.has(HEADERS.name) {
            members.insert(HEADERS.name.to_owned(), headers_of(sent.text(HEADERS.name)));
        }
        members.retain(|_, value| value.as_str() != Some(REDACTED));
        if let Some(headers) = members.get_mut(HEADERS.name).and_then(Value::as_object_mut) {
            headers.retain(|_, value| value.as_str() != Some(REDACTED));
        }
    }
    without_nulls(values)
}

/// Whether a channel of this type can be previewed without its secrets.
pub fn shows_without_secrets(kind: ChannelType) -> bool {
    matches!(kind, ChannelType::Email | ChannelType::Ntfy | ChannelType::Webhook)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_lines_and_come_back() {
        let headers = headers_of("X-Token: a:b \r\n\r\n  Accept:*/*\nX-Empty");
        assert_eq!(headers, json!({"X-Token": "a:b", "Accept": "*/*", "X-Empty": ""}));
        assert_eq!(headers_of(&header_lines(Some(&headers))), headers);
        assert_eq!((headers_of(" \r\n"), header_lines(None)), (Value::Null, String::new()));
    }

    #[test]
    fn a_header_that_is_no_longer_there_is_removed() {
        let stored = json!({"headers": {"X-Old": "***", "X-Kept": "***"}});
        let mut values = json!({"headers": {"x-kept": "***", "X-New": "1"}});
        remove_headers(&mut values, &stored);
        assert_eq!(values, json!({"headers": {"x-kept": "***", "X-New": "1", "X-Old": null}}));
        let mut none = json!({"headers": null});
        remove_headers(&mut none, &stored);
        assert_eq!(none, json!({"headers": null}));
    }
}
