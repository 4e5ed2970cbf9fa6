//! Signed links. Each allows one action without a key, until it expires.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use valpero_domain::{AccountId, ChannelId, IncidentId, PageId, SubscriberId, Timestamp};

use crate::random_bytes;

/// What signs links: 32 bytes, kept with what the links belong to. Its `Debug` hides it.
#[derive(Clone)]
pub struct LinkSecret(SecretString);

impl LinkSecret {
    /// A new secret.
    pub fn generate() -> Self {
        let bytes: [u8; 32] = random_bytes();
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    fn key(&self) -> Key {
        Key::new(HMAC_SHA256, self.0.expose_secret().as_bytes())
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

impl Serialize for LinkSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for LinkSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let decoded = URL_SAFE_NO_PAD.decode(&text);
        if decoded.is_ok_and(|bytes| bytes.len() == 32) {
            Ok(Self(text.into()))
        } else {
            Err(serde::de::Error::custom("not a link secret"))
        }
    }
}

/// Signed before the link's own bytes, so that the secret signs nothing else of the same form.
const PURPOSE: &[u8] = b"valpero acknowledge 1\0";

/// Account, incident and channel as ULIDs, and the time in milliseconds.
const BYTES: usize = 3 * 16 + 8;

/// HMAC-SHA256.
const SIGNATURE_BYTES: usize = 32;

/// The link that acknowledges one incident for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcknowledgeLink {
    /// Whose incident.
    pub account_id: AccountId,
    /// The incident.
    pub incident_id: IncidentId,
    /// The channel that it was sent to, whose secret signs it.
    pub channel_id: ChannelId,
    /// Expiry time.
    pub until: Timestamp,
}

impl AcknowledgeLink {
    /// Lifetime of a link, in milliseconds: 24 hours from when it is sent.
    pub const GOOD_FOR_MS: i64 = 24 * 3_600_000;

    /// Its token: 118 characters that need no escaping in a URL.
    pub fn token(&self, secret: &LinkSecret) -> String {
        let bytes = self.bytes();
        let signature = sign(&secret.key(), &[PURPOSE, bytes.as_slice()].concat());
        URL_SAFE_NO_PAD.encode([&bytes, signature.as_ref()].concat())
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.account_id.to_bytes());
        bytes[16..32].copy_from_slice(&self.incident_id.to_bytes());
        bytes[32..48].copy_from_slice(&self.channel_id.to_bytes());
        bytes[48..].copy_from_slice(&self.until.ms().to_be_bytes());
        bytes
    }
}

/// A token as it arrived: what it says is to be believed only once it is [proved](Self::proved).
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    link: AcknowledgeLink,
    signature: [u8; SIGNATURE_BYTES],
}

impl Claim {
    /// What a token claims; none where it is no token at all.
    pub fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (link, signature) = bytes.split_first_chunk::<BYTES>()?;
        let (account, rest) = link.split_first_chunk()?;
        let (incident, rest) = rest.split_first_chunk()?;
        let (channel, until) = rest.split_first_chunk()?;
        let link = AcknowledgeLink {
            account_id: AccountId::from_bytes(*account),
            incident_id: IncidentId::from_bytes(*incident),
            channel_id: ChannelId::from_bytes(*channel),
            until: Timestamp::from_ms(i64::from_be_bytes(until.try_into().ok()?)),
        };
        Some(Self { link, signature: signature.try_into().ok()? })
    }

    /// The account and channel whose secret it has to be signed with.
    pub fn signer(&self) -> (AccountId, ChannelId) {
        (self.link.account_id, self.link.channel_id)
    }

    /// The link, where this secret signed it. Compared in constant time.
    pub fn proved(&self, secret: &LinkSecret) -> Option<AcknowledgeLink> {
        let signed = [PURPOSE, self.link.bytes().as_slice()].concat();
        verify(&secret.key(), &signed, &self.signature).ok().map(|()| self.link)
    }
}

/// Signed before a subscriber's link.
const SUBSCRIBER_PURPOSE: &[u8] = b"valpero subscriber 1\0";

/// The link by which a subscriber of a status page confirms, changes and ends the subscription. It lasts as long as the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriberLink {
    /// The page.
    pub page_id: PageId,
    /// The subscriber, whose own secret signs it.
    pub subscriber_id: SubscriberId,
}

impl SubscriberLink {
    /// Its token: 64 characters that need no escaping in a URL. It names the subscriber alone, for the page stands before it in the URL.
    pub fn token(&self, secret: &LinkSecret) -> String {
        let signature = sign(&secret.key(), &self.signed());
        URL_SAFE_NO_PAD.encode([self.subscriber_id.to_bytes().as_slice(), signature.as_ref()].concat())
    }

    fn signed(&self) -> Vec<u8> {
        [SUBSCRIBER_PURPOSE, &self.page_id.to_bytes(), &self.subscriber_id.to_bytes()].concat()
    }
}

/// A subscriber's token as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct SubscriberClaim {
    /// The subscriber that it names.
    pub subscriber_id: SubscriberId,
    signature: [u8; SIGNATURE_BYTES],
}

impl SubscriberClaim {
    /// What a token claims; none where it is no token at all.
    pub fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (subscriber, signature) = bytes.split_first_chunk()?;
        let subscriber_id = SubscriberId::from_bytes(*subscriber);
        Some(Self { subscriber_id, signature: signature.try_into().ok()? })
    }

    /// Whether this secret signed it, for a subscriber of this page. Compared in constant time.
    pub fn is_proved(&self, page_id: PageId, secret: &LinkSecret) -> bool {
        let signed = SubscriberLink { page_id, subscriber_id: self.subscriber_id }.signed();
        verify(&secret.key(), &signed, &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link() -> AcknowledgeLink {
        AcknowledgeLink {
            account_id: "acc_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("an account"),
            incident_id: "inc_01M82PJFFSY9XKXCV0WRMX4C7N".parse().expect("an incident"),
            channel_id: "chn_01M82PJFFSY9XKXCV0WRMX4C7P".parse().expect("a channel"),
            until: Timestamp::from_seconds(1_795_000_020),
        }
    }

    fn known() -> LinkSecret {
        LinkSecret(URL_SAFE_NO_PAD.encode([7_u8; 32]).into())
    }

    #[test]
    fn a_token_is_what_another_implementation_makes() {
        // Computed with Python's hmac, hashlib, struct and base64.
        let token = link().token(&known());
        assert_eq!(token.len(), 118);
        assert_eq!(
            token,
            concat!(
                "AaIFaT358ns-s2DmKdIw9AGiBWk9-fJ7PrNg5inSMPUBogVpPfnyez6zYOYp",
                "0jD2AAABoe5WrCDKfXYAAp14kNuMijCMBJCyNi0NobbjdWTJLfQ76GK-PA"
            )
        );
    }

    #[test]
    fn a_link_is_proved_by_its_secret_alone() {
        let (secret, other) = (LinkSecret::generate(), LinkSecret::generate());
        let claim = Claim::read(&link().token(&secret)).expect("a token");
        assert_eq!(claim.signer(), (link().account_id, link().channel_id));
        assert_eq!((claim.proved(&secret), claim.proved(&other)), (Some(link()), None));
    }

    #[test]
    fn a_subscribers_link_is_what_another_implementation_makes_and_good_for_its_page_alone() {
        let page_id: PageId = "pag_01M82PJFFSY9XKXCV0WRMX4C7M".parse().expect("a page");
        let other: PageId = "pag_01M82PJFFSY9XKXCV0WRMX4C7N".parse().expect("a page");
        let subscriber_id = "sub_01M82PJFFSY9XKXCV0WRMX4C7P".parse().expect("a subscriber");
        let token = SubscriberLink { page_id, subscriber_id }.token(&known());
        // Computed with Python's hmac, hashlib and base64.
        assert_eq!(token, "AaIFaT358ns-s2DmKdIw9lD7IgiyNhhcILZ4b7cIdF2LAVyb2-cVjNHHE_V7q-rK");
        let claim = SubscriberClaim::read(&token).expect("a token");
        assert_eq!(claim.subscriber_id, subscriber_id);
        assert!(claim.is_proved(page_id, &known()));
        assert!(!claim.is_proved(other, &known()) && !claim.is_proved(page_id, &LinkSecret::generate()));
        assert!(SubscriberClaim::read(&token[1..]).is_none() && SubscriberClaim::read("").is_none());
    }

    #[test]
    fn a_secret_is_not_shown_and_comes_back_as_it_was_stored() {
        let stored = serde_json::to_string(&known()).expect("JSON");
        let read: LinkSecret = serde_json::from_str(&stored).expect("a secret");
        assert_eq!(link().token(&read), link().token(&known()));
        assert_eq!(format!("{read:?}"), "LinkSecret(…)");
        for wrong in ["\"\"", "\"AAAA\"", "\"!\"", "7"] {
            assert!(serde_json::from_str::<LinkSecret>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_token_proves_nothing(at in 0_usize..118, by in 1_u8..64) {
            const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut token = link().token(&known()).into_bytes();
            let letter = LETTERS.iter().position(|letter| *letter == token[at]).expect("of the alphabet");
            token[at] = LETTERS[(letter + usize::from(by)) % 64];
            let token = String::from_utf8(token).expect("ASCII");
            prop_assert!(Claim::read(&token).is_none_or(|claim| claim.proved(&known()).is_none()));
        }

        #[test]
        fn no_text_is_too_strange_to_be_read(text in ".{0,200}") {
            prop_assert!(Claim::read(&text).is_none_or(|claim| claim.proved(&known()).is_none()));
        }
    }
}
