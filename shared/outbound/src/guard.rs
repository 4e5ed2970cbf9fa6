//! The guard: which addresses we connect to.

use std::net::{IpAddr, SocketAddr};

use valpero_domain::address::is_global;

/// Decides on every address just before it is connected to, so after every resolution and every redirect.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    private_targets: bool,
    own_machine: bool,
    own_sockets: Vec<SocketAddr>,
}

impl Guard {
    /// Permits the public internet alone: the default on AWS.
    pub fn public_only() -> Self {
        Self::default()
    }

    /// Permits private addresses too, for checks within one's own network, but never these sockets of our own (the embedded store).
    pub fn allowing_private(own_sockets: Vec<SocketAddr>) -> Self {
        Self { private_targets: true, own_machine: true, own_sockets }
    }

    /// Permits private networks too, but nothing of the machine itself: on AWS its loopback is the Lambda runtime's, and its
    /// link-local addresses hand out credentials.
    pub fn allowing_networks() -> Self {
        Self { private_targets: true, own_machine: false, own_sockets: Vec::new() }
    }

    /// Whether private addresses may be targets.
    pub fn allows_private(&self) -> bool {
        self.private_targets
    }

    /// Whether this address may be connected to.
    pub fn permits(&self, address: SocketAddr) -> bool {
        if !self.private_targets {
            return is_global(address.ip());
        }
        let canonical = address.ip().to_canonical();
        let link_local = match canonical {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if !self.own_machine && (canonical.is_loopback() || link_local) {
            return false;
        }
        // Another loopback address with the same port is another socket, unless ours listens on all of them. The unspecified
        // address connects to this very machine, under a name that no list of sockets has.
        let ours = |own: &SocketAddr| {
            let here = canonical == own.ip().to_canonical() || own.ip().is_unspecified();
            own.port() == address.port() && here
        };
        !canonical.is_unspecified() && !self.own_sockets.iter().any(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(text: &str) -> SocketAddr {
        text.parse().expect("a socket address")
    }

    #[test]
    fn only_public_addresses_pass_by_default() {
        assert!(Guard::public_only().permits(socket("1.1.1.1:80")));
        for text in
            ["127.0.0.1:80", "169.254.169.254:80", "[::ffff:127.0.0.1]:80", "[64:ff9b::7f00:1]:80", "10.0.0.1:443"]
        {
            assert!(!Guard::public_only().permits(socket(text)), "{text}");
        }
    }

    #[test]
    fn on_aws_the_machine_itself_is_no_private_network() {
        let guard = Guard::allowing_networks();
        assert!(guard.permits(socket("10.0.0.1:80")) && guard.permits(socket("[fd00::1]:80")));
        for text in [
            "127.0.0.1:9001",
            "[::1]:9001",
            "[::ffff:127.0.0.1]:9001",
            "169.254.169.254:80",
            "[fe80::1]:80",
            "0.0.0.0:9001",
        ] {
            assert!(!guard.permits(socket(text)), "{text}");
        }
    }

    #[test]
    fn our_own_sockets_are_refused_under_every_name() {
        let guard = Guard::allowing_private(vec![socket("127.0.0.1:8000")]);
        for text in ["127.0.0.1:8000", "[::ffff:127.0.0.1]:8000", "0.0.0.0:8000", "[::]:8000"] {
            assert!(!guard.permits(socket(text)), "{text}");
        }
        let everywhere = Guard::allowing_private(vec![socket("0.0.0.0:8000")]);
        for text in ["127.0.0.1:8000", "127.0.0.2:8000", "[::1]:8000", "192.168.0.1:8000", "0.0.0.0:8000"] {
            assert!(!everywhere.permits(socket(text)), "{text}");
        }
        assert!(everywhere.permits(socket("127.0.0.1:80")));
    }

    #[test]
    fn a_neighbour_of_our_own_socket_is_somebody_else() {
        let guard = Guard::allowing_private(vec![socket("127.31.7.9:8000")]);
        for text in ["127.31.7.9:80", "127.0.0.1:8000", "[::1]:8000", "192.168.0.1:8000"] {
            assert!(guard.permits(socket(text)), "{text}");
        }
    }
}
