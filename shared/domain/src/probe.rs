//! What one probe of one target found.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Timestamp,
    text_spec::{Text, values},
};

/// The verdict of one probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The target did what the monitor expects.
    Up,
    /// It did, but slower than the monitor wishes: it counts as up.
    Slow,
    /// The target did not.
    Down,
    /// We could not tell, and it is our fault: it never votes and never counts against uptime.
    ProbeError,
}

impl Outcome {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Outcome",
        says: "`slow`: up, but slower than `max_response_time_ms`; counts as up. `probe_error`: a fault of the checker; does not count.",
        example: "up",
        values: values!(Outcome),
        ..Text::PLAIN
    };

    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Up, Self::Slow, Self::Down, Self::ProbeError];

    /// Whether the target counts as up: `up` or `slow`.
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Slow)
    }

    /// The outcome as the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Slow => "slow",
            Self::Down => "down",
            Self::ProbeError => "probe_error",
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| Outcome::TEXT.none_of_these("an outcome"))
    }
}

macro_rules! error_codes {
    ($($number:literal $variant:ident $code:literal $outcome:ident $sentence:literal,)*) => {
        /// Why a probe did not find its target up: a closed list. Numbers are what packed records hold: never reuse one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ErrorCode {
            $(#[doc = $sentence] #[serde(rename = $code)] $variant = $number,)*
        }

        impl ErrorCode {
            /// How it is spelled and described.
            pub const TEXT: Text = Text {
                name: "ErrorCode",
                says: "Why a check is not up. The documentation of checks explains each code.",
                example: "connect_refused",
                values: values!(ErrorCode),
                ..Text::PLAIN
            };

            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as the API spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// A sentence for a person.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// Whose fault it is: the target's (down) or ours (`probe_error`).
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$variant => Outcome::$outcome,)* }
            }

            /// The code that a packed record's number stands for.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

error_codes! {
    1 DnsNxdomain "dns_nxdomain" Down "The host name does not exist.",
    2 DnsServfail "dns_servfail" Down "The name servers of the host name failed to answer.",
    3 DnsNoAddress "dns_no_address" Down "The host name has no IPv4 or IPv6 address.",
    4 BlockedAddress "blocked_address" Down "The target resolves to an address that is not on the public internet.",
    5 ConnectRefused "connect_refused" Down "The target refused the connection.",
    6 ConnectTimeout "connect_timeout" Down "The target did not accept the connection in time.",
    7 ConnectUnreachable "connect_unreachable" Down "No route leads to the target.",
    8 ConnectFailed "connect_failed" Down "The connection to the target failed.",
    9 TlsExpired "tls_expired" Down "The target's certificate has expired.",
    10 TlsNotYetValid "tls_not_yet_valid" Down "The target's certificate is not valid yet.",
    11 TlsHostname "tls_hostname" Down "The target's certificate is for another host name.",
    12 TlsUntrusted "tls_untrusted" Down "The target's certificate is signed by nobody we trust.",
    13 TlsHandshake "tls_handshake" Down "The TLS handshake failed.",
    14 TlsTimeout "tls_timeout" Down "The TLS handshake did not end in time.",
    15 HttpStatus "http_status" Down "The target answered with a status that the monitor does not expect.",
    16 HttpProtocol "http_protocol" Down "The target's answer is not valid HTTP.",
    17 ConnectionClosed "connection_closed" Down "The target closed the connection before it answered.",
    18 ResponseTimeout "response_timeout" Down "The target did not answer in time.",
    19 RedirectLimit "redirect_limit" Down "The target redirects too many times.",
    20 RedirectInvalid "redirect_invalid" Down "The target redirects to something that is no HTTP address.",
    21 DnsTimeout "dns_timeout" ProbeError "Our DNS resolver did not answer in time.",
    22 ResolverFailed "resolver_failed" ProbeError "Our DNS resolver could not be asked.",
    23 OutOfSockets "out_of_sockets" ProbeError "The checker ran out of sockets.",
    24 Deadline "deadline" ProbeError "The checker ran out of time before it could finish.",
    25 Internal "internal" ProbeError "The checker failed.",
    26 TlsSelfSigned "tls_self_signed" Down "The target's certificate is signed by itself.",
    27 TlsExpiring "tls_expiring" Down "The target's certificate expires sooner than the monitor allows.",
    28 TlsProtocol "tls_protocol" Down "The target speaks only a version of TLS that is too old to be safe.",
    29 TlsClientCertificate "tls_client_certificate" Down "The target asks for a client certificate, and a probe has none.",
    30 TlsWeak "tls_weak" Down "The target's certificate is too weak to be trusted.",
    31 KeywordMissing "keyword_missing" Down "The body does not contain what it must.",
    32 KeywordPresent "keyword_present" Down "The body contains what it must not.",
    33 JsonInvalid "json_invalid" Down "The body is not JSON.",
    34 JsonMismatch "json_mismatch" Down "The JSON of the body is not what the monitor expects.",
    35 BodyTooLarge "body_too_large" Down "The body is larger than what is read of it.",
    36 BodyEncoding "body_encoding" Down "The body is packed in a way that is not supported, or is damaged.",
    37 SlowResponse "slow_response" Slow "The target answered slower than the monitor wishes.",
    38 TooSlow "too_slow" Down "The target answered slower than the monitor allows.",
    39 DnsNoRecords "dns_no_records" Down "The name has no records of this type.",
    40 DnsMismatch "dns_mismatch" Down "The name's records are not those that the monitor expects.",
    41 DnsRefused "dns_refused" Down "The name server refused to answer.",
    42 ResolverTimeout "resolver_timeout" Down "The name server that the monitor names did not answer in time.",
    43 ResolverUnreachable "resolver_unreachable" Down "The name server that the monitor names cannot be reached.",
    44 TcpMismatch "tcp_mismatch" Down "The target did not send what the monitor expects.",
    45 BodyCharset "body_charset" Down "The body's characters cannot be told, so that its keyword cannot be looked for.",
    46 PortBlocked "port_blocked" ProbeError "The checker's network lets no connection to this port out.",
    47 NoIpv6 "no_ipv6" ProbeError "The target has IPv6 addresses alone, and the checker has no route to them.",
    48 DnsUnanswered "dns_unanswered" Down "The name servers of the host name did not answer in time.",
    49 JsonTooCostly "json_too_costly" Down "The monitor's JSONPath takes too long on this body.",
    50 TlsLegacy "tls_legacy" Up "The target is up; its newest TLS is 1.2, with ciphers that are no longer thought safe.",
}

/// The longest detail that is kept of a failure, in characters.
const DETAIL_MAX: usize = 300;

/// Why a probe, a region or an incident says down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// From the closed list.
    pub code: ErrorCode,
    /// What was seen, for a person; no secret of the monitor, no text of the target's body.
    pub detail: String,
}

impl Cause {
    /// The code with its own sentence.
    pub fn of(code: ErrorCode) -> Self {
        Self { code, detail: code.sentence().to_owned() }
    }

    /// The code with what was seen, shortened to 300 characters.
    pub fn seen(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        let detail = match detail.char_indices().nth(DETAIL_MAX) {
            Some((end, _)) => format!("{}…", &detail[..end]),
            None => detail,
        };
        Self { code, detail }
    }
}

/// Where a probe's time went, in microseconds; redirects add up. `None` where the probe did not come so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Resolving the name.
    pub dns_us: Option<u32>,
    /// The TCP handshake.
    pub connect_us: Option<u32>,
    /// The TLS handshake.
    pub tls_us: Option<u32>,
    /// From the request sent to the head of the answer.
    pub first_byte_us: Option<u32>,
}

impl Phases {
    /// The sum of the phases: the response time.
    pub fn total_us(&self) -> u32 {
        [self.dns_us, self.connect_us, self.tls_us, self.first_byte_us]
            .into_iter()
            .flatten()
            .fold(0, u32::saturating_add)
    }
}

/// One probe's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeResult {
    /// Up where there is no cause, else what the cause's code says.
    pub outcome: Outcome,
    /// The status of the last answer.
    pub http_status: Option<u16>,
    /// Where the time went.
    pub phases: Phases,
    /// Why it is not up.
    pub cause: Option<Cause>,
    /// When the first of the certificates expires that were seen on the way, those that vouch for them included.
    pub certificate_expires_at: Option<Timestamp>,
}

impl ProbeResult {
    /// The target is not up, or we could not tell: as the code says.
    pub fn failed(cause: Cause, phases: Phases) -> Self {
        Self {
            outcome: cause.code.outcome(),
            http_status: None,
            phases,
            cause: Some(cause),
            certificate_expires_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_their_number_and_their_name() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(*code as u8), Some(*code));
            assert_eq!(serde_json::to_value(code).ok(), Some(code.as_str().into()));
        }
        assert_eq!(ErrorCode::from_number(0), None);
    }

    #[test]
    fn a_long_detail_is_cut_between_characters() {
        let cause = Cause::seen(ErrorCode::HttpProtocol, "é".repeat(5000));
        assert_eq!(cause.detail.chars().count(), DETAIL_MAX + 1);
    }
}
