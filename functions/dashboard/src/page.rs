//! What all pages have: the frame, the headers, and the pages that say what is wrong.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use valpero_domain::{Scope, Scopes, TimeZone, Timestamp};
use valpero_http::Problem;

use crate::{assets, texts::Texts, words::Words};

/// What a page may load: the style sheet, the script and the icon of this deployment, and its own preview of a status page in a frame. Its forms may only
/// be sent to this deployment; no page may frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What every page shows around its own content.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The texts.
    pub t: &'static Texts,
    /// The time zone of clock times.
    pub zone: TimeZone,
    /// The time of the request.
    pub now: Timestamp,
    /// The present entry of the menu: `monitors`, `incidents`, `alerts`, `pages`, `tools`, `settings`; or none.
    pub here: &'static str,
    /// The person's name; empty where nobody is signed in.
    pub name: String,
    /// What the person may do.
    pub scopes: Scopes,
    /// What was just done, in a sentence.
    pub done: Option<&'static str>,
}

impl Shell {
    /// The frame for a browser that is not signed in, in the first language that it accepts and that exists.
    pub fn of_nobody(headers: &HeaderMap, now: Timestamp) -> Self {
        Self {
            t: Texts::accepted(headers),
            zone: TimeZone::default(),
            now,
            here: "",
            name: String::new(),
            scopes: Scopes::default_of_a_key(),
            done: None,
        }
    }

    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        !self.name.is_empty()
    }

    /// Whether the person may do what needs this scope, such as `monitors:write`.
    pub fn may(&self, scope: &str) -> bool {
        scope.parse().is_ok_and(|scope: Scope| self.scopes.holds(scope))
    }

    /// Times and numbers in words.
    pub fn words(&self) -> Words {
        Words { t: self.t, zone: self.zone, now: self.now }
    }

    /// A name for the next creation, so that a form that is sent twice creates once.
    pub fn once(&self) -> String {
        hex::encode(valpero_runtime::entropy())
    }

    /// Path of the style sheet.
    pub fn css(&self) -> &'static str {
        &assets::all().css.path
    }

    /// Path of the script.
    pub fn js(&self) -> &'static str {
        &assets::all().js.path
    }

    /// Path of the icon.
    pub fn icon(&self) -> &'static str {
        &assets::all().icon.path
    }
}

/// The headers of every page.
fn headers() -> [(HeaderName, HeaderValue); 6] {
    let value = HeaderValue::from_static;
    [
        (header::CONTENT_SECURITY_POLICY, value(POLICY)),
        // Some show a secret, and whoever comes after may press Back.
        (header::CACHE_CONTROL, value("no-store")),
        (header::REFERRER_POLICY, value("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::X_FRAME_OPTIONS, value("DENY")),
        // Browsers obey it only where it comes by TLS (RFC 6797, section 8.1).
        (header::STRICT_TRANSPORT_SECURITY, value("max-age=31536000")),
    ]
}

/// A page.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn page(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| Problem::internal(&error))?;
    Ok((status, headers(), Html(html)).into_response())
}

/// A page that renews itself: whoever has it already is told that nothing is new.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn live(asked: &HeaderMap, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| Problem::internal(&error))?;
    let tag = format!("W/\"{}\"", &hex::encode(Sha256::digest(&html))[..32]);
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let tag = HeaderValue::from_str(&tag).map_err(|error| Problem::internal(&error))?;
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, headers()).into_response()
    } else {
        (headers(), Html(html)).into_response()
    };
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// The way to another page after a form was done; `done` names the sentence that it shows, and may be empty.
pub fn to(path: &str, done: &str) -> Response {
    if done.is_empty() {
        return Redirect::to(path).into_response();
    }
    let sign = if path.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("done", done).finish();
    Redirect::to(&format!("{path}{sign}{query}")).into_response()
}

/// The answer, or the page that says what is wrong with the request.
pub fn refused(shell: &Shell, answer: Result<Response, Problem>) -> Response {
    answer.unwrap_or_else(|problem| refusal(shell, &problem))
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal<'a> {
    shell: &'a Shell,
    title: String,
    detail: String,
    faults: Vec<String>,
}

/// The page that says what is wrong, and keeps the problem for the log.
pub fn refusal(shell: &Shell, problem: &Problem) -> Response {
    let template = Refusal {
        shell,
        title: shell.t.problem(problem.code()).to_owned(),
        detail: problem.detail().to_owned(),
        faults: problem.errors().iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect(),
    };
    let status = StatusCode::from_u16(problem.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = page(status, &template)
        .unwrap_or_else(|failed| (status, headers(), failed.detail().to_owned()).into_response());
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(valpero_http::front::Dressed(problem.clone()));
    response
}
