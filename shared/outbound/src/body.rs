//! Response bodies: bounded as received, bounded again when decompressed, and never stored.

use std::time::Duration;

use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use valpero_domain::{
    http_check::ANSWER_MAX,
    probe::{Cause, ErrorCode},
};

use crate::{Outbound, http_error, unpack::Packing};

/// `Accept-Encoding` of requests whose body is read.
pub(crate) const ACCEPT_ENCODING: &str = "gzip, br";

/// Memory for bodies is granted in steps of this many bytes.
const STEP: usize = 64 * 1024;

/// Steps for all bodies at the same time: 32 MiB.
pub(crate) const STEPS: usize = 512;

/// How long a body may keep more than one step while memory is short.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often a stalled body is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Reads a body to its end.
///
/// # Errors
/// Where it is too long, broken, or not over by the deadline.
pub(crate) async fn read(
    outbound: &Outbound,
    headers: &HeaderMap,
    body: &mut Incoming,
    deadline: Instant,
) -> Result<Vec<u8>, Cause> {
    let packing = Packing::of(headers)?;
    let until_close = !headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING);
    let mut bytes = Vec::new();
    let mut memory: Vec<OwnedSemaphorePermit> = Vec::new();
    let started = Instant::now();
    loop {
        // A body that does not end must not keep memory that others wait for. That says nothing about the target.
        let crowded = outbound.memory.available_permits() < ANSWER_MAX / STEP;
        if crowded && memory.len() > 1 && started.elapsed() > PATIENCE {
            return Err(Cause::of(ErrorCode::Deadline));
        }
        let Ok(frame) = timeout_at(deadline.min(Instant::now() + LOOK), body.frame()).await else {
            if Instant::now() < deadline {
                continue;
            }
            return Err(Cause::seen(ErrorCode::ResponseTimeout, "The body of the answer did not end in time."));
        };
        let Some(frame) = frame else { break };
        let frame = match frame {
            Ok(frame) => frame,
            // Where the end of the connection ends the body (RFC 9112, section 6.3), a missing close_notify is no fault.
            Err(error) if until_close && http_error::ended_without_goodbye(&error) => break,
            Err(error) => {
                return Err(http_error::http_failure(&error, "The connection broke before the end of the body"));
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > ANSWER_MAX {
            return Err(Cause::of(ErrorCode::BodyTooLarge));
        }
        while memory.len() * STEP < bytes.len() + data.len() {
            memory.push(step(outbound, deadline).await?);
        }
        bytes.extend_from_slice(&data);
    }
    packing.unpack(bytes)
}

/// Takes memory. Where there is none in time, that is our fault and says nothing about the target.
async fn step(outbound: &Outbound, deadline: Instant) -> Result<OwnedSemaphorePermit, Cause> {
    let permit = timeout_at(deadline, Semaphore::acquire_owned(outbound.memory.clone())).await;
    permit.ok().and_then(Result::ok).ok_or_else(|| Cause::of(ErrorCode::Deadline))
}
