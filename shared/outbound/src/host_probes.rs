//! The ssl, tcp and ping probes: one connection to a host and port.

use futures::FutureExt;
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use valpero_domain::{
    Timestamp,
    certificate::days_left,
    host_checks::{PingCheck, SslCheck, TcpCheck},
    probe::{Cause, ErrorCode},
};

use crate::{
    Outbound, Trace,
    certificate::Certificate,
    connection::Connection,
    dial::dial,
    starttls,
    tls::{Http, Terms},
};

/// Does a handshake and judges the certificate; `now` tells how many days are left.
pub(crate) async fn ssl(
    outbound: &Outbound,
    check: &SslCheck,
    now: Timestamp,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let host = check.host.as_host();
    let mut stream = dial(outbound, &host, check.port, deadline, trace).await?;
    if let Some(protocol) = check.starttls {
        starttls::ask(&mut stream, protocol, &check.host.to_string(), deadline, trace).await?;
    }
    let terms = Terms { verify: check.verify, http: Http::None, starttls: check.starttls, now, deadline };
    let secured = Box::pin(outbound.secure(&host, stream, terms, trace)).await?;
    say_goodbye(secured.stream).await;
    let least = i64::from(check.min_days_remaining);
    match trace.certificate_expires_at {
        Some(expires_at) if days_left(expires_at, now) < least => {
            let days = days_left(expires_at, now);
            let leaf = trace.facts.certificate.as_ref().and_then(Certificate::describe);
            let whose = match leaf {
                Some(leaf) if leaf.not_after != expires_at => "A certificate above the target's",
                _ => "The certificate",
            };
            if expires_at <= now {
                return Err(Cause::seen(ErrorCode::TlsExpired, format!("{whose} expired at {expires_at}.")));
            }
            let detail = format!("{whose} expires at {expires_at}, in {days} days; at least {least} are expected.");
            Err(Cause::seen(ErrorCode::TlsExpiring, detail))
        }
        _ => Ok(()),
    }
}

/// Ends a TLS connection as it should be ended (RFC 8446, section 6.1). A server that does not take these few bytes at once gets none.
async fn say_goodbye(mut stream: Connection) {
    // Whether it could be said changes nothing: the certificate was seen.
    let _said = stream.shutdown().now_or_never();
}

/// Connects; may send a text, and wait for one.
pub(crate) async fn tcp(
    outbound: &Outbound,
    check: &TcpCheck,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let stream = dial(outbound, &check.host.as_host(), check.port, deadline, trace).await?;
    if check.send.is_none() && check.expect.is_none() {
        return Ok(());
    }
    let started = Instant::now();
    let mut seen = Vec::new();
    let talked = timeout_at(deadline, talk(stream, check, &mut seen)).await;
    Trace::add(&mut trace.phases.first_byte_us, started);
    let late = if seen.is_empty() { ErrorCode::ResponseTimeout } else { ErrorCode::TcpMismatch };
    talked.unwrap_or_else(|_| Err(Cause::of(late)))
}

async fn talk(mut stream: TcpStream, check: &TcpCheck, seen: &mut Vec<u8>) -> Result<(), Cause> {
    let broke =
        |error: std::io::Error| Cause::seen(ErrorCode::ConnectionClosed, format!("The connection broke: {error}."));
    if let Some(text) = &check.send {
        stream.write_all(text.as_bytes()).await.map_err(broke)?;
    }
    let Some(wanted) = &check.expect else { return Ok(()) };
    let wanted = wanted.as_bytes();
    let mut part = [0; 4096];
    loop {
        let most = part.len().min(TcpCheck::ANSWER_MAX - seen.len());
        let read = stream.read(&mut part[..most]).await.map_err(broke)?;
        // Only new bytes are searched, and the end of the old ones, where a match may begin.
        let from = seen.len().saturating_sub(wanted.len());
        seen.extend_from_slice(&part[..read]);
        if memmem::find(&seen[from..], wanted).is_some() {
            return Ok(());
        }
        if read == 0 && seen.is_empty() {
            return Err(Cause::seen(ErrorCode::ConnectionClosed, "The target closed the connection without a word."));
        }
        if read == 0 || seen.len() >= TcpCheck::ANSWER_MAX {
            return Err(Cause::of(ErrorCode::TcpMismatch));
        }
    }
}

/// Measures a TCP handshake.
pub(crate) async fn ping(
    outbound: &Outbound,
    check: &PingCheck,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<(), Cause> {
    dial(outbound, &check.host.as_host(), check.port, deadline, trace).await.map(drop)
}
