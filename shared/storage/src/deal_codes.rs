//! Deal codes, beside the accounts; of each the hash alone is kept.

use serde::{Deserialize, Serialize};
use valpero_auth::TokenHash;
use valpero_domain::{AccountId, Plan, Timestamp};

use crate::{
    Store, StoreError, Trail,
    call::{Cancelled, Item, a_put, from_item, key, put_item, s, to_item, to_value},
    change::{Change, If},
    keys,
};

const TABLE: &str = "accounts";

/// A deal code, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DealCodeRow {
    /// SHA-256 of the code.
    pub code_hash: TokenHash,
    /// The code's beginning, by which the operator tells codes apart.
    pub prefix: String,
    /// The plan that it moves an account to.
    pub plan: Plan,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The account that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_by: Option<AccountId>,
    /// When it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_at: Option<Timestamp>,
}

impl Store {
    fn deal_code_key(hash: &TokenHash) -> Item {
        key([("account_id", keys::deal_code(hash.as_str())), ("entry", keys::DEAL_CODE.into())])
    }

    /// Keeps a new code, for the operator. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn create_deal_code(&self, code: &DealCodeRow) -> Result<(), StoreError> {
        let mut item = to_item(TABLE, code)?;
        item.extend(Self::deal_code_key(&code.code_hash));
        let put = put_item(&self.tables.accounts, item).condition_expression("attribute_not_exists(account_id)");
        self.transact(vec![a_put(put)?]).await.map_err(Cancelled::conflict)
    }

    /// Every code, oldest first, for the operator: a scan.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn deal_codes(&self) -> Result<Vec<DealCodeRow>, StoreError> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.tables.accounts)
            .filter_expression("entry = :code")
            .expression_attribute_values(":code", s(keys::DEAL_CODE))
            .into_paginator()
            .items()
            .send();
        let mut codes: Vec<DealCodeRow> = Vec::new();
        while let Some(item) = pages.next().await {
            codes.push(from_item(TABLE, item.map_err(StoreError::from_sdk)?)?);
        }
        codes.sort_by(|one, other| (one.created_at, &one.prefix).cmp(&(other.created_at, &other.prefix)));
        Ok(codes)
    }

    /// The code of a hash. 1 RRU.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub async fn deal_code(&self, hash: &TokenHash) -> Result<DealCodeRow, StoreError> {
        let item = self.get(&self.tables.accounts, Self::deal_code_key(hash)).await?;
        from_item(TABLE, item.ok_or(StoreError::NotFound)?)
    }

    /// Moves an account to the plan of a code, which is used up by it. The keys of the account are given the plan's pace by
    /// [`Self::give_pace`] afterwards. 6 WRU, and 2 for the receipt.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the code was used or has ended meanwhile, or the account is gone; [`StoreError::Repeated`] where the
    /// request was answered before.
    pub async fn redeem(
        &self,
        account: AccountId,
        code: &DealCodeRow,
        now: Timestamp,
        trail: &Trail,
    ) -> Result<(), StoreError> {
        let used = Change::new()
            .set("redeemed_by", s(account))
            .set("redeemed_at", s(now))
            .only_if(If::Exists("code_hash"))
            .only_if(If::Absent("redeemed_at"))
            .only_if(If::Any(vec![If::Absent("expires_at"), If::Above("expires_at", s(now))]));
        let moved = Change::new().set("plan", to_value(TABLE, &code.plan)?).only_if(If::Exists("account_id"));
        let items = vec![
            used.on(&self.tables.accounts, Self::deal_code_key(&code.code_hash))?,
            moved.on(&self.tables.accounts, Self::account_key(account))?,
        ];
        self.transact_once(items, trail).await.map_err(|cancelled| match cancelled {
            Cancelled::Conditions(_) => StoreError::NotFound,
            cancelled => cancelled.conflict(),
        })
    }
}
