//! Sessions: keys of a person, listed beside the person's account, apart from its API keys.

use aws_sdk_dynamodb::types::TransactWriteItem;
use valpero_domain::{AccountId, KeyId, UserId};

use crate::{
    ApiKey, AuditRow, Store, StoreError,
    call::{Cancelled, Item, a_delete, delete_item, from_item, key, s},
    keys,
};

/// Sessions that a person may have in an account at the same time. The one that was opened first ends where another is opened.
pub const SESSIONS_MAX: usize = 20;

impl Store {
    pub(crate) fn session_key(account: AccountId, user: UserId, session: KeyId) -> Item {
        key([("account_id", account.to_string()), ("entry", keys::session_entry(user, session))])
    }

    /// The sessions of a person in an account, the oldest first, also those that are over. 1 RRU and 1 RRU a session.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn sessions(&self, account: AccountId, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        let request = self
            .query(&self.tables.accounts)
            .key_condition_expression("account_id = :account AND begins_with(entry, :session)")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":session", s(keys::sessions_of(user)))
            .consistent_read(true);
        let entries = self.query_all(request).await?;
        let hash = |entry: &Item| entry.get("token_hash")?.as_s().ok().map(|hash| key([("token_hash", hash.clone())]));
        let wanted: Vec<Item> = entries.iter().filter_map(hash).collect();
        let items = self.batch_get(&self.tables.api_keys, wanted).await?;
        let found = items.into_iter().map(|item| from_item("api-keys", item)).collect::<Result<Vec<ApiKey>, _>>();
        let mut found = found?;
        found.sort_by_key(|session| session.id);
        Ok(found)
    }

    /// Ends a session: the next request with it is refused. 6 WRU. One that is over already stays so.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn end_session(&self, api_key: &ApiKey, audit: &AuditRow) -> Result<(), StoreError> {
        let mut items = vec![self.audit(audit)?];
        items.extend(self.session_gone(api_key)?);
        self.transact(items).await.map_err(Cancelled::conflict)
    }

    /// What a session leaves, taken away.
    pub(crate) fn session_gone(&self, session: &ApiKey) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Some(of) = &session.session else { return Ok(Vec::new()) };
        let entry = Self::session_key(session.account_id, of.user_id, session.id);
        Ok(vec![
            a_delete(delete_item(&self.tables.accounts, entry))?,
            a_delete(delete_item(&self.tables.api_keys, key([("token_hash", session.token_hash.as_str().into())])))?,
        ])
    }
}
