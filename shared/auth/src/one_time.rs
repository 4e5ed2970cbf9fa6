//! Secrets of one-time links: 32 random bytes, of which the store knows the hash alone.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use valpero_domain::PublicUrl;

use crate::{TokenHash, random_bytes};

/// Characters of 32 bytes in base64.
const LENGTH: usize = 43;

/// The secret of a link that leads in once. Its `Debug` hides it.
#[derive(Clone)]
pub struct OneTimeSecret(SecretString);

impl OneTimeSecret {
    /// A new secret.
    pub fn generate() -> Self {
        let bytes: [u8; 32] = random_bytes();
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The secret that a link has; none where its form is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok();
        fits.then(|| Self(text.to_owned().into()))
    }

    /// The hash by which the store knows it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose_secret())
    }

    /// The secret itself, for the form that carries it on.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// The link: of the deployment at `base`, or without host where that is not known.
    pub fn url(&self, base: Option<&PublicUrl>) -> String {
        let path = format!("/enter/{}", self.0.expose_secret());
        base.map_or_else(|| path.clone(), |base| base.of(&path))
    }
}

impl fmt::Debug for OneTimeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_secret_whose_hash_is_kept() {
        let secret = OneTimeSecret::generate();
        let base: PublicUrl = "https://valpero.example.com".parse().expect("a URL");
        let url = secret.url(Some(&base));
        let text = url.strip_prefix("https://valpero.example.com/enter/").expect("the base");
        assert_eq!(OneTimeSecret::parse(text).map(|read| read.hash()), Some(secret.hash()));
        assert_eq!(secret.url(None), format!("/enter/{text}"));
        assert_ne!(OneTimeSecret::generate().hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "OneTimeSecret(…)");
        for wrong in ["", "x", &format!("{text}A"), &text.replace(|c: char| c.is_ascii_alphanumeric(), "!")] {
            assert!(OneTimeSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
