//! The cookie of a session: how it is sent, and when it is taken.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use cookie::{Cookie, SameSite, time::Duration};
use valpero_auth::Token;
use valpero_runtime::App;
use valpero_storage::SESSION_MOST_S;

use crate::Problem;

/// The cookie's name where the deployment is reached by TLS: the prefix binds it to the host, HTTPS and the path `/` (RFC 6265bis, section 4.1.3.2).
const SECURE: &str = "__Host-valpero";

/// The cookie's name on plain HTTP, where browsers take no secure one.
const PLAIN: &str = "valpero";

/// Whether the deployment is reached without TLS, as `valpero up` is by default.
fn is_plain(app: &App) -> bool {
    app.settings.public_url.as_ref().is_some_and(valpero_domain::PublicUrl::is_plain)
}

/// The token of the session's cookie; none where there is no cookie.
///
/// # Errors
/// 403 `cross_site` where the request may change something and does not come from a page of this deployment.
pub fn presented(app: &App, method: &Method, headers: &HeaderMap) -> Result<Option<Token>, Problem> {
    let name = if is_plain(app) { PLAIN } else { SECURE };
    let Some(token) = cookie(headers, name).and_then(|value| Token::parse(&value)).filter(Token::is_session) else {
        return Ok(None);
    };
    if is_safe(method) || is_same_origin(app, headers) { Ok(Some(token)) } else { Err(Problem::cross_site()) }
}

/// Whether a request of this method changes nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether the request comes from a page of this deployment, as the browser says: by `Sec-Fetch-Site`, or by `Origin` where it is too old for
/// that, or the page was reached by plain HTTP.
pub fn is_same_origin(app: &App, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some((_, origin)) = text(header::ORIGIN).and_then(|origin| origin.split_once("://")) else { return false };
    let known = app.settings.public_url.as_ref().map(valpero_domain::PublicUrl::authority);
    [text(header::HOST), known].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(origin))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = texts.flat_map(Cookie::split_parse).filter_map(Result::ok).filter(|cookie| cookie.name() == name);
    // Of two nobody knows which is meant.
    found.next().filter(|_| found.next().is_none()).map(|cookie| cookie.value().to_owned())
}

/// `Set-Cookie` of a session that was opened.
pub fn opened(app: &App, token: &Token) -> Option<HeaderValue> {
    set(app, token.reveal().to_owned(), Duration::seconds(SESSION_MOST_S))
}

/// `Set-Cookie` of a session that was ended.
pub fn ended(app: &App) -> Option<HeaderValue> {
    set(app, String::new(), Duration::ZERO)
}

fn set(app: &App, value: String, max_age: Duration) -> Option<HeaderValue> {
    let secure = !is_plain(app);
    let cookie = Cookie::build((if secure { SECURE } else { PLAIN }, value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(max_age);
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}
