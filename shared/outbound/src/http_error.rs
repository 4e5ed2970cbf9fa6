//! What a broken HTTP exchange says about the target, and whether it may be tried again.

use std::{error::Error, io};

use h2::Reason;
use rustls::AlertDescription;
use valpero_domain::probe::{Cause, ErrorCode};

use crate::tls::wants_certificate;

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

/// How to ask once more after a broken exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Over HTTP/1.1: the target requires it (RFC 9113, section 7).
    OverHttp1,
    /// In the same way on a new connection: the request was certainly not processed (RFC 9113, section 8.7).
    OnNewConnection,
}

/// Whether to ask once more after this error of an HTTP/2 connection on which one request was sent.
pub(crate) fn again(error: &hyper::Error) -> Option<Again> {
    let Some(http2) = chain(error).find_map(|error| error.downcast_ref::<h2::Error>()) else {
        // hyper returns a request that it did not send before the connection ended.
        return error.is_canceled().then_some(Again::OnNewConnection);
    };
    match http2.reason() {
        Some(Reason::HTTP_1_1_REQUIRED) if http2.is_remote() => Some(Again::OverHttp1),
        Some(Reason::REFUSED_STREAM) if http2.is_remote() && http2.is_reset() => Some(Again::OnNewConnection),
        // A GOAWAY breaks only the streams that it says were not processed; the others go on.
        Some(_) if http2.is_remote() && http2.is_go_away() => Some(Again::OnNewConnection),
        _ => None,
    }
}
