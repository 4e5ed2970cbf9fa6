//! Sends one webhook: a POST through the guard; redirects are not followed.

use http::{HeaderMap, HeaderValue, Method, header};
use hyper::body::Bytes;
use valpero_domain::{Timestamp, monitor::HttpUrl, probe::Cause};

use crate::{
    Outbound, Trace,
    exchange::{Ask, deadline_in, exchange},
};

/// Deadline of a delivery attempt, in ms.
pub const TIMEOUT_MS: u32 = 15_000;

/// Bytes kept of a response head.
const HEAD_MAX: usize = 1024;

/// The receiver's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status; only 2xx is success.
    pub status: u16,
    /// Seconds to wait, where `Retry-After` is a number.
    pub retry_after_s: Option<i64>,
    /// The first 1,024 bytes of the response head, one header per line; the values of cookies are hidden.
    pub head: String,
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
    let mut trace = Trace::default();
    if url.literal_address().is_none() {
        trace.turn = Some(outbound.await_turn().await?);
    }
    let deadline = deadline_in(TIMEOUT_MS);
    let ask = Ask { url: url.as_url(), method: Method::POST, headers, body, verify_tls: true, now, deadline };
    let answer = exchange(outbound, ask, &mut trace).await?;
    let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.trim().parse().ok());
    let reply = Reply { status: answer.status, retry_after_s, head: head(&answer.headers) };
    answer.leave(deadline).await;
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

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
