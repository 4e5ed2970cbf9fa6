//! The deployment's own URL.

use std::{fmt, str::FromStr};

use url::Url;

use crate::Invalid;

/// The URL that the deployment is reached at: scheme, host and port, as in `https://valpero.example.com`. Links in messages begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The URL of a path, which begins with a slash.
    pub fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether it is reached without TLS.
    pub fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// Host and, if it is not the scheme's own, port.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// The same at another host, by the same scheme and port.
    pub fn at_host(&self, host: &str) -> String {
        let (scheme, authority) = self.0.split_once("://").unwrap_or(("https", ""));
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))
    }

    /// Host without a port.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        host.map_or(authority, |(host, _)| host)
    }

    /// The URL without a path, and without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong =
            || Invalid::new("must be http:// or https:// with a host and, if need be, a port, and nothing behind it");
        let url = Url::parse(text).map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let is_web = matches!(url.scheme(), "http" | "https");
        if is_web && bare && nobody { Ok(Self(url.origin().ascii_serialization())) } else { Err(wrong()) }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_origin() {
        for (text, url) in [
            ("https://Valpero.example.com", "https://valpero.example.com"),
            ("https://valpero.example.com:443/", "https://valpero.example.com"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/", "http://[::1]:3000"),
        ] {
            let found: PublicUrl = text.parse().expect("a URL");
            assert_eq!((found.as_str(), found.of("/x").as_str()), (url, format!("{url}/x").as_str()));
        }
        let port: PublicUrl = "http://127.0.0.1:3000".parse().expect("a URL");
        assert_eq!((port.at_host("a.example").as_str(), port.host()), ("http://a.example:3000", "127.0.0.1"));
        let plain: PublicUrl = "https://b.example".parse().expect("a URL");
        assert_eq!((plain.at_host("a.example").as_str(), plain.host()), ("https://a.example", "b.example"));
        for wrong in [
            "",
            "example.com",
            "ftp://example.com",
            "https://example.com/x",
            "https://example.com/?q",
            "https://me@example.com",
            "https://example.com/#x",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }
}
