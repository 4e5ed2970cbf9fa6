//! Status pages: what their owners say of them, beside their account; and what each shows, under its name, where one read finds it.
//!
//! A page is *made anew* when something that it shows has changed. Its marks, in the Deliveries table, say that it must be: each is written
//! in the transaction of the change, and goes only once a view that was made after it is written.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use valpero_auth::password::PasswordHash;
use valpero_domain::{
    AccountId, Author, ComponentId, IncidentId, MonitorId, PageId, PublicUrl, Timestamp,
    event::{Due, PageMark},
    pages::{ByHand, DomainName, DomainState, DomainWatch, PageView, Slug, StatusPageSpec},
};

use crate::{
    AuditRow, Monitor, Store, StoreError, Trail,
    call::{Cancelled, Item, Updated, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "pages";

/// A status of a component that a person set, and who did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetByHand {
    /// The status, and until when it holds.
    #[serde(flatten)]
    pub by_hand: ByHand,
    /// When it was set.
    pub at: Timestamp,
    /// Who set it.
    #[serde(flatten)]
    pub by: Author,
}

/// A status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusPageRow {
    /// The account.
    pub account_id: AccountId,
    /// Unique ID.
    #[serde(rename = "page_id")]
    pub id: PageId,
    /// Settings.
    pub spec: StatusPageSpec,
    /// Hash of its password, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Its own domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// What is known of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_watch: Option<DomainWatch>,
    /// Statuses of components that were set by hand.
    #[serde(default)]
    pub by_hand: BTreeMap<ComponentId, SetByHand>,
    /// The monitors that mark the page when their status changes.
    #[serde(default)]
    pub linked: BTreeSet<MonitorId>,
    /// Creation time.
    pub created_at: Timestamp,
    /// When its owner last changed it: its version.
    pub updated_at: Timestamp,
}

impl StatusPageRow {
    /// URL of the page's front, without a slash at its end: at its own domain while that is live, else below the deployment's; its path
    /// where the deployment does not know its own URL.
    pub fn url(&self, deployment: Option<&PublicUrl>) -> String {
        let is_live = self.domain_watch.as_ref().is_some_and(|watch| watch.state == DomainState::Live);
        match self.domain.as_ref().filter(|_| is_live) {
            Some(domain) => deployment.map_or_else(|| format!("https://{domain}"), |url| url.at_host(domain.as_str())),
            None => self.spec.slug.url(deployment),
        }
    }
}

/// What is found under a page's name, or under its domain.
#[derive(Debug, Clone, Deserialize)]
pub struct PublicPage {
    /// The account.
    pub owner: AccountId,
    /// The page.
    pub page_id: PageId,
    /// Hash of its password, where it asks for one.
    #[serde(default)]
    pub password: Option<PasswordHash>,
    /// What it shows; none until it was made for the first time.
    #[serde(default)]
    pub view: Option<PageView>,
}

/// A mark as it was read.
#[derive(Debug, Clone, Deserialize)]
pub struct MarkRow {
    /// What is to be made anew, and why.
    #[serde(rename = "delivery_id")]
    pub mark: PageMark,
    /// Tells two marks of the same kind apart.
    nonce: String,
    /// When the page is to be made anew.
    #[serde(rename = "next_attempt_at")]
    at: Timestamp,
}

/// Version of a page's view, and the incidents that it does not publish by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Made {
    /// How many times it was made, or a post of it deleted.
    #[serde(default)]
    version: i64,
    /// Open incidents whose post was deleted.
    #[serde(default)]
    pub deleted: BTreeSet<IncidentId>,
}

impl Store {
    pub(crate) fn page_key(account: AccountId, page: PageId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::page(page))])
    }

    pub(crate) fn made_key(account: AccountId, page: PageId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::page_made(page))])
    }

    pub(crate) fn public_key(name: String) -> Item {
        key([("account_id", name), ("entry", keys::VIEW.into())])
    }

    fn mark_key(account: AccountId, mark: PageMark) -> Item {
        key([("account_id", account.to_string()), ("delivery_id", mark.to_string())])
    }

    fn page_item(row: &StatusPageRow) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, row)?;
        item.extend(Self::page_key(row.account_id, row.id));
        Ok(item)
    }

    pub(crate) fn public_item(row: &StatusPageRow, name: String) -> Item {
        let mut item = Self::public_key(name);
        item.insert("owner".into(), s(row.account_id));
        item.insert("page_id".into(), s(row.id));
        item
    }

    /// The mark that a page is to be made anew, as part of the transaction that changes what it shows.
    pub(crate) fn mark_page(
        &self,
        account: AccountId,
        mark: PageMark,
        at: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = Self::mark_key(account, mark);
        item.extend(mark_attributes(mark, at).map(|(name, value)| (name.to_owned(), value)));
        a_put(put_item(&self.tables.deliveries, item))
    }

    /// The marks of all pages that show this monitor.
    pub(crate) fn mark_pages_of(&self, monitor: &Monitor, at: Timestamp) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mark = |page: &PageId| {
            let mark = PageMark { page_id: *page, monitor_id: Some(monitor.id) };
            self.mark_page(monitor.account_id, mark, at)
        };
        monitor.pages.iter().map(mark).collect()
    }

    fn pages_are(&self, account: AccountId, change: Change) -> Result<TransactWriteItem, StoreError> {
        change.only_if(If::Exists("account_id")).on(&self.tables.accounts, Self::account_key(account))
    }

    /// Keeps a new page, of which the account may have `most`, and takes its name. 12 WRU and 2 per further KB of it, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] where the account has that many; [`StoreError::Taken`] where another page has the name;
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_page(&self, row: &StatusPageRow, most: u32, trail: &Trail) -> Result<(), StoreError> {
        let room = If::Any(vec![If::Absent("pages"), If::Below("pages", n(most))]);
        let claim = put_item(&self.tables.pages, Self::public_item(row, keys::slug(&row.spec.slug)));
        let items = vec![
            self.pages_are(row.account_id, Change::new().add("pages", 1).only_if(room))?,
            a_put(claim.condition_expression("attribute_not_exists(account_id)"))?,
            a_put(put_item(&self.tables.pages, Self::page_item(row)?))?,
            self.mark_page(row.account_id, PageMark::of(row.id), row.created_at)?,
        ];
        self.transact_once(items, trail).await.map_err(|cancelled| refused(cancelled, StoreError::LimitReached))
    }

    /// The page. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such page.
    pub async fn page(&self, account: AccountId, page: PageId) -> Result<StatusPageRow, StoreError> {
        let item = self.get(&self.tables.pages, Self::page_key(account, page)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The account's pages, oldest first, behind `after` where it is given, at most `count`. 0.5 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn pages(
        &self,
        account: AccountId,
        after: Option<PageId>,
        count: usize,
    ) -> Result<Vec<StatusPageRow>, StoreError> {
        let request = self
            .query(&self.tables.pages)
            .key_condition_expression("account_id = :account AND begins_with(entry, :page)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":page", s(keys::PAGE));
        let after = after.map(|id| Self::page_key(account, id));
        self.query_filtered(TABLE, request, after, |_| true, count).await
    }

    /// Gives a page other settings, another password and another name. 6 WRU and 2 per further KB of it, and 6 for another name.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read; [`StoreError::Taken`] where another page has the name.
    pub async fn update_page(
        &self,
        old: &StatusPageRow,
        new: &StatusPageRow,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new()
            .set("spec", to_value(TABLE, &new.spec)?)
            .set("by_hand", to_value(TABLE, &new.by_hand)?)
            .set_or_remove("password", new.password.as_ref().map(|hash| to_value(TABLE, hash)).transpose()?)
            .set("updated_at", s(new.updated_at))
            .only_if(If::Is("updated_at", s(old.updated_at)));
        let mut items = vec![
            change.on(&self.tables.pages, Self::page_key(old.account_id, old.id))?,
            self.mark_page(old.account_id, PageMark::of(old.id), new.updated_at)?,
            self.audit(audit)?,
        ];
        if old.spec.slug != new.spec.slug {
            let claim = put_item(&self.tables.pages, Self::public_item(new, keys::slug(&new.spec.slug)));
            items.push(a_put(claim.condition_expression("attribute_not_exists(account_id)"))?);
            items.push(a_delete(delete_item(&self.tables.pages, Self::public_key(keys::slug(&old.spec.slug))))?);
            if let Some(domain) = &old.domain {
                items.push(a_put(put_item(&self.tables.pages, Self::domain_item(new, domain)))?);
            }
        }
        self.transact(items).await.map_err(|cancelled| refused(cancelled, StoreError::Conflict))
    }

    /// Deletes a page with its names, and counts it no more. Its posts go by [`Store::delete_posts`]. 12 WRU, and 2 per further KB of the
    /// page and its view.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read.
    pub async fn delete_page(&self, row: &StatusPageRow, now: Timestamp, audit: &AuditRow) -> Result<(), StoreError> {
        let gone = delete_item(&self.tables.pages, Self::page_key(row.account_id, row.id))
            .condition_expression("updated_at = :seen")
            .expression_attribute_values(":seen", s(row.updated_at));
        let mut items = vec![
            a_delete(gone)?,
            self.pages_are(row.account_id, Change::new().add("pages", -1))?,
            a_delete(delete_item(&self.tables.pages, Self::public_key(keys::slug(&row.spec.slug))))?,
            // What is left of it goes with its marks.
            self.mark_page(row.account_id, PageMark::of(row.id), now)?,
            self.audit(audit)?,
        ];
        if let Some(domain) = &row.domain {
            items.push(a_delete(delete_item(&self.tables.pages, Self::public_key(keys::domain(domain.as_str()))))?);
            items.push(self.forget_look(row.account_id, row.id)?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// What a page shows, by its name: the one read of a view. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    // Not a tenant's: whoever knows a page's name may see what it shows.
    pub async fn public_page(&self, slug: &Slug) -> Result<Option<PublicPage>, StoreError> {
        let item = self.get(&self.tables.pages, Self::public_key(keys::slug(slug))).await?;
        item.map(|item| from_item(TABLE, item)).transpose()
    }

    /// The marks of a page. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn page_marks(&self, account: AccountId, page: PageId) -> Result<Vec<MarkRow>, StoreError> {
        let prefix = PageMark::of(page).to_string();
        let request = self
            .query(&self.tables.deliveries)
            .key_condition_expression("account_id = :account AND begins_with(delivery_id, :mark)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":mark", s(prefix))
            .consistent_read(true);
        self.query_all(request).await?.into_iter().map(|item| from_item("deliveries", item)).collect()
    }

    /// Removes the marks that were read before the page was made, and notes when it changes next by the clock. 1 WRU and 2 of the index for
    /// each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn settle_page_marks(
        &self,
        account: AccountId,
        page: PageId,
        seen: &[MarkRow],
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let own = PageMark::of(page);
        for row in seen.iter().filter(|row| row.mark != own || next.is_none()) {
            // The mark of a change that came meanwhile stays.
            let unchanged = If::Is("nonce", s(row.nonce.as_str()));
            self.delete_if(&self.tables.deliveries, Self::mark_key(account, row.mark), unchanged).await?;
        }
        let Some(next) = next else { return Ok(()) };
        let before = seen.iter().find(|row| row.mark == own);
        if before.is_some_and(|row| row.at == next) {
            return Ok(());
        }
        let unchanged = before.map_or(If::Absent("nonce"), |row| If::Is("nonce", s(row.nonce.as_str())));
        let change = Change::new().only_if(unchanged);
        let change =
            mark_attributes(own, next).into_iter().fold(change, |change, (name, value)| change.set(name, value));
        // Where it was refused, another change came meanwhile.
        let (Updated::Done(_) | Updated::Refused(_)) =
            self.change(&self.tables.deliveries, Self::mark_key(account, own), change).await?;
        Ok(())
    }

    /// The version of the page's view, to be read before all that it shows. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn page_made(&self, account: AccountId, page: PageId) -> Result<Made, StoreError> {
        let item = self.get(&self.tables.pages, Self::made_key(account, page)).await?;
        item.map_or_else(|| Ok(Made::default()), |item| from_item(TABLE, item))
    }

    /// Keeps what the page shows, unless its version changed since `seen` was read, or the page is gone, or has another name. 4 WRU, and 2 per further KB of the view.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it must be made anew.
    pub async fn put_page_view(&self, row: &StatusPageRow, seen: &Made, view: &PageView) -> Result<(), StoreError> {
        let unchanged = match seen.version {
            0 => If::Absent("version"),
            version => If::Is("version", n(version)),
        };
        let deleted: Vec<String> = seen.deleted.iter().map(ToString::to_string).collect();
        let deleted = Some(deleted).filter(|deleted| !deleted.is_empty()).map(AttributeValue::Ss);
        let made =
            Change::new().set("version", n(seen.version + 1)).set_or_remove("deleted", deleted).only_if(unchanged);
        let shown = Change::new()
            .set("view", to_value(TABLE, view)?)
            .set_or_remove("password", row.password.as_ref().map(|hash| to_value(TABLE, hash)).transpose()?)
            .only_if(If::Is("page_id", s(row.id)));
        let items = vec![
            made.on(&self.tables.pages, Self::made_key(row.account_id, row.id))?,
            shown.on(&self.tables.pages, Self::public_key(keys::slug(&row.spec.slug)))?,
        ];
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// Deletes the version of a page that is gone. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn forget_page(&self, account: AccountId, page: PageId) -> Result<(), StoreError> {
        self.transact(vec![a_delete(delete_item(&self.tables.pages, Self::made_key(account, page)))?])
            .await
            .map_err(Cancelled::conflict)
    }

    /// Lets a monitor mark a page whenever its status changes, or no more. Whoever changes the status at the same time starts again, so that
    /// no change is missed. 1 WRU per KB of the monitor. Does nothing where there is no such monitor.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn link_monitor(
        &self,
        account: AccountId,
        monitor: MonitorId,
        page: PageId,
        marks: bool,
    ) -> Result<(), StoreError> {
        let change = Change::new().add("version", 1).only_if(If::Exists("account_id"));
        let change = if marks {
            change.add_member("pages", &page.to_string())
        } else {
            change.delete_member("pages", &page.to_string())
        };
        self.change(&self.tables.monitors, Self::monitor_key(account, monitor), change).await.map(drop)
    }

    /// Notes which monitors mark the page. 1 WRU per KB of the page. Does nothing where it is gone.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn set_linked(
        &self,
        account: AccountId,
        page: PageId,
        linked: &BTreeSet<MonitorId>,
    ) -> Result<(), StoreError> {
        let change = Change::new().set("linked", to_value(TABLE, linked)?).only_if(If::Exists("account_id"));
        self.change(&self.tables.pages, Self::page_key(account, page), change).await.map(drop)
    }
}

/// A new mark beside its key.
fn mark_attributes(mark: PageMark, at: Timestamp) -> [(&'static str, AttributeValue); 3] {
    let nonce = u64::from_be_bytes(valpero_auth::random_bytes());
    [("nonce", s(nonce.to_string())), ("pending", s(keys::pending(Due::Page(mark)))), ("next_attempt_at", s(at))]
}

/// What a write of several items is told that was refused: `first` where the first one's condition failed, else that the name is taken.
pub(crate) fn refused(cancelled: Cancelled, first: StoreError) -> StoreError {
    match cancelled {
        Cancelled::Conditions(places) if places.contains(&0) => first,
        Cancelled::Conditions(_) => StoreError::Taken,
        cancelled => cancelled.conflict(),
    }
}
