//! The form of a monitor as the body of a request.

use serde_json::{Map, Value};
use valpero_domain::{MonitorSpec, monitor::CHECK_INTERVAL};

use crate::form::Sent;

/// What the form says, as JSON; what is empty is null. `stored` is the monitor that it changes.
pub fn of(sent: &Sent, stored: Option<&Value>) -> Value {
    let mut body = sent.object(&MonitorSpec::OBJECT, "");
    if let Some(members) = body.as_object_mut() {
        if sent.has("tags") {
            members.insert("tags".to_owned(), tags(sent.text("tags")));
        }
        let other = sent.text("check_interval_other");
        if !other.trim().is_empty() {
            members.insert(CHECK_INTERVAL.name.to_owned(), CHECK_INTERVAL.value_of(other));
        }
    }
    if sent.has("http.headers") {
        let typed = sent.text("http.headers").replace("\r\n", "\n");
        put(&mut body, "http", "headers", headers(&typed, stored.and_then(|stored| stored.pointer("/http/headers"))));
    }
    // What is sent on the wire keeps the line ends of a form, which are those of most protocols.
    for (object, name, is_wire) in [("http", "body", false), ("tcp", "send", true), ("tcp", "expect", true)] {
        let typed = sent.text(&format!("{object}.{name}"));
        if typed.is_empty() {
            continue;
        }
        let stored = stored.and_then(|stored| stored.get(object)?.get(name)?.as_str());
        match stored.filter(|stored| unified(stored) == unified(typed)) {
            // Line ends that a browser has changed are no change.
            Some(stored) => put(&mut body, object, name, Value::from(stored)),
            None if is_wire => put(&mut body, object, name, Value::from(typed)),
            None => {}
        }
    }
    body
}

/// The same for the form that is shown again: its headers as they were typed.
pub fn shown(sent: &Sent, body: &Value) -> Value {
    let mut shown = body.clone();
    if sent.has("http.headers") {
        put(&mut shown, "http", "headers", Value::from(sent.text("http.headers").replace("\r\n", "\n")));
    }
    shown
}

fn unified(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn put(body: &mut Value, object: &str, name: &str, value: Value) {
    let Some(members) = body.as_object_mut() else { return };
    let inner = members.entry(object).or_insert(Value::Null);
    if inner.is_null() && !value.is_null() {
        *inner = Value::Object(Map::new());
    }
    if let Some(inner) = inner.as_object_mut() {
        inner.insert(name.to_owned(), value);
    }
}

/// Tags that stand on lines or between commas.
fn tags(typed: &str) -> Value {
    let tags = typed.split([',', '\n']).map(str::trim).filter(|tag| !tag.is_empty());
    let tags: Vec<Value> = tags.map(Value::from).collect();
    if tags.is_empty() { Value::Null } else { Value::Array(tags) }
}

/// Lines of `name: value` as an object, with null for the stored names that are not among them. Text that is no such lines stays a text,
/// so that the API says that it does not fit.
fn headers(typed: &str, stored: Option<&Value>) -> Value {
    if typed.trim().is_empty() {
        return Value::Null;
    }
    let mut members: Map<String, Value> = Map::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { return Value::from(typed) };
        let before = members.insert(name.trim().to_owned(), Value::from(value.trim()));
        if before.is_some() {
            return Value::from(typed);
        }
    }
    let gone = stored.and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let gone = gone.filter(|name| !members.keys().any(|given| given.eq_ignore_ascii_case(name)));
    let gone: Vec<String> = gone.cloned().collect();
    members.extend(gone.into_iter().map(|name| (name, Value::Null)));
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_lines_and_those_that_are_gone_are_null() {
        let stored = json!({"X-Old": "***", "Authorization": "***"});
        let typed = "authorization: ***\n\nAccept: a:b";
        let expected = json!({"authorization": "***", "Accept": "a:b", "X-Old": null});
        assert_eq!(headers(typed, Some(&stored)), expected);
        assert_eq!(headers("  ", Some(&stored)), Value::Null);
        for strange in ["no colon", "a: 1\na: 2"] {
            assert_eq!(headers(strange, None), json!(strange));
        }
    }

    #[test]
    fn tags_stand_on_lines_or_between_commas() {
        assert_eq!(tags("shop, prod\r\n eu ,"), json!(["shop", "prod", "eu"]));
        assert_eq!(tags(" , "), Value::Null);
    }
}
