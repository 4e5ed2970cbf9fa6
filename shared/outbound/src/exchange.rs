//! One HTTP exchange on a connection of its own: dial, TLS, request, response head. HTTP/2 where TLS negotiates it, else HTTP/1.1.

use std::{
    error::Error,
    future::Future,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Version, header, uri::Authority};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
    rt::Executor,
};
use hyper_util::rt::TokioIo;
use rustls::AlertDescription;
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{Instant, timeout_at},
};
use url::{Position, Url};
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound, Trace,
    dial::dial,
    tls::{Connection, Http, Terms, wants_certificate},
};

/// The longest response head, in bytes.
const HEAD_MAX: usize = 64 * 1024;

/// Flow-control window of HTTP/2: how many bytes of a body may wait to be read.
const WINDOW: u32 = 256 * 1024;

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

/// The response head. Dropping it closes the connection, with whatever was not read of the body.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not read yet.
    pub body: Incoming,
    _connection: Leash,
}

/// Sends a request, and adds timings to `trace`.
///
/// # Errors
/// Why there is no response.
pub async fn exchange(outbound: &Outbound, ask: Ask<'_>, trace: &mut Trace) -> Result<Answer, Cause> {
    let host = ask.url.host().ok_or_else(|| Cause::seen(ErrorCode::Internal, "The URL has no host."))?;
    let port = ask.url.port_or_known_default().unwrap_or(80);
    let stream = dial(outbound, &host, port, ask.deadline, trace).await?;
    if ask.url.scheme() != "https" {
        return converse(Box::new(stream), false, ask, trace).await;
    }
    // HTTP/2 cannot name a host with characters that no URI allows (RFC 3986, section 3.2.2); HTTP/1.1 has it in a header.
    let http = if ask.url[Position::BeforeHost..Position::AfterPort].parse::<Authority>().is_ok() {
        Http::Any
    } else {
        Http::One
    };
    let terms = Terms { verify: ask.verify_tls, http, starttls: None, now: ask.now, deadline: ask.deadline };
    // Boxed, as is HTTP/2 below: what is over or unused takes no memory while the response is awaited.
    let secured = Box::pin(outbound.secure(&host, stream, terms, trace)).await?;
    let answered = converse(secured.stream, secured.http2, ask, trace).await;
    match answered {
        Err(cause) if secured.asked_for_certificate && cause.code == ErrorCode::TlsHandshake => {
            Err(Cause::of(ErrorCode::TlsClientCertificate))
        }
        answered => answered,
    }
}

async fn converse(stream: Connection, http2: bool, ask: Ask<'_>, trace: &mut Trace) -> Result<Answer, Cause> {
    let started = Instant::now();
    let deadline = ask.deadline;
    let request = request(ask, http2)?;
    let leash = Leash::default();
    let answered = timeout_at(deadline, send(stream, http2, request, &leash)).await;
    Trace::add(&mut trace.phases.first_byte_us, started);
    match answered {
        Ok(Ok(response)) => {
            let (head, body) = response.into_parts();
            trace.facts.http_version = Some(head.version);
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, _connection: leash })
        }
        Ok(Err(error)) => Err(http_failure(&error, "The connection broke before the answer")),
        Err(_) => Err(Cause::of(ErrorCode::ResponseTimeout)),
    }
}

async fn send(
    stream: Connection,
    http2: bool,
    request: Request<Full<Bytes>>,
    leash: &Leash,
) -> Result<Response<Incoming>, hyper::Error> {
    let io = TokioIo::new(stream);
    let (tell, ended) = oneshot::channel();
    let sent = if http2 {
        let mut builder = http2::Builder::new(leash.0.clone());
        builder
            .max_header_list_size(HEAD_MAX as u32)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW);
        let (mut sender, connection) = Box::pin(builder.handshake(io)).await?;
        // Nobody listens any more once the response has come.
        leash.0.execute(connection.map(|ended| tell.send(ended.err()).ok()));
        sender.send_request(request).await
    } else {
        let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD_MAX).handshake(io).await?;
        leash.0.execute(connection.map(|ended| tell.send(ended.err()).ok()));
        sender.send_request(request).await
    };
    match sent {
        // Where the connection broke before the request was sent, the connection has the reason, not the request.
        Err(error) if error.is_canceled() || error.is_closed() => Err(ended.await.ok().flatten().unwrap_or(error)),
        sent => sent,
    }
}

/// All tasks of one connection, aborted with it: a peer that never reads must not keep a socket of ours.
#[derive(Debug, Default)]
struct Leash(Tasks);

/// Spawns the tasks that hyper runs beside the exchange.
#[derive(Debug, Clone, Default)]
struct Tasks(Arc<Mutex<Vec<AbortHandle>>>);

impl Tasks {
    fn locked(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.locked().push(tokio::spawn(task).abort_handle());
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.locked().drain(..).for_each(|task| task.abort());
    }
}

fn request(ask: Ask<'_>, http2: bool) -> Result<Request<Full<Bytes>>, Cause> {
    let internal =
        |error: http::Error| Cause::seen(ErrorCode::Internal, format!("The request cannot be made: {error}."));
    let announces_length = ask.body.is_empty() && matches!(ask.method, Method::POST | Method::PUT | Method::PATCH);
    let request = Request::builder().method(ask.method);
    let request = if http2 {
        // RFC 9113, section 8.3.1: the host is in the request's pseudo-headers.
        request.version(Version::HTTP_2).uri(&ask.url[..Position::AfterQuery])
    } else {
        let target = &ask.url[Position::BeforePath..Position::AfterQuery];
        let host = &ask.url[Position::BeforeHost..Position::AfterPort];
        request.uri(target).header(header::HOST, host)
    };
    let mut request = request.body(Full::new(ask.body)).map_err(internal)?;
    for (name, value) in [(header::USER_AGENT, USER_AGENT), (header::ACCEPT, "*/*")] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if announces_length {
        // RFC 9110, section 8.6: some servers answer 411 without it.
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    request.headers_mut().extend(ask.headers);
    Ok(request)
}

/// Our `User-Agent`.
pub const USER_AGENT: &str = concat!("Valpero/", env!("CARGO_PKG_VERSION"), " (uptime monitor)");

/// What a broken exchange says about the target; `broken` is the wording where the connection just ended.
pub(crate) fn http_failure(error: &hyper::Error, broken: &str) -> Cause {
    let chain: Vec<&(dyn Error + 'static)> = chain(error).collect();
    let invalid = |error: &(dyn Error + 'static)| {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        let frame = error.downcast_ref::<h2::Error>().is_some_and(|error| !error.is_io() && error.is_library());
        frame || matches!(kind, Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
    };
    if let Some(alert) = chain.iter().find_map(|error| alert(*error)) {
        let code = if wants_certificate(alert) { ErrorCode::TlsHandshake } else { ErrorCode::ConnectionClosed };
        return Cause::seen(code, format!("{broken}: the target sent the TLS alert {alert:?}."));
    }
    let reason = chain.last().map(ToString::to_string).unwrap_or_default();
    // Bytes before the request, such as another protocol's greeting: hyper identifies them by its message alone.
    let untimely = chain.iter().any(|error| error.to_string().contains("unexpected message"));
    if untimely || error.is_parse() || chain.iter().any(|error| invalid(*error)) {
        return Cause::seen(ErrorCode::HttpProtocol, format!("The target's answer is not valid HTTP: {reason}."));
    }
    Cause::seen(ErrorCode::ConnectionClosed, format!("{broken}: {reason}."))
}

/// Whether a connection ended without TLS's close_notify (RFC 8446, section 6.1), which many servers leave out.
pub(crate) fn ended_without_goodbye(error: &hyper::Error) -> bool {
    let kind = |error: &(dyn Error + 'static)| error.downcast_ref::<io::Error>().map(io::Error::kind);
    chain(error).any(|error| kind(error) == Some(io::ErrorKind::UnexpectedEof))
}

/// An error and its sources.
fn chain(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}

/// The TLS alert inside an error.
fn alert(error: &(dyn Error + 'static)) -> Option<AlertDescription> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    }
}

/// The instant this many milliseconds from now.
pub fn deadline_in(ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(u64::from(ms))
}
