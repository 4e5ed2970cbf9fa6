//! Identifiers: a prefix that names the kind, then a ULID (<https://github.com/ulid/spec>), so that they sort by creation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{Invalid, Timestamp, text_spec::Text};

/// 80 bits of randomness for one identifier.
pub type Entropy = [u8; 10];

fn ulid_at(at: Timestamp, entropy: Entropy) -> Ulid {
    let random = entropy.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    Ulid::from_parts(at.ms().unsigned_abs(), random)
}

macro_rules! id {
    ($name:ident, $prefix:literal, $of:literal) => {
        #[doc = concat!("Names ", $of, ": `", $prefix, "` and a ULID.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// What every identifier of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// How it looks.
            pub const TEXT: Text = Text {
                name: stringify!($name),
                says: concat!("Unique ID of ", $of, "."),
                example: concat!($prefix, "01M82PJFFSY9XKXCV0WRMX4C7M"),
                pattern: concat!("^", $prefix, "[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
                ..Text::PLAIN
            };

            /// A new identifier of the moment `at`.
            pub fn new(at: Timestamp, entropy: Entropy) -> Self {
                Self(ulid_at(at, entropy))
            }

            /// The ULID's 16 bytes.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// The identifier with the ULID of these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }

            /// The moment it was made for.
            pub fn at(self) -> Timestamp {
                Timestamp::from_ms(i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", Self::PREFIX, self.0)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|ulid| Ulid::from_string(ulid).ok())
                    .map(Self)
                    // One spelling an object: lower case and overflowing ULIDs name nothing.
                    .filter(|id| id.to_string() == text)
                    .ok_or_else(|| {
                        Invalid::new(concat!("must be the id of ", $of, ": ", $prefix, " and 26 characters"))
                    })
            }
        }

        as_text!($name);
    };
}

id!(AccountId, "acc_", "an account");
id!(AuditId, "aud_", "an audit row");
id!(ChannelId, "chn_", "a channel");
id!(CheckId, "chk_", "a requested check");
id!(DeliveryId, "dlv_", "a webhook delivery");
id!(EventId, "evt_", "an event");
id!(IncidentId, "inc_", "an incident");
id!(KeyId, "key_", "an API key");
id!(CommentId, "cmt_", "an entry of an incident's timeline");
id!(MonitorId, "mon_", "a monitor");
id!(ComponentId, "cmp_", "a component of a status page");
id!(InvitationId, "inv_", "an invitation");
id!(PageId, "pag_", "a status page");
id!(PolicyId, "pol_", "an escalation policy");
id!(PostId, "pst_", "a post of a status page");
id!(PostUpdateId, "upd_", "an update of a post");
id!(SessionId, "ses_", "a session");
id!(SubscriberId, "sub_", "a subscriber of a status page");
id!(UserId, "usr_", "a user");

impl SessionId {
    /// The session that this key is.
    pub const fn of_key(key: KeyId) -> Self {
        Self(key.0)
    }

    /// The key that the session is.
    pub const fn key(self) -> KeyId {
        KeyId(self.0)
    }
}

impl AuditId {
    /// The row that tells of a requested check, so that the check is found by it.
    pub const fn of_check(check: CheckId) -> Self {
        Self(check.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_and_survive_their_text() {
        let first = MonitorId::new(Timestamp::from_ms(1), [255; 10]);
        let second = MonitorId::new(Timestamp::from_ms(2), [0; 10]);
        assert!(first.to_string() < second.to_string());
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(first.to_string(), "mon_0000000001ZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn another_kinds_prefix_and_other_spellings_are_refused() {
        let id = MonitorId::new(Timestamp::from_ms(7), [7; 10]).to_string();
        for bad in [id.replace("mon_", "inc_"), id.to_lowercase(), format!("{id}0"), "mon_".into(), String::new()] {
            assert!(bad.parse::<MonitorId>().is_err(), "{bad}");
        }
    }
}
