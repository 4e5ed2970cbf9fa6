//! The audit log: who did what. Rows are only ever added; they age after 400 days.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use valpero_domain::{AccountId, Actor, AuditAction, AuditId, Author, Timestamp};

use crate::{
    Store, StoreError,
    call::{Item, a_put, from_item, key, n, put_item, s, to_item},
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
        action: AuditAction,
        target: Option<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            account_id,
            id,
            by: actor.into(),
            action: action.as_str().to_owned(),
            target,
            ip: None,
            user_agent: None,
            request_id: None,
            at,
        }
    }
}

/// Which rows a list asks for: of each of these any fits, and all do where none is named.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Actors. A checker without a region is every checker.
    pub actor: Vec<Actor>,
    /// Actions.
    pub action: Vec<AuditAction>,
    /// Ids of what things were done to.
    pub target: Vec<String>,
    /// Rows of then and later.
    pub from: Option<Timestamp>,
    /// Rows of before.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    fn accepts(&self, row: &AuditRow) -> bool {
        let actor = |asked: &Actor| match asked {
            Actor::Checker(None) => matches!(row.by.actor, Actor::Checker(_)),
            asked => *asked == row.by.actor,
        };
        let target = |asked: &String| row.target.as_ref() == Some(asked);
        (self.actor.is_empty() || self.actor.iter().any(actor))
            && (self.action.is_empty() || self.action.iter().any(|asked| asked.as_str() == row.action))
            && (self.target.is_empty() || self.target.iter().any(target))
            && self.from.is_none_or(|from| row.at >= from)
            && self.to.is_none_or(|to| row.at < to)
    }

    /// The first and the last id of the time: ids begin with the millisecond of their row.
    fn span(&self) -> (AuditId, AuditId) {
        let from = self.from.unwrap_or(Timestamp::from_ms(0));
        let last = self.to.map_or(Timestamp::from_ms(i64::MAX), |to| to.plus_ms(-1));
        (AuditId::new(from, [0; 10]), AuditId::new(last.max(from), [255; 10]))
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

    /// One row; none where there is none. 1 RRU.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn audit_row(&self, account: AccountId, id: AuditId) -> Result<Option<AuditRow>, StoreError> {
        let place = key([("account_id", account.to_string()), ("audit_id", id.to_string())]);
        self.get(&self.tables.audit_log, place).await?.map(|item| from_item(TABLE, item)).transpose()
    }

    /// The newest `count` rows, of those before `after` where it is given, that the filter accepts. 0.5 RRU per 4 KB
    /// read: the rows of the filter's time, newest first, until there are enough.
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
        let (first, last) = filter.span();
        let request = self
            .query(&self.tables.audit_log)
            .key_condition_expression("account_id = :account AND audit_id BETWEEN :first AND :last")
            .expression_attribute_values(":account", s(account))
            .expression_attribute_values(":first", s(first))
            .expression_attribute_values(":last", s(last))
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
