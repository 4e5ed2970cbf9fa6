//! Domains of status pages: who has which, and when each is looked at next.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::Deserialize;
use valpero_domain::{
    AccountId, PageId, Timestamp,
    delivery::WAIT_MAX_S,
    event::{Due, PageMark},
    pages::{DomainName, DomainState, DomainWatch, Slug},
};

use crate::{
    AuditRow, StatusPageRow, Store, StoreError,
    call::{Item, Updated, a_delete, a_put, delete_item, from_item, key, put_item, s, to_value},
    change::{Change, If},
    keys,
    pages::refused,
};

const TABLE: &str = "pages";

/// What is found under a domain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OwnDomain {
    /// The name of the page.
    pub slug: Slug,
    /// Whether the domain was seen to lead to the page: until then it shows nothing.
    #[serde(default)]
    pub live: bool,
}

impl Store {
    fn look_key(account: AccountId, page: PageId) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", Due::Domain(page.into()).to_string())])
    }

    /// The item that holds a domain for a page.
    pub(crate) fn domain_item(row: &StatusPageRow, domain: &DomainName) -> Item {
        let mut item = Self::public_item(row, keys::domain(domain.as_str()));
        item.insert("slug".into(), s(row.spec.slug.as_str()));
        item
    }

    /// That a page's domain is looked at no more, as part of a transaction.
    pub(crate) fn forget_look(&self, account: AccountId, page: PageId) -> Result<TransactWriteItem, StoreError> {
        a_delete(delete_item(&self.tables.deliveries, Self::look_key(account, page)))
    }

    fn plan_look(&self, account: AccountId, page: PageId, at: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mut item = Self::look_key(account, page);
        item.insert("pending".into(), s(keys::pending(Due::Domain(page.into()))));
        item.insert("next_attempt_at".into(), s(at));
        a_put(put_item(&self.tables.deliveries, item))
    }

    /// Gives a page another domain, or none. With one, it is looked at from now on. 10 WRU, and 2 per further KB of the page.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read; [`StoreError::Taken`] where another page has the domain.
    pub async fn set_page_domain(
        &self,
        old: &StatusPageRow,
        domain: Option<(&DomainName, &DomainWatch)>,
        now: Timestamp,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let watch = domain.map(|(_, watch)| to_value(TABLE, watch)).transpose()?;
        let change = Change::new()
            .set_or_remove("domain", domain.map(|(domain, _)| s(domain.as_str())))
            .set_or_remove("domain_watch", watch)
            .set("updated_at", s(now))
            .only_if(If::Is("updated_at", s(old.updated_at)));
        let mut items = vec![
            change.on(&self.tables.pages, Self::page_key(old.account_id, old.id))?,
            self.mark_page(old.account_id, PageMark::of(old.id), now)?,
            match domain {
                Some(_) => self.plan_look(old.account_id, old.id, now)?,
                None => self.forget_look(old.account_id, old.id)?,
            },
            self.audit(audit)?,
        ];
        let domain = domain.map(|(domain, _)| domain);
        if let Some(before) = old.domain.as_ref().filter(|before| Some(*before) != domain) {
            let place = Self::public_key(keys::domain(before.as_str()));
            items.push(a_delete(delete_item(&self.tables.pages, place))?);
        }
        if let Some(domain) = domain.filter(|domain| old.domain.as_ref() != Some(domain)) {
            let claim = put_item(&self.tables.pages, Self::domain_item(old, domain));
            items.push(a_put(claim.condition_expression("attribute_not_exists(account_id)"))?);
        }
        self.transact(items).await.map_err(|cancelled| refused(cancelled, StoreError::Conflict))
    }

    /// Notes what a look at a page's domain found, and when it is looked at next. Does nothing where the domain was changed meanwhile. 3 WRU, and
    /// 1 per further KB of the page. Answers whether it was noted.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn note_domain(
        &self,
        row: &StatusPageRow,
        watch: &DomainWatch,
        next: Timestamp,
    ) -> Result<bool, StoreError> {
        let same = row.domain.as_ref().map_or(If::Absent("domain"), |domain| If::Is("domain", s(domain.as_str())));
        let change = Change::new()
            .set("domain_watch", to_value(TABLE, watch)?)
            .only_if(same)
            .only_if(If::Is("domain_watch.set_at", s(watch.set_at)));
        let key = Self::page_key(row.account_id, row.id);
        if let Updated::Refused(_) = self.change(&self.tables.pages, key, change).await? {
            return Ok(false);
        }
        if let Some(domain) = row.domain.as_ref().filter(|_| watch.state == DomainState::Live) {
            // From now on the host shows the page: before, nobody has shown that it is to.
            let live = Change::new()
                .set("live", AttributeValue::Bool(true))
                .only_if(If::Is("page_id", s(row.id)))
                .only_if(If::Absent("live"));
            self.change(&self.tables.pages, Self::public_key(keys::domain(domain.as_str())), live).await?;
        }
        let change = Change::new().set("next_attempt_at", s(next)).only_if(If::Exists("account_id"));
        self.change(&self.tables.deliveries, Self::look_key(row.account_id, row.id), change).await?;
        Ok(true)
    }

    /// Begins a look at a page's domain, where one is due: of all who hold the message, one gets it. Until `lost_at` nobody else looks. 2 WRU.
    /// Answers whether it is this one.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn claim_look(
        &self,
        account: AccountId,
        page: PageId,
        now: Timestamp,
        lost_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = Change::new().set("next_attempt_at", s(lost_at)).only_if(If::Any(vec![
            If::AtMost("next_attempt_at", s(now)),
            If::Above("next_attempt_at", s(now.plus_seconds(WAIT_MAX_S))),
        ]));
        let changed = self.change(&self.tables.deliveries, Self::look_key(account, page), change).await?;
        Ok(matches!(changed, Updated::Done(_)))
    }

    /// The name of the page that has this domain, and whether it was live. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn page_of_domain(&self, domain: &str) -> Result<Option<OwnDomain>, StoreError> {
        let item = self.get(&self.tables.pages, Self::public_key(keys::domain(domain))).await?;
        item.map(|item| from_item(TABLE, item)).transpose()
    }
}
