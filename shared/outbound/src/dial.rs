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
    time::{Instant, sleep_until},
};
use url::Host;
use valpero_domain::probe::{Cause, ErrorCode};

use crate::{Outbound, Trace, os_error, silence};

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
    let stream = connected.map_err(|cause| stopped(cause, port, outbound.blocked_ports))?;
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

/// The same cause, but where connections to this port never leave our network: a silence there says nothing of the target.
fn stopped(cause: Cause, port: u16, blocked_ports: &[u16]) -> Cause {
    if cause.code != ErrorCode::ConnectTimeout || !blocked_ports.contains(&port) {
        return cause;
    }
    Cause::seen(ErrorCode::PortBlocked, format!("AWS lets no function connect to port {port}."))
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
    let _turn = outbound.turn(trace, deadline).await?;
    let started = Instant::now();
    let resolver = outbound.resolver.as_ref();
    let resolved = silence::listen(resolver, name, resolver.resolve(name), deadline).await;
    Trace::add(&mut trace.phases.dns_us, started);
    let addresses = resolved.map_err(|cause| match cause.code {
        // Where the target has used up the time before it redirected here, the time-out is its own.
        ErrorCode::DnsTimeout if Instant::now() >= deadline && trace.phases.first_byte_us.is_some() => {
            Cause::of(ErrorCode::ResponseTimeout)
        }
        _ => cause,
    })?;
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
                        Err(error) => Err(failure(addresses[place], &error, os_error::has_ipv6_route)),
                    };
                }
                Err(error) => {
                    failures[place] = Some(failure(addresses[place], &error, os_error::has_ipv6_route));
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
    Err(verdict(addresses, failures))
}

/// What the target is, by what each of its addresses said; nothing, where one kept silent.
///
/// What one address says is what the target is: IPv4 before IPv6, and always the same one, in whatever order the name server gave
/// them, so that the same fault has the same words. Only where we ran out of sockets is it no word about the target at all, and where
/// no address can be reached from this machine.
fn verdict(addresses: &[SocketAddr], failures: Vec<Option<Cause>>) -> Cause {
    let is = |code: ErrorCode| move |cause: &Cause| cause.code == code;
    let ours = failures.iter().flatten().find(|cause| is(ErrorCode::OutOfSockets)(cause)).cloned();
    let order =
        |(address, said): &(&SocketAddr, Option<Cause>)| (said.as_ref().is_some_and(is(ErrorCode::NoIpv6)), **address);
    let (address, first) = addresses.iter().zip(failures).min_by_key(order).unzip();
    let silent = || {
        let address = address.map(ToString::to_string).unwrap_or_default();
        Cause::seen(ErrorCode::ConnectTimeout, format!("{address} did not accept the connection in time."))
    };
    ours.or(first.flatten()).unwrap_or_else(silent)
}

async fn attempt(place: usize, address: SocketAddr) -> (usize, io::Result<TcpStream>) {
    (place, TcpStream::connect(address).await)
}

fn share(deadline: Instant, waiting: usize) -> Duration {
    deadline.saturating_duration_since(Instant::now()) / u32::try_from(waiting + 1).unwrap_or(u32::MAX)
}

/// What an address's failure says; `has_route` tells whether this machine has a way to an IPv6 address.
fn failure(address: SocketAddr, error: &io::Error, has_route: impl Fn(SocketAddr) -> bool) -> Cause {
    if address.is_ipv6() && os_error::lacks_route(error) && !has_route(address) {
        let detail = format!("{address} is an IPv6 address, and the checker has no route to it.");
        return Cause::seen(ErrorCode::NoIpv6, detail);
    }
    // With a route, an address that is not available is a local port that is not.
    if os_error::out_of_sockets(error) || error.kind() == io::ErrorKind::AddrNotAvailable {
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

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("a socket address")
    }

    fn error(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno.raw_os_error())
    }

    #[test]
    fn a_machine_without_ipv6_is_no_word_about_the_target() {
        let (v4, v6) = (address("192.0.2.1:443"), address("[2001:db8::1]:443"));
        for errno in [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL, Errno::NETUNREACH] {
            assert_eq!(failure(v6, &error(errno), |_| false).code, ErrorCode::NoIpv6, "{errno:?}");
        }
        for (at, errno, code) in [
            (v6, Errno::NETUNREACH, ErrorCode::ConnectUnreachable),
            (v6, Errno::HOSTUNREACH, ErrorCode::ConnectUnreachable),
            (v6, Errno::ADDRNOTAVAIL, ErrorCode::OutOfSockets),
            (v4, Errno::ADDRNOTAVAIL, ErrorCode::OutOfSockets),
            (v4, Errno::NETUNREACH, ErrorCode::ConnectUnreachable),
            (v4, Errno::CONNREFUSED, ErrorCode::ConnectRefused),
            (v4, Errno::MFILE, ErrorCode::OutOfSockets),
            (v6, Errno::NFILE, ErrorCode::OutOfSockets),
        ] {
            assert_eq!(failure(at, &error(errno), |_| true).code, code, "{at} {errno:?}");
        }
        assert_eq!(failure(v6, &error(Errno::CONNREFUSED), |_| false).code, ErrorCode::ConnectRefused);
    }

    #[test]
    fn only_where_no_address_can_be_reached_from_here_is_it_our_own_fault() {
        let [v4, low, high] = ["192.0.2.1:443", "[2001:db8::1]:443", "[2001:db8::2]:443"].map(address);
        let said = |code| Some(Cause::of(code));
        let none = || said(ErrorCode::NoIpv6);
        for (addresses, failures, code) in [
            (vec![low], vec![none()], ErrorCode::NoIpv6),
            (vec![high, low], vec![none(), none()], ErrorCode::NoIpv6),
            (vec![low, high], vec![none(), said(ErrorCode::ConnectRefused)], ErrorCode::ConnectRefused),
            (vec![low, high], vec![none(), None], ErrorCode::ConnectTimeout),
            (vec![v4, low], vec![said(ErrorCode::ConnectRefused), none()], ErrorCode::ConnectRefused),
            (vec![v4, low], vec![None, none()], ErrorCode::ConnectTimeout),
            (
                vec![v4, low],
                vec![said(ErrorCode::ConnectRefused), said(ErrorCode::OutOfSockets)],
                ErrorCode::OutOfSockets,
            ),
        ] {
            assert_eq!(verdict(&addresses, failures).code, code, "{addresses:?}");
        }
    }

    #[test]
    fn a_port_that_our_network_blocks_is_no_word_about_the_target() {
        let silent = || Cause::of(ErrorCode::ConnectTimeout);
        assert_eq!(stopped(silent(), 25, &[25]).code, ErrorCode::PortBlocked);
        assert_eq!(stopped(silent(), 587, &[25]).code, ErrorCode::ConnectTimeout);
        assert_eq!(stopped(silent(), 25, &[]).code, ErrorCode::ConnectTimeout);
        assert_eq!(stopped(Cause::of(ErrorCode::ConnectRefused), 25, &[25]).code, ErrorCode::ConnectRefused);
    }
}
