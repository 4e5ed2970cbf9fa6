//! Validated texts: URLs, names and tags.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::{
    Invalid,
    host::{check_labels, not_parsed},
    text_spec::{NAME, TAG},
};

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                let parse: fn(&str) -> Result<String, Invalid> = $parse;
                parse(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

text_newtype!(
    /// A monitor's name: 1 to 100 characters, none of them a control character.
    Name,
    |text| {
        if NAME.fit(text).is_ok() && !text.trim().chars().any(char::is_control) {
            Ok(text.trim().to_owned())
        } else {
            Err(Invalid::new(format!("{} without control characters", NAME.rule())))
        }
    }
);

text_newtype!(
    /// A label that the owner gives: 1 to 50 characters of `a-z A-Z 0-9 . _ : / -`.
    Tag,
    |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        if TAG.fit(text).is_ok() && text.bytes().all(allowed) {
            Ok(text.to_owned())
        } else {
            Err(Invalid::new(format!("{}: letters, digits or . _ : / -", TAG.rule())))
        }
    }
);

/// An absolute http or https URL without credentials and fragment, at most 2,048 bytes, normalised as the URL standard has it
/// (international names in Punycode, `http://2130706433/` as `http://127.0.0.1/`). It is stored and answered as it was given, so that
/// a client finds what it wrote, and requested as it is normalised. Boxed: a `Url` is 88 bytes long, and every monitor has room for two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpUrl(Box<Spelled>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Spelled {
    url: Url,
    /// How it was given, where that is not how it is requested.
    as_given: Option<String>,
}

impl TryFrom<String> for HttpUrl {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let url = parse_http_url(&text)?;
        let as_given = Some(text).filter(|text| text != url.as_str());
        Ok(Self(Box::new(Spelled { url, as_given })))
    }
}

impl From<HttpUrl> for String {
    fn from(HttpUrl(spelled): HttpUrl) -> Self {
        let Spelled { url, as_given } = *spelled;
        as_given.unwrap_or_else(|| url.into())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_url().fmt(f)
    }
}

fn parse_http_url(text: &str) -> Result<Url, Invalid> {
    if text.len() > 2048 {
        return Err(Invalid::new("must be at most 2048 bytes"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Invalid::new("must not contain spaces or control characters"));
    }
    let url = Url::parse(text).map_err(|error| {
        let why = not_parsed(error);
        Invalid::new(format!("must be a URL such as https://example.com/{why}"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Invalid::new("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid::new("must not carry a user name or password; an http check has basic_auth for them"));
    }
    if url.fragment().is_some() {
        return Err(Invalid::new("must not have a fragment: what follows # is never sent to a server"));
    }
    if url.port() == Some(0) {
        return Err(Invalid::new("must not use port 0"));
    }
    if let Some(Host::Domain(name)) = url.host() {
        check_labels(name.strip_suffix('.').unwrap_or(name))?;
    }
    if url.as_str().len() > 2048 {
        return Err(Invalid::new("must be at most 2048 bytes"));
    }
    Ok(url)
}

impl HttpUrl {
    /// The URL as it is requested.
    pub const fn as_url(&self) -> &Url {
        &self.0.url
    }

    /// The text, as it is requested.
    pub fn as_str(&self) -> &str {
        self.as_url().as_str()
    }

    /// The text, as it was given.
    pub fn as_given(&self) -> &str {
        self.0.as_given.as_deref().unwrap_or_else(|| self.as_str())
    }

    /// The host's text, for a monitor's default name.
    pub fn host(&self) -> String {
        self.as_url().host_str().unwrap_or_default().to_owned()
    }

    /// The port to connect to.
    pub fn port(&self) -> Option<u16> {
        self.as_url().port_or_known_default()
    }

    /// The address, where the host is one.
    pub fn literal_address(&self) -> Option<IpAddr> {
        match self.as_url().host()? {
            Host::Ipv4(v4) => Some(v4.into()),
            Host::Ipv6(v6) => Some(v6.into()),
            Host::Domain(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_not_plain_are_refused() {
        for url in [
            "example.com",
            "https://",
            "https://user@example.com",
            "https://example.com/#top",
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://exa mple.com/",
            "javascript:alert(1)",
            "https://example.com/\u{0}",
            "file:///etc/passwd",
        ] {
            assert!(HttpUrl::try_from(url.to_owned()).is_err(), "{url}");
        }
        assert_eq!(
            HttpUrl::try_from("https://bücher.example/ü".to_owned()).as_ref().map(HttpUrl::as_str),
            Ok("https://xn--bcher-kva.example/%C3%BC")
        );
    }
}
