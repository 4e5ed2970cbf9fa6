//! The http probe: one attempt, redirects included, and its verdict.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use hyper::body::Bytes;
use url::Url;
use valpero_domain::{
    http_check::HttpCheck,
    monitor::HttpUrl,
    probe::{Cause, ErrorCode, Outcome, ProbeResult},
};

use crate::{
    Outbound,
    exchange::{Answer, Ask, Trace, deadline_in, exchange},
};

const REDIRECTS_MAX: usize = 10;

/// Probes a target once, on fresh connections, within `timeout_ms` altogether.
pub async fn probe(outbound: &Outbound, url: &HttpUrl, check: &HttpCheck, timeout_ms: u32) -> ProbeResult {
    let mut trace = Trace::default();
    let answered = follow(outbound, url, check, timeout_ms, &mut trace).await;
    let (http_status, cause) = match answered {
        Ok(status) if check.expected_status.accepts(status) => (Some(status), None),
        Ok(status) => {
            let detail = format!("The target answered {status}; expected {}.", check.expected_status);
            (Some(status), Some(Cause::seen(ErrorCode::HttpStatus, detail)))
        }
        Err(cause) => (None, Some(cause)),
    };
    ProbeResult {
        outcome: cause.as_ref().map_or(Outcome::Up, |cause| cause.code.outcome()),
        http_status,
        phases: trace.phases,
        cause,
        certificate_expires_at: trace.certificate_expires_at,
    }
}

/// The status of the last answer.
async fn follow(
    outbound: &Outbound,
    url: &HttpUrl,
    check: &HttpCheck,
    timeout_ms: u32,
    trace: &mut Trace,
) -> Result<u16, Cause> {
    let deadline = deadline_in(timeout_ms);
    let internal = |detail: String| Cause::seen(ErrorCode::Internal, detail);
    let mut url = url.to_url().map_err(|error| internal(error.to_string()))?;
    let mut method =
        Method::from_bytes(check.method.as_str().as_bytes()).map_err(|error| internal(error.to_string()))?;
    let mut headers = headers(check).map_err(|error| internal(error.to_string()))?;
    let mut body = check.body.as_ref().map(|body| Bytes::copy_from_slice(body.as_bytes())).unwrap_or_default();
    for _ in 0..=REDIRECTS_MAX {
        let ask = Ask {
            url: &url,
            method: method.clone(),
            headers: headers.clone(),
            body: body.clone(),
            verify_tls: check.verify_tls,
            deadline,
        };
        let answer = exchange(outbound, ask, trace).await?;
        let Some(next) = redirect(&url, &answer).filter(|_| check.follow_redirects) else {
            return Ok(answer.status);
        };
        let next = next?;
        // RFC 9110, section 15.4: 303 always, and 301 and 302 in practice, turn a POST into a GET without a body.
        let rewritten = answer.status == 303 && method != Method::HEAD
            || matches!(answer.status, 301 | 302) && method == Method::POST;
        if rewritten {
            method = Method::GET;
            body = Bytes::new();
            headers.remove(header::CONTENT_TYPE);
        }
        if next.origin() != url.origin() {
            // The owner's headers and body may be credentials: they are for the origin that the owner named.
            headers.clear();
            body = Bytes::new();
        }
        url = next;
    }
    Err(Cause::of(ErrorCode::RedirectLimit))
}

fn headers(check: &HttpCheck) -> Result<HeaderMap, http::Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in check.headers.iter() {
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    Ok(headers)
}

/// Where an answer redirects to, if it does.
fn redirect(url: &Url, answer: &Answer) -> Option<Result<Url, Cause>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(header::LOCATION)?;
    let next = location.to_str().ok().and_then(|location| url.join(location).ok()).filter(|next| {
        matches!(next.scheme(), "http" | "https")
            && next.host().is_some()
            && next.username().is_empty()
            && next.password().is_none()
    });
    Some(next.ok_or_else(|| Cause::of(ErrorCode::RedirectInvalid)))
}
