//! Passwords of people: argon2id (RFC 9106) with 19 MiB and two passes, the first of the settings that OWASP's Password Storage Cheat Sheet
//! names; each with a salt of its own, as a PHC string.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash as Phc},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use valpero_domain::Invalid;

use crate::{TokenHash, random_bytes};

/// KiB of memory.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over it.
const PASSES: u32 = 2;

/// Characters of the shortest password.
pub const MIN: usize = 10;

/// Characters of the longest one. Bounds the time that a hash takes.
pub const MAX: usize = 200;

/// A password that somebody wants to have, or claims to know. Its `Debug` hides it.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// A password that somebody wants to have.
    ///
    /// # Errors
    /// Where it is too short, too long, or one character over and over.
    pub fn choose(text: &str) -> Result<Self, Invalid> {
        let length = text.chars().count();
        if !(MIN..=MAX).contains(&length) {
            return Err(Invalid::new(format!("must have {MIN} to {MAX} characters")));
        }
        let first = text.chars().next();
        if text.chars().all(|one| Some(one) == first) {
            return Err(Invalid::new("must not be one character over and over"));
        }
        Ok(Self(text.to_owned().into()))
    }

    /// A password that somebody claims to know. One that is too long is none.
    pub fn claim(text: &str) -> Option<Self> {
        (text.chars().count() <= MAX).then(|| Self(text.to_owned().into()))
    }

    /// Its hash, with a new salt. Takes some 20 ms of CPU time, on purpose.
    ///
    /// # Errors
    /// Where the hash cannot be computed: a fault of ours.
    pub fn hash(&self) -> Result<PasswordHash, PasswordError> {
        let salt: [u8; 16] = random_bytes();
        let hash: Phc = hasher()?.hash_password_with_salt(self.0.expose_secret().as_bytes(), &salt)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether it is the password of the hash. Without a hash, such as for an unknown address: false, after the same time.
    ///
    /// # Errors
    /// Where the hash is none: a fault of ours.
    pub fn is_of(&self, hash: Option<&PasswordHash>) -> Result<bool, PasswordError> {
        let parsed = Phc::new(hash.map_or(NOBODYS, |hash| hash.0.as_str())).map_err(password_hash::Error::from)?;
        match hasher()?.verify_password(self.0.expose_secret().as_bytes(), &parsed) {
            Ok(()) => Ok(hash.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Hash of 32 random bytes that were not kept: no password matches it.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$UtI43Wu8CLC+yNpaJ4vquA$pB7gUXGCg0jqnx/xOXbkoSefOqD9Q62vqMCTwf2NXeI";

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(password_hash::Error::from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The hash of a password, as a PHC string. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// SHA-256 of the hash, in hexadecimal: it tells hashes apart, and nothing of the password.
    pub fn print(&self) -> String {
        TokenHash::of(&self.0).as_str().to_owned()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A password could not be hashed or compared: the memory or the stored hash is at fault, never the password.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed or compared: {0}")]
pub struct PasswordError(password_hash::Error);

impl From<password_hash::Error> for PasswordError {
    fn from(error: password_hash::Error) -> Self {
        Self(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Password {
        Password::claim(text).expect("short enough")
    }

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = Password::choose("correct horse").expect("a password").hash().expect("a hash");
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(claim("correct horse").is_of(Some(&hash)).expect("compared"));
        for wrong in ["correct horsf", "", "Correct horse", "correct horse "] {
            assert!(!claim(wrong).is_of(Some(&hash)).expect("compared"), "{wrong}");
        }
        assert!(!claim("correct horse").is_of(None).expect("compared"), "of nobody");
        let again = claim("correct horse").hash().expect("a hash");
        assert_ne!(again, hash, "each hash has a salt of its own");
        let shown = format!("{:?} {hash:?}", claim("correct horse"));
        assert_eq!(shown, "Password(…) PasswordHash(…)");
    }

    #[test]
    fn a_hash_of_another_implementation_is_understood() {
        // Made by Python's argon2-cffi.
        let hash = PasswordHash(
            "$argon2id$v=19$m=19456,t=2,p=1$Ee0gqHzDpsfcq6CYDOkaow$kGruCuiXKim4LdAbQDQw1XATBge0uzZuoE3jzEL/Hew"
                .to_owned(),
        );
        assert!(claim("correct horse battery staple").is_of(Some(&hash)).expect("compared"));
    }

    #[test]
    fn a_stored_hash_that_is_none_is_a_fault_of_ours() {
        for broken in ["", "$argon2id$", "plain"] {
            assert!(claim("x").is_of(Some(&PasswordHash(broken.to_owned()))).is_err(), "{broken}");
        }
    }

    #[test]
    fn too_short_too_long_and_too_plain_is_refused() {
        for wrong in ["", "short", "123456789", "aaaaaaaaaaaa", &"ab".repeat(101)] {
            assert!(Password::choose(wrong).is_err(), "{wrong}");
        }
        for right in ["0123456789", "пароль-пароль", &"ab".repeat(100)] {
            assert!(Password::choose(right).is_ok(), "{right}");
        }
        assert!(Password::claim(&"a".repeat(201)).is_none());
    }
}
