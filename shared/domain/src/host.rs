//! Hosts as all types of monitors but http name them: a host name or an IP address, and a port.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};
use url::{Host, ParseError};

use crate::Invalid;

/// The longest DNS name, in characters (RFC 1035, section 2.3.4).
const LENGTH_MAX: usize = 253;

/// Ports that Lambda functions cannot connect to: AWS blocks SMTP against spam.
pub const PORTS_BLOCKED_BY_AWS: &[u16] = &[25];

/// A host name, or an IP address. It is shown and asked for in lower case, with international names in Punycode, and is kept and answered as
/// it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName {
    host: Host<String>,
    /// How it was given, where that is another spelling.
    as_given: Option<Box<str>>,
}

impl HostName {
    /// The host name, or the address.
    pub fn as_host(&self) -> Host<&str> {
        match &self.host {
            Host::Domain(name) => Host::Domain(name),
            Host::Ipv4(v4) => Host::Ipv4(*v4),
            Host::Ipv6(v6) => Host::Ipv6(*v6),
        }
    }

    /// The address, where the host is one.
    pub fn literal_address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Domain(_) => None,
            Host::Ipv4(v4) => Some((*v4).into()),
            Host::Ipv6(v6) => Some((*v6).into()),
        }
    }

    /// Host and port, as they are written together.
    pub fn with_port(&self, port: u16) -> String {
        match &self.host {
            Host::Ipv6(v6) => format!("[{v6}]:{port}"),
            Host::Domain(_) | Host::Ipv4(_) => format!("{self}:{port}"),
        }
    }
}

/// An IPv6 address stands without brackets.
impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Domain(name) => f.write_str(name),
            Host::Ipv4(v4) => v4.fmt(f),
            Host::Ipv6(v6) => v6.fmt(f),
        }
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> Self {
        match host.as_given {
            Some(text) => text.into(),
            None => host.to_string(),
        }
    }
}

impl TryFrom<String> for HostName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        // Before parsing: a longer text may still parse as an address, such as 254 zeros.
        if text.chars().count() > LENGTH_MAX {
            return Err(Invalid::new(format!("must be a host of at most {LENGTH_MAX} characters")));
        }
        if text.contains("//") {
            return Err(Invalid::new("must be a host such as example.com, not a URL"));
        }
        let host = Self { host: parse(&text)?, as_given: None };
        let as_given = Some(text).filter(|text| *text != host.to_string());
        Ok(Self { as_given: as_given.map(Into::into), ..host })
    }
}

fn parse(text: &str) -> Result<Host<String>, Invalid> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(v6) = bare.parse() {
        return Ok(Host::Ipv6(v6));
    }
    if text.contains(':') {
        return Err(Invalid::new("must be a host without a port; the port has a field of its own"));
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) => domain(&name).map(Host::Domain),
        Ok(address) => Ok(address),
        Err(error) => Err(Invalid::new(format!("must be a host such as example.com{}", not_parsed(error)))),
    }
}

/// Why a URL or host is none, as the end of a sentence; empty where nothing more can be said.
pub(crate) const fn not_parsed(error: ParseError) -> &'static str {
    match error {
        ParseError::EmptyHost => ": the host is missing",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => ": this is no host name",
        ParseError::InvalidPort => ": the port must be a number of 1 to 65535",
        ParseError::InvalidIpv4Address => ": this is no IPv4 address",
        ParseError::InvalidIpv6Address => ": this is no IPv6 address",
        _ => "",
    }
}

/// A DNS name without its final dot.
fn domain(name: &str) -> Result<String, Invalid> {
    let name = name.strip_suffix('.').unwrap_or(name);
    check_labels(name).map(|()| name.to_owned())
}

/// Checks the length of a name and of its labels (RFC 1035, section 2.3.4).
///
/// # Errors
/// Where one of them is too long or empty.
pub fn check_labels(name: &str) -> Result<(), Invalid> {
    if name.len() > LENGTH_MAX || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(Invalid::new("must have a host name whose parts have 1 to 63 characters, 253 in all"));
    }
    Ok(())
}

/// A name server: a host, and behind a colon a port other than 53.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameServer {
    /// Host to ask.
    pub host: HostName,
    /// UDP and TCP port. Default: 53.
    pub port: u16,
    /// How it was given, where that is another spelling.
    as_given: Option<Box<str>>,
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            53 => self.host.fmt(f),
            port => f.write_str(&self.host.with_port(port)),
        }
    }
}

impl From<NameServer> for String {
    fn from(server: NameServer) -> Self {
        match server.as_given {
            Some(text) => text.into(),
            None => server.to_string(),
        }
    }
}

impl TryFrom<String> for NameServer {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        // An IPv6 address has colons of its own: with a port it stands in brackets.
        let split = match text.rsplit_once(':') {
            Some((host, port)) if text.parse::<Ipv6Addr>().is_err() && !text.ends_with(']') => Some((host, port)),
            _ => None,
        };
        let (host, port) = match split {
            Some((host, port)) => {
                let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
                let port = port.parse().ok().filter(|port: &u16| digits && *port != 0);
                (host, port.ok_or_else(|| Invalid::new("must have a port of 1 to 65535 behind the colon"))?)
            }
            None => (text.as_str(), 53),
        };
        let server = Self { host: HostName::try_from(host.to_owned())?, port, as_given: None };
        let as_given = Some(text).filter(|text| *text != server.to_string());
        Ok(Self { as_given: as_given.map(Into::into), ..server })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<String, Invalid> {
        let host = HostName::try_from(text.to_owned())?;
        let (shown, stored) = (host.to_string(), String::from(host));
        assert_eq!(stored, text, "it is kept as it was given");
        Ok(shown)
    }

    #[test]
    fn hosts_are_asked_for_in_one_spelling() {
        for (given, kept) in [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("_dmarc.example.com", "_dmarc.example.com"),
            ("my_app", "my_app"),
            ("host_.t", "host_.t"),
            ("-a*b!c~d+e$f", "-a*b!c~d+e$f"),
            ("0x7f.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("2001:DB8::0:1", "2001:db8::1"),
        ] {
            assert_eq!(host(given).as_deref(), Ok(kept), "{given}");
        }
    }

    #[test]
    fn an_address_is_known_as_one() {
        for (given, address, with_port) in [
            ("example.com", None, "example.com:80"),
            ("0x7f.1", Some("127.0.0.1"), "127.0.0.1:80"),
            ("2001:DB8::0:1", Some("2001:db8::1"), "[2001:db8::1]:80"),
            ("[::FFFF:1.2.3.4]", Some("::ffff:1.2.3.4"), "[::ffff:1.2.3.4]:80"),
        ] {
            let host = HostName::try_from(given.to_owned()).expect("a host");
            assert_eq!(host.literal_address(), address.map(|text| text.parse().expect("an address")), "{given}");
            assert_eq!(host.with_port(80), with_port, "{given}");
            assert_eq!(serde_json::from_value::<HostName>(serde_json::json!(host)).ok(), Some(host), "{given}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = ["a".repeat(49).as_str(); 6].join(".");
        let long_address = "0".repeat(254);
        for bad in [
            "",
            ".",
            "a..b",
            "https://example.com",
            "example.com:443",
            "a b",
            "a/b",
            "user@example.com",
            "[::1",
            "1.2.3.999",
            &long_label,
            &long_name,
            &long_address,
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn name_servers_may_have_a_port() {
        for (given, kept) in [
            ("1.1.1.1", Some("1.1.1.1")),
            ("1.1.1.1:53", Some("1.1.1.1")),
            ("1.1.1.1:5353", Some("1.1.1.1:5353")),
            ("ns1.Example.com:54", Some("ns1.example.com:54")),
            ("::1", Some("::1")),
            ("[::1]", Some("::1")),
            ("[::1]:5353", Some("[::1]:5353")),
            ("1.1.1.1:0", None),
            ("1.1.1.1:", None),
            ("1.1.1.1:+5", None),
            ("1.1.1.1:99999", None),
        ] {
            let read = NameServer::try_from(given.to_owned()).ok();
            assert_eq!(read.as_ref().map(ToString::to_string).as_deref(), kept, "{given}");
            assert!(read.is_none_or(|server| String::from(server) == given), "it is kept as it was given");
        }
    }
}
