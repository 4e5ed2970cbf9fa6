//! `/monitors/paste`: many monitors from lines of text.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, http::StatusCode, response::Response};
use serde_json::{Value, json};
use valpero_domain::Fault;
use valpero_http::{Code, Problem};

use super::monitors::{full, row::number};
use crate::{
    form::Sent,
    page::{Shell, page},
    visitor::Visitor,
};

/// Lines that are created at once, at most: each is a request to the API, and a page has 25 s.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "paste.html")]
struct Page {
    shell: Shell,
    /// That the plan is full; empty where it is not.
    full: String,
    urls: String,
    /// Fault of the text as a whole. Empty if there is none.
    fault: String,
    /// How many were created. Empty before the first try.
    created: String,
    /// What became of each line.
    outcomes: Vec<Outcome>,
    /// Whether lines are left to try again, or nothing was tried yet.
    asks: bool,
}

/// What became of a line.
struct Outcome {
    number: usize,
    url: String,
    /// ID of the monitor; empty where there is none.
    id: String,
    /// Name of the monitor; empty where there is none.
    name: String,
    /// Why there is none.
    detail: String,
}

/// A line that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// Its place in the text, from 1.
    number: usize,
    url: String,
    name: String,
}

/// `GET /monitors/paste`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    page(StatusCode::OK, &blank(&visitor, "", ""))
}

/// `POST /monitors/paste`.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let m = &visitor.t.monitors;
    let text = sent.text("urls");
    let lines = lines(text);
    if lines.is_empty() {
        return page(StatusCode::UNPROCESSABLE_ENTITY, &blank(&visitor, text, m.paste_none));
    }
    if lines.len() > MOST {
        let fault = (m.paste_too_many)(number(MOST), number(lines.len()));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &blank(&visitor, text, &fault));
    }
    let outcomes = create_all(&visitor, &lines, sent.once()).await;
    let created = outcomes.iter().filter(|outcome| !outcome.id.is_empty()).count();
    let left: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.id.is_empty())
        .filter_map(|outcome| text.lines().nth(outcome.number.saturating_sub(1)))
        .collect();
    let status = if created == 0 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let done = Page {
        created: (m.paste_created)(number(created), number(lines.len())),
        asks: !left.is_empty(),
        outcomes,
        ..blank(&visitor, &left.join("\n"), "")
    };
    page(status, &done)
}

fn blank(visitor: &Visitor, urls: &str, fault: &str) -> Page {
    Page {
        shell: visitor.shell("monitors"),
        full: full(visitor.t, &visitor.account),
        urls: urls.to_owned(),
        fault: fault.to_owned(),
        created: String::new(),
        outcomes: Vec::new(),
        asks: true,
    }
}

/// The lines that are not empty: a URL, and perhaps a name behind white space.
fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (url, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        lines.push(Line { number: index + 1, url: url.to_owned(), name: name.trim().to_owned() });
    }
    lines
}

/// Creates them one after the other. What no line could pass ends it, and is said of the lines that are left.
async fn create_all(visitor: &Visitor, lines: &[Line], once: &str) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut ended: Option<String> = None;
    for line in lines {
        let mut outcome = Outcome {
            number: line.number,
            url: line.url.clone(),
            id: String::new(),
            name: String::new(),
            detail: ended.clone().unwrap_or_default(),
        };
        if ended.is_none() {
            match create_one(visitor, line, once).await {
                Ok((id, name)) => (outcome.id, outcome.name) = (id, name),
                Err(problem) => {
                    outcome.detail = says(&problem);
                    if ends(problem.code()) {
                        ended = Some(outcome.detail.clone());
                    }
                }
            }
        }
        outcomes.push(outcome);
    }
    outcomes
}

/// The ID and name of the monitor of this line.
async fn create_one(visitor: &Visitor, line: &Line, once: &str) -> Result<(String, String), Problem> {
    let mut body = json!({ "url": line.url });
    if !line.name.is_empty() {
        body["name"] = Value::from(line.name.clone());
    }
    let once = if once.is_empty() { String::new() } else { format!("{once}-{}", line.number) };
    let answer = visitor.client.create("/api/v1/monitors", &once, &body).await?;
    let text = |name: &str| answer.json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((text("id"), text("name")))
}

/// Whether every further line would be refused as well.
fn ends(code: Code) -> bool {
    matches!(code, Code::MonitorLimitReached | Code::MissingScope | Code::NoRegionYet)
}

/// What is wrong, in the words of the faults where there are any.
fn says(problem: &Problem) -> String {
    if problem.errors().is_empty() {
        return problem.detail().to_owned();
    }
    let says = |fault: &Fault| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.detail);
    problem.errors().iter().map(says).collect::<Vec<String>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_may_have_names() {
        let found = lines("https://a.example\r\n\r\n  https://b.example \t My shop \nhttps://c.example Docs\n");
        let found: Vec<(usize, &str, &str)> =
            found.iter().map(|line| (line.number, line.url.as_str(), line.name.as_str())).collect();
        let wanted =
            [(1, "https://a.example", ""), (3, "https://b.example", "My shop"), (4, "https://c.example", "Docs")];
        assert_eq!(found, wanted);
    }

    #[test]
    fn blank_text_has_no_lines() {
        assert_eq!(lines(" \r\n\t\n"), []);
    }
}
