//! Second factors: one-time codes by time (RFC 6238), as authenticator apps make them: SHA-1, six digits, 30 seconds.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use valpero_domain::Timestamp;

use crate::random_bytes;

/// Seconds of one step.
const STEP_S: u64 = 30;

/// Steps before and behind the present one whose codes are taken: clocks of phones differ (RFC 6238, section 5.2).
const SKEW: u16 = 1;

/// The secret that an app and Valpero share: 20 bytes in base 32, as RFC 4226 advises. Its `Debug` hides it.
#[derive(Clone)]
pub struct TotpSecret(SecretString);

impl TotpSecret {
    /// A new secret.
    pub fn generate() -> Self {
        let bytes: [u8; 20] = random_bytes();
        Self(Secret::new(Box::new(bytes)).to_base32().into())
    }

    /// The secret in base 32, for who types it into an app.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// The URL that an app reads from a QR code, for this person's address.
    pub fn url(&self, address: &str) -> Option<String> {
        // A colon divides issuer and address there.
        let builder = self.builder()?.with_issuer(Some("Valpero")).with_account_name(address.replace(':', " "));
        builder.build().ok()?.to_url().ok()
    }

    /// The step of a code that is right at this moment, and later than the last one that was used: a code is good once. The caller keeps
    /// the step, on the condition that no other request has meanwhile.
    pub fn step_of(&self, code: &str, now: Timestamp, last: Option<u64>) -> Option<u64> {
        let code: String = code.chars().filter(|one| !one.is_whitespace()).collect();
        let seconds = u64::try_from(now.seconds()).ok()?;
        let step = self.totp()?.check(&code, seconds)?;
        last.is_none_or(|last| step > last).then_some(step)
    }

    fn builder(&self) -> Option<Builder> {
        let secret = Secret::try_from_base32(self.reveal()).ok()?;
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(SKEW);
        Some(builder.with_step_duration(STEP_S).with_secret(secret))
    }

    fn totp(&self) -> Option<Totp> {
        self.builder()?.build().ok()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl Serialize for TotpSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

impl<'de> Deserialize<'de> for TotpSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = Self(String::deserialize(deserializer)?.into());
        secret.totp().map(|_| secret).ok_or_else(|| serde::de::Error::custom("not a secret of one-time codes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B: `12345678901234567890`.
    fn known() -> TotpSecret {
        serde_json::from_str("\"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\"").expect("a secret")
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // The last six of the eight digits that it lists.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(known().step_of(code, now, None), Some(seconds.unsigned_abs() / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_step_before_and_behind() {
        let (step, code) = (1_111_111_111_u64 / 30, "050 471");
        let at = |of: u64| Timestamp::from_seconds(i64::try_from(of * 30).expect("a time"));
        for (now, right) in [(step - 2, false), (step - 1, true), (step, true), (step + 1, true), (step + 2, false)] {
            assert_eq!(known().step_of(code, at(now), None).is_some(), right, "{now}");
        }
        assert_eq!(known().step_of(code, at(step), Some(step - 1)), Some(step));
        assert_eq!(known().step_of(code, at(step), Some(step)), None, "it was used");
        for wrong in ["", "050472", "50471", "0504711", "abcdef", "０５０４７１"] {
            assert_eq!(known().step_of(wrong, at(step), None), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_new_each_time_is_not_shown_and_makes_a_url() {
        let (one, other) = (TotpSecret::generate(), TotpSecret::generate());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!((one.reveal().len(), format!("{one:?}").as_str()), (32, "TotpSecret(…)"));
        let url = known().url("me@example.com").expect("a URL");
        assert!(url.starts_with("otpauth://totp/Valpero:me%40example.com?"), "{url}");
        assert!(url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && url.contains("issuer=Valpero"), "{url}");
        assert!(known().url("a:b@example.com").is_some());
        for wrong in ["\"\"", "\"AAAA\"", "\"not base 32!\""] {
            assert!(serde_json::from_str::<TotpSecret>(wrong).is_err(), "{wrong}");
        }
    }
}
