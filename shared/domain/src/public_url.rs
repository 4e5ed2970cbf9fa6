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
