//! One HTTP exchange: dial, TLS, request, response head. HTTP/2 where TLS negotiates it, else HTTP/1.1.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Version, header, uri::Authority};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode},
};

pub use crate::connection::Answer;
use crate::{
    Outbound, Trace,
    connection::{Connection, send},
    dial::dial,
    http_error::{Again, again, http_failure},
    tls::{Http, Terms},
};

/// A request.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Its http or https URL.
    pub url: &'a Url,
    /// Its method.
    pub method: Method,
    /// Its headers; `Host` is added, and `User-Agent` and `Accept` where there are none.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Whether the certificate must be valid for the host.
    pub verify_tls: bool,
    /// The time at which the certificate must be valid.
    pub now: Timestamp,
    /// Deadline for the response head.
    pub deadline: Instant,
}

/// Sends a request, and adds timings to `trace`. It is sent again if the target requires HTTP/1.1, and once if it was certainly not
/// processed.
///
/// # Errors
/// Why there is no response.
pub async fn exchange(outbound: &Outbound, ask: Ask<'_>, trace: &mut Trace) -> Result<Answer, Cause> {
    // HTTP/2 cannot name a host with characters that no URI allows (RFC 3986, section 3.2.2); HTTP/1.1 has it in a header.
    let mut http = if ask.url[Position::BeforeHost..Position::AfterPort].parse::<Authority>().is_ok() {
        Http::Any
    } else {
        Http::One
    };
    let mut may_repeat = true;
    loop {
        let failed = match attempt(outbound, &ask, http, trace).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        match failed.again {
            Some(Again::OverHttp1) if http == Http::Any => http = Http::One,
            Some(Again::OnNewConnection) if may_repeat => may_repeat = false,
            _ => return Err(failed.cause),
        }
    }
}

/// Why there is no response, and how to ask again.
struct Failed {
    cause: Cause,
    again: Option<Again>,
}

impl From<Cause> for Failed {
    fn from(cause: Cause) -> Self {
        Self { cause, again: None }
    }
}

async fn attempt(outbound: &Outbound, ask: &Ask<'_>, http: Http, trace: &mut Trace) -> Result<Answer, Failed> {
    let host = ask.url.host().ok_or_else(|| Cause::seen(ErrorCode::Internal, "The URL has no host."))?;
    let port = ask.url.port_or_known_default().unwrap_or(80);
    let stream = dial(outbound, &host, port, ask.deadline, trace).await?;
    if ask.url.scheme() != "https" {
        return converse(Box::new(stream), false, ask, trace).await;
    }
    let terms = Terms { verify: ask.verify_tls, http, starttls: None, now: ask.now, deadline: ask.deadline };
    // Boxed, as is HTTP/2 below: what is over or unused takes no memory while the response is awaited.
    let secured = Box::pin(outbound.secure(&host, stream, terms, trace)).await?;
    let answered = converse(secured.stream, secured.http2, ask, trace).await;
    match answered {
        Err(failed) if secured.asked_for_certificate && failed.cause.code == ErrorCode::TlsHandshake => {
            Err(Cause::of(ErrorCode::TlsClientCertificate).into())
        }
        answered => answered,
    }
}

async fn converse(stream: Connection, http2: bool, ask: &Ask<'_>, trace: &mut Trace) -> Result<Answer, Failed> {
    let started = Instant::now();
    let request = request(ask, http2)?;
    let answered = timeout_at(ask.deadline, send(stream, http2, request)).await;
    Trace::add(&mut trace.phases.first_byte_us, started);
    match answered {
        Ok(Ok(answer)) => {
            trace.facts.http_version = Some(answer.version);
            Ok(answer)
        }
        Ok(Err(error)) => {
            let again = if http2 { again(&error) } else { None };
            Err(Failed { cause: http_failure(&error, "The connection broke before the answer"), again })
        }
        Err(_) => Err(Cause::of(ErrorCode::ResponseTimeout).into()),
    }
}

fn request(ask: &Ask<'_>, http2: bool) -> Result<Request<Full<Bytes>>, Cause> {
    let internal =
        |error: http::Error| Cause::seen(ErrorCode::Internal, format!("The request cannot be made: {error}."));
    let announces_length = ask.body.is_empty() && matches!(ask.method, Method::POST | Method::PUT | Method::PATCH);
    let request = Request::builder().method(ask.method.clone());
    let request = if http2 {
        // RFC 9113, section 8.3.1: the host is in the request's pseudo-headers.
        request.version(Version::HTTP_2).uri(&ask.url[..Position::AfterQuery])
    } else {
        let target = &ask.url[Position::BeforePath..Position::AfterQuery];
        let host = &ask.url[Position::BeforeHost..Position::AfterPort];
        // RFC 9112, section 9.6: the connection is for this one request.
        request.uri(target).header(header::HOST, host).header(header::CONNECTION, "close")
    };
    let mut request = request.body(Full::new(ask.body.clone())).map_err(internal)?;
    for (name, value) in [(header::USER_AGENT, USER_AGENT), (header::ACCEPT, "*/*")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if announces_length {
        // RFC 9110, section 8.6: some servers answer 411 without it.
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    request.headers_mut().extend(ask.headers.clone());
    Ok(request)
}

/// Our `User-Agent`.
pub const USER_AGENT: &str = concat!("Valpero/", env!("CARGO_PKG_VERSION"), " (uptime monitor)");

/// The instant this many milliseconds from now.
pub fn deadline_in(ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(u64::from(ms))
}
