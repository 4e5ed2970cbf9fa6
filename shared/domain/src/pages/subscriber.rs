//! Subscribers of a status page: whom it tells of updates, and where.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Component, Post, PostUpdate, values::words};
use crate::{
    ComponentId, Invalid, PageId, Timestamp,
    mail_address::MailAddress,
    monitor::HttpUrl,
    text_spec::{Text, values},
};

/// How long a subscription may wait to be confirmed, in seconds: two days.
pub const CONFIRM_S: i64 = 2 * 86_400;

words! {
    /// How a subscriber is told.
    SubscriberKind, "SubscriberKind", "How the subscriber is told.", "a kind of subscriber":
    /// By mail.
    #[default]
    Email = "email",
    /// By an HTTP request.
    Webhook = "webhook",
}

words! {
    /// State of a subscription.
    SubscriberStatus, "SubscriberStatus",
    "State of the subscription. `pending`: not confirmed yet, and forgotten after two days. `active`: told of updates. `quarantined`: told of nothing, because what was sent did not arrive or was marked as spam.",
    "a state of a subscription":
    /// Not confirmed yet.
    #[default]
    Pending = "pending",
    /// Told of updates.
    Active = "active",
    /// Told of nothing any more.
    Quarantined = "quarantined",
}

/// Where a subscriber is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Contact {
    /// By mail.
    Email {
        /// The address.
        email: MailAddress,
    },
    /// By an HTTP request.
    Webhook {
        /// The receiver.
        url: HttpUrl,
    },
}

impl Contact {
    /// What kind it is.
    pub const fn kind(&self) -> SubscriberKind {
        match self {
            Self::Email { .. } => SubscriberKind::Email,
            Self::Webhook { .. } => SubscriberKind::Webhook,
        }
    }

    /// The text that tells it apart from others: addresses that differ in upper and lower case alone are one.
    pub fn name(&self) -> String {
        match self {
            Self::Email { email } => format!("email {}", email.as_str().to_lowercase()),
            Self::Webhook { url } => format!("webhook {url}"),
        }
    }
}

/// Whether a subscriber who chose these components is told of an update of a post: none chosen means all, as does a choice of which the page
/// has none any more; and a post that names none concerns everybody.
pub fn wants(chosen: &BTreeSet<ComponentId>, there: &[Component], post: &Post, update: &PostUpdate) -> bool {
    let mut affected = post.components.iter().chain(&update.components).map(|affected| affected.id).peekable();
    let is_choice = there.iter().any(|component| chosen.contains(&component.id));
    !is_choice || affected.peek().is_none() || affected.any(|id| chosen.contains(&id))
}

/// When a subscription that was asked for at `at` is forgotten unless it is confirmed.
pub const fn expires_at(at: Timestamp) -> Timestamp {
    at.plus_seconds(CONFIRM_S)
}

/// The subscribers of a page as one text, for counters of tries.
pub fn tries_of(page: PageId, what: &str) -> String {
    format!("subscribe {page} {what}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        Actor, PostUpdateId,
        pages::{NewPost, StatusPageSpec},
    };

    fn id(number: u8) -> ComponentId {
        ComponentId::from_bytes([number; 16])
    }

    #[test]
    fn who_chose_components_is_told_of_those_alone() {
        let mut number = 0;
        let mut new_id = || {
            number += 1;
            id(number)
        };
        let page = json!({"slug": "acme", "title": "Acme", "components": [{"name": "a"}, {"name": "b"}]});
        let page = StatusPageSpec::read(&page, &BTreeSet::new(), &mut new_id).expect("a page");
        let post = |components: &[ComponentId]| {
            let affected: Vec<_> = components.iter().map(|id| json!({"id": id, "status": "major_outage"})).collect();
            let body = json!({"kind": "incident", "title": "x", "body": "y", "notify": true, "components": affected});
            let known = components.iter().copied().collect();
            let new = NewPost::read(&body, &known).expect("a post");
            new.into_post(PostUpdateId::from_bytes([0; 16]), Actor::Operator.into(), Timestamp::from_seconds(0))
        };
        let told = |chosen: &[ComponentId], affected: &[ComponentId]| {
            let post = post(affected);
            wants(&chosen.iter().copied().collect(), &page.components, &post, post.last().expect("an update"))
        };
        assert!(told(&[], &[]) && told(&[], &[id(1)]), "no choice is all");
        assert!(told(&[id(1)], &[]), "a post without components concerns everybody");
        assert!(told(&[id(1), id(2)], &[id(2)]));
        assert!(!told(&[id(1)], &[id(2)]) && !told(&[id(1), id(9)], &[id(2)]));
        assert!(told(&[id(9)], &[id(2)]), "a choice of what is gone is none");
    }

    #[test]
    fn one_address_is_one_contact_however_it_is_spelled() {
        let email = |text: &str| Contact::Email { email: text.to_owned().try_into().expect("an address") };
        assert_eq!(email("Ops@Example.com").name(), email("ops@example.COM").name());
        assert_ne!(email("ops@example.com").name(), email("dev@example.com").name());
        let stored = serde_json::to_value(email("ops@example.com")).expect("JSON");
        assert_eq!(stored, json!({"kind": "email", "email": "ops@example.com"}));
    }
}
