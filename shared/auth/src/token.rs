//! Tokens of API keys and of sessions: `val_key_` or `val_ses_`, 32 random base62 characters, and 6 with the CRC-32 of all before.

use std::fmt;

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::random_bytes;

/// The prefix of every API key's token; secret scanners look for it.
pub const PREFIX: &str = "val_key_";

/// The prefix of every session's token; as long as the other.
pub const SESSION_PREFIX: &str = "val_ses_";

const RANDOM: usize = 32;
const CHECK: usize = 6;
const LENGTH: usize = PREFIX.len() + RANDOM + CHECK;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A well-formed token of a key or a session. Its `Debug` shows the prefix alone.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// A new token of a key, with 190 random bits.
    pub fn generate() -> Self {
        Self::with_prefix(PREFIX)
    }

    /// A new token of a session, with 190 random bits.
    pub fn generate_session() -> Self {
        Self::with_prefix(SESSION_PREFIX)
    }

    fn with_prefix(prefix: &str) -> Self {
        let mut text = String::with_capacity(LENGTH);
        text.push_str(prefix);
        while text.len() < PREFIX.len() + RANDOM {
            // Bytes of 248 and more are drawn again: they would make the first characters more likely.
            let drawn: [u8; RANDOM] = random_bytes();
            let fair = drawn.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
            let missing = PREFIX.len() + RANDOM - text.len();
            text.extend(fair.take(missing));
        }
        let check = checksum(&text);
        text.push_str(&check);
        Self(text.into())
    }

    /// The token that a client sent; none where its form or checksum is wrong, so that no request to the store is needed.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == LENGTH
            && [PREFIX, SESSION_PREFIX].iter().any(|prefix| text.starts_with(prefix))
            && text[PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed {
            return None;
        }
        let (body, check) = text.split_at(LENGTH - CHECK);
        verify_slices_are_equal(checksum(body).as_bytes(), check.as_bytes()).ok()?;
        Some(Self(text.to_owned().into()))
    }

    /// Whether it is a session's.
    pub fn is_session(&self) -> bool {
        self.0.expose_secret().starts_with(SESSION_PREFIX)
    }

    /// The hash by which the store knows it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose_secret())
    }

    /// The last four characters, by which a person tells keys apart. They belong to the checksum, so they reveal nothing.
    pub fn last4(&self) -> String {
        self.0.expose_secret()[LENGTH - 4..].to_owned()
    }

    /// The whole token, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", if self.is_session() { SESSION_PREFIX } else { PREFIX })
    }
}

/// SHA-256 of a token or another secret of many random bits, in hexadecimal: its key in the store. The secret cannot be derived from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a secret.
    pub fn of(secret: &str) -> Self {
        Self(hex::encode(digest(&SHA256, secret.as_bytes())))
    }

    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// CRC-32 (IEEE) as six base62 digits, most significant first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_token_parses_and_has_the_documented_form() {
        let token = Token::generate();
        let text = token.reveal();
        assert_eq!((text.len(), &text[..8]), (46, PREFIX));
        assert_eq!(Token::parse(text).map(|parsed| parsed.hash()), Some(token.hash()));
        assert_ne!(Token::generate().reveal(), text);
    }

    #[test]
    fn a_known_token_has_a_known_checksum_and_hash() {
        // Computed with Python: zlib.crc32 and hashlib.sha256.
        let text = "val_key_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123454ONbCB";
        let token = Token::parse(text).expect("well-formed");
        assert_eq!(token.hash().as_str(), "29b8c8dddc6f69615b6abe60c10d21169d11cd070053633808b6917fe672d9e4");
        assert_eq!(token.last4(), "NbCB");
    }

    #[test]
    fn a_sessions_token_is_told_by_its_prefix() {
        let token = Token::generate_session();
        assert_eq!((token.reveal().len(), &token.reveal()[..8]), (46, SESSION_PREFIX));
        assert!(Token::parse(token.reveal()).is_some_and(|parsed| parsed.is_session()));
        assert!(!Token::generate().is_session());
        assert!(
            Token::parse(&token.reveal().replace("val_ses_", "val_key_")).is_none(),
            "the checksum covers the prefix"
        );
        assert_eq!(format!("{token:?}"), "Token(val_ses_…)");
    }

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::generate();
        assert_eq!(format!("{token:?}"), "Token(val_key_…)");
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed(place in 8_usize..46, with in "[0-9A-Za-z]") {
            let token = Token::generate();
            let mut text = token.reveal().to_owned();
            let same = text[place..=place] == with;
            text.replace_range(place..=place, &with);
            prop_assert_eq!(Token::parse(&text).is_some(), same);
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,60}") {
            prop_assert!(Token::parse(&text).is_none());
        }
    }
}
