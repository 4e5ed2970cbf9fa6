//! The few shapes of calls that all access patterns are made of: each asks what it consumed and records it.

use std::{collections::HashMap, ops::ControlFlow, time::Duration};

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::{
        query::builders::QueryFluentBuilder,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{
        AttributeValue, ConsumedCapacity, Delete, KeysAndAttributes, Put, ReturnConsumedCapacity, TransactWriteItem,
        builders::{DeleteBuilder, PutBuilder},
    },
};
use backon::{ExponentialBuilder, Retryable};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Store, StoreError,
    usage::{Kind, record},
};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Waits of a write that collided with a transaction: 9 attempts, between which are 10 ms at first and 2.6 s at last, and up to as much
/// again, so that those who collided do not meet again.
const WAITS: ExponentialBuilder =
    ExponentialBuilder::new().with_jitter().with_min_delay(Duration::from_millis(10)).with_max_times(8);

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

pub(crate) fn key<const N: usize>(parts: [(&str, String); N]) -> Item {
    parts.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect()
}

pub(crate) fn to_item(table: &'static str, value: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|error| StoreError::corrupt(table, error))
}

pub(crate) fn to_value(table: &'static str, value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StoreError::corrupt(table, error))
}

pub(crate) fn from_item<T: DeserializeOwned>(table: &'static str, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt(table, error))
}

pub(crate) fn consumed<'a>(kind: &Kind, capacities: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    record(kind, capacities.into_iter().filter_map(ConsumedCapacity::capacity_units).sum());
}

/// What an update with a condition found.
pub(crate) enum Updated {
    /// The item after the update.
    Done(Item),
    /// The condition failed: the item as it is, or nothing where there is none.
    Refused(Option<Item>),
}

/// Why a transaction did nothing.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// The conditions of these places failed.
    Conditions(Vec<usize>),
    /// The same request was answered before: it has left a receipt.
    Repeated,
    /// Anything else.
    Failed(StoreError),
}

impl From<StoreError> for Cancelled {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Cancelled {
    /// For transactions whose conditions all mean "somebody was faster".
    pub(crate) fn conflict(self) -> StoreError {
        match self {
            Self::Conditions(_) => StoreError::Conflict,
            Self::Repeated => StoreError::Repeated,
            Self::Failed(error) => error,
        }
    }
}

impl Store {
    pub(crate) async fn get(&self, table: &str, key: Item) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
        let sent = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        consumed(&Kind::Read, sent.iter().filter_map(|output| output.consumed_capacity()));
        Ok(sent.map_err(StoreError::from_sdk)?.item)
    }

    pub(crate) async fn put(&self, table: &str, item: Item) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(table).set_item(Some(item));
        let sent = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        consumed(&Kind::Write, sent.iter().filter_map(|output| output.consumed_capacity()));
        sent.map(drop).map_err(StoreError::from_sdk)
    }

    /// Puts an item unless there is one of its key already; answers whether it did.
    pub(crate) async fn put_new(&self, table: &str, item: Item) -> Result<bool, StoreError> {
        let request = self.client.put_item().table_name(table).set_item(Some(item));
        let request = request.condition_expression("attribute_not_exists(account_id)");
        let sent = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        consumed(&Kind::Write, sent.iter().filter_map(|output| output.consumed_capacity()));
        match sent.map_err(StoreError::from_sdk) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts an item in the place of the one with the version `seen`; 0 is none.
    pub(crate) async fn put_next(&self, table: &str, item: Item, seen: i64) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(table).set_item(Some(item));
        let request = match seen {
            0 => request.condition_expression("attribute_not_exists(account_id)"),
            _ => request.condition_expression("version = :seen").expression_attribute_values(":seen", n(seen)),
        };
        let send = || async {
            let sent = request.clone().return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            consumed(&Kind::Write, sent.iter().filter_map(|output| output.consumed_capacity()));
            sent.map(drop).map_err(StoreError::from_sdk)
        };
        send.retry(WAITS).when(|error| matches!(error, StoreError::Contended(_))).await
    }

    pub(crate) async fn send_update(&self, request: UpdateItemFluentBuilder) -> Result<Updated, StoreError> {
        use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
        let request = request
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let send = || async {
            let error = match request.clone().send().await {
                Ok(output) => {
                    consumed(&Kind::Write, output.consumed_capacity());
                    return Ok(Updated::Done(output.attributes.unwrap_or_default()));
                }
                Err(error) => error,
            };
            if let Some(UpdateItemError::ConditionalCheckFailedException(failure)) = error.as_service_error() {
                // A refused write consumes a unit, too, though the failure does not say so.
                record(&Kind::Write, 1.0);
                return Ok(Updated::Refused(failure.item().cloned()));
            }
            record(&Kind::Write, 0.0);
            Err(StoreError::from_sdk(error))
        };
        // A transaction holds the item for this moment; the SDK does not try that again by itself.
        send.retry(WAITS).when(|error| matches!(error, StoreError::Contended(_))).await
    }

    pub(crate) fn query(&self, table: &str) -> QueryFluentBuilder {
        self.client.query().table_name(table).return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// One page, and where the next begins.
    pub(crate) async fn query_page(
        &self,
        request: QueryFluentBuilder,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let sent = request.set_exclusive_start_key(start).send().await;
        consumed(&Kind::Read, sent.iter().filter_map(|output| output.consumed_capacity()));
        let output = sent.map_err(StoreError::from_sdk)?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Shows each item that the query finds, in its order, behind the one of the key `after`, to `see`, until that breaks off.
    pub(crate) async fn query_each(
        &self,
        request: QueryFluentBuilder,
        after: Option<Item>,
        mut see: impl FnMut(Item) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut start = after;
        loop {
            let (page, next) = self.query_page(request.clone(), start).await?;
            for item in page {
                if see(item)?.is_break() {
                    return Ok(());
                }
            }
            start = next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Every item, however many pages there are.
    pub(crate) async fn query_all(&self, request: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let all = self.query_each(request, None, |item| {
            items.push(item);
            Ok(ControlFlow::Continue(()))
        });
        all.await?;
        Ok(items)
    }

    /// Of the items that the query finds, in its order, behind the item of the key `after`, those that `accepts` likes, at
    /// most `count`.
    pub(crate) async fn query_filtered<T: DeserializeOwned>(
        &self,
        table: &'static str,
        request: QueryFluentBuilder,
        after: Option<Item>,
        accepts: impl Fn(&T) -> bool,
        count: usize,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        let all = self.query_each(request, after, |item| {
            let object: T = from_item(table, item)?;
            if accepts(&object) {
                found.push(object);
            }
            Ok(enough(&found, count))
        });
        all.await?;
        Ok(found)
    }

    pub(crate) async fn batch_get(&self, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        let mut left = keys;
        let mut wait = Duration::from_millis(25);
        while !left.is_empty() {
            let rest = left.split_off(left.len().min(100));
            let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build()?;
            let sent = self
                .client
                .batch_get_item()
                .request_items(table, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            consumed(
                &Kind::Read,
                sent.iter()
                    .flat_map(aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput::consumed_capacity),
            );
            let mut output = sent.map_err(StoreError::from_sdk)?;
            items.extend(output.responses.as_mut().and_then(|tables| tables.remove(table)).unwrap_or_default());
            let unread = output.unprocessed_keys.as_mut().and_then(|tables| tables.remove(table));
            left = rest;
            if let Some(unread) = unread {
                left.extend(unread.keys);
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(1));
            }
        }
        Ok(items)
    }

    /// All or nothing. Collisions with other transactions are tried again here; failed conditions are the caller's.
    pub(crate) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
        let once = || self.try_transact(items.clone());
        once.retry(WAITS).when(|(_, again)| *again).await.map_err(|(cancelled, _)| cancelled)
    }

    /// One attempt; with an error, whether another makes sense.
    async fn try_transact(&self, items: Vec<TransactWriteItem>) -> Result<(), (Cancelled, bool)> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        consumed(
            &Kind::Write,
            sent.iter().flat_map(
                aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput::consumed_capacity,
            ),
        );
        let Err(error) = sent else { return Ok(()) };
        let codes = reasons(&error);
        let failed: Vec<usize> = (0..codes.len()).filter(|place| codes[*place] == "ConditionalCheckFailed").collect();
        if !failed.is_empty() {
            return Err((Cancelled::Conditions(failed), false));
        }
        let throttled = codes.iter().any(|code| code == "ThrottlingError");
        let collided = codes.iter().any(|code| code == "TransactionConflict")
            || error.code() == Some("TransactionInProgressException");
        let cause = match (throttled, collided) {
            (true, _) => StoreError::Throttled(Box::new(error)),
            (_, true) => StoreError::Contended(Box::new(error)),
            _ => StoreError::from_sdk(error),
        };
        Err((Cancelled::Failed(cause), throttled || collided))
    }
}

type TransactError =
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError>;

fn reasons(error: &TransactError) -> Vec<String> {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException;
    match error.as_service_error() {
        Some(TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether these are as many as were asked for.
pub(crate) fn enough<T>(found: &[T], count: usize) -> ControlFlow<()> {
    if found.len() >= count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Up to `most`.
pub(crate) fn jitter(most: Duration) -> Duration {
    let [byte] = valpero_auth::random_bytes();
    most * u32::from(byte) / 255
}

pub(crate) fn put_item(table: &str, item: Item) -> PutBuilder {
    Put::builder().table_name(table).set_item(Some(item))
}

pub(crate) fn delete_item(table: &str, key: Item) -> DeleteBuilder {
    Delete::builder().table_name(table).set_key(Some(key))
}

pub(crate) fn a_put(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

pub(crate) fn a_delete(delete: DeleteBuilder) -> Result<TransactWriteItem, StoreError> {
    Ok(TransactWriteItem::builder().delete(delete.build()?).build())
}
