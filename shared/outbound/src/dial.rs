//! From a host's name to a connection: resolve, ask the guard, connect to whichever address answers first. Every connection of the
//! process to a host that a user names is opened in this file; hickory alone opens the sockets for DNS questions.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket},
};

use tokio::{net::TcpStream, time::Instant};
use url::Host;
use valpero_domain::probe::{Cause, ErrorCode};

use crate::{
    Guard, Outbound, Trace, os_error,
    race::{ADDRESSES_MAX, Tried, order, race},
    silence,
};

/// Connects to a host, and adds timings and the peer's address to `trace`.
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
    let ordered = order(permitted);
    if ordered.is_empty() { Err(blocked(host, &addresses)) } else { Ok(ordered) }
}

/// The same cause, except where connections to this port never leave our network: there, silence says nothing about the target.
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
        // A target that used up the time before it redirected here has timed out itself.
        ErrorCode::DnsTimeout if Instant::now() >= deadline && trace.phases.first_byte_us.is_some() => {
            Cause::of(ErrorCode::ResponseTimeout)
        }
        _ => cause,
    })?;
    if addresses.is_empty() { Err(Cause::of(ErrorCode::DnsNoAddress)) } else { Ok(addresses) }
}

/// Connects to one of these addresses.
///
/// # Errors
/// Why none of them takes a connection.
async fn connect(outbound: &Outbound, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Cause> {
    let open = |address| open(&outbound.guard, address);
    let (address, stream) = race(addresses, deadline, &outbound.spare, open).await.map_err(verdict)?;
    // A request is one small write; waiting to fill a packet would be counted as the target's time.
    match stream.set_nodelay(true) {
        Ok(()) => Ok(stream),
        Err(error) => Err(failure(address, &error, has_ipv6_route)),
    }
}

/// Connects once more to the peer of a connection that is closed: with the socket that this probe had for it.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn redial(outbound: &Outbound, peer: SocketAddr) -> io::Result<TcpStream> {
    open(&outbound.guard, peer).await
}

/// Opens a connection, where the guard permits it: the only place in the shipped code.
async fn open(guard: &Guard, address: SocketAddr) -> io::Result<TcpStream> {
    if !guard.permits(address) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    TcpStream::connect(address).await
}

/// Whether this machine has an IPv6 address and a route from it to this one. Connecting a UDP socket sends nothing, it looks the route
/// up. A router's answer that there is no route further on is something else.
pub(crate) fn has_ipv6_route(address: SocketAddr) -> bool {
    UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).and_then(|socket| socket.connect(address)).is_ok()
}

/// What the failures of a host's addresses say about the target.
///
/// One address speaks for all: IPv4 before IPv6, and of each the lowest, in whatever order the name server gave them, so that the same
/// fault has the same words. Two things say nothing about the target: that we ran out of sockets for any of them, and that none can be
/// reached from this machine.
fn verdict(tried: Vec<Tried>) -> Cause {
    let cause = |tried: Tried| match tried.error {
        Some(error) => failure(tried.address, &error, has_ipv6_route),
        None => silent(tried.address),
    };
    speaking(tried.into_iter().map(|tried| (tried.address, cause(tried))).collect())
}

/// The cause that speaks for all addresses.
fn speaking(mut causes: Vec<(SocketAddr, Cause)>) -> Cause {
    let rank = |(address, cause): &(SocketAddr, Cause)| match cause.code {
        ErrorCode::OutOfSockets => (0, None),
        ErrorCode::NoIpv6 => (2, Some(*address)),
        _ => (1, Some(*address)),
    };
    causes.sort_by_key(rank);
    // A host without a permitted address is not dialled.
    causes.into_iter().next().map_or_else(|| Cause::of(ErrorCode::ConnectTimeout), |(_, cause)| cause)
}

fn silent(address: SocketAddr) -> Cause {
    Cause::seen(ErrorCode::ConnectTimeout, format!("{address} did not accept the connection in time."))
}

/// What an error of an address says about the target; `has_route` tells whether this machine has a route to an IPv6 address.
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
        io::ErrorKind::TimedOut => silent(address),
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
        use ErrorCode::{ConnectRefused, ConnectTimeout, NoIpv6, OutOfSockets};
        let [v4, low, high] = ["192.0.2.1:443", "[2001:db8::1]:443", "[2001:db8::2]:443"].map(address);
        for (said, code) in [
            (vec![(low, NoIpv6)], NoIpv6),
            (vec![(high, NoIpv6), (low, NoIpv6)], NoIpv6),
            (vec![(low, NoIpv6), (high, ConnectRefused)], ConnectRefused),
            (vec![(low, NoIpv6), (high, ConnectTimeout)], ConnectTimeout),
            (vec![(v4, ConnectRefused), (low, NoIpv6)], ConnectRefused),
            (vec![(v4, ConnectTimeout), (low, NoIpv6)], ConnectTimeout),
            (vec![(low, ConnectRefused), (v4, ConnectTimeout)], ConnectTimeout),
            (vec![(high, ConnectTimeout), (low, ConnectRefused)], ConnectRefused),
            (vec![(v4, ConnectRefused), (low, OutOfSockets)], OutOfSockets),
        ] {
            let causes = said.iter().map(|(address, code)| (*address, Cause::of(*code))).collect();
            assert_eq!(speaking(causes).code, code, "{said:?}");
        }
    }

    #[test]
    fn an_address_without_an_error_was_silent() {
        let silent = verdict(vec![Tried { address: address("192.0.2.1:443"), error: None }]);
        assert_eq!(silent.code, ErrorCode::ConnectTimeout);
        assert_eq!(silent.detail, "192.0.2.1:443 did not accept the connection in time.");
    }

    #[tokio::test]
    async fn no_socket_is_opened_to_an_address_that_the_guard_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let refused = open(&Guard::public_only(), here).await.expect_err("refused");
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(open(&Guard::allowing_private(Vec::new()), here).await.is_ok());
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
