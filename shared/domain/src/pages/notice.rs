//! What the delivery worker finds to do for status pages: an update for all of a page's subscribers, a notice for each, a look at a domain.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Invalid, PageId, PostId, PostUpdateId, SubscriberId};

/// An update of which all subscribers of a page are to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Broadcast {
    /// The page.
    pub page_id: PageId,
    /// The post.
    pub post_id: PostId,
    /// The update.
    pub update_id: PostUpdateId,
}

/// What one subscriber is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Notice {
    /// The page.
    pub page_id: PageId,
    /// The subscriber.
    pub subscriber_id: SubscriberId,
    /// The update; none: that the subscription is to be confirmed.
    pub update: Option<(PostId, PostUpdateId)>,
}

/// A page whose domain is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainLook(pub PageId);

impl From<PageId> for DomainLook {
    fn from(page: PageId) -> Self {
        Self(page)
    }
}

impl fmt::Display for DomainLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DOMAIN}{}", self.0)
    }
}

impl FromStr for DomainLook {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix(DOMAIN).ok_or_else(|| unreadable(text))?.parse().map(Self)
    }
}

as_text!(DomainLook);
as_text!(Broadcast);
as_text!(Notice);

/// What the text of a look at a domain begins with.
pub(crate) const DOMAIN: &str = "domain#";

/// What the text of a broadcast begins with.
pub(crate) const BROADCAST: &str = "broadcast#";

/// What the text of a notice begins with.
pub(crate) const NOTICE: &str = "notice#";

impl Broadcast {
    /// The notice of this update to one subscriber.
    pub const fn to(self, subscriber_id: SubscriberId) -> Notice {
        Notice { page_id: self.page_id, subscriber_id, update: Some((self.post_id, self.update_id)) }
    }
}

impl Notice {
    /// That a subscription is to be confirmed.
    pub const fn confirmation(page_id: PageId, subscriber_id: SubscriberId) -> Self {
        Self { page_id, subscriber_id, update: None }
    }
}

fn unreadable(text: &str) -> Invalid {
    Invalid::new(format!("{text:?} is nothing that is to be done for a page"))
}

impl fmt::Display for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BROADCAST}{}#{}#{}", self.page_id, self.post_id, self.update_id)
    }
}

impl FromStr for Broadcast {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.strip_prefix(BROADCAST).unwrap_or_default().split('#').collect();
        match parts.as_slice() {
            [page, post, update] => {
                Ok(Self { page_id: page.parse()?, post_id: post.parse()?, update_id: update.parse()? })
            }
            _ => Err(unreadable(text)),
        }
    }
}

impl fmt::Display for Notice {
    // The subscriber stands last: by its end, notices spread over the partitions of what is pending.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NOTICE}{}#", self.page_id)?;
        if let Some((post, update)) = self.update {
            write!(f, "{post}#{update}#")?;
        }
        self.subscriber_id.fmt(f)
    }
}

impl FromStr for Notice {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.strip_prefix(NOTICE).unwrap_or_default().split('#').collect();
        match parts.as_slice() {
            [page, subscriber] => Ok(Self::confirmation(page.parse()?, subscriber.parse()?)),
            [page, post, update, subscriber] => Ok(Self {
                page_id: page.parse()?,
                subscriber_id: subscriber.parse()?,
                update: Some((post.parse()?, update.parse()?)),
            }),
            _ => Err(unreadable(text)),
        }
    }
}
