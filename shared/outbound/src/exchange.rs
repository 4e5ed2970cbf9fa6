//! One HTTP/1.1 exchange on a connection of its own: resolve, vet, connect, TLS, request, head of the answer.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use valpero_domain::{
    Timestamp,
    probe::{Cause, ErrorCode, Phases},
};

use crate::{Outbound, tls};

/// The head of an answer may be this long, in bytes.
const HEAD_MAX: usize = 64 * 1024;

/// Addresses of one host that are tried, at most.
const ADDRESSES_MAX: usize = 4;

/// What to ask.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Whom: http or https.
    pub url: &'a Url,
    /// How.
    pub method: Method,
    /// With what; `Host`, and `User-Agent` where there is none, are added.
    pub headers: HeaderMap,
    /// And this body.
    pub body: Bytes,
    /// Whether the certificate must be valid for the host.
    pub verify_tls: bool,
    /// When it must be over.
    pub deadline: Instant,
}

/// The head of the answer. Its body is not read: the connection is dropped with it.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
}

/// What an exchange measured on its way, whether it came to an answer or not.
#[derive(Debug, Default, Clone, Copy)]
pub struct Trace {
    /// Where the time went.
    pub phases: Phases,
    /// When the leaf certificate expires, the earliest of them where there were several.
    pub certificate_expires_at: Option<Timestamp>,
}

/// Asks, and adds what was measured to `trace`.
///
/// # Errors
/// Why there is no answer.
pub async fn exchange(outbound: &Outbound, ask: Ask<'_>, trace: &mut Trace) -> Result<Answer, Cause> {
    let host = ask.url.host().ok_or_else(|| Cause::seen(ErrorCode::Internal, "The URL has no host."))?;
    let port = ask.url.port_or_known_default().unwrap_or(80);
    let addresses = addresses(outbound, &host, ask.deadline, trace).await?;
    let permitted: Vec<SocketAddr> = addresses
        .iter()
        .map(|address| SocketAddr::new(*address, port))
        .filter(|address| outbound.guard.permits(*address))
        .take(ADDRESSES_MAX)
        .collect();
    if permitted.is_empty() {
        return Err(blocked(&host, &addresses));
    }
    let started = Instant::now();
    let connected = connect(&permitted, ask.deadline).await;
    add(&mut trace.phases.connect_us, started);
    let stream = connected?;
    if ask.url.scheme() == "https" {
        let stream = handshake(outbound, &host, stream, &ask, trace).await?;
        converse(stream, ask, trace).await
    } else {
        converse(stream, ask, trace).await
    }
}

fn add(phase: &mut Option<u32>, started: Instant) {
    let us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    *phase = Some(phase.unwrap_or(0).saturating_add(us));
}

fn blocked(host: &Host<&str>, addresses: &[IpAddr]) -> Cause {
    let seen: Vec<String> = addresses.iter().take(ADDRESSES_MAX).map(ToString::to_string).collect();
    let detail = format!("{host} is {}, which is not on the public internet.", seen.join(", "));
    Cause::seen(ErrorCode::BlockedAddress, detail)
}

async fn addresses(
    outbound: &Outbound,
    host: &Host<&str>,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<Vec<IpAddr>, Cause> {
    let name = match host {
        Host::Ipv4(v4) => return Ok(vec![(*v4).into()]),
        Host::Ipv6(v6) => return Ok(vec![(*v6).into()]),
        Host::Domain(name) => name,
    };
    let started = Instant::now();
    let resolved = timeout_at(deadline, outbound.resolver.resolve(name)).await;
    add(&mut trace.phases.dns_us, started);
    // Where the target has used up the time before it redirected here, the time-out is its own.
    let late = if trace.phases.first_byte_us.is_some() { ErrorCode::ResponseTimeout } else { ErrorCode::DnsTimeout };
    let mut addresses = resolved.unwrap_or_else(|_| Err(Cause::of(late)))?;
    if addresses.is_empty() {
        return Err(Cause::of(ErrorCode::DnsNoAddress));
    }
    // IPv4 first: a Lambda outside a VPC has no IPv6 route.
    addresses.sort_by_key(IpAddr::is_ipv6);
    Ok(addresses)
}

async fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Cause> {
    let mut failures = Vec::with_capacity(addresses.len());
    for (place, address) in addresses.iter().enumerate() {
        // Each address gets its share of the time that is left, so that one that hangs does not hide the next.
        let left = u32::try_from(addresses.len() - place).unwrap_or(1);
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small write; waiting to fill a packet would be counted as the target's time.
                stream.set_nodelay(true).map_err(|error| connect_failure(*address, &error))?;
                return Ok(stream);
            }
            Ok(Err(error)) => failures.push(connect_failure(*address, &error)),
            Err(_) => {
                let detail = format!("{address} did not accept the connection in time.");
                failures.push(Cause::seen(ErrorCode::ConnectTimeout, detail));
            }
        }
    }
    // What the preferred address says is what the target is: a machine without IPv6 fails on the others for its own reasons.
    // Only where we ran out of sockets is it no word about the target at all.
    let ours = failures.iter().position(|cause| cause.code == ErrorCode::OutOfSockets);
    Err(failures.into_iter().nth(ours.unwrap_or(0)).unwrap_or_else(|| Cause::of(ErrorCode::ConnectFailed)))
}

fn connect_failure(address: SocketAddr, error: &io::Error) -> Cause {
    // ENFILE and EMFILE are ours, and so is EADDRNOTAVAIL, but where it means that this machine has no IPv6 at all.
    let ours = match error.raw_os_error() {
        Some(23 | 24) => true,
        Some(99) => address.is_ipv4(),
        _ => false,
    };
    if ours {
        return Cause::seen(ErrorCode::OutOfSockets, format!("The checker ran out of sockets: {error}."));
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Cause::seen(ErrorCode::ConnectRefused, format!("{address} refused the connection."))
        }
        io::ErrorKind::TimedOut => {
            Cause::seen(ErrorCode::ConnectTimeout, format!("{address} did not accept the connection in time."))
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Cause::seen(ErrorCode::ConnectUnreachable, format!("No route leads to {address}."))
        }
        _ => Cause::seen(ErrorCode::ConnectFailed, format!("The connection to {address} failed: {error}.")),
    }
}

async fn handshake(
    outbound: &Outbound,
    host: &Host<&str>,
    stream: TcpStream,
    ask: &Ask<'_>,
    trace: &mut Trace,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Cause> {
    let name = match host {
        Host::Ipv4(v4) => ServerName::from(IpAddr::from(*v4)),
        Host::Ipv6(v6) => ServerName::from(IpAddr::from(*v6)),
        Host::Domain(name) => ServerName::try_from((*name).to_owned())
            .map_err(|_| Cause::seen(ErrorCode::TlsHostname, format!("{name} cannot be the name in a certificate.")))?,
    };
    let started = Instant::now();
    let connector = TlsConnector::from(outbound.tls.config(ask.verify_tls));
    let shaken = timeout_at(ask.deadline, connector.connect(name, stream)).await;
    add(&mut trace.phases.tls_us, started);
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            let (cause, expires_at) = tls::failure(&error);
            note_expiry(trace, expires_at);
            return Err(cause);
        }
        Err(_) => return Err(Cause::of(ErrorCode::TlsTimeout)),
    };
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    note_expiry(trace, leaf.and_then(tls::expires_at));
    Ok(stream)
}

/// Of the certificates on the way through redirects, the one that expires first is the one to know of.
fn note_expiry(trace: &mut Trace, expires_at: Option<Timestamp>) {
    trace.certificate_expires_at = trace.certificate_expires_at.into_iter().chain(expires_at).min();
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ask: Ask<'_>,
    trace: &mut Trace,
) -> Result<Answer, Cause> {
    let started = Instant::now();
    let deadline = ask.deadline;
    let request = request(ask)?;
    let answered = timeout_at(deadline, async {
        let (mut sender, connection) =
            http1::Builder::new().max_buf_size(HEAD_MAX).handshake(TokioIo::new(stream)).await?;
        // Dropped with this block, and the connection with it.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        sender.send_request(request).await
    })
    .await;
    add(&mut trace.phases.first_byte_us, started);
    match answered {
        Ok(Ok(response)) => {
            let (head, _) = response.into_parts();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers })
        }
        Ok(Err(error)) => Err(http_failure(&error)),
        Err(_) => Err(Cause::of(ErrorCode::ResponseTimeout)),
    }
}

fn request(ask: Ask<'_>) -> Result<Request<Full<Bytes>>, Cause> {
    let internal =
        |error: http::Error| Cause::seen(ErrorCode::Internal, format!("The request cannot be made: {error}."));
    let target = &ask.url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &ask.url[url::Position::BeforeHost..url::Position::AfterPort];
    let announces_length = ask.body.is_empty() && matches!(ask.method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = Request::builder()
        .method(ask.method)
        .uri(target)
        .header(header::HOST, host)
        .body(Full::new(ask.body))
        .map_err(internal)?;
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

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("Valpero/", env!("CARGO_PKG_VERSION"), " (uptime monitor)");

fn http_failure(error: &hyper::Error) -> Cause {
    if error.is_parse() {
        return Cause::seen(ErrorCode::HttpProtocol, format!("The target's answer is not valid HTTP: {error}."));
    }
    Cause::seen(ErrorCode::ConnectionClosed, format!("The connection broke before the answer: {error}."))
}

/// The moment so many milliseconds from now.
pub fn deadline_in(ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(u64::from(ms))
}
