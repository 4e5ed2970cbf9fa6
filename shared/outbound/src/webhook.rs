//! Sends one message to a receiver through the guard: a webhook, or a channel's request. Redirects are not followed.

use std::time::{Instant, SystemTime};

use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use tokio::time::timeout_at;
use url::{Host, Url};
use valpero_domain::{Timestamp, monitor::HttpUrl, probe::Cause};

use crate::{
    Outbound, Trace,
    exchange::{Ask, deadline_in, exchange},
};

/// Deadline of a delivery attempt, in ms.
pub const TIMEOUT_MS: u32 = 15_000;

/// Bytes kept of a response head.
const HEAD_MAX: usize = 1024;

/// Bytes read of a response body, where its receiver says there what came of the message.
const BODY_MAX: usize = 64 * 1024;

/// A message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Method of its request.
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Whether the response's body is read.
    pub reads_body: bool,
}

/// The receiver's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status; only 2xx is success.
    pub status: u16,
    /// Seconds to wait, by `Retry-After`: a number, or the time until a date.
    pub retry_after_s: Option<i64>,
    /// The first 1,024 bytes of the response head, one header per line; the values of cookies are hidden.
    pub head: String,
    /// The first 64 KiB of the response body, where it was to be read, as far as they came in time.
    pub body: Vec<u8>,
}

fn head(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let value = if name == header::SET_COOKIE { "***".into() } else { String::from_utf8_lossy(value.as_bytes()) };
        text.push_str(&format!("{name}: {value}\n"));
        if text.len() > HEAD_MAX {
            break;
        }
    }
    text.truncate(text.floor_char_boundary(HEAD_MAX));
    text
}

/// The seconds that `Retry-After` asks for (RFC 9110, section 10.2.3): a number, or a date in any of HTTP's three forms, of which one
/// that is past asks for none.
fn seconds_until(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(i64::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // HTTP's dates begin with 1970.
    let date_s = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let wait_ms = i64::try_from(date_s).unwrap_or(i64::MAX).saturating_mul(1000).saturating_sub(now.ms());
    Some(wait_ms.max(0).div_euclid(1000) + i64::from(wait_ms > 0 && wait_ms % 1000 != 0))
}

/// Posts a body once; `now` is when the receiver's certificate must be valid.
///
/// # Errors
/// Why there is no response.
pub async fn post(
    outbound: &Outbound,
    url: &HttpUrl,
    mut headers: HeaderMap,
    body: Bytes,
    now: Timestamp,
) -> Result<Reply, Cause> {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let message = Message { method: Method::POST, url: url.as_url(), headers, body, reads_body: false };
    send(outbound, message, now).await
}

/// Sends a message once; `now` is when the receiver's certificate must be valid.
///
/// # Errors
/// Why there is no response.
pub async fn send(outbound: &Outbound, message: Message<'_>, now: Timestamp) -> Result<Reply, Cause> {
    let Message { method, url, headers, body, reads_body } = message;
    let mut trace = Trace::default();
    if let Some(Host::Domain(_)) = url.host() {
        trace.turn = Some(outbound.await_turn().await?);
    }
    let started = Instant::now();
    let deadline = deadline_in(TIMEOUT_MS);
    let ask = Ask { url, method, headers, body, verify_tls: true, now, deadline };
    let mut answer = exchange(outbound, ask, &mut trace).await?;
    let arrived = now.plus_ms(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::from(TIMEOUT_MS)));
    let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| seconds_until(text, arrived));
    let body = if reads_body { start_of(&mut answer.body, deadline).await } else { Vec::new() };
    let reply = Reply { status: answer.status, retry_after_s, head: head(&answer.headers), body };
    answer.leave(deadline).await;
    Ok(reply)
}

/// The start of a body. The status has come, so one that breaks off, or does not end, is no failure.
async fn start_of(body: &mut Incoming, deadline: tokio::time::Instant) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < BODY_MAX {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else { break };
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
    }
    bytes.truncate(BODY_MAX);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        // Sun, 06 Nov 1994 08:49:37 GMT, and a bit.
        let now = Timestamp::from_seconds(784_111_777).plus_ms(500);
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::MAX)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sunday, 06-Nov-94 08:51:37 GMT", Some(120)),
            ("Sun Nov  6 08:51:37 1994", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:51:37 PST", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds_until(text, now), seconds, "{text}");
        }
    }

    #[test]
    fn a_head_is_cut_and_its_cookies_are_hidden() {
        let mut headers = HeaderMap::new();
        headers.insert("server", HeaderValue::from_static("nginx"));
        headers.insert("set-cookie", HeaderValue::from_static("session=s3cret"));
        assert_eq!(head(&headers), "server: nginx\nset-cookie: ***\n");
        for _ in 0..300 {
            headers.append("x", HeaderValue::from_bytes("é".as_bytes()).expect("a value"));
        }
        let cut = head(&headers);
        assert!((HEAD_MAX - 3..=HEAD_MAX).contains(&cut.len()), "{}", cut.len());
    }
}
