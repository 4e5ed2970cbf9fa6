//! The audit log: who did what. Rows are only ever added; they age after 400 days.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_domain::{AccountId, Actor, AuditId, Author, Timestamp};

use crate::{
    Store, StoreError,
    call::{Item, a_put, key, n, put_item, s, to_item},
    schema::TTL,
};

const TABLE: &str = "audit-log";
const KEPT_S: i64 = 400 * 86_400;

/// One row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditRow {
    /// Whose log.
    pub account_id: AccountId,
    /// Its own name, which sorts by time.
    #[serde(rename = "audit_id")]
    pub id: AuditId,
    /// Who.
    #[serde(flatten)]
    pub by: Author,
    /// What was done, such as `monitor.created`.
    pub action: String,
    /// The id of what it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The client's own name for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The request, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl AuditRow {
    /// A row of somebody who did it without a request: the operator, a checker, the delivery worker.
    pub fn without_request(
        account_id: AccountId,
        id: AuditId,
        actor: Actor,
        action: impl Into<String>,
        target: Option<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            account_id,
            id,
            by: actor.into(),
            action: action.into(),
            target,
            ip: None,
            user_agent: None,
            request_id: None,
            at,
        }
    }
}

/// Which rows a list asks for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Those of this actor, as it is stored.
    pub actor: Option<String>,
    /// Those of this action.
    pub action: Option<String>,
}

impl AuditFilter {
    fn accepts(&self, row: &AuditRow) -> bool {
        self.actor.as_ref().is_none_or(|asked| *asked == row.by.actor.to_string())
            && self.action.as_ref().is_none_or(|asked| *asked == row.action)
    }
}

impl Store {
    /// The row as part of the transaction that does what it tells of.
    pub(crate) fn audit(&self, row: &AuditRow) -> Result<TransactWriteItem, StoreError> {
        a_put(put_item(&self.tables.audit_log, audit_item(row)?))
    }

    /// A row of its own, for what changes nothing. 1 WRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn append_audit_row(&self, row: &AuditRow) -> Result<(), StoreError> {
        self.put(&self.tables.audit_log, audit_item(row)?).await
    }

    /// The newest `count` rows, of those before `after` where it is given, that the filter accepts. 0.5 RRU per 4 KB read.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn audit_rows(
        &self,
        account: AccountId,
        filter: &AuditFilter,
        after: Option<AuditId>,
        count: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let request = self
            .query(&self.tables.audit_log)
            .key_condition_expression("account_id = :account")
            .expression_attribute_values(":account", s(account))
            .scan_index_forward(false);
        let after = after.map(|id| key([("account_id", account.to_string()), ("audit_id", id.to_string())]));
        self.query_filtered(TABLE, request, after, |row| filter.accepts(row), count).await
    }
}

fn audit_item(row: &AuditRow) -> Result<Item, StoreError> {
    let mut item = to_item(TABLE, row)?;
    item.insert(TTL.to_owned(), n(row.at.seconds() + KEPT_S));
    Ok(item)
}
