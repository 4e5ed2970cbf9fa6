//! The URL of an SMTP server: `smtp://USER:PASSWORD@HOST:PORT?tls=required`, or `smtps://`.

use std::{fmt, net::IpAddr, path::PathBuf};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte: `smtps://`.
    Implicit,
    /// STARTTLS, or nothing is sent.
    Required,
    /// STARTTLS if the server offers it, with any certificate.
    Opportunistic,
    /// Not at all.
    None,
}

/// Where an SMTP server is, and how it is spoken to. Its `Debug` has no password.
#[derive(Clone)]
pub struct SmtpUrl {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: TlsMode,
    /// Whether the server's certificate is verified.
    pub verify: bool,
    /// PEM file of certificate authorities to trust in addition to the public ones.
    pub authorities: Option<PathBuf>,
    pub(crate) login: Option<(String, SecretString)>,
}

/// A URL that is not one of an SMTP server. It never repeats the URL, which may have a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the SMTP URL {0}")]
pub struct SmtpUrlError(String);

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpUrl")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("verify", &self.verify)
            .field("logs_in", &self.login.is_some())
            .finish_non_exhaustive()
    }
}

/// For the screen: without user and password.
impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == TlsMode::Implicit { "smtps" } else { "smtp" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{scheme}://{host}:{}", self.port)
    }
}

fn wrong<T>(why: impl Into<String>) -> Result<T, SmtpUrlError> {
    Err(SmtpUrlError(why.into()))
}

impl std::str::FromStr for SmtpUrl {
    type Err = SmtpUrlError;

    fn from_str(text: &str) -> Result<Self, SmtpUrlError> {
        let Ok(url) = Url::parse(text.trim()) else {
            return wrong("must look like smtp://USER:PASSWORD@HOST:587; special characters are percent-encoded");
        };
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return wrong("must begin with smtp:// or smtps://"),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return wrong("has no host"),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return wrong("must have nothing but a query behind the host");
        }
        let mut parsed = Self {
            tls: if implicit {
                TlsMode::Implicit
            } else if is_loopback(&host) {
                TlsMode::None
            } else {
                TlsMode::Required
            },
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            host,
            verify: true,
            authorities: None,
            login: login(&url)?,
        };
        for (name, value) in url.query_pairs() {
            parsed.set(&name, &value, implicit)?;
        }
        if parsed.tls == TlsMode::Opportunistic && parsed.login.is_some() {
            return wrong("has a password, which needs tls=required, or tls=none to send it unencrypted");
        }
        Ok(parsed)
    }
}

impl SmtpUrl {
    fn set(&mut self, name: &str, value: &str, implicit: bool) -> Result<(), SmtpUrlError> {
        match (name, value) {
            ("tls", _) if implicit => return wrong("is smtps, which is always encrypted; tls= is for smtp://"),
            ("tls", "required") => self.tls = TlsMode::Required,
            ("tls", "opportunistic") => self.tls = TlsMode::Opportunistic,
            ("tls", "none") => self.tls = TlsMode::None,
            ("tls", _) => return wrong("must have tls=required, tls=opportunistic or tls=none"),
            ("verify", "yes") => self.verify = true,
            ("verify", "no") => self.verify = false,
            ("verify", _) => return wrong("must have verify=yes or verify=no"),
            ("ca", path) if !path.is_empty() => self.authorities = Some(path.into()),
            _ => return wrong("may have the options tls, verify and ca, and no others"),
        }
        Ok(())
    }

    /// The user's name and the password.
    pub(crate) fn credentials(&self) -> Option<(String, String)> {
        self.login.as_ref().map(|(user, password)| (user.clone(), password.expose_secret().to_owned()))
    }
}

fn login(url: &Url) -> Result<Option<(String, SecretString)>, SmtpUrlError> {
    let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.contains(['\0', '\r', '\n']) => Ok(text.into_owned()),
        _ => wrong("has a user or a password that is not text"),
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => wrong("has a password, and no user"),
        (_, None) => wrong("has a user, and no password"),
        (user, Some(password)) => Ok(Some((decoded(user)?, decoded(password)?.into()))),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SmtpUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn defaults_follow_from_the_scheme_and_the_host() {
        for (text, host, port, tls) in [
            ("smtp://mail.example.com", "mail.example.com", 587, TlsMode::Required),
            ("smtp://mail.example.com:25/?tls=none", "mail.example.com", 25, TlsMode::None),
            ("smtp://mail.example.com?tls=opportunistic", "mail.example.com", 587, TlsMode::Opportunistic),
            ("smtps://mail.example.com", "mail.example.com", 465, TlsMode::Implicit),
            ("smtp://localhost:1025", "localhost", 1025, TlsMode::None),
            ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, TlsMode::None),
            ("smtp://[::1]:1025", "::1", 1025, TlsMode::None),
            ("smtp://[::1]?tls=required", "::1", 587, TlsMode::Required),
            ("smtp://10.0.0.1", "10.0.0.1", 587, TlsMode::Required),
        ] {
            let url = parse(text);
            assert_eq!((url.host.as_str(), url.port, url.tls, url.verify), (host, port, tls, true), "{text}");
        }
        assert!(!parse("smtps://example.com?verify=no").verify);
        assert_eq!(parse("smtp://example.com?ca=/etc/ca.pem").authorities, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn a_password_is_decoded_and_never_shown() {
        let url = parse("smtp://us%40er:s3cr%2Fet%3A@example.com:2525");
        assert_eq!(url.credentials(), Some(("us@er".to_owned(), "s3cr/et:".to_owned())));
        for shown in [format!("{url:?}"), url.to_string()] {
            assert!(!shown.contains("s3cr") && !shown.contains("us@er"), "{shown}");
        }
        assert_eq!(url.to_string(), "smtp://example.com:2525");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (text, said) in [
            ("mail.example.com:25", "must"),
            ("", "must look like"),
            ("http://u:s3cret@example.com", "smtp://"),
            ("smtp://", "no host"),
            ("smtp://u:s3cret@example.com/inbox", "nothing but a query"),
            ("smtp://u:s3cret@example.com#x", "nothing but a query"),
            ("smtp://u@example.com", "no password"),
            ("smtp://:s3cret@example.com", "no user"),
            ("smtp://u:s3cret%0D%0A@example.com", "not text"),
            ("smtp://u:s3cret@example.com?tls=opportunistic", "tls=required"),
            ("smtp://example.com?tls=maybe", "tls=required"),
            ("smtp://example.com?verify=perhaps", "verify=yes"),
            ("smtp://example.com?tsl=none", "no others"),
            ("smtps://example.com?tls=none", "always encrypted"),
        ] {
            let error = text.parse::<SmtpUrl>().expect_err(text).to_string();
            assert!(error.contains(said) && !error.contains("s3cret"), "{text}: {error}");
        }
    }
}
