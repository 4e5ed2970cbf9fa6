//! Receipts: what was answered to a request with an idempotency key, so that its repetition is answered alike.
//!
//! A receipt is written in the transaction of what the request makes, so there is never one without the other.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, TransactWriteItem},
};
use valpero_domain::{KeyId, Timestamp};

use crate::{
    AuditRow, Store, StoreError,
    call::{Cancelled, Item, a_put, key, n, put_item},
    schema::TTL,
};

const TABLE: &str = "idempotency";

/// Hours for which an answer is remembered.
pub const RECEIPT_HOURS: i64 = 24;

const KEPT_S: i64 = RECEIPT_HOURS * 3_600;

/// What is remembered of one request.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The API key that sent it: two keys never share a receipt.
    pub key_id: KeyId,
    /// The client's name for the request.
    pub idempotency_key: String,
    /// Hash of what was asked.
    pub request_hash: Vec<u8>,
    /// What was answered, sealed so that only who sent the request can read it again.
    pub sealed_answer: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// What a creation leaves beside what it makes.
#[derive(Debug, Clone)]
pub struct Trail {
    /// Its row of the audit log.
    pub audit: AuditRow,
    /// Its receipt, where the client gave the request a name.
    pub receipt: Option<Receipt>,
}

impl From<AuditRow> for Trail {
    fn from(audit: AuditRow) -> Self {
        Self { audit, receipt: None }
    }
}

impl Store {
    fn receipt_key(key_id: KeyId, idempotency_key: &str) -> Item {
        key([("key_id", key_id.to_string()), ("idempotency_key", idempotency_key.to_owned())])
    }

    /// The receipt of a request of the last 24 hours, where there is one. 1 RRU per 4 KB.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn receipt(
        &self,
        key_id: KeyId,
        idempotency_key: &str,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StoreError> {
        let item = self.get(&self.tables.idempotency, Self::receipt_key(key_id, idempotency_key)).await?;
        let Some(item) = item else { return Ok(None) };
        let bytes = |name: &str| item.get(name).and_then(|value| value.as_b().ok()).map(|blob| blob.as_ref().to_vec());
        let at = item.get(TTL).and_then(|ttl| ttl.as_n().ok()?.parse::<i64>().ok());
        let (Some(request_hash), Some(sealed_answer), Some(until)) = (bytes("request_hash"), bytes("answer"), at)
        else {
            return Err(StoreError::corrupt(TABLE, "a receipt lacks an attribute"));
        };
        let receipt = Receipt {
            key_id,
            idempotency_key: idempotency_key.to_owned(),
            request_hash,
            sealed_answer,
            at: Timestamp::from_seconds(until - KEPT_S),
        };
        // DynamoDB takes what has aged away some time later.
        Ok(Some(receipt).filter(|_| until > now.seconds()))
    }

    /// The receipt as part of the transaction that makes what it tells of.
    pub(crate) fn new_receipt(&self, receipt: &Receipt) -> Result<TransactWriteItem, StoreError> {
        let mut item = Self::receipt_key(receipt.key_id, &receipt.idempotency_key);
        item.insert("request_hash".into(), AttributeValue::B(Blob::new(receipt.request_hash.clone())));
        item.insert("answer".into(), AttributeValue::B(Blob::new(receipt.sealed_answer.clone())));
        item.insert(TTL.into(), n(receipt.at.seconds() + KEPT_S));
        let put = put_item(&self.tables.idempotency, item)
            .condition_expression("attribute_not_exists(key_id) OR #ttl <= :now")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", n(receipt.at.seconds()));
        a_put(put)
    }

    /// A trail of its own, for what is done elsewhere: 1 WRU, or 4 with a receipt.
    ///
    /// # Errors
    /// [`StoreError::Repeated`] where the request was answered before.
    pub async fn append_trail(&self, trail: &Trail) -> Result<(), StoreError> {
        match trail.receipt {
            None => self.append_audit_row(&trail.audit).await,
            Some(_) => self.transact_once(Vec::new(), trail).await.map_err(Cancelled::conflict),
        }
    }

    /// All or nothing, with the trail of a creation behind the other items: its audit row, and the receipt by which a repetition is
    /// known.
    pub(crate) async fn transact_once(
        &self,
        mut items: Vec<TransactWriteItem>,
        trail: &Trail,
    ) -> Result<(), Cancelled> {
        items.push(self.audit(&trail.audit)?);
        if let Some(receipt) = &trail.receipt {
            items.push(self.new_receipt(receipt)?);
        }
        let receipt_at = trail.receipt.as_ref().map(|_| items.len() - 1);
        match self.transact(items).await {
            Err(Cancelled::Conditions(places)) if receipt_at.is_some_and(|at| places.contains(&at)) => {
                Err(Cancelled::Repeated)
            }
            done => done,
        }
    }
}
