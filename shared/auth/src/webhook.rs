//! Webhook secrets and signatures.
//!
//! Every delivery has two signatures: `X-Valpero-Signature`, keyed with the secret's characters exactly as shown, so that a receiver
//! needs one line of HMAC; and that of Standard Webhooks (<https://www.standardwebhooks.com>), keyed with the bytes behind `whsec_`.

use std::fmt;

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, Tag};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::random_bytes;

/// The prefix of every secret.
pub const PREFIX: &str = "whsec_";

/// A monitor's webhook secret: `whsec_` and 32 bytes in base64. It is stored, and shown in one answer; its `Debug` hides it.
#[derive(Clone)]
pub struct WebhookSecret(SecretString);

impl WebhookSecret {
    /// A new secret.
    pub fn generate() -> Self {
        let bytes: [u8; 32] = random_bytes();
        Self(format!("{PREFIX}{}", STANDARD.encode(bytes)).into())
    }

    /// The whole secret, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value of `X-Valpero-Signature`: `sha256=` and the HMAC-SHA256 of the raw body in hexadecimal.
    pub fn sign_body(&self, body: &[u8]) -> String {
        format!("sha256={}", hex::encode(hmac(self.reveal().as_bytes(), &[body])))
    }

    /// The value of `webhook-signature` for this secret: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    pub fn sign_standard(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let encoded = self.reveal().strip_prefix(PREFIX).unwrap_or_default();
        let key = STANDARD.decode(encoded).unwrap_or_default();
        let digest = hmac(&key, &[id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(digest))
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Tag {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSecret({PREFIX}…)")
    }
}

impl Serialize for WebhookSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

impl<'de> Deserialize<'de> for WebhookSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let decoded = text.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        if decoded.is_some_and(|bytes| bytes.len() == 32) {
            Ok(Self(text.into()))
        } else {
            Err(serde::de::Error::custom("not a webhook secret"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> WebhookSecret {
        WebhookSecret(format!("{PREFIX}{}", STANDARD.encode([7_u8; 32])).into())
    }

    #[test]
    fn signatures_match_those_of_another_implementation() {
        // Computed with Python's hmac, hashlib and base64.
        assert_eq!(
            known().sign_body(b"{\"a\":1}"),
            "sha256=5e311a3de1d034f7795443197f92801512827c7024b3fb51f95840bd250f1dcc"
        );
        assert_eq!(
            known().sign_standard("evt_1", 1_700_000_000, b"{\"a\":1}"),
            "v1,LD23cPhYO0Vr+7BYB9TpqKHMIUwtb1s91EEyjYfBh+s="
        );
    }

    #[test]
    fn a_secret_is_never_printed_and_always_new() {
        let (one, other) = (WebhookSecret::generate(), WebhookSecret::generate());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(format!("{one:?}"), "WebhookSecret(whsec_…)");
    }
}
