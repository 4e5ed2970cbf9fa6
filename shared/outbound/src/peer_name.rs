//! The name that a certificate must be valid for, and what a handshake may call it.

use std::{borrow::Cow, net::IpAddr};

use rustls_pki_types::ServerName;
use url::Host;

/// A host as TLS knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PeerName {
    /// A host name in the preferred syntax (RFC 1034, section 3.5, and underscores), or an address.
    Plain(ServerName<'static>),
    /// Another DNS name: a label begins or ends with a hyphen, or has other characters. A certificate may cover it by a wildcard
    /// alone; the handshake names no host, since the TLS library sends host names only.
    Odd(String),
}

impl PeerName {
    /// The name of this host.
    pub(crate) fn of(host: &Host<&str>) -> Self {
        match host {
            Host::Ipv4(v4) => Self::Plain(IpAddr::from(*v4).into()),
            Host::Ipv6(v6) => Self::Plain(IpAddr::from(*v6).into()),
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_owned();
                ServerName::try_from(name.clone()).map_or(Self::Odd(name), Self::Plain)
            }
        }
    }

    /// The name for a handshake with this address. An address is never sent.
    pub(crate) fn in_handshake(&self, peer: IpAddr) -> ServerName<'static> {
        match self {
            Self::Plain(name) => name.clone(),
            Self::Odd(_) => peer.into(),
        }
    }

    /// The text, for messages and hashes.
    pub(crate) fn to_str(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(name) => name.to_str(),
            Self::Odd(name) => name.as_str().into(),
        }
    }
}

/// Whether a certificate's name is a wildcard that covers a host: the star is a whole label, stands for one, and is followed by at
/// least two, as webpki has it for names that it accepts.
pub(crate) fn wildcard_covers(wildcard: &str, host: &str) -> bool {
    let Some(rest) = wildcard.strip_prefix("*.") else { return false };
    let parent = host.split_once('.').map(|(_, parent)| parent);
    rest.contains('.') && parent.is_some_and(|parent| parent.eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_underscores_are_host_names_to_tls() {
        for name in ["my_app", "foo_bar.t", "host_.t", "_a.t", "example.com"] {
            assert!(matches!(PeerName::of(&Host::Domain(name)), PeerName::Plain(_)), "{name}");
        }
        let longest =
            format!("{}.", ["a".repeat(61).as_str(), &"b".repeat(63), &"c".repeat(63), &"d".repeat(63)].join("."));
        assert!(matches!(PeerName::of(&Host::Domain(&longest)), PeerName::Plain(_)), "the final dot does not count");
        let peer: IpAddr = "192.0.2.1".parse().expect("an address");
        for name in ["-host.t", "host-.t", "a+b", "a*b", "a!b", "a~b", "a$b"] {
            let odd = PeerName::of(&Host::Domain(name));
            assert_eq!((&odd, odd.to_str().as_ref()), (&PeerName::Odd(name.to_owned()), name));
            assert_eq!(odd.in_handshake(peer), ServerName::from(peer));
        }
    }

    #[test]
    fn a_wildcard_covers_one_label_of_any_kind() {
        for host in ["-host.site.example", "a+b.SITE.example"] {
            assert!(wildcard_covers("*.Site.Example", host), "{host}");
        }
        for (wildcard, host) in [
            ("*.site.example", "a.-b.site.example"),
            ("*.site.example", "site.example"),
            ("*.site.example", "-a.other.example"),
            ("*.example", "-a.example"),
            ("-a.site.example", "-a.site.example"),
            ("*-a.site.example", "x-a.site.example"),
        ] {
            assert!(!wildcard_covers(wildcard, host), "{wildcard} {host}");
        }
    }
}
