//! Channels: where people and their tools are told, beside their account.

use serde::{Deserialize, Serialize};
use valpero_auth::{LinkSecret, WebhookSecret};
use valpero_domain::{AccountId, ChannelId, Timestamp, channel::ChannelSpec, delivery::EventType};

use crate::{
    AuditRow, Store, StoreError, Trail,
    call::{Cancelled, Item, Updated, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "accounts";

/// Channels that an account may have.
pub const CHANNELS_MAX: u32 = 100;

/// A channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Channel {
    /// Whose.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "channel_id")]
    pub id: ChannelId,
    /// What its owner says of it.
    pub spec: ChannelSpec,
    /// What signs its messages, where it is a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<WebhookSecret>,
    /// The secret before a rotation, while it still signs beside the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<WebhookSecret>,
    /// Until when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    /// What signs the links in its messages; none in rows that are older than this field, whose messages have no links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_secret: Option<LinkSecret>,
    /// What its receiver said lately.
    #[serde(default)]
    pub health: ChannelHealth,
    /// Deliveries that arrived.
    #[serde(default)]
    pub delivered: u64,
    /// Attempts that failed and were to be repeated.
    #[serde(default)]
    pub retried: u64,
    /// Deliveries that were given up.
    #[serde(default)]
    pub gave_up: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its settings last changed: the version of its settings.
    pub updated_at: Timestamp,
}

/// What a channel's receiver said lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHealth {
    /// When it last took a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<Timestamp>,
    /// When it last did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_at: Option<Timestamp>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it refused all messages for good; nothing is sent from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// What came of an attempt: each is counted by itself, and the counts are kept with the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The receiver has the message.
    Delivered,
    /// It is tried again.
    Retried,
    /// It was given up.
    GaveUp,
}

impl Counted {
    const fn attribute(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::GaveUp => "gave_up",
        }
    }
}

impl Channel {
    /// Whether messages are sent to it.
    pub const fn is_open(&self) -> bool {
        self.spec.enabled && self.health.disabled_at.is_none()
    }

    /// Whether it is sent events of a type.
    pub fn takes(&self, kind: EventType) -> bool {
        self.is_open() && self.spec.events.contains(&kind)
    }
}

impl Store {
    pub(crate) fn channel_key(account: AccountId, channel: ChannelId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::channel_entry(channel))])
    }

    pub(crate) fn channel_item(channel: &Channel) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, channel)?;
        item.insert("entry".into(), s(keys::channel_entry(channel.id)));
        Ok(item)
    }

    fn channels_are(
        &self,
        account: AccountId,
        change: Change,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StoreError> {
        change.only_if(If::Exists("account_id")).on(&self.tables.accounts, Self::account_key(account))
    }

    /// Keeps a new channel, and counts it. 6 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] where the account has [`CHANNELS_MAX`]; [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_channel(&self, channel: &Channel, trail: &Trail) -> Result<(), StoreError> {
        let room = If::Any(vec![If::Absent("channels"), If::Below("channels", n(CHANNELS_MAX))]);
        let counted = self.channels_are(channel.account_id, Change::new().add("channels", 1).only_if(room))?;
        let items = vec![counted, a_put(put_item(&self.tables.accounts, Self::channel_item(channel)?))?];
        self.transact_once(items, trail).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::LimitReached,
            cancelled => cancelled.conflict(),
        })
    }

    /// The channel. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such channel.
    pub async fn channel(&self, account: AccountId, channel: ChannelId) -> Result<Channel, StoreError> {
        let item = self.get(&self.tables.accounts, Self::channel_key(account, channel)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The account's channels, oldest first, behind `after` where it is given, at most `count`. 0.5 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn channels(
        &self,
        account: AccountId,
        after: Option<ChannelId>,
        count: usize,
    ) -> Result<Vec<Channel>, StoreError> {
        let request = self
            .query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :channel)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":channel", s(keys::CHANNEL));
        let after = after.map(|id| Self::channel_key(account, id));
        self.query_filtered(TABLE, request, after, |_| true, count).await
    }

    /// Gives a channel other settings; what its receiver said of the old ones is forgotten. 4 WRU per KB.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read.
    pub async fn update_channel(&self, old: &Channel, new: &Channel, audit: &AuditRow) -> Result<(), StoreError> {
        let change = Change::new()
            .set("spec", to_value(TABLE, &new.spec)?)
            .set_or_remove("secret", new.secret.as_ref().map(|secret| to_value(TABLE, secret)).transpose()?)
            .set_or_remove(
                "previous_secret",
                new.previous_secret.as_ref().map(|secret| to_value(TABLE, secret)).transpose()?,
            )
            .set_or_remove("previous_until", new.previous_until.map(s))
            .set_or_remove("link_secret", new.link_secret.as_ref().map(|secret| to_value(TABLE, secret)).transpose()?)
            .set("health", to_value(TABLE, &new.health)?)
            .set("updated_at", s(new.updated_at))
            .only_if(If::Is("updated_at", s(old.updated_at)));
        let change = change.on(&self.tables.accounts, Self::channel_key(old.account_id, old.id))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(Cancelled::conflict)
    }

    /// Notes what a channel's receiver said, and counts what came of the attempt. 1 WRU per KB; 2, where it is only counted: if its
    /// settings changed since `seen` was read, for it was said of others, or if it was disabled since.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn note_attempt(
        &self,
        seen: &Channel,
        health: Option<&ChannelHealth>,
        counted: Option<Counted>,
    ) -> Result<(), StoreError> {
        let key = || Self::channel_key(seen.account_id, seen.id);
        let count = |change: Change| match counted {
            Some(counted) => change.add(counted.attribute(), 1),
            None => change,
        };
        let Some(health) = health else {
            if counted.is_some() {
                let change = count(Change::new()).only_if(If::Exists("account_id"));
                self.change(&self.tables.accounts, key(), change).await?;
            }
            return Ok(());
        };
        // Of two that speak at the same time, none opens again what the other has disabled.
        let unchanged = match seen.health.disabled_at {
            Some(at) => If::Is("health.disabled_at", s(at)),
            None => If::Absent("health.disabled_at"),
        };
        let noted = count(Change::new().set("health", to_value(TABLE, health)?))
            .only_if(If::Is("updated_at", s(seen.updated_at)))
            .only_if(unchanged);
        if let Updated::Refused(Some(_)) = self.change(&self.tables.accounts, key(), noted).await?
            && counted.is_some()
        {
            let change = count(Change::new()).only_if(If::Exists("account_id"));
            self.change(&self.tables.accounts, key(), change).await?;
        }
        Ok(())
    }

    /// Notes that a channel's receiver refuses everything, with a row of the audit log; nothing, where it is noted already, or its
    /// settings changed since `seen` was read. 4 WRU per KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn disable_channel(
        &self,
        seen: &Channel,
        health: &ChannelHealth,
        audit: &AuditRow,
    ) -> Result<bool, StoreError> {
        let change = Change::new()
            .set("health", to_value(TABLE, health)?)
            .only_if(If::Is("updated_at", s(seen.updated_at)))
            .only_if(If::Absent("health.disabled_at"));
        let change = change.on(&self.tables.accounts, Self::channel_key(seen.account_id, seen.id))?;
        match self.transact(vec![change, self.audit(audit)?]).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(cancelled) => Err(cancelled.conflict()),
        }
    }

    /// Gives a channel of type `webhook` another secret. 4 WRU per KB, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read; [`StoreError::Repeated`] where the request was answered
    /// before.
    pub async fn rotate_channel_secret(&self, old: &Channel, new: &Channel, trail: &Trail) -> Result<(), StoreError> {
        let secret = |secret: &Option<WebhookSecret>| secret.as_ref().map(|secret| to_value(TABLE, secret)).transpose();
        let change = Change::new()
            .set_or_remove("secret", secret(&new.secret)?)
            .set_or_remove("previous_secret", secret(&new.previous_secret)?)
            .set_or_remove("previous_until", new.previous_until.map(s))
            .set("updated_at", s(new.updated_at))
            .only_if(If::Is("updated_at", s(old.updated_at)));
        let change = change.on(&self.tables.accounts, Self::channel_key(old.account_id, old.id))?;
        self.transact_once(vec![change], trail).await.map_err(Cancelled::conflict)
    }

    /// Deletes a channel, and counts it no more. 6 WRU.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is gone already.
    pub async fn delete_channel(
        &self,
        account: AccountId,
        channel: ChannelId,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let gone = delete_item(&self.tables.accounts, Self::channel_key(account, channel));
        let items = vec![
            self.channels_are(account, Change::new().add("channels", -1))?,
            a_delete(gone.condition_expression("attribute_exists(account_id)"))?,
            self.audit(audit)?,
        ];
        self.transact(items).await.map_err(Cancelled::conflict)
    }
}
