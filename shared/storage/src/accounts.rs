//! Accounts, each with the list of its keys.

use serde::{Deserialize, Serialize};
use serde_json::json;
use valpero_auth::LinkSecret;
use valpero_domain::{
    AccountId, AccountSettings, ChannelId, Language, Plan, PolicyId, TimeZone, Timestamp,
    alerting::{
        AlertRoutes, EscalationPolicy,
        routes::{Match, Route},
    },
    channel::{Allowance, ChannelSpec},
};

use crate::{
    AlertRoutesRow, AuditRow, Channel, ChannelHealth, EscalationPolicyRow, Store, StoreError,
    call::{Cancelled, Item, a_put, from_item, key, n, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "accounts";

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its own name.
    #[serde(rename = "account_id")]
    pub id: AccountId,
    /// Where its owner is reached; no two accounts have the same.
    pub email: String,
    /// What it may do.
    pub plan: Plan,
    /// The language of its owner.
    #[serde(default)]
    pub language: Language,
    /// The time zone of its owner.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many monitors it has.
    pub monitors: u32,
    /// How many people belong to it.
    #[serde(default)]
    pub people: u32,
    /// How many status pages it has.
    #[serde(default)]
    pub pages: u32,
    /// Until when the channels of all its monitors are silent. Kept a little longer than that: see [`Store::mute_ended`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
}

/// Whether the deployment sends mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailed {
    /// It does: a new account has a policy that mails its owner, and a route that leads every monitor there.
    Yes,
    /// It does not: a new account has no channel, and so no policy, which would need one.
    No,
}

impl Store {
    pub(crate) fn account_key(account: AccountId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::ACCOUNT.into())])
    }

    /// Makes an account. 6 WRU. Where mail is sent, and the owner's address is one that mail can be sent to, it also gets the e-mail
    /// channel, the policy and the route that a new account has: 6 WRU more.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where another account has the e-mail address.
    pub async fn create_account(&self, account: &Account, mailed: Mailed, audit: &AuditRow) -> Result<(), StoreError> {
        let mut item = to_item(TABLE, account)?;
        item.insert("entry".into(), s(keys::ACCOUNT));
        let first = match mailed {
            Mailed::Yes => FirstAlerts::of(account),
            Mailed::No => None,
        };
        if first.is_some() {
            item.insert("channels".into(), n(1));
            item.insert("policies".into(), n(1));
        }
        let mut claim = key([("account_id", keys::email(&account.email)), ("entry", "email".into())]);
        claim.insert("owner".into(), s(account.id));
        let accounts = &self.tables.accounts;
        let new = "attribute_not_exists(account_id)";
        let mut items = vec![
            a_put(put_item(accounts, item).condition_expression(new))?,
            a_put(put_item(accounts, claim).condition_expression(new))?,
            self.audit(audit)?,
        ];
        if let Some(FirstAlerts { channel, policy, routes }) = first {
            items.push(a_put(put_item(accounts, Self::channel_item(&channel)?))?);
            items.push(a_put(put_item(accounts, Self::policy_item(&policy)?))?);
            items.push(a_put(put_item(accounts, Self::routes_item(account.id, &routes)?))?);
        }
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// The account. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub async fn account(&self, account: AccountId) -> Result<Account, StoreError> {
        let item = self.get(&self.tables.accounts, Self::account_key(account)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Every account, for the operator: a scan.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.tables.accounts)
            .filter_expression("entry = :account")
            .expression_attribute_values(":account", s(keys::ACCOUNT))
            .into_paginator()
            .items()
            .send();
        let mut accounts: Vec<Account> = Vec::new();
        while let Some(item) = pages.next().await {
            accounts.push(from_item(TABLE, item.map_err(StoreError::from_sdk)?)?);
        }
        accounts.sort_by_key(|account| account.id);
        Ok(accounts)
    }

    /// Sets the language and time zone of an account. 4 WRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such account.
    pub async fn update_account(
        &self,
        account: AccountId,
        new: &AccountSettings,
        audit: &AuditRow,
    ) -> Result<(), StoreError> {
        let change = Change::new()
            .set("language", to_value(TABLE, &new.language)?)
            .set("time_zone", to_value(TABLE, &new.time_zone)?)
            .only_if(If::Exists("account_id"));
        let change = change.on(&self.tables.accounts, Self::account_key(account))?;
        self.transact(vec![change, self.audit(audit)?]).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }

    /// Gives the account another plan, and its keys the plan's pace.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such account.
    pub async fn set_plan(&self, account: AccountId, plan: Plan, audit: &AuditRow) -> Result<(), StoreError> {
        let change = Change::new().set("plan", to_value(TABLE, &plan)?).only_if(If::Exists("account_id"));
        let change = change.on(&self.tables.accounts, Self::account_key(account))?;
        let cancelled = self.transact(vec![change, self.audit(audit)?]).await;
        cancelled.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })?;
        self.give_pace(account, plan).await
    }

    /// Gives the keys of an account the pace of its plan. 1 WRU a key.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn give_pace(&self, account: AccountId, plan: Plan) -> Result<(), StoreError> {
        let limit = plan.limits().requests_per_minute;
        for hash in self.key_hashes(account).await? {
            let change = Change::new().set("request_limit", n(limit)).only_if(If::Exists("token_hash"));
            self.change(&self.tables.api_keys, key([("token_hash", hash)]), change).await?;
        }
        Ok(())
    }
}

/// What a new account has, so that its owner is alerted without setting anything up.
struct FirstAlerts {
    channel: Channel,
    policy: EscalationPolicyRow,
    routes: AlertRoutesRow,
}

impl FirstAlerts {
    /// None where the owner's address is not one that mail can be sent to.
    fn of(account: &Account) -> Option<Self> {
        let (account_id, now) = (account.id, account.created_at);
        // Of these texts only the address can be a wrong one.
        let described = json!({"name": "E-mail to the owner", "type": "email", "to": [account.email]});
        let channel = Channel {
            account_id,
            id: ChannelId::new(now, valpero_auth::random_bytes()),
            spec: ChannelSpec::read(&described, &Allowance { private_targets: false, blocked_ports: &[] }).ok()?,
            secret: None,
            previous_secret: None,
            previous_until: None,
            link_secret: Some(LinkSecret::generate()),
            health: ChannelHealth::default(),
            delivered: 0,
            retried: 0,
            gave_up: 0,
            created_at: now,
            updated_at: now,
        };
        let step = json!({"after_minutes": 0, "channel_ids": [channel.id]});
        let policy = EscalationPolicyRow {
            account_id,
            id: PolicyId::new(now, valpero_auth::random_bytes()),
            policy: EscalationPolicy::read(&json!({"name": "Everyone", "steps": [step]})).ok()?,
            created_at: now,
            updated_at: now,
        };
        let all = Route { matching: Match::default(), policy_id: policy.id };
        let routes = AlertRoutesRow { routes: AlertRoutes { routes: vec![all] }, updated_at: Some(now) };
        Some(Self { channel, policy, routes })
    }
}
