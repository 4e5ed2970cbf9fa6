//! Reverse proxies in front of `valpero up`: those whose X-Forwarded-For is trusted.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use ipnet::IpNet;

/// The header to which each proxy adds the address that it was asked from.
const FORWARDED: &str = "x-forwarded-for";

/// A proxy's address, or a network of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proxy(IpNet);

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse());
        network.map(Self).map_err(|_| "must be an address or a network, such as 127.0.0.1 or 10.0.0.0/8".to_owned())
    }
}

/// The router, where a request that one of these proxies passes on counts as the client's that the proxy names.
pub(crate) fn behind(proxies: &[Proxy], router: Router) -> Router {
    if proxies.is_empty() {
        return router;
    }
    let proxies: Arc<[Proxy]> = proxies.into();
    // Around the whole router: its own layers read the address.
    Router::new().fallback_service(router).layer(from_fn_with_state(proxies, name_client))
}

async fn name_client(State(proxies): State<Arc<[Proxy]>>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let client = client(&proxies, peer.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

/// The client's address: the last one in the header that is not a trusted proxy's. Addresses before it may be forged by the client.
fn client(proxies: &[Proxy], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: IpAddr| proxies.iter().any(|Proxy(network)| network.contains(&address));
    let mut client = peer.to_canonical();
    let named = headers.get_all(FORWARDED).iter().map(|value| value.to_str().unwrap_or_default());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    for name in named.into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = address_of(name) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address of the header, which some proxies write with a port.
fn address_of(name: &str) -> Option<IpAddr> {
    name.parse().ok().or_else(|| name.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_trusted_proxies_alone() {
        let proxies: Vec<Proxy> =
            ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().expect("a proxy")).collect();
        let seen = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED, line.parse().expect("a header"));
            }
            client(&proxies, peer.parse().expect("an address"), &headers).to_string()
        };
        assert_eq!(seen("127.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen("::ffff:127.0.0.1", &["192.0.2.7:4711"]), "192.0.2.7");
        assert_eq!(seen("127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen("192.0.2.9", &["192.0.2.7"]), "192.0.2.9", "a stranger's word");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1, 192.0.2.7"]), "192.0.2.7", "what the client itself sent");
        assert_eq!(seen("127.0.0.1", &["198.51.100.1", "192.0.2.7, 10.1.2.3"]), "192.0.2.7", "two proxies");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &["192.0.2.7, unknown"]), "127.0.0.1", "not past what is no address");
        assert_eq!(seen("127.0.0.1", &["10.0.0.1"]), "10.0.0.1", "within the house");
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        for text in ["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8"] {
            assert!(text.parse::<Proxy>().is_ok(), "{text}");
        }
        for text in ["", "localhost", "10.0.0.0/33", "127.0.0.1:80"] {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
    }
}
