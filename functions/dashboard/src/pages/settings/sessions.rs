//! `/settings/sessions`: the browsers in which the person is signed in.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use valpero_domain::Timestamp;
use valpero_http::Problem;

use super::{all, segment};
use crate::{
    page::{Shell, page, to},
    parts::Moment,
    visitor::Visitor,
    words::Words,
};

/// A session, as the API shows it.
#[derive(Debug, Clone, Deserialize)]
struct Session {
    id: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    expires_at: Timestamp,
    ip: Option<String>,
    user_agent: Option<String>,
    current: bool,
}

/// A session in the table.
#[derive(Debug)]
struct Row {
    id: String,
    browser: String,
    user_agent: String,
    began: Moment,
    used: Option<Moment>,
    ends: Moment,
    ip: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "settings_sessions.html")]
struct Page {
    shell: Shell,
    sessions: Vec<Row>,
}

/// `GET /settings/sessions`.
///
/// # Errors
/// The API's problem.
pub async fn list(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    let sessions: Vec<Session> = all(&visitor.client, "/api/v1/sessions").await?;
    let shell = visitor.shell("settings");
    let words = shell.words();
    let sessions: Vec<Row> = sessions.iter().map(|session| row(session, &words)).collect();
    page(StatusCode::OK, &Page { shell, sessions })
}

/// `POST /settings/sessions/{id}/end`.
///
/// # Errors
/// The API's problem.
pub async fn end(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let path = format!("/api/v1/sessions/{}", segment(&id)?);
    visitor.client.send(Method::DELETE, &path, &Value::Null).await?;
    Ok(to("/settings/sessions", "session-ended"))
}

fn row(session: &Session, words: &Words) -> Row {
    let m = &words.t.settings;
    let user_agent = session.user_agent.clone().unwrap_or_default();
    let browser = match (browser(&user_agent), system(&user_agent)) {
        (Some(browser), Some(system)) => (m.browser_on)(&browser, system),
        (Some(browser), None) => browser,
        (None, Some(system)) => system.to_owned(),
        (None, None) => m.unknown_browser.to_owned(),
    };
    Row {
        id: session.id.clone(),
        browser,
        user_agent,
        began: Moment::past(words, session.created_at),
        used: session.last_used_at.map(|at| Moment::past(words, at)),
        ends: Moment::coming(words, session.expires_at),
        ip: session.ip.clone().unwrap_or_else(|| "–".to_owned()),
        is_this: session.current,
    }
}

/// The program that a `User-Agent` is of: "Firefox", "curl". Browsers call themselves by the names of older ones too, so the order counts.
fn browser(user_agent: &str) -> Option<String> {
    const MARKS: [(&str, &str); 10] = [
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let mark = MARKS.into_iter().find(|(mark, _)| user_agent.contains(mark));
    if let Some((_, name)) = mark {
        return Some(name.to_owned());
    }
    // Programs call themselves by their name and version: "curl/8.5.0".
    let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
    let is_name = !name.is_empty() && name != "Mozilla" && name.len() <= 40;
    is_name.then(|| name.to_owned())
}

/// The system that a `User-Agent` names: "Linux".
fn system(user_agent: &str) -> Option<&'static str> {
    const MARKS: [(&str, &str); 9] = [
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("Mac OS X", "macOS"),
        ("FreeBSD", "FreeBSD"),
        ("Linux", "Linux"),
    ];
    MARKS.into_iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_what_only_it_says() {
        for (user_agent, program, runs_on) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some("Firefox"), Some("Linux")),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
                Some("Chrome"),
                Some("macOS"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                Some("Edge"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some("Safari"),
                Some("iOS"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
                Some("Chrome"),
                Some("Android"),
            ),
            ("curl/8.5.0", Some("curl"), None),
            ("python-requests/2.32.3", Some("python-requests"), None),
            ("Mozilla/5.0", None, None),
            ("", None, None),
        ] {
            assert_eq!(browser(user_agent).as_deref(), program, "{user_agent}");
            assert_eq!(system(user_agent), runs_on, "{user_agent}");
        }
    }
}
