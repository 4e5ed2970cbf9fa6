//! Posts of status pages, beside the pages of their account.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, PageId, PostId, PostUpdateId, Timestamp,
    event::PageMark,
    pages::{Broadcast, Post},
};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, put_item, s, to_item},
    change::{Change, If},
    keys,
};

const TABLE: &str = "pages";

/// Entries that one transaction deletes, at most: DynamoDB takes 100 items.
const DELETED_AT_ONCE: usize = 20;

/// A post of a status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PostRow {
    /// The account.
    pub account_id: AccountId,
    /// The page.
    pub page_id: PageId,
    /// Unique ID.
    #[serde(rename = "post_id")]
    pub id: PostId,
    /// What it says.
    pub post: Post,
    /// Creation time.
    pub created_at: Timestamp,
    /// When it last changed: its version.
    pub updated_at: Timestamp,
}

impl PostRow {
    /// The updates that subscribers are told of and that were not there when `seen` was read.
    pub fn told_since<'a>(&'a self, seen: Option<&'a Self>) -> impl Iterator<Item = Broadcast> + 'a {
        let is_new =
            move |id: PostUpdateId| !seen.is_some_and(|seen| seen.post.updates.iter().any(|update| update.id == id));
        let told = self.post.updates.iter().filter(move |update| update.notify && is_new(update.id));
        told.map(|update| Broadcast { page_id: self.page_id, post_id: self.id, update_id: update.id })
    }
}

impl Store {
    fn post_key(account: AccountId, page: PageId, post: PostId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::post(page, post))])
    }

    fn post_item(row: &PostRow) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, row)?;
        item.extend(Self::post_key(row.account_id, row.page_id, row.id));
        Ok(item)
    }

    fn posts_of(&self, account: AccountId, page: PageId) -> QueryFluentBuilder {
        self.query(&self.tables.pages)
            .key_condition_expression("account_id = :account AND begins_with(entry, :post)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":post", s(keys::posts(page)))
    }

    /// Keeps a new post of a page. 6 WRU and 2 per further KB of it, 4 where subscribers are told,
    /// and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the page is gone; [`StoreError::Conflict`] where there is a post of this ID already;
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_post(&self, row: &PostRow, trail: &Trail) -> Result<(), StoreError> {
        let put = put_item(&self.tables.pages, Self::post_item(row)?);
        let mut items = vec![
            a_put(put.condition_expression("attribute_not_exists(account_id)"))?,
            Change::new()
                .add("posts", 1)
                .only_if(If::Exists("account_id"))
                .on(&self.tables.pages, Self::page_key(row.account_id, row.page_id))?,
            self.mark_page(row.account_id, PageMark::of(row.page_id), row.updated_at)?,
        ];
        items.extend(self.broadcasts(row, None)?);
        self.transact_once(items, trail).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(places) if places.contains(&1) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// The post. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the page has no such post.
    pub async fn post(&self, account: AccountId, page: PageId, post: PostId) -> Result<PostRow, StoreError> {
        let item = self.get(&self.tables.pages, Self::post_key(account, page, post)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The page's posts, newest first, behind `after` where it is given, those that `accepts` likes, at most `count`. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn posts(
        &self,
        account: AccountId,
        page: PageId,
        after: Option<PostId>,
        accepts: impl Fn(&PostRow) -> bool,
        count: usize,
    ) -> Result<Vec<PostRow>, StoreError> {
        let request = self.posts_of(account, page).scan_index_forward(false).consistent_read(true);
        let after = after.map(|id| Self::post_key(account, page, id));
        self.query_filtered(TABLE, request, after, accepts, count).await
    }

    /// Those of the page's posts that were made from `from` until `until`, newest first, at most `count`. 0.5 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn posts_between(
        &self,
        account: AccountId,
        page: PageId,
        (from, until): (Timestamp, Timestamp),
        count: usize,
    ) -> Result<Vec<PostRow>, StoreError> {
        let first = keys::post(page, PostId::new(from, [0; 10]));
        // The ID of this moment whose random part is all ones is the last one before the next.
        let last = keys::post(page, PostId::new(until.plus_ms(-1), [0xff; 10]));
        let request = self
            .query(&self.tables.pages)
            .key_condition_expression("account_id = :account AND entry BETWEEN :first AND :last")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":first", s(first))
            .expression_attribute_values(":last", s(last))
            .scan_index_forward(false);
        self.query_filtered(TABLE, request, None, |_| true, count).await
    }

    /// Changes a post. 6 WRU, and 2 per further KB of it; 4 for each new update that subscribers are told of, and 2 for a receipt.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read; [`StoreError::Repeated`] where the request was answered
    /// before.
    pub async fn update_post(&self, old: &PostRow, new: &PostRow, trail: &Trail) -> Result<(), StoreError> {
        let put = put_item(&self.tables.pages, Self::post_item(new)?)
            .condition_expression("updated_at = :seen")
            .expression_attribute_values(":seen", s(old.updated_at));
        let mark = PageMark::of(old.page_id);
        let mut items = vec![a_put(put)?, self.mark_page(old.account_id, mark, new.updated_at)?];
        items.extend(self.broadcasts(new, Some(old))?);
        self.transact_once(items, trail).await.map_err(Cancelled::conflict)
    }

    /// Deletes a post. 6 WRU, and 2 per further KB of it; 2 more where it tells of incidents, for which the page makes no other by itself.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read.
    pub async fn delete_post(&self, row: &PostRow, now: Timestamp, audit: &AuditRow) -> Result<(), StoreError> {
        let gone = delete_item(&self.tables.pages, Self::post_key(row.account_id, row.page_id, row.id))
            .condition_expression("updated_at = :seen")
            .expression_attribute_values(":seen", s(row.updated_at));
        let mark = PageMark::of(row.page_id);
        let mut items = vec![a_delete(gone)?, self.mark_page(row.account_id, mark, now)?, self.audit(audit)?];
        let told: BTreeSet<String> = row.post.told_of().map(|incident| incident.to_string()).collect();
        if !told.is_empty() {
            // The new version makes a concurrent `put_page_view` fail, which has not seen these.
            let deleted = Change::new().add("version", 1).add_members("deleted", told.into_iter().collect());
            items.push(deleted.on(&self.tables.pages, Self::made_key(row.account_id, row.page_id))?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// Deletes all posts of a page that is gone. 2 WRU per KB of each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn delete_posts(&self, account: AccountId, page: PageId) -> Result<(), StoreError> {
        self.delete_all(account, self.posts_of(account, page)).await
    }

    /// Deletes all entries of an account that a query finds.
    pub(crate) async fn delete_all(&self, account: AccountId, query: QueryFluentBuilder) -> Result<(), StoreError> {
        let items = self.query_all(query.consistent_read(true)).await?;
        let entry = |item: &Item| item.get("entry").and_then(|entry| entry.as_s().ok().cloned());
        let entries: Vec<String> = items.iter().filter_map(entry).collect();
        for some in entries.chunks(DELETED_AT_ONCE) {
            let gone = |entry: &String| {
                let place = key([("account_id", account.to_string()), ("entry", entry.clone())]);
                a_delete(delete_item(&self.tables.pages, place))
            };
            let items = some.iter().map(gone).collect::<Result<Vec<_>, StoreError>>()?;
            self.transact(items).await.map_err(Cancelled::conflict)?;
        }
        Ok(())
    }
}
