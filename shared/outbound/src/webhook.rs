//! Sending one webhook: a POST through the guard; redirects are not followed.

use http::{HeaderMap, HeaderValue, Method, header};
use hyper::body::Bytes;
use valpero_domain::{
    monitor::HttpUrl,
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound,
    exchange::{Ask, Trace, deadline_in, exchange},
};

/// How long a receiver may take, in milliseconds.
pub const TIMEOUT_MS: u32 = 15_000;

/// What the receiver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The status; only 2xx is success.
    pub status: u16,
    /// Its wish, in seconds, from `Retry-After` as a number.
    pub retry_after_s: Option<i64>,
}

/// Posts a body once.
///
/// # Errors
/// Why there is no answer.
pub async fn post(outbound: &Outbound, url: &HttpUrl, mut headers: HeaderMap, body: Bytes) -> Result<Receipt, Cause> {
    let url = url.to_url().map_err(|error| Cause::seen(ErrorCode::Internal, error.to_string()))?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let ask =
        Ask { url: &url, method: Method::POST, headers, body, verify_tls: true, deadline: deadline_in(TIMEOUT_MS) };
    let answer = exchange(outbound, ask, &mut Trace::default()).await?;
    let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Ok(Receipt { status: answer.status, retry_after_s: retry_after.and_then(|text| text.trim().parse().ok()) })
}
