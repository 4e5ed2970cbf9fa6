//! Values of status pages' settings: names in URLs, colours, networks, languages, who may see a page.

use std::{fmt, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    Invalid, PublicUrl,
    text_spec::{Text, values},
};

/// What names a page in its URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "PageSlug",
        says: "Name of a status page in its URL, unique in the deployment.",
        example: "acme",
        pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        min: 1,
        max: Some(63),
        ..Text::PLAIN
    };

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Path of the page's front.
    pub fn path(&self) -> String {
        format!("/status/{self}")
    }

    /// URL of the page's front, or its path where the deployment does not know its own URL.
    pub fn url(&self, deployment: Option<&PublicUrl>) -> String {
        deployment.map_or_else(|| self.path(), |deployment| deployment.of(&self.path()))
    }
}

impl FromStr for Slug {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with('-') || text.ends_with('-');
        if Self::TEXT.fit(text).is_ok() && text.bytes().all(allowed) && !ends {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must be 1 to 63 lower-case letters, digits and hyphens, with no hyphen at either end"))
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Slug);

/// A colour of a page, as CSS spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(String);

impl Colour {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Colour",
        says: "Colour: `#` and six hexadecimal digits.",
        example: "#2563eb",
        pattern: "^#[0-9a-fA-F]{6}$",
        min: 7,
        max: Some(7),
        ..Text::PLAIN
    };

    /// The text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether black is easier to read on it than white: by its relative luminance (WCAG 2.2).
    pub fn is_light(&self) -> bool {
        let channel = |from: usize| {
            let value = self.0.get(from..from + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.179
    }
}

impl FromStr for Colour {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Invalid::new("must be a colour: # and six hexadecimal digits"))
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Colour);

/// An address, or a network of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "Network",
        says: "IPv4 or IPv6 address, or a network in CIDR notation.",
        example: "192.0.2.0/24",
        format: "network",
        min: 2,
        max: Some(49),
        ..Text::PLAIN
    };

    /// Whether an address belongs to it. An IPv4 address counts as one, however it is spelled.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let address = text.parse::<std::net::IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = address.or_else(|_| text.parse::<IpNet>().map(|network| network.trunc()));
        network.map(Self).map_err(|_| {
            Invalid::new("must be an IP address or a network in CIDR notation, such as 192.0.2.0/24 or 2001:db8::/32")
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

as_text!(Network);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $schema:literal, $says:literal, $noun:literal: $($(#[$of:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// How it is spelled and described.
            pub const TEXT: Text = Text {
                name: $schema,
                says: $says,
                example: Self::ALL[0].as_str(),
                values: values!($name),
                ..Text::PLAIN
            };

            /// Every one.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// As the API spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
                found.ok_or_else(|| Self::TEXT.none_of_these($noun))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Language of a status page.
    PageLanguage, "PageLanguage", "Language of a status page: ISO 639-1.", "a language of status pages":
    /// English.
    #[default]
    En = "en",
    /// Finnish.
    Fi = "fi",
    /// German.
    De = "de",
    /// Spanish.
    Es = "es",
    /// French.
    Fr = "fr",
}

words! {
    /// Who may see a status page.
    Visibility, "PageVisibility",
    "Who may see a status page. `public`: everybody, and the sitemap names it. `unlisted`: everybody who knows its URL. `password`: everybody who knows its password.",
    "a visibility":
    /// Everybody.
    #[default]
    Public = "public",
    /// Who knows the password.
    Password = "password",
    /// Who knows the URL.
    Unlisted = "unlisted",
}
