//! One HTTP request on a connection of its own, up to the response head, and the end of that connection.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use futures::FutureExt;
use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Bytes, Incoming},
    client::conn::{http1, http2},
    rt::Executor,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::lenient::Lenient;

/// The longest response head, in bytes.
const HEAD_MAX: usize = 64 * 1024;

/// Header fields of a response, at most: a little more than the 5,000 that curl reads. hyper reserves memory for so many at each response, and
/// for as many as a head of 64 KiB has room for that took a quarter of a check's time.
const FIELDS_MAX: usize = 5_120;

/// Flow-control window of HTTP/2: how many bytes of a body may wait to be read.
const WINDOW: u32 = 256 * 1024;

/// How long the rest of a body is waited for that nobody wants, and then how long the end of the connection may take.
const GOODBYE: Duration = Duration::from_millis(5);

/// How much of a body that nobody wants is read at the end of a connection, in bytes.
const UNWANTED_MAX: usize = 64 * 1024;

/// A connection, with TLS or without. Boxed: each future that hands it on would otherwise reserve space for all of it.
pub(crate) type Connection = Box<dyn ReadWrite>;

pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// The response head. Dropping it closes the connection at once, with whatever was not read of the body.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not read yet.
    pub body: Incoming,
    leash: Leash,
}

impl Answer {
    /// Ends the connection properly, unless that takes longer than a few milliseconds: a server that sees a reset, or the end of TLS
    /// without close_notify (RFC 8446, section 6.1), may log it as an error at each check.
    pub async fn leave(mut self, deadline: Instant) {
        let until = soon(deadline);
        // Bytes that have arrived and were not read would turn the end into a reset.
        let mut unwanted = 0;
        while unwanted < UNWANTED_MAX && !self.body.is_end_stream() {
            let Ok(Some(Ok(frame))) = timeout_at(until, self.body.frame()).await else { break };
            unwanted += frame.data_ref().map_or(0, Bytes::len);
        }
        drop(self.body);
        // What has not ended by then is aborted with the leash.
        let _late = timeout_at(soon(deadline), self.leash.ended()).await;
    }
}

fn soon(deadline: Instant) -> Instant {
    deadline.min(Instant::now() + GOODBYE)
}

/// Sends a request, and waits for the head of the response.
///
/// # Errors
/// Where there is none.
pub(crate) async fn send(
    stream: Connection,
    http2: bool,
    request: Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    let leash = Leash::default();
    let http_1_0 = Arc::new(AtomicBool::new(false));
    let response = if http2 {
        over_http2(stream, request, &leash).await
    } else {
        over_http1(Lenient::new(stream, HEAD_MAX, Arc::clone(&http_1_0)), request, &leash).await
    };
    let (head, body) = match response {
        Ok(response) => response.into_parts(),
        Err(error) => {
            // A connection whose only request failed may still end properly.
            let _late = timeout(GOODBYE, leash.ended()).await;
            return Err(error);
        }
    };
    let version = if http_1_0.load(Ordering::Relaxed) { Version::HTTP_10 } else { head.version };
    Ok(Answer { status: head.status.as_u16(), version, headers: head.headers, body, leash })
}

async fn over_http1(
    stream: Lenient<Connection>,
    request: Request<Full<Bytes>>,
    leash: &Leash,
) -> Result<Response<Incoming>, hyper::Error> {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(HEAD_MAX)
        .max_headers(FIELDS_MAX)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let (tell, ended) = oneshot::channel();
    // Nobody listens any more once the response has come.
    leash.0.execute(connection.map(|ended| tell.send(ended.err()).ok()));
    explain(sender.send_request(request).await, ended).await
}

async fn over_http2(
    stream: Connection,
    request: Request<Full<Bytes>>,
    leash: &Leash,
) -> Result<Response<Incoming>, hyper::Error> {
    let mut builder = http2::Builder::new(leash.0.clone());
    builder
        .max_header_list_size(HEAD_MAX as u32)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let (mut sender, connection) = Box::pin(builder.handshake(TokioIo::new(stream))).await?;
    let (tell, ended) = oneshot::channel();
    leash.0.execute(connection.map(|ended| tell.send(ended.err()).ok()));
    explain(sender.send_request(request).await, ended).await
}

/// Where the connection ended before the request was sent, the connection has the reason, not the request.
async fn explain(
    sent: Result<Response<Incoming>, hyper::Error>,
    ended: oneshot::Receiver<Option<hyper::Error>>,
) -> Result<Response<Incoming>, hyper::Error> {
    match sent {
        Err(error) if error.is_canceled() || error.is_closed() => Err(ended.await.ok().flatten().unwrap_or(error)),
        sent => sent,
    }
}

/// All tasks of one connection, aborted with it: a peer that never reads must not keep a socket of ours.
#[derive(Debug, Default)]
struct Leash(Tasks);

impl Leash {
    /// Waits until the connection has ended by itself.
    async fn ended(&self) {
        poll_fn(|cx| {
            let mut tasks = self.0.locked();
            tasks.retain_mut(|task| Pin::new(task).poll(cx).is_pending());
            if tasks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Spawns the tasks that hyper runs beside the exchange.
#[derive(Debug, Clone, Default)]
struct Tasks(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Tasks {
    fn locked(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.locked().push(tokio::spawn(task.map(drop)));
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.locked().drain(..).for_each(|task| task.abort());
    }
}
