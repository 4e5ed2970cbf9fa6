//! Domains of status pages: which names can be one, and what is said of one by what DNS and the domain itself answer.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::values::words;
use crate::{
    Field, Invalid, Literal, Object, Timestamp,
    text_spec::{Text, values},
};

words! {
    /// State of a page's domain.
    DomainState, "PageDomainState",
    "State of the domain. `pending_dns`: no DNS record leads to the page yet. `issuing`: the record is right, and the page does not answer there yet, as while a certificate is being issued. `live`: the page answers there. `broken`: it did, and no longer does.",
    "a state of a domain":
    /// No record leads to the page.
    #[default]
    PendingDns = "pending_dns",
    /// The record is right, and the page does not answer there.
    Issuing = "issuing",
    /// The page answers there.
    Live = "live",
    /// It did.
    Broken = "broken",
}

/// Name of a domain, in lower case and without a dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "DomainName",
        says: "Domain name of at least two labels. International names are written in Punycode.",
        example: "status.example.com",
        pattern: "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
        min: 3,
        max: Some(253),
        ..Text::PLAIN
    };

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = |label: &str| {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last = text.rsplit('.').next().unwrap_or_default();
        let is_name = text.contains('.') && text.len() <= 253 && text.split('.').all(fits);
        if is_name && last.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must be a domain name in lower case, such as status.example.com"))
        }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(DomainName);

/// The domain.
pub const DOMAIN: Field =
    Field::text("domain", &DomainName::TEXT).required().says("Domain that is to show the page, and nothing else.");
/// Where its record leads to.
pub const TARGET: Field = Field::text("target", &DomainName::TEXT)
    .depends()
    .says(
        "Name that the domain's CNAME record leads to. Required on AWS, where `infra/add-domain` prints it. Default elsewhere: host of the deployment's own URL.",
    )
    .example(Literal::Str("d-abc123.execute-api.eu-central-1.amazonaws.com"));

/// The body of a request that sets a page's domain.
pub const PAGE_DOMAIN: Object =
    Object { name: "PageDomainSet", patch_name: "", says: "A status page's own domain.", fields: &[DOMAIN, TARGET] };

/// What a look at a domain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// No record leads to the page: why.
    NoRecord(String),
    /// The record is right, and the page does not answer there: why.
    NoAnswer(String),
    /// The page answers there.
    Answer,
}

/// What is known of a page's domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainWatch {
    /// Where the domain's record leads to.
    pub target: DomainName,
    /// When the domain was set.
    pub set_at: Timestamp,
    /// State.
    pub state: DomainState,
    /// Looks in a row that found a live domain not to answer.
    #[serde(default)]
    pub misses: u32,
    /// When it was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// Why it is not live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Looks in a row that must find a live domain not to answer before it is broken: one query may be lost.
const MISSES_MAX: u32 = 3;

/// Seconds between two looks while somebody waits for the domain, or it misses.
const SOON_S: i64 = 60;

/// Seconds between two looks otherwise.
const LATER_S: i64 = 900;

/// Seconds in which somebody waits for a domain that was set.
const WAITS_S: i64 = 3_600;

/// Days within which a domain must become live after it was set. Until then no other page can have it.
pub const PROOF_DAYS: i64 = 7;

impl DomainWatch {
    /// A domain that was just set.
    pub const fn new(target: DomainName, set_at: Timestamp) -> Self {
        Self { target, set_at, state: DomainState::PendingDns, misses: 0, checked_at: None, detail: None }
    }

    /// What is known after a look.
    #[must_use]
    pub fn after(&self, seen: Seen, now: Timestamp) -> Self {
        let was_live = self.was_live();
        let misses = self.misses.saturating_add(1);
        let missed = if self.state == DomainState::Broken || misses >= MISSES_MAX {
            DomainState::Broken
        } else {
            DomainState::Live
        };
        let (state, misses, detail) = match seen {
            Seen::Answer => (DomainState::Live, 0, None),
            Seen::NoRecord(why) if was_live => (missed, misses, Some(why)),
            Seen::NoAnswer(why) if was_live => (missed, misses, Some(why)),
            Seen::NoRecord(why) => (DomainState::PendingDns, 0, Some(why)),
            Seen::NoAnswer(why) => (DomainState::Issuing, 0, Some(why)),
        };
        Self { state, misses, detail, checked_at: Some(now), ..self.clone() }
    }

    /// Whether the page has ever answered there.
    fn was_live(&self) -> bool {
        matches!(self.state, DomainState::Live | DomainState::Broken)
    }

    /// Whether it was set so long ago without becoming live that the page is to lose it.
    pub fn is_unproved(&self, now: Timestamp) -> bool {
        !self.was_live() && now.ms_since(self.set_at) >= PROOF_DAYS * 86_400_000
    }

    /// When it is looked at next.
    pub fn next_look(&self, now: Timestamp) -> Timestamp {
        let is_awaited = self.state != DomainState::Live && now.ms_since(self.set_at) < WAITS_S * 1000;
        let misses = self.state == DomainState::Live && self.misses > 0;
        now.plus_seconds(if is_awaited || misses { SOON_S } else { LATER_S })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn gone() -> Seen {
        Seen::NoRecord("there is none".to_owned())
    }

    fn silent() -> Seen {
        Seen::NoAnswer("refused".to_owned())
    }

    #[test]
    fn a_domain_becomes_live_by_its_record_and_then_its_answer() {
        let watch = DomainWatch::new("pages.example.com".parse().expect("a name"), at(0));
        let mut state = watch.clone();
        for (seen, expected) in [
            (gone(), DomainState::PendingDns),
            (silent(), DomainState::Issuing),
            (gone(), DomainState::PendingDns),
            (Seen::Answer, DomainState::Live),
        ] {
            state = state.after(seen, at(60));
            assert_eq!((state.state, state.detail.is_some()), (expected, expected != DomainState::Live));
        }
        assert_eq!(watch.after(gone(), at(60)).next_look(at(60)), at(120));
        assert_eq!(watch.after(gone(), at(7_200)).next_look(at(7_200)), at(8_100), "nobody waits any more");
        assert_eq!(state.next_look(at(60)), at(960));
    }

    #[test]
    fn a_live_domain_is_broken_by_the_third_miss_and_live_again_by_an_answer() {
        let live = DomainWatch::new("pages.example.com".parse().expect("a name"), at(0)).after(Seen::Answer, at(1));
        let once = live.after(gone(), at(1_000));
        assert_eq!((once.state, once.next_look(at(1_000))), (DomainState::Live, at(1_060)));
        let twice = once.after(silent(), at(1_060));
        assert_eq!(twice.state, DomainState::Live);
        assert_eq!(twice.after(Seen::Answer, at(1_120)).misses, 0);
        let broken = twice.after(gone(), at(1_120));
        assert_eq!(broken.state, DomainState::Broken);
        assert_eq!(broken.after(silent(), at(9_000)).state, DomainState::Broken, "not pending again");
        assert_eq!(broken.after(Seen::Answer, at(9_000)).state, DomainState::Live);
    }

    #[test]
    fn a_domain_that_is_not_proved_is_lost_after_a_week() {
        const WEEK: i64 = 604_800;
        let watch = DomainWatch::new("pages.example.com".parse().expect("a name"), at(0));
        for (seen, lost) in [(gone(), true), (silent(), true), (Seen::Answer, false)] {
            let after = watch.after(seen, at(WEEK - 1));
            assert_eq!((after.is_unproved(at(WEEK - 1)), after.is_unproved(at(WEEK))), (false, lost), "{after:?}");
        }
        let mut broken = watch.after(Seen::Answer, at(1));
        for second in 2..=4 {
            broken = broken.after(gone(), at(second));
        }
        assert_eq!((broken.state, broken.is_unproved(at(WEEK))), (DomainState::Broken, false), "it was live once");
    }

    #[test]
    fn only_names_are_domains() {
        for good in ["status.example.com", "a.b", "xn--d1acufc.xn--p1ai", "1.example.com"] {
            assert!(good.parse::<DomainName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "Status.example.com",
            "192.0.2.1",
            "status.example.com.",
            ".example.com",
            "a..b",
            "-a.b",
            "a_b.example.com",
            "https://status.example.com",
            "status.example.com:443",
            "::1",
        ] {
            assert!(bad.parse::<DomainName>().is_err(), "{bad}");
        }
    }
}
