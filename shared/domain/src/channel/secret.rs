//! Secrets of channels: stored, sent to their receiver, never printed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fields;
use crate::{Invalid, http_check::REDACTED, monitor::HttpUrl};

/// URL of a hook. It is a secret: no other credential is needed to post.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(HttpUrl);

impl SecretUrl {
    /// The URL.
    pub const fn reveal(&self) -> &HttpUrl {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $what:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(REDACTED)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                let fits: fn(&str) -> bool = $fits;
                if text == REDACTED {
                    return Err(Invalid::new("is the mark that stands for a hidden value"));
                }
                if fits(&text) { Ok(Self(text)) } else { Err(Invalid::new(concat!("must be ", $what))) }
            }
        }

        impl From<$name> for String {
            fn from(secret: $name) -> Self {
                secret.0
            }
        }
    };
}

fn visible(text: &str) -> bool {
    fields::TOKEN.fit(text).is_ok() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
}

fn alphanumeric(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

secret!(
    /// A token that is sent in a header.
    Token,
    "1 to 512 visible ASCII characters",
    visible
);

secret!(
    /// The token of a Telegram bot, which is part of a URL's path.
    BotToken,
    "a bot's token such as 123456:ABC-DEF",
    |text| {
        let path_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        text.split_once(':').is_some_and(|(bot, secret)| {
            let number = (1..=20).contains(&bot.len()) && bot.bytes().all(|byte| byte.is_ascii_digit());
            number && (1..=100).contains(&secret.len()) && secret.bytes().all(path_safe)
        })
    }
);

secret!(
    /// An integration key of PagerDuty.
    RoutingKey,
    "an integration key: 32 letters and digits",
    |text| alphanumeric(text, 32)
);

secret!(
    /// The token of a Pushover application.
    PushoverToken,
    "an application's token: 30 letters and digits",
    |text| alphanumeric(text, 30)
);
