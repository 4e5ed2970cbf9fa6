//! What is checked, and how: one of five types, each with its own settings.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Faults, Field, Fields, Invalid, Literal,
    address::is_global,
    dns_check::DnsCheck,
    host::HostName,
    host_checks::{PingCheck, SslCheck, TcpCheck},
    http_check::HttpCheck,
    text::HttpUrl,
    text_spec::{self, Text, values},
};

/// Type of check.
pub const CHECK_TYPE: Field = Field::text("check_type", &CheckType::TEXT)
    .says("Type of check.")
    .default(Literal::Str(CheckType::Http.as_str()))
    .on_patch("With another type, the settings of the old one are removed.");

/// Target of an http check.
pub const URL: Field = Field::text("url", &text_spec::URL)
    .depends()
    .says("Target of an http check, which requires it. Not with other types.")
    .on_patch("With another scheme, host or port, all values of `http.headers` must be sent again.");

/// Settings of an http check.
pub const HTTP: Field =
    Field::object("http", &HttpCheck::OBJECT).says("Settings of an http check.").on_patch("Merged field by field.");

/// Settings of an ssl check.
pub const SSL: Field = Field::object("ssl", &SslCheck::OBJECT).says("Settings of an ssl check, which requires them.");

/// Settings of a tcp check.
pub const TCP: Field = Field::object("tcp", &TcpCheck::OBJECT).says("Settings of a tcp check, which requires them.");

/// Settings of a dns check.
pub const DNS: Field = Field::object("dns", &DnsCheck::OBJECT).says("Settings of a dns check, which requires them.");

/// Settings of a ping check.
pub const PING: Field = Field::object("ping", &PingCheck::OBJECT)
    .says("Settings of a ping check, which requires them. It measures the TCP handshake: AWS Lambda has no ICMP.");

/// The fields that go with one type alone.
pub const OWNED: [(Field, CheckType); 6] = [
    (URL, CheckType::Http),
    (HTTP, CheckType::Http),
    (SSL, CheckType::Ssl),
    (TCP, CheckType::Tcp),
    (DNS, CheckType::Dns),
    (PING, CheckType::Ping),
];

/// The kinds of check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckType {
    /// An HTTP or HTTPS request.
    #[default]
    Http,
    /// A look at a certificate.
    Ssl,
    /// A TCP connection.
    Tcp,
    /// A DNS query.
    Dns,
    /// The time of a TCP handshake.
    Ping,
}

impl CheckType {
    /// How it is spelled and described.
    pub const TEXT: Text =
        Text { name: "CheckType", says: "Type of check.", example: "http", values: values!(CheckType), ..Text::PLAIN };

    /// Every type.
    pub const ALL: [Self; 5] = [Self::Http, Self::Ssl, Self::Tcp, Self::Dns, Self::Ping];

    /// The type as the API spells it; its settings are the object of this name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Ssl => "ssl",
            Self::Tcp => "tcp",
            Self::Dns => "dns",
            Self::Ping => "ping",
        }
    }
}

impl std::str::FromStr for CheckType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| CheckType::TEXT.none_of_these("a check type"))
    }
}

/// What is checked, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub enum Check {
    /// An HTTP or HTTPS request to this URL.
    Http(HttpUrl, HttpCheck),
    /// A look at a certificate.
    Ssl(SslCheck),
    /// A TCP connection.
    Tcp(TcpCheck),
    /// A DNS query.
    Dns(DnsCheck),
    /// The time of a TCP handshake.
    Ping(PingCheck),
}

/// The check as members of a monitor's JSON object.
#[derive(Default, Serialize, Deserialize)]
struct Members {
    #[serde(default)]
    check_type: CheckType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<HttpUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ssl: Option<SslCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<TcpCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dns: Option<DnsCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ping: Option<PingCheck>,
}

impl From<Check> for Members {
    fn from(check: Check) -> Self {
        let mut members = Self { check_type: check.check_type(), ..Self::default() };
        match check {
            Check::Http(url, http) => (members.url, members.http) = (Some(url), Some(http)),
            Check::Ssl(ssl) => members.ssl = Some(ssl),
            Check::Tcp(tcp) => members.tcp = Some(tcp),
            Check::Dns(dns) => members.dns = Some(dns),
            Check::Ping(ping) => members.ping = Some(ping),
        }
        members
    }
}

impl TryFrom<Members> for Check {
    type Error = Invalid;

    fn try_from(members: Members) -> Result<Self, Invalid> {
        let check = match members.check_type {
            CheckType::Http => members.url.zip(members.http).map(|(url, http)| Self::Http(url, http)),
            CheckType::Ssl => members.ssl.map(Self::Ssl),
            CheckType::Tcp => members.tcp.map(Self::Tcp),
            CheckType::Dns => members.dns.map(Self::Dns),
            CheckType::Ping => members.ping.map(Self::Ping),
        };
        check.ok_or_else(|| Invalid::new(format!("a {} check without its settings", members.check_type.as_str())))
    }
}

impl Check {
    /// Reads `check_type`, `url` and the object of the type from a request.
    pub fn read(fields: &mut Fields<'_>, private_targets: bool, faults: &mut Faults) -> Option<Self> {
        let before = faults.len();
        let check_type: CheckType = fields.read(&CHECK_TYPE, faults).unwrap_or_default();
        let unknown_type = faults.len() > before;
        for (field, owner) in &OWNED {
            if fields.value(field).is_some() && *owner != check_type && !unknown_type {
                let (ours, name) = (check_type.as_str(), field.name);
                let detail = match name {
                    "url" => format!("goes with http checks; a {ours} check names its target in the object {ours}"),
                    _ => format!("goes with {name} checks; this is a {ours} check"),
                };
                faults.add(fields.pointer(name), detail);
            }
        }
        let check = match check_type {
            CheckType::Http => {
                let url = if unknown_type { fields.read(&URL, faults) } else { fields.read(&URL.required(), faults) };
                let http = fields.object(&HTTP, faults, HttpCheck::read).unwrap_or_default();
                url.map(|url| Self::Http(url, http))
            }
            CheckType::Ssl => Self::settings(fields, &SSL, faults, SslCheck::read).map(Self::Ssl),
            CheckType::Tcp => Self::settings(fields, &TCP, faults, TcpCheck::read).map(Self::Tcp),
            CheckType::Dns => Self::settings(fields, &DNS, faults, DnsCheck::read).map(Self::Dns),
            CheckType::Ping => Self::settings(fields, &PING, faults, PingCheck::read).map(Self::Ping),
        };
        if !private_targets && let Some(field) = check.as_ref().and_then(Self::private_field) {
            let place = if check_type == CheckType::Http {
                fields.pointer(field)
            } else {
                format!("{}/{field}", fields.pointer(check_type.as_str()))
            };
            faults.add(place, PRIVATE);
        }
        check
    }

    /// The settings of a type that cannot do without.
    fn settings<'a, T>(
        fields: &mut Fields<'a>,
        field: &Field,
        faults: &mut Faults,
        read: impl FnOnce(&mut Fields<'a>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        if fields.value(field).is_none() {
            faults.add(fields.pointer(field.name), format!("is required: what a {} check looks at", field.name));
            return None;
        }
        fields.object(field, faults, read).flatten()
    }

    /// Reads a check of this type from an object that has its settings, and for http the `url`, side by side.
    pub fn read_flat(
        check_type: CheckType,
        fields: &mut Fields<'_>,
        private_targets: bool,
        faults: &mut Faults,
    ) -> Option<Self> {
        let check = match check_type {
            CheckType::Http => {
                let url = fields.read(&URL.required(), faults);
                let http = HttpCheck::read(fields, faults);
                url.map(|url| Self::Http(url, http))
            }
            CheckType::Ssl => SslCheck::read(fields, faults).map(Self::Ssl),
            CheckType::Tcp => TcpCheck::read(fields, faults).map(Self::Tcp),
            CheckType::Dns => DnsCheck::read(fields, faults).map(Self::Dns),
            CheckType::Ping => PingCheck::read(fields, faults).map(Self::Ping),
        };
        if let Some(check) = check.as_ref().filter(|_| !private_targets) {
            check.refuse_private(fields, faults);
        }
        check
    }

    /// Says of the field of its settings, which stand side by side, that it names an address outside the public internet, if one
    /// does.
    pub fn refuse_private(&self, fields: &Fields<'_>, faults: &mut Faults) {
        if let Some(field) = self.private_field() {
            faults.add(fields.pointer(field), PRIVATE);
        }
    }

    /// Says of the field of its settings, which stand side by side, that its port is one of these, if it is.
    pub fn refuse_ports(&self, blocked: &[u16], fields: &Fields<'_>, faults: &mut Faults) {
        if let Some((field, port)) = self.blocked_port(blocked) {
            faults.add(fields.pointer(field), port_blocked(port));
        }
    }

    /// The field of its settings that names one of these ports, and the port, if one does.
    pub(crate) fn blocked_port(&self, blocked: &[u16]) -> Option<(&'static str, u16)> {
        let (field, port) = match self {
            Self::Http(url, _) => ("url", url.port()?),
            Self::Ssl(ssl) => ("port", ssl.port),
            Self::Tcp(tcp) => ("port", tcp.port),
            Self::Ping(ping) => ("port", ping.port),
            // DNS over UDP is no mail.
            Self::Dns(_) => return None,
        };
        blocked.contains(&port).then_some((field, port))
    }

    /// The field of its settings that names an address outside the public internet, if one does.
    fn private_field(&self) -> Option<&'static str> {
        self.literal_address().filter(|address| !is_global(*address))?;
        Some(match self {
            Self::Http(..) => "url",
            Self::Dns(_) => "resolver",
            Self::Ssl(_) | Self::Tcp(_) | Self::Ping(_) => "host",
        })
    }

    /// Its type.
    pub const fn check_type(&self) -> CheckType {
        match self {
            Self::Http(..) => CheckType::Http,
            Self::Ssl(_) => CheckType::Ssl,
            Self::Tcp(_) => CheckType::Tcp,
            Self::Dns(_) => CheckType::Dns,
            Self::Ping(_) => CheckType::Ping,
        }
    }

    /// The URL of an http check.
    pub const fn url(&self) -> Option<&HttpUrl> {
        match self {
            Self::Http(url, _) => Some(url),
            _ => None,
        }
    }

    /// The settings of an http check.
    pub const fn http(&self) -> Option<&HttpCheck> {
        match self {
            Self::Http(_, http) => Some(http),
            _ => None,
        }
    }

    /// What is looked at, for a person: a URL, a host and port, or a name and the records that are asked for.
    pub fn target(&self) -> String {
        match self {
            Self::Http(url, _) => url.to_string(),
            Self::Ssl(check) => check.host.with_port(check.port),
            Self::Tcp(check) => check.host.with_port(check.port),
            Self::Ping(check) => check.host.with_port(check.port),
            Self::Dns(check) => format!("{} {}", check.question(), check.record_type.as_str()),
        }
    }

    /// The host or name that is checked: the default name of a monitor.
    pub fn host(&self) -> String {
        match self {
            Self::Http(url, _) => url.host(),
            Self::Ssl(SslCheck { host, .. })
            | Self::Tcp(TcpCheck { host, .. })
            | Self::Ping(PingCheck { host, .. }) => host.to_string(),
            Self::Dns(check) => check.question().to_string(),
        }
    }

    /// The address that stands in the settings themselves, where the host, or the resolver of a dns check, is one.
    pub fn literal_address(&self) -> Option<IpAddr> {
        match self {
            Self::Http(url, _) => url.literal_address(),
            Self::Ssl(SslCheck { host, .. })
            | Self::Tcp(TcpCheck { host, .. })
            | Self::Ping(PingCheck { host, .. }) => HostName::literal_address(host),
            Self::Dns(check) => check.resolver.as_ref().and_then(|resolver| resolver.host.literal_address()),
        }
    }

    /// Whether both look at the same thing, so that what was seen of one (its certificate) holds for the other.
    pub fn same_target(&self, other: &Self) -> bool {
        self.check_type() == other.check_type() && self.target() == other.target()
    }

    /// Whether both go to the same scheme, host and port: whom the owner trusted with secrets.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        let origin = |check: &Self| check.url().map(|url| url.as_url().origin());
        origin(self) == origin(other)
    }
}

/// What is said of a literal address that nobody may look at.
pub(crate) const PRIVATE: &str = "must not be an address outside the public internet";

/// What is said of a port that this deployment cannot connect to.
pub(crate) fn port_blocked(port: u16) -> String {
    format!("must not be port {port}: this Valpero runs on AWS, which lets no function connect to it")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<Check, Vec<String>> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let check = Check::read(&mut fields, false, &mut faults);
        fields.finish(&mut faults);
        faults.finish(check).map_err(|faults| faults.into_vec().into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn every_type_is_read_and_survives_the_store() {
        for (body, target) in [
            (json!({"url": "https://example.com"}), "https://example.com/"),
            (json!({"check_type": "ssl", "ssl": {"host": "Example.com"}}), "example.com:443"),
            (
                json!({"check_type": "tcp", "tcp": {"host": "2606:4700::1", "port": 25, "expect": "220"}}),
                "[2606:4700::1]:25",
            ),
            (json!({"check_type": "dns", "dns": {"name": "example.com", "record_type": "MX"}}), "example.com MX"),
            (json!({"check_type": "ping", "ping": {"host": "1.1.1.1"}}), "1.1.1.1:443"),
        ] {
            let check = read(&body).unwrap_or_else(|faults| panic!("{body}: {faults:?}"));
            assert_eq!(check.target(), target);
            let stored = serde_json::to_value(&check).expect("JSON");
            assert_eq!(serde_json::from_value::<Check>(stored.clone()).ok(), Some(check.clone()), "{stored}");
            assert_eq!(read(&stored), Ok(check), "what is stored is a body again");
        }
    }

    #[test]
    fn settings_that_stand_side_by_side_make_the_same_checks() {
        for (check_type, body, faults) in [
            (CheckType::Http, json!({"url": "https://example.com", "method": "HEAD"}), vec![]),
            (CheckType::Http, json!({"url": "http://10.0.0.1", "keyword": {}}), vec!["/keyword", "/url"]),
            (CheckType::Ssl, json!({"host": "example.com", "port": 0}), vec!["/port"]),
            (CheckType::Tcp, json!({"host": "::1", "port": 25}), vec!["/host"]),
            (CheckType::Dns, json!({"name": "example.com", "resolver": "127.0.0.1"}), vec!["/resolver"]),
            (CheckType::Ping, json!({"hots": "example.com"}), vec!["/host", "/hots"]),
        ] {
            let mut found = Faults::default();
            let mut fields = Fields::of(&body, "", &mut found);
            let check = Check::read_flat(check_type, &mut fields, false, &mut found);
            fields.finish(&mut found);
            let found: Vec<String> = found.into_vec().into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(found, faults, "{body}");
            assert_eq!(check.map(|check| check.check_type()), Some(check_type).filter(|_| body.get("hots").is_none()));
        }
    }

    #[test]
    fn settings_of_another_type_are_faults() {
        for (body, pointers) in [
            (json!({}), vec!["/url"]),
            (json!({"check_type": "ssl"}), vec!["/ssl"]),
            (json!({"check_type": "ssl", "url": "https://example.com", "ssl": {"host": "example.com"}}), vec!["/url"]),
            (json!({"url": "https://example.com", "tcp": {"host": "example.com", "port": 1}}), vec!["/tcp"]),
            (json!({"check_type": "gopher", "ssl": {"host": "example.com"}}), vec!["/check_type"]),
            (json!({"check_type": "tcp", "tcp": {"host": "example.com"}}), vec!["/tcp/port"]),
            (
                json!({"check_type": "tcp", "tcp": {"host": "example.com", "port": 0, "send": ""}}),
                vec!["/tcp/port", "/tcp/send"],
            ),
            (json!({"check_type": "tcp", "tcp": {"host": "10.0.0.1", "port": 5}}), vec!["/tcp/host"]),
            (
                json!({"check_type": "ssl", "ssl": {"host": "0x7f.1", "min_days_remaining": 400}}),
                vec!["/ssl/min_days_remaining", "/ssl/host"],
            ),
            (json!({"check_type": "ping", "ping": {"host": "https://example.com/"}}), vec!["/ping/host"]),
            (
                json!({"check_type": "dns", "dns": {"name": "example.com", "resolver": "127.0.0.1:53"}}),
                vec!["/dns/resolver"],
            ),
            (json!({"check_type": "dns", "dns": []}), vec!["/dns"]),
        ] {
            assert_eq!(read(&body), Err(pointers.into_iter().map(str::to_owned).collect()), "{body}");
        }
    }
}
