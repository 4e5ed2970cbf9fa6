//! The checks of a host and a port: its certificate (ssl), what it says (tcp), how fast it answers (ping).

use serde::{Deserialize, Serialize};

use crate::{Faults, Fields, Invalid, host::HostName};

/// The fields `host` and `port`; a port that is not given is `default`, and without a default a fault.
fn read_host(fields: &mut Fields<'_>, default: Option<u16>, faults: &mut Faults) -> Option<(HostName, u16)> {
    let host = fields.required("host", faults);
    let port = match default {
        Some(default) => Some(fields.optional("port", faults).unwrap_or(default)),
        None => fields.required("port", faults),
    };
    if port == Some(0) {
        faults.add(fields.pointer("port"), "must be 1 to 65535");
    }
    host.zip(port)
}

/// Looks at a certificate: that it is valid for the host, trusted, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SslCheck {
    /// Who shows it.
    pub host: HostName,
    /// Where: 1 to 65,535.
    pub port: u16,
    /// Down where it, or one of those that vouch for it, expires within so many days: 0 to 365.
    pub min_days_remaining: u16,
}

impl SslCheck {
    /// The days of a certificate that are asked for unless told otherwise.
    pub const DAYS: u16 = 14;

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let place = read_host(fields, Some(443), faults);
        let min_days_remaining = fields.optional("min_days_remaining", faults).unwrap_or(Self::DAYS);
        if min_days_remaining > 365 {
            faults.add(fields.pointer("min_days_remaining"), "must be 0 to 365");
        }
        place.map(|(host, port)| Self { host, port, min_days_remaining })
    }
}

/// A text on the wire: 1 to 1,024 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WireText(String);

impl WireText {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WireText {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if (1..=1024).contains(&text.len()) { Ok(Self(text)) } else { Err(Invalid::new("must be 1 to 1024 bytes")) }
    }
}

impl From<WireText> for String {
    fn from(text: WireText) -> Self {
        text.0
    }
}

/// Connects, may send something, and may wait for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpCheck {
    /// To whom.
    pub host: HostName,
    /// Where: 1 to 65,535.
    pub port: u16,
    /// What is sent once connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<WireText>,
    /// What must be in the first 64 KiB that come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<WireText>,
}

impl TcpCheck {
    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let place = read_host(fields, None, faults);
        let send = fields.optional("send", faults);
        let expect = fields.optional("expect", faults);
        place.map(|(host, port)| Self { host, port, send, expect })
    }
}

/// Measures the TCP handshake with a port: a function on AWS cannot send ICMP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingCheck {
    /// With whom.
    pub host: HostName,
    /// Where: 1 to 65,535.
    pub port: u16,
}

impl PingCheck {
    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        read_host(fields, Some(443), faults).map(|(host, port)| Self { host, port })
    }
}
