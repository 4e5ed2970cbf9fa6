//! The checks of a host and a port: its certificate (ssl), what it says (tcp), how fast it answers (ping).

use serde::{Deserialize, Serialize};

use crate::{
    Faults, Field, Fields, Invalid, Literal, Object,
    host::HostName,
    text_spec::{self, Text, WIRE_TEXT, values},
};

/// Host that is connected to.
pub const HOST: Field = Field::text("host", &text_spec::HOST).required().says("Host that is connected to.");
const PORT: Field = Field::integer("port", 1, 65_535).says("TCP port.");
/// TCP port, usually that of HTTPS.
pub const HTTPS_PORT: Field = PORT.default(Literal::Int(443)).example(Literal::Int(443));
/// TCP port of a TLS server.
pub const TLS_PORT: Field =
    PORT.computed("443; with `starttls`, the usual port of that protocol (smtp: 587)").example(Literal::Int(443));
const OWN_PORT: Field = PORT.required().example(Literal::Int(25));
/// Days until the expiry of a certificate.
pub const MIN_DAYS_REMAINING: Field = Field::integer("min_days_remaining", 0, 365)
    .says("Days until the expiry of the certificate, or of one in its chain, below which the check is down.")
    .default(Literal::Int(14))
    .example(Literal::Int(14));
const SEND: Field = Field::text("send", &WIRE_TEXT)
    .says("Text that is sent after the connection is made, at most 1,024 bytes.")
    .example(Literal::Str("PING\r\n"));
const EXPECT: Field = Field::text("expect", &WIRE_TEXT)
    .says("Text that the first 64 KiB of the answer must contain, at most 1,024 bytes.")
    .example(Literal::Str("220 "));

/// Whether the certificate is verified.
pub const VERIFY: Field = Field::boolean("verify")
    .says("Whether the certificate must be trusted and valid for the host. If false, only its expiry is checked.")
    .default(Literal::Bool(true));
/// Protocol whose own command starts TLS.
pub const STARTTLS: Field = Field::text("starttls", &StartTls::TEXT)
    .says("Protocol whose own command starts TLS.")
    .computed("none: TLS from the first byte");

/// A protocol that begins without TLS, and has a command that starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names of protocols")]
pub enum StartTls {
    Smtp,
    Imap,
    Pop3,
    Ftp,
    Postgres,
    Ldap,
    Xmpp,
}

impl StartTls {
    /// Every protocol.
    pub const ALL: [Self; 7] = [Self::Smtp, Self::Imap, Self::Pop3, Self::Ftp, Self::Postgres, Self::Ldap, Self::Xmpp];

    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "StartTls",
        says: "Protocol that starts TLS by a command of its own.",
        example: "smtp",
        values: values!(StartTls),
        ..Text::PLAIN
    };

    /// The protocol as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Postgres => "postgres",
            Self::Ldap => "ldap",
            Self::Xmpp => "xmpp",
        }
    }

    /// The protocol's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Ftp => "FTP",
            Self::Postgres => "PostgreSQL",
            Self::Ldap => "LDAP",
            Self::Xmpp => "XMPP",
        }
    }

    /// The port on which it usually is.
    pub const fn port(self) -> u16 {
        match self {
            Self::Smtp => 587,
            Self::Imap => 143,
            Self::Pop3 => 110,
            Self::Ftp => 21,
            Self::Postgres => 5432,
            Self::Ldap => 389,
            Self::Xmpp => 5222,
        }
    }
}

impl TryFrom<String> for StartTls {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let named = Self::ALL.into_iter().find(|protocol| protocol.as_str() == text);
        named.ok_or_else(|| Self::TEXT.none_of_these("a protocol with STARTTLS"))
    }
}

/// Checks that a certificate is valid for the host, trusted, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SslCheck {
    /// Host that is connected to.
    pub host: HostName,
    /// TCP port.
    pub port: u16,
    /// Days until the expiry of the certificate, or of one in its chain, below which the check is down.
    pub min_days_remaining: u16,
    /// Whether the certificate must be trusted and valid for the host.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub verify: bool,
    /// Protocol whose own command starts TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starttls: Option<StartTls>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_true(value: &bool) -> bool {
    *value
}

impl SslCheck {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "SslSettings",
        patch_name: "SslPatch",
        says: "Settings of an ssl check.",
        fields: &[HOST, TLS_PORT, MIN_DAYS_REMAINING, VERIFY, STARTTLS],
    };

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let host = fields.read(&HOST, faults);
        let port: Option<u16> = fields.read(&TLS_PORT, faults);
        let min_days_remaining = fields.read(&MIN_DAYS_REMAINING, faults);
        let verify = fields.read(&VERIFY, faults);
        let starttls: Option<StartTls> = fields.read(&STARTTLS, faults);
        let port = port.unwrap_or(starttls.map_or(443, StartTls::port));
        Some(Self { host: host?, port, min_days_remaining: min_days_remaining?, verify: verify?, starttls })
    }
}

/// A text on the wire, within [`WIRE_TEXT`]'s bounds.
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
        WIRE_TEXT.fit(&text).map(|()| Self(text))
    }
}

impl From<WireText> for String {
    fn from(text: WireText) -> Self {
        text.0
    }
}

/// Connects, may send a text, and may wait for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpCheck {
    /// Host that is connected to.
    pub host: HostName,
    /// TCP port.
    pub port: u16,
    /// Text that is sent after the connection is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<WireText>,
    /// Text that the first 64 KiB of the answer must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<WireText>,
}

impl TcpCheck {
    /// How far into the answer it looks for its text, in bytes.
    pub const ANSWER_MAX: usize = 64 * 1024;

    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "TcpSettings",
        patch_name: "TcpPatch",
        says: "Settings of a tcp check.",
        fields: &[HOST, OWN_PORT, SEND, EXPECT],
    };

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let host = fields.read(&HOST, faults);
        let port = fields.read(&OWN_PORT, faults);
        let send = fields.read(&SEND, faults);
        let expect = fields.read(&EXPECT, faults);
        Some(Self { host: host?, port: port?, send, expect })
    }
}

/// Measures the TCP handshake with a port: a function on AWS cannot send ICMP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PingCheck {
    /// Host that is connected to.
    pub host: HostName,
    /// TCP port.
    pub port: u16,
}

impl PingCheck {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "PingSettings",
        patch_name: "PingPatch",
        says: "Settings of a ping check. It measures the TCP handshake: AWS Lambda has no ICMP.",
        fields: &[HOST, HTTPS_PORT],
    };

    /// Reads the check's fields.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let host = fields.read(&HOST, faults);
        let port = fields.read(&HTTPS_PORT, faults);
        Some(Self { host: host?, port: port? })
    }
}
