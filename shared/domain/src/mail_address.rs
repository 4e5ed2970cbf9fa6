//! E-mail addresses as SMTP takes them (RFC 5321): a plain local part and a domain, which may be an international one.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

use crate::{
    Invalid,
    host::check_labels,
    text_spec::{Text, Unit},
};

/// How it is spelled and described.
pub const TEXT: Text = Text {
    name: "MailAddress",
    says: "E-mail address, without a display name.",
    example: "ops@example.com",
    pattern: "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[^@\\s]+$",
    format: "email",
    min: 3,
    max: Some(254),
    unit: Unit::Bytes,
    ..Text::PLAIN
};

/// The longest local part (RFC 5321, section 4.5.3.1.1), in bytes.
const LOCAL_MAX: usize = 64;

/// An e-mail address: a dot-atom (RFC 5322, section 3.2.3) and a domain. It is answered as it was given, and mailed to with its domain
/// in lower case and in Punycode. Quoted local parts, comments and address literals are refused: nobody has one to be alerted at, and
/// each is a way to smuggle something into a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress {
    as_given: String,
    address: String,
}

impl MailAddress {
    /// The address as SMTP takes it.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The address as it was given.
    pub fn as_given(&self) -> &str {
        &self.as_given
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.as_given
    }
}

impl TryFrom<String> for MailAddress {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        TEXT.fit(&text)?;
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(Invalid::new("must be an e-mail address such as ops@example.com"));
        };
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let sound = local.split('.').all(|atoms| !atoms.is_empty() && atoms.bytes().all(atom));
        if !sound || local.len() > LOCAL_MAX {
            let detail = "must have 1 to 64 ASCII letters, digits, dots or !#$%&'*+-/=?^_`{|}~ before the @";
            return Err(Invalid::new(detail));
        }
        let Ok(Host::Domain(ascii)) = Host::parse(domain) else {
            return Err(Invalid::new("must have a domain behind the @, such as example.com"));
        };
        check_labels(&ascii)?;
        let address = format!("{local}@{ascii}");
        // Its domain may be longer in Punycode.
        TEXT.fit(&address)?;
        Ok(Self { as_given: text, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<MailAddress, Invalid> {
        MailAddress::try_from(text.to_owned())
    }

    #[test]
    fn an_address_has_a_plain_local_part_and_a_domain() {
        for (given, mailed) in [
            ("ops@example.com", "ops@example.com"),
            ("Jo.O'Neil+alerts@Example.COM", "Jo.O'Neil+alerts@example.com"),
            ("ops@bücher.example", "ops@xn--bcher-kva.example"),
            ("root@localhost", "root@localhost"),
        ] {
            let address = parse(given).expect("an address");
            assert_eq!((address.as_str(), address.as_given()), (mailed, given));
            assert_eq!(serde_json::to_value(&address).ok(), Some(given.into()));
        }
    }

    #[test]
    fn what_smtp_or_a_header_would_read_otherwise_is_refused() {
        for bad in [
            "",
            "ops",
            "@example.com",
            "ops@",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a b@example.com",
            "\"a b\"@example.com",
            "a@b@example.com",
            "Ops <ops@example.com>",
            "ops@example.com\r\nBcc: x@example.com",
            "ops@exa mple.com",
            "ops@example.com, b@example.com",
            "ops@[192.0.2.1]",
            "ops@192.0.2.1",
            "ops@example..com",
            "ops(comment)@example.com",
            "jürgen@example.com",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_are_those_of_rfc_5321() {
        let local = |length: usize| format!("{}@example.com", "a".repeat(length));
        assert!(parse(&local(64)).is_ok());
        assert!(parse(&local(65)).is_err());
        let label = "b".repeat(63);
        let long = |last: usize| format!("a@{label}.{label}.{label}.{}", "c".repeat(last));
        assert_eq!(long(60).len(), 254);
        assert!(parse(&long(60)).is_ok());
        assert!(parse(&long(61)).is_err());
        // Short as it was given, too long as it is mailed to.
        let grows = format!("a@{}", ["ü"; 50].map(|letter| format!("{letter}x")).join("."));
        assert!(grows.len() <= 254 && parse(&grows).is_err());
    }
}
