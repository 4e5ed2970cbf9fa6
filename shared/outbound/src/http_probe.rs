//! The http probe: one attempt, redirects included, and its verdict.

use std::mem::take;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use hyper::body::Bytes;
use tokio::time::Instant;
use url::{Host, Url};
use valpero_domain::{
    Timestamp,
    charset::BodyText,
    host::check_labels,
    http_check::{BasicAuth, HARMLESS_HEADERS as HARMLESS, HttpCheck, REDIRECTS_MAX, SlowOutcome},
    monitor::HttpUrl,
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound, Trace,
    body::{self, ACCEPT_ENCODING},
    cookies::Cookies,
    exchange::{Answer, Ask, exchange},
    json,
};

/// Sends the request, follows redirects and judges the last response, whose status goes to `trace`.
pub(crate) async fn http(
    outbound: &Outbound,
    url: &HttpUrl,
    check: &HttpCheck,
    now: Timestamp,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let answer = follow(outbound, url, check, now, deadline, trace).await?;
    trace.http_status = Some(answer.status);
    judge(outbound, check, answer, deadline, trace).await?;
    be_quick(check, trace)
}

/// Judges a response: its status, then its body.
async fn judge(
    outbound: &Outbound,
    check: &HttpCheck,
    mut answer: Answer,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let judged = if !check.expected_status.accepts(answer.status) {
        let detail = format!("The target answered {}; expected {}.", answer.status, check.expected_status);
        Err(Cause::seen(ErrorCode::HttpStatus, detail))
    } else if check.reads_body() {
        let started = Instant::now();
        let read = body::read(outbound, &answer.headers, &mut answer.body, deadline).await;
        Trace::add(&mut trace.facts.body_us, started);
        match read {
            Ok(body) => judge_body(check, &answer.headers, &body, deadline).await,
            Err(cause) => Err(cause),
        }
    } else {
        Ok(())
    };
    trace.facts.headers = take(&mut answer.headers);
    answer.leave(deadline).await;
    judged
}

async fn judge_body(check: &HttpCheck, headers: &HeaderMap, body: &[u8], deadline: Instant) -> Result<(), Cause> {
    if let Some(keyword) = &check.keyword {
        let content_type = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        keyword.judge(&BodyText::read(content_type.as_deref(), body))?;
    }
    // RFC 8259, section 8.1: a byte order mark may be ignored.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if check.json.is_empty() { Ok(()) } else { json::judge(&check.json, check.values(), body, deadline).await }
}

fn be_quick(check: &HttpCheck, trace: &Trace) -> Result<(), Cause> {
    let took_us = trace.phases.total_us();
    match check.max_response_time_ms {
        Some(most) if u64::from(took_us) > u64::from(most) * 1000 => {
            let code = match check.slow_outcome {
                SlowOutcome::Slow => ErrorCode::SlowResponse,
                SlowOutcome::Down => ErrorCode::TooSlow,
            };
            // The duration is in the timings: a text that differs with each check would be stored with each.
            Err(Cause::seen(code, format!("The target took longer to answer than the {most} ms that are expected.")))
        }
        _ => Ok(()),
    }
}

/// The last response.
async fn follow(
    outbound: &Outbound,
    url: &HttpUrl,
    check: &HttpCheck,
    now: Timestamp,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<Answer, Cause> {
    let internal = |detail: String| Cause::seen(ErrorCode::Internal, detail);
    let mut url = url.as_url().clone();
    let mut method =
        Method::from_bytes(check.method.as_str().as_bytes()).map_err(|error| internal(error.to_string()))?;
    let own = headers(check).map_err(|error| internal(error.to_string()))?;
    let mut body = check.body.as_ref().map(|body| Bytes::copy_from_slice(body.as_bytes())).unwrap_or_default();
    let mut describes_body = true;
    let home = url.origin();
    let mut cookies = Cookies::new(now);
    for _ in 0..=REDIRECTS_MAX {
        let mut sent = own.clone();
        if url.origin() != home {
            let secret: Vec<&HeaderName> = own.keys().filter(|name| !HARMLESS.contains(&name.as_str())).collect();
            secret.into_iter().for_each(|name| drop(sent.remove(name)));
        }
        if !describes_body {
            sent.remove(header::CONTENT_TYPE);
        }
        if check.reads_body() {
            sent.entry(header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static(ACCEPT_ENCODING));
        }
        if let Some(value) = cookies.header(&url, sent.get(header::COOKIE)) {
            sent.insert(header::COOKIE, value);
        }
        let ask = Ask {
            url: &url,
            method: method.clone(),
            headers: sent,
            body: body.clone(),
            verify_tls: check.verify_tls,
            now,
            deadline,
        };
        let answer = exchange(outbound, ask, trace).await?;
        let Some(next) = redirect(&url, &answer).filter(|_| check.follow_redirects) else {
            return Ok(answer);
        };
        let next = next?;
        // RFC 9110, section 15.4: 303 always, and 301 and 302 in practice, turn a POST into a GET without a body.
        let rewritten = answer.status == 303 && method != Method::HEAD
            || matches!(answer.status, 301 | 302) && method == Method::POST;
        if rewritten {
            method = Method::GET;
        }
        // The owner's body may be a credential: it is sent to the owner's origin alone.
        if rewritten || next.origin() != url.origin() {
            body = Bytes::new();
            describes_body = false;
        }
        cookies.learn(&url, &answer.headers);
        answer.leave(deadline).await;
        trace.facts.redirects.push(next.to_string());
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
    if let Some(BasicAuth { username, password }) = &check.basic_auth {
        let credentials = BASE64_STANDARD.encode(format!("{username}:{password}"));
        let mut value = HeaderValue::from_str(&format!("Basic {credentials}"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// Whether a URL's host is an address, or a name that can be asked of the DNS.
fn names_a_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => check_labels(name.strip_suffix('.').unwrap_or(name)).is_ok(),
        other => other.is_some(),
    }
}

/// Where a response redirects to, if it does.
fn redirect(url: &Url, answer: &Answer) -> Option<Result<Url, Cause>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(header::LOCATION)?;
    // RFC 9110 allows ASCII alone; browsers read other bytes as UTF-8.
    let location = std::str::from_utf8(location.as_bytes()).ok();
    let next = location.and_then(|location| url.join(location).ok()).filter(|next| {
        matches!(next.scheme(), "http" | "https")
            && names_a_host(next)
            && next.username().is_empty()
            && next.password().is_none()
    });
    Some(next.ok_or_else(|| Cause::of(ErrorCode::RedirectInvalid)))
}
