//! Escalation policies and alert routes: whom an incident reaches, and which policy it follows; beside their account.
//!
//! A policy names channels, and a route names policies, that existed when it was written. Who deletes one of these looks first whether
//! it is named; where both happen at the same time, a name may be left of what is gone, and whoever reads it leaves that out.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::TransactWriteItem};
use serde::{Deserialize, Serialize};
use valpero_domain::{
    AccountId, ChannelId, PolicyId, Timestamp,
    alerting::{AlertRoutes, EscalationPolicy},
};

use crate::{
    AuditRow, Channel, Store, StoreError, Trail,
    call::{Cancelled, Item, a_delete, a_put, delete_item, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "accounts";

/// Escalation policies that an account may have.
pub const POLICIES_MAX: u32 = 100;

/// An escalation policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EscalationPolicyRow {
    /// Whose.
    pub account_id: AccountId,
    /// Its own name.
    #[serde(rename = "policy_id")]
    pub id: PolicyId,
    /// What its owner says of it.
    pub policy: EscalationPolicy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed: its version.
    pub updated_at: Timestamp,
}

/// All alert routes of an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AlertRoutesRow {
    /// The routes, in order.
    #[serde(flatten)]
    pub routes: AlertRoutes,
    /// When they last changed: their version. None where they were never set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

impl Store {
    fn policy_key(account: AccountId, policy: PolicyId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::policy_entry(policy))])
    }

    fn routes_key(account: AccountId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::ROUTES.into())])
    }

    fn policies_are(&self, account: AccountId, change: Change) -> Result<TransactWriteItem, StoreError> {
        change.only_if(If::Exists("account_id")).on(&self.tables.accounts, Self::account_key(account))
    }

    pub(crate) fn policy_item(row: &EscalationPolicyRow) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, row)?;
        item.insert("entry".into(), s(keys::policy_entry(row.id)));
        Ok(item)
    }

    pub(crate) fn routes_item(account: AccountId, row: &AlertRoutesRow) -> Result<Item, StoreError> {
        let mut item = to_item(TABLE, row)?;
        item.extend(Self::routes_key(account));
        Ok(item)
    }

    /// Keeps a new policy, and counts it. 6 WRU and 2 per further KB of it, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] where the account has [`POLICIES_MAX`]; [`StoreError::Repeated`] where the request was answered before.
    pub async fn create_policy(&self, row: &EscalationPolicyRow, trail: &Trail) -> Result<(), StoreError> {
        let room = If::Any(vec![If::Absent("policies"), If::Below("policies", n(POLICIES_MAX))]);
        let counted = self.policies_are(row.account_id, Change::new().add("policies", 1).only_if(room))?;
        let items = vec![counted, a_put(put_item(&self.tables.accounts, Self::policy_item(row)?))?];
        self.transact_once(items, trail).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::LimitReached,
            cancelled => cancelled.conflict(),
        })
    }

    /// The policy. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account has no such policy.
    pub async fn policy(&self, account: AccountId, policy: PolicyId) -> Result<EscalationPolicyRow, StoreError> {
        let item = self.get(&self.tables.accounts, Self::policy_key(account, policy)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// The account's policies, oldest first, behind `after` where it is given, at most `count`. 0.5 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn policies(
        &self,
        account: AccountId,
        after: Option<PolicyId>,
        count: usize,
    ) -> Result<Vec<EscalationPolicyRow>, StoreError> {
        let request = self.policies_of(account);
        let after = after.map(|id| Self::policy_key(account, id));
        self.query_filtered(TABLE, request, after, |_| true, count).await
    }

    /// The policies that name this channel, oldest first. 1 RRU per 4 KB of all policies of the account.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn policies_with_channel(
        &self,
        account: AccountId,
        channel: ChannelId,
    ) -> Result<Vec<EscalationPolicyRow>, StoreError> {
        let request = self.policies_of(account).consistent_read(true);
        let names = |row: &EscalationPolicyRow| row.policy.channels().contains(&channel);
        self.query_filtered(TABLE, request, None, names, usize::MAX).await
    }

    fn policies_of(&self, account: AccountId) -> QueryFluentBuilder {
        self.query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :policy)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":policy", s(keys::POLICY))
    }

    /// Those of these policies that the account has, by their ids. 1 RRU per policy and 4 KB of it.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn policies_by_id(
        &self,
        account: AccountId,
        policies: &BTreeSet<PolicyId>,
    ) -> Result<BTreeMap<PolicyId, EscalationPolicyRow>, StoreError> {
        let wanted = policies.iter().map(|id| Self::policy_key(account, *id)).collect();
        let items = self.batch_get(&self.tables.accounts, wanted).await?;
        items.into_iter().map(|item| from_item(TABLE, item).map(|row: EscalationPolicyRow| (row.id, row))).collect()
    }

    /// Gives a policy other settings. 4 WRU, and 2 per further KB of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else changed it since it was read.
    pub async fn update_policy(
        &self,
        old: &EscalationPolicyRow,
        new: &EscalationPolicyRow,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new()
            .set("policy", to_value(TABLE, &new.policy)?)
            .set("updated_at", s(new.updated_at))
            .only_if(If::Is("updated_at", s(old.updated_at)));
        let change = change.on(&self.tables.accounts, Self::policy_key(old.account_id, old.id))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(Cancelled::conflict)
    }

    /// Deletes a policy, and counts it no more. 6 WRU, and 2 per further KB of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is gone already.
    pub async fn delete_policy(
        &self,
        account: AccountId,
        policy: PolicyId,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let gone = delete_item(&self.tables.accounts, Self::policy_key(account, policy));
        let items = vec![
            self.policies_are(account, Change::new().add("policies", -1))?,
            a_delete(gone.condition_expression("attribute_exists(account_id)"))?,
            self.audit(audit)?,
        ];
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// The account's routes; none where they were never set. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn alert_routes(&self, account: AccountId) -> Result<AlertRoutesRow, StoreError> {
        let item = self.get(&self.tables.accounts, Self::routes_key(account)).await?;
        item.map_or_else(|| Ok(AlertRoutesRow::default()), |item| from_item(TABLE, item))
    }

    /// Sets all routes of the account, as of `now`. 4 WRU, and 2 per further KB of them.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where somebody else set them since `old` was read.
    pub async fn put_alert_routes(
        &self,
        account: AccountId,
        old: &AlertRoutesRow,
        new: &AlertRoutes,
        now: Timestamp,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let seen = match old.updated_at {
            Some(at) => If::Is("updated_at", s(at)),
            None => If::Absent("account_id"),
        };
        let change = Change::new().set("routes", to_value(TABLE, &new.routes)?).set("updated_at", s(now)).only_if(seen);
        let change = change.on(&self.tables.accounts, Self::routes_key(account))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(Cancelled::conflict)
    }

    /// These channels of the account, in this order and each once; those that are gone are left out. 1 RRU per channel and 4 KB of it.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn channels_by_id(&self, account: AccountId, channels: &[ChannelId]) -> Result<Vec<Channel>, StoreError> {
        let distinct: BTreeSet<ChannelId> = channels.iter().copied().collect();
        let wanted = distinct.iter().map(|id| Self::channel_key(account, *id)).collect();
        let items = self.batch_get(&self.tables.accounts, wanted).await?;
        let found = items.into_iter().map(|item| from_item(TABLE, item).map(|channel: Channel| (channel.id, channel)));
        let mut found: BTreeMap<ChannelId, Channel> = found.collect::<Result<_, StoreError>>()?;
        Ok(channels.iter().filter_map(|id| found.remove(id)).collect())
    }
}
