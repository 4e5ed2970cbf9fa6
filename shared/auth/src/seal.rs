//! Answers kept for a repetition of their request, readable only with the token that sent it: they may show a new key's token, which
//! is stored nowhere else.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac::{Context, HMAC_SHA256, Key},
};

use crate::{Token, random_bytes};

/// An answer could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The cipher refused: for texts of 64 GiB and more.
    #[error("the cipher refused")]
    Cipher,
}

/// Seals and opens the answer to one request of one token: AES-256-GCM, with HMAC-SHA-256 of the request's name, keyed by the token, as
/// its key.
pub struct Seal {
    key: LessSafeKey,
    request: Vec<u8>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// The seal of the request that the token's owner calls `name`.
    ///
    /// # Errors
    /// Where the cipher refuses its key, which it does not for one of 32 bytes.
    pub fn of(token: &Token, name: &str) -> Result<Self, SealError> {
        let mut mac = Context::with_key(&Key::new(HMAC_SHA256, token.reveal().as_bytes()));
        mac.update(b"valpero sealed answer 1\0");
        mac.update(name.as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, mac.sign().as_ref()).map_err(|_| SealError::Cipher)?;
        Ok(Self { key: LessSafeKey::new(key), request: name.as_bytes().to_vec() })
    }

    /// The sealed text: a nonce, then the ciphertext and its tag.
    ///
    /// # Errors
    /// Where the cipher refuses.
    pub fn close(&self, text: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = random_bytes();
        let mut sealed = text.to_vec();
        let aad = Aad::from(self.request.as_slice());
        let done = self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed);
        done.map_err(|_| SealError::Cipher)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The text; none where the bytes were altered, or sealed with another token or name.
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = ciphertext.to_vec();
        let aad = Aad::from(self.request.as_slice());
        let opened = self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text).ok()?.len();
        text.truncate(opened);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_and_request_open_it() {
        let (token, other) = (Token::generate(), Token::generate());
        let seal = |token: &Token, name: &str| Seal::of(token, name).expect("a seal");
        let sealed = seal(&token, "a").close(b"val_key_secret").expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(seal(&token, "a").open(&sealed).as_deref(), Some(b"val_key_secret".as_slice()));
        assert_eq!(seal(&token, "b").open(&sealed), None);
        assert_eq!(seal(&other, "a").open(&sealed), None);
        let mut altered = sealed.clone();
        altered[20] ^= 1;
        assert_eq!(seal(&token, "a").open(&altered), None);
        assert_eq!(seal(&token, "a").open(&sealed[..5]), None);
        let again = seal(&token, "a").close(b"val_key_secret").expect("sealed");
        assert_ne!(again, sealed, "no nonce twice");
    }
}
