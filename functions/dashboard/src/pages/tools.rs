//! `/tools`: probes on request, of which nothing is stored.

mod report;

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::Query, http::Method, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use valpero_domain::{dns_check::RecordType, host_checks::StartTls};
use valpero_http::Problem;

use super::settings::{Refused, choice, line, option};
use crate::{
    form::{Control, Option_, Sent, Shape},
    page::{Shell, page},
    texts::tools::Tools,
    visitor::Visitor,
};
use report::Seen;

/// The tools, as the API spells them.
const TOOLS: [&str; 5] = ["http", "ssl", "dns", "ping", "headers"];

/// The page's query: which tool, and what its form begins with.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    tool: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    name: String,
}

/// A tool that can be chosen.
#[derive(Debug)]
struct Chip {
    path: String,
    label: &'static str,
    is_present: bool,
}

#[derive(Template)]
#[template(path = "tools.html")]
struct Page {
    shell: Shell,
    may: bool,
    chips: Vec<Chip>,
    tool: &'static str,
    says: &'static str,
    sentence: String,
    controls: Vec<Control>,
    seen: Option<Seen>,
}

/// `GET /tools`.
///
/// # Errors
/// Where the template fails.
pub async fn show(
    Extension(visitor): Extension<Arc<Visitor>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let values = json!({"url": asked.url, "host": asked.host, "name": asked.name});
    answer(&visitor, known(&asked.tool), &values, None, &Refused::default())
}

/// `POST /tools`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn run(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let tool = known(sent.text("tool"));
    let controls = controls(&visitor.t.tools, tool, &Value::Null, &Refused::default());
    let mut typed: Map<String, Value> = Map::new();
    let mut body: Map<String, Value> = Map::new();
    for control in &controls {
        let text = sent.text(&control.name);
        typed.insert(control.name.clone(), json!(text));
        if let Some(value) = value_of(control.shape, text) {
            body.insert(control.name.clone(), value);
        }
    }
    let path = format!("/api/v1/tools/{tool}");
    match visitor.client.send(Method::POST, &path, &Value::Object(body)).await {
        Ok(found) => {
            let words = visitor.shell("tools").words();
            let seen = Seen::of(&words, tool, found.json)?;
            answer(&visitor, tool, &Value::Object(typed), Some(seen), &Refused::default())
        }
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            answer(&visitor, tool, &Value::Object(typed), None, &refused)
        }
    }
}

fn known(tool: &str) -> &'static str {
    TOOLS.into_iter().find(|known| *known == tool).unwrap_or("http")
}

fn answer(
    visitor: &Visitor,
    tool: &'static str,
    values: &Value,
    seen: Option<Seen>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let m = &visitor.t.tools;
    let shell = visitor.shell("tools");
    let controls = controls(m, tool, values, refused);
    let names: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
    let sentence = refused.sentence(&names);
    let chips = TOOLS.into_iter().map(|one| Chip {
        path: format!("/tools?tool={one}"),
        label: (m.name)(one),
        is_present: one == tool,
    });
    let template = Page {
        may: shell.may("monitors:read"),
        chips: chips.collect(),
        tool,
        says: (m.says)(tool),
        sentence,
        controls,
        seen,
        shell,
    };
    page(refused.status, &template)
}

/// A control's text as JSON; none where it says nothing.
fn value_of(shape: Shape, text: &str) -> Option<Value> {
    let text = text.trim();
    match shape {
        _ if text.is_empty() => None,
        Shape::Number => Some(text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))),
        Shape::Tick => Some(json!(text == "true")),
        _ => Some(json!(text)),
    }
}

/// The controls of a tool, with these values and what is wrong with them.
fn controls(m: &Tools, tool: &str, values: &Value, refused: &Refused) -> Vec<Control> {
    let value = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
    let text = |name: &str, label: &str, hint: &str| line(name, label, hint, value(name), refused.fault(name));
    let needed = |name: &str, label: &str, hint: &str, placeholder: &str| {
        let mut control = text(name, label, hint);
        control.required = true;
        control.placeholder = placeholder.to_owned();
        control
    };
    let tick = |name: &str, label: &str| {
        // Default of both: true.
        let says = if value(name).is_empty() { "true" } else { value(name) };
        Control { shape: Shape::Tick, ..line(name, label, "", says, refused.fault(name)) }
    };
    let port = |default: &str| Control {
        shape: Shape::Number,
        min: "1".to_owned(),
        max: "65535".to_owned(),
        step: "1".to_owned(),
        placeholder: default.to_owned(),
        ..text("port", m.port, &(m.port_says)(default))
    };
    let select = |name: &str, label: &str, hint: &str, options: Vec<&str>, default: &str| {
        let chosen = if value(name).is_empty() { default } else { value(name) };
        let options: Vec<Option_> = options.into_iter().map(|one| option(one, one, chosen)).collect();
        let mut control = choice(name, label, hint, options, refused.fault(name));
        control.required = !default.is_empty();
        control
    };
    let url = || needed("url", m.url, "", "https://example.com/health");
    let host = || needed("host", m.host, m.host_says, "example.com");
    match tool {
        "ssl" => {
            let protocols: Vec<&str> = StartTls::ALL.iter().map(|protocol| protocol.as_str()).collect();
            vec![host(), port("443"), select("starttls", m.starttls, m.starttls_says, protocols, "")]
        }
        "dns" => {
            let types: Vec<&str> = RecordType::ALL.iter().map(|kind| kind.as_str()).collect();
            let name = needed("name", m.dns_name, "", "example.com");
            let mut resolver = text("resolver", m.resolver, m.resolver_says);
            resolver.placeholder = "1.1.1.1".to_owned();
            vec![name, select("record_type", m.record_type, "", types, "A"), resolver]
        }
        "ping" => vec![host(), port("443")],
        "headers" => {
            vec![url(), tick("follow_redirects", m.follow_redirects), tick("verify_tls", m.verify_tls)]
        }
        _ => {
            let mut status = text("expected_status", m.expected_status, m.expected_status_says);
            status.placeholder = "200-299".to_owned();
            vec![
                url(),
                select("method", m.method, "", vec!["GET", "HEAD"], "GET"),
                status,
                tick("follow_redirects", m.follow_redirects),
                tick("verify_tls", m.verify_tls),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_json() {
        for (shape, text, value) in [
            (Shape::Line, " example.com ", Some(json!("example.com"))),
            (Shape::Line, " ", None),
            (Shape::Number, "443", Some(json!(443))),
            (Shape::Number, "many", Some(json!("many"))),
            (Shape::Tick, "false", Some(json!(false))),
            (Shape::Tick, "true", Some(json!(true))),
        ] {
            assert_eq!(value_of(shape, text), value, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_tool_is_http() {
        assert_eq!((known("dns"), known("nmap"), known("")), ("dns", "http", "http"));
    }
}
