//! A name of the DNS: labels of any bytes (RFC 2181, section 11), in one spelling.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::Host;

use crate::{Invalid, dns_text::numbered};

/// A name of the DNS, as a zone file spells it (RFC 1035, section 5.1): in lower case, with international labels in Punycode, and
/// without the final dot; the root is a dot. One that came from JSON is kept and answered as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsName {
    name: String,
    /// How it was given, where that is another spelling.
    as_given: Option<Box<str>>,
}

impl DnsName {
    const fn spelled(name: String) -> Self {
        Self { name, as_given: None }
    }

    /// The name of these labels.
    pub fn of_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut text = String::new();
        for label in labels {
            if !text.is_empty() {
                text.push('.');
            }
            for byte in label {
                match byte.to_ascii_lowercase() {
                    // What would end the label, or the word that it is in.
                    byte @ (b'.' | b'\\' | b'"' | b'(' | b')' | b';') => text.extend(['\\', char::from(byte)]),
                    byte @ b'!'..=b'~' => text.push(char::from(byte)),
                    byte => text.push_str(&numbered(byte)),
                }
            }
        }
        Self::spelled(if text.is_empty() { ".".to_owned() } else { text })
    }

    /// The name below which the DNS keeps what an address is called: `1.2.0.192.in-addr.arpa`.
    pub fn reverse(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self::spelled(format!("{d}.{c}.{b}.{a}.in-addr.arpa"))
            }
            IpAddr::V6(v6) => {
                let nibbles = v6.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
                Self::spelled(nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa")
            }
        }
    }

    /// The address that somebody gave instead of a name.
    pub fn as_address(&self) -> Option<IpAddr> {
        let bare = self.name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&self.name);
        bare.parse().ok()
    }

    /// The bytes of each label; none for the root.
    pub fn labels(&self) -> Vec<Vec<u8>> {
        // The name was read from such a text before.
        labels(&self.name).unwrap_or_default()
    }

    /// As a zone file spells it, without the final dot.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<DnsName> for String {
    fn from(name: DnsName) -> Self {
        name.as_given.map_or(name.name, Into::into)
    }
}

impl TryFrom<String> for DnsName {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let name = Self::parse(&text)?;
        let as_given = Some(text).filter(|text| *text != name.name);
        Ok(Self { as_given: as_given.map(Into::into), ..name })
    }
}

impl DnsName {
    /// Reads a name as a zone file or a person spells it: in any case, with or without the final dot, its international labels as they
    /// are read or in Punycode.
    ///
    /// # Errors
    /// Where it is no name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let labels = if text.is_ascii() {
            labels(text)?
        } else {
            match Host::parse(text) {
                Ok(Host::Domain(name)) if !text.contains('\\') => labels(&name)?,
                _ => return Err(Invalid::new("must be a DNS name such as example.com")),
            }
        };
        Ok(Self::of_labels(labels.iter().map(Vec::as_slice)))
    }
}

/// The longest name, in bytes: each label has one more for its length, and so does the root (RFC 1035, section 2.3.4).
const LENGTH_MAX: usize = 255;

/// The labels of a name in ASCII.
fn labels(text: &str) -> Result<Vec<Vec<u8>>, Invalid> {
    if text == "." {
        return Ok(Vec::new());
    }
    let mut labels = vec![Vec::new()];
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let label = match (byte, bytes.peek()) {
            (b'.', None) => break,
            (b'.', Some(_)) => {
                labels.push(Vec::new());
                continue;
            }
            _ => labels.last_mut(),
        };
        let meant = match byte {
            b'\\' => {
                let mut digits = bytes.clone().take(3).filter(u8::is_ascii_digit).map(|digit| u16::from(digit - b'0'));
                match [digits.next(), digits.next(), digits.next()] {
                    [Some(a), Some(b), Some(c)] => {
                        bytes.nth(2);
                        u8::try_from(a * 100 + b * 10 + c).ok()
                    }
                    _ => bytes.next(),
                }
            }
            b'!'..=b'~' => Some(byte),
            _ => None,
        };
        let Some(meant) = meant else {
            return Err(Invalid::new("must be a DNS name: spaces, control characters and bytes above 127 as \\DDD"));
        };
        label.into_iter().for_each(|label| label.push(meant));
    }
    let length = labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1;
    if length > LENGTH_MAX || labels.iter().any(|label| label.is_empty() || label.len() > 63) {
        return Err(Invalid::new("must be a DNS name whose labels have 1 to 63 bytes, 253 in all"));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        for (given, kept) in [
            ("Example.COM.", "example.com"),
            (".", "."),
            ("bücher.Example", "xn--bcher-kva.example"),
            ("_dmarc.BÜCHER。example", "_dmarc.xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"),
            ("john\\.doe.t.", "john\\.doe.t"),
            ("john\\046doe.t", "john\\.doe.t"),
            ("\\065b.t", "ab.t"),
            ("a\\032b.t", "a\\032b.t"),
            ("a\\ b.t", "a\\032b.t"),
            ("\\195\\188.t", "\\195\\188.t"),
            ("a\\;b\\\"c.t", "a\\;b\\\"c.t"),
            ("*.t", "*.t"),
            ("a@b$c:d.t", "a@b$c:d.t"),
            ("1.2", "1.2"),
            ("\\.", "\\."),
        ] {
            let name = DnsName::parse(given).unwrap_or_else(|error| panic!("{given}: {error}"));
            assert_eq!(name.as_str(), kept, "{given}");
            assert_eq!(DnsName::parse(name.as_str()).as_ref(), Ok(&name), "{given}");
            assert_eq!(DnsName::of_labels(name.labels().iter().map(Vec::as_slice)), name, "{given}");
        }
        assert_eq!(
            DnsName::parse("a\\.b\\009.t").map(|name| name.labels()),
            Ok(vec![b"a.b\t".to_vec(), b"t".to_vec()])
        );
        assert_eq!(DnsName::parse(".").map(|name| name.labels()), Ok(vec![]));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let (long, label) = (["a".repeat(63).as_str(); 4].join("."), "a".repeat(64));
        let all = ["a".repeat(63).as_str(), &"a".repeat(63), &"a".repeat(63), &"a".repeat(61)].join(".");
        assert!(DnsName::parse(&all).is_ok_and(|name| name.as_str().len() == 253));
        for bad in
            ["", "..", "a..b", ".a", "a.t..", "a b", "a\tb", "a\\256.t", "a.t\\", "ü\\.t", "ü/b.t", &long, &label]
        {
            assert!(DnsName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_has_a_name() {
        for (given, name) in [
            ("192.0.2.1", "1.2.0.192.in-addr.arpa"),
            ("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ] {
            let address = DnsName::parse(given).expect("labels").as_address().expect("an address");
            let reverse = DnsName::reverse(address);
            assert_eq!(reverse.as_str(), name);
            assert_eq!(DnsName::parse(name), Ok(reverse));
        }
        assert_eq!(DnsName::parse("[::1]").expect("labels").as_address(), "::1".parse().ok());
        assert_eq!(DnsName::parse("example.com").expect("a name").as_address(), None);
    }
}
