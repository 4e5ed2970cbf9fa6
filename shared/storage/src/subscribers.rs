//! Subscribers of status pages, beside the pages of their account.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use serde::{Deserialize, Serialize};
use valpero_auth::{LinkSecret, WebhookSecret, derived};
use valpero_domain::{
    AccountId, ComponentId, PageId, SubscriberId, Timestamp,
    pages::{Contact, Notice, SubscriberStatus, subscriber::expires_at},
};

use crate::{
    AuditRow, NoticeRow, Store, StoreError,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item},
    change::If,
    keys,
    schema::TTL,
};

const TABLE: &str = "pages";

/// A subscriber of a status page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscriber {
    /// The account.
    pub account_id: AccountId,
    /// The page.
    pub page_id: PageId,
    /// Unique ID. It follows from page and contact.
    #[serde(rename = "subscriber_id")]
    pub id: SubscriberId,
    /// Where it is told.
    #[serde(flatten)]
    pub contact: Contact,
    /// The components that it is told of; none chosen means all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub components: BTreeSet<ComponentId>,
    /// State of the subscription.
    pub status: SubscriberStatus,
    /// What signs the links that it is sent.
    pub link_secret: LinkSecret,
    /// What signs the requests that it is sent, where it is a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<WebhookSecret>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When it was quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_at: Option<Timestamp>,
    /// Why it was quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_reason: Option<String>,
    /// When it last changed: its version.
    pub updated_at: Timestamp,
}

impl Subscriber {
    /// A subscription that is to be confirmed.
    pub fn new(account_id: AccountId, page_id: PageId, contact: Contact, now: Timestamp) -> Self {
        let webhook_secret = matches!(contact, Contact::Webhook { .. }).then(WebhookSecret::generate);
        Self {
            account_id,
            page_id,
            id: derived::subscriber_id(page_id, &contact),
            contact,
            components: BTreeSet::new(),
            status: SubscriberStatus::Pending,
            link_secret: LinkSecret::generate(),
            webhook_secret,
            created_at: now,
            confirmed_at: None,
            quarantined_at: None,
            quarantine_reason: None,
            updated_at: now,
        }
    }

    /// Whether it was not confirmed in time, so that it counts as none.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        self.status == SubscriberStatus::Pending && expires_at(self.created_at) <= now
    }
}

impl Store {
    fn subscriber_key(account: AccountId, page: PageId, subscriber: SubscriberId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::subscriber(page, subscriber))])
    }

    fn subscriber_item(row: &Subscriber) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, row)?;
        item.extend(Self::subscriber_key(row.account_id, row.page_id, row.id));
        if row.status == SubscriberStatus::Pending {
            item.insert(TTL.to_owned(), n(expires_at(row.created_at).seconds()));
        }
        Ok(item)
    }

    fn subscribers_of(&self, account: AccountId, page: PageId) -> QueryFluentBuilder {
        self.query(&self.tables.pages)
            .key_condition_expression("account_id = :account AND begins_with(entry, :subscriber)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":subscriber", s(keys::subscribers(page)))
    }

    /// The subscriber. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the page has no such subscriber, or it was not confirmed in time.
    pub async fn subscriber(
        &self,
        account: AccountId,
        page: PageId,
        subscriber: SubscriberId,
        now: Timestamp,
    ) -> Result<Subscriber, StoreError> {
        let item = self.get(&self.tables.pages, Self::subscriber_key(account, page, subscriber)).await?;
        let row: Subscriber = from_item(TABLE, item.ok_or(StoreError::NotFound)?)?;
        if row.is_forgotten(now) { Err(StoreError::NotFound) } else { Ok(row) }
    }

    /// Those of the page's subscribers that `accepts` likes, by their IDs, behind `after` where it is given, at most `count`. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn subscribers(
        &self,
        account: AccountId,
        page: PageId,
        after: Option<SubscriberId>,
        now: Timestamp,
        accepts: impl Fn(&Subscriber) -> bool,
        count: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let after = after.map(|id| Self::subscriber_key(account, page, id));
        let accepts = |row: &Subscriber| !row.is_forgotten(now) && accepts(row);
        // Whoever has just confirmed is told, too.
        let request = self.subscribers_of(account, page).consistent_read(true);
        self.query_filtered(TABLE, request, after, accepts, count).await
    }

    /// Keeps a subscription, and the notice that says what to do with it. `seen` is the one in whose place it comes. 6 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another request has changed it since it was read.
    pub async fn subscribe(
        &self,
        row: &Subscriber,
        seen: Option<&Subscriber>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = put_item(&self.tables.pages, Self::subscriber_item(row)?);
        let put = match seen {
            // What was not confirmed in time may still lie there.
            None => put
                .condition_expression("attribute_not_exists(account_id) OR #status = :pending")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":pending", s(SubscriberStatus::Pending.as_str())),
            Some(seen) => {
                put.condition_expression("updated_at = :seen").expression_attribute_values(":seen", s(seen.updated_at))
            }
        };
        let notice = NoticeRow::new(row.account_id, Notice::confirmation(row.page_id, row.id), now);
        let items = vec![a_put(put)?, self.put_notice(&notice)?];
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// Changes a subscription. 2 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it was changed or removed since it was read.
    pub async fn update_subscriber(&self, seen: &Subscriber, row: &Subscriber) -> Result<(), StoreError> {
        let put = put_item(&self.tables.pages, Self::subscriber_item(row)?)
            .condition_expression("updated_at = :seen")
            .expression_attribute_values(":seen", s(seen.updated_at));
        self.transact(vec![a_put(put)?]).await.map_err(Cancelled::conflict)
    }

    /// Ends a subscription at its subscriber's wish: nothing of it is kept. 1 WRU. Does nothing where it ended already.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn unsubscribe(&self, row: &Subscriber) -> Result<(), StoreError> {
        let place = Self::subscriber_key(row.account_id, row.page_id, row.id);
        self.delete_if(&self.tables.pages, place, If::Exists("account_id")).await.map(drop)
    }

    /// Removes a subscriber at the wish of the page's owner. 4 WRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it ended meanwhile.
    pub async fn remove_subscriber(&self, row: &Subscriber, audit: &AuditRow) -> Result<(), StoreError> {
        let place = Self::subscriber_key(row.account_id, row.page_id, row.id);
        let gone = delete_item(&self.tables.pages, place).condition_expression("attribute_exists(account_id)");
        let items = vec![a_delete(gone)?, self.audit(audit)?];
        self.transact(items).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// Removes all subscribers of a page that is gone. 2 WRU each.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn delete_subscribers(&self, account: AccountId, page: PageId) -> Result<(), StoreError> {
        self.delete_all(account, self.subscribers_of(account, page)).await
    }
}
