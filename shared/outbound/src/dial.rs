//! From a host's name to a connection: resolve, vet, connect to whichever address answers first.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until, timeout_at},
};
use url::Host;
use valpero_domain::probe::{Cause, ErrorCode};

use crate::{Outbound, Trace};

/// Addresses of one host that are tried, at most.
const ADDRESSES_MAX: usize = 4;

/// How long an address has the field to itself (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a host, and adds what it took to `trace`.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn dial(
    outbound: &Outbound,
    host: &Host<&str>,
    port: u16,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<TcpStream, Cause> {
    let permitted = targets(outbound, host, port, deadline, trace).await?;
    let started = Instant::now();
    let connected = connect(outbound, &permitted, deadline).await;
    Trace::add(&mut trace.phases.connect_us, started);
    let stream = connected?;
    trace.facts.remote = stream.peer_addr().ok();
    Ok(stream)
}

/// The addresses of a host that the guard permits, in the order in which they are tried: IPv4 and IPv6 by turns.
///
/// # Errors
/// Where the name has none, or none that is permitted.
pub(crate) async fn targets(
    outbound: &Outbound,
    host: &Host<&str>,
    port: u16,
    deadline: Instant,
    trace: &mut Trace,
) -> Result<Vec<SocketAddr>, Cause> {
    let addresses = addresses(outbound, host, deadline, trace).await?;
    let permitted = addresses
        .iter()
        .map(|address| SocketAddr::new(*address, port))
        .filter(|address| outbound.guard.permits(*address));
    // IPv4 first: a Lambda outside a VPC has no IPv6 route.
    let (v4, v6): (Vec<SocketAddr>, Vec<SocketAddr>) = permitted.partition(SocketAddr::is_ipv4);
    let turns = v4.len().max(v6.len());
    let ordered = (0..turns).flat_map(|turn| v4.get(turn).into_iter().chain(v6.get(turn)));
    let ordered: Vec<SocketAddr> = ordered.copied().take(ADDRESSES_MAX).collect();
    if ordered.is_empty() { Err(blocked(host, &addresses)) } else { Ok(ordered) }
}

fn blocked(host: &Host<&str>, addresses: &[IpAddr]) -> Cause {
    let mut addresses = addresses.to_vec();
    addresses.sort_unstable();
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
    Trace::add(&mut trace.phases.dns_us, started);
    // Where the target has used up the time before it redirected here, the time-out is its own.
    let late = if trace.phases.first_byte_us.is_some() { ErrorCode::ResponseTimeout } else { ErrorCode::DnsTimeout };
    let addresses = resolved.unwrap_or_else(|_| Err(Cause::of(late)))?;
    if addresses.is_empty() { Err(Cause::of(ErrorCode::DnsNoAddress)) } else { Ok(addresses) }
}

/// Happy eyeballs (RFC 8305): the next address is tried when one has failed, or has kept silent for a quarter of a second, and
/// whichever answers first is taken.
async fn connect(outbound: &Outbound, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Cause> {
    let mut failures: Vec<Option<Cause>> = vec![None; addresses.len()];
    let mut waiting = addresses.iter().enumerate().peekable();
    let mut racing = FuturesUnordered::new();
    // Each address that races beside another holds one.
    let mut extra: Vec<OwnedSemaphorePermit> = Vec::new();
    loop {
        if racing.is_empty() {
            extra.clear();
            let Some((place, address)) = waiting.next() else { break };
            racing.push(attempt(place, *address));
        }
        let (wake, permit) = match waiting.peek() {
            None => (deadline, None),
            Some(_) => match outbound.spare.clone().try_acquire_owned() {
                Ok(permit) => (deadline.min(Instant::now() + HEAD_START), Some(permit)),
                // No socket to spare for a race: one after the other, each with its share of the time that is left.
                Err(_) => (Instant::now() + share(deadline, waiting.len()), None),
            },
        };
        tokio::select! {
            Some((place, ended)) = racing.next() => match ended {
                Ok(stream) => {
                    // A request is one small write; waiting to fill a packet would be counted as the target's time.
                    return match stream.set_nodelay(true) {
                        Ok(()) => Ok(stream),
                        Err(error) => Err(failure(addresses[place], &error)),
                    };
                }
                Err(error) => {
                    failures[place] = Some(failure(addresses[place], &error));
                    if let Some((next, address)) = waiting.next() {
                        racing.push(attempt(next, *address));
                    }
                }
            },
            () = sleep_until(wake) => {
                if Instant::now() >= deadline {
                    break;
                }
                match permit {
                    Some(permit) => extra.push(permit),
                    None => racing.clear(),
                }
                if let Some((next, address)) = waiting.next() {
                    racing.push(attempt(next, *address));
                }
            }
        }
    }
    // What one address says is what the target is: IPv4 before IPv6, for a machine without IPv6 fails there for its own reasons;
    // and always the same one, in whatever order the name server gave them, so that the same fault has the same words.
    // Only where we ran out of sockets is it no word about the target at all.
    let ours = failures.iter().flatten().find(|cause| cause.code == ErrorCode::OutOfSockets).cloned();
    let (address, first) = addresses.iter().zip(failures).min_by_key(|(address, _)| **address).unzip();
    let silent = || {
        let address = address.map(ToString::to_string).unwrap_or_default();
        Cause::seen(ErrorCode::ConnectTimeout, format!("{address} did not accept the connection in time."))
    };
    Err(ours.or(first.flatten()).unwrap_or_else(silent))
}

async fn attempt(place: usize, address: SocketAddr) -> (usize, io::Result<TcpStream>) {
    (place, TcpStream::connect(address).await)
}

fn share(deadline: Instant, waiting: usize) -> Duration {
    deadline.saturating_duration_since(Instant::now()) / u32::try_from(waiting + 1).unwrap_or(u32::MAX)
}

fn failure(address: SocketAddr, error: &io::Error) -> Cause {
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
