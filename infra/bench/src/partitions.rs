//! DynamoDB's limit of one partition, 1,000 write and 3,000 read request units a second, in front of a store that has none.
//!
//! Each partition key counts as a partition of its own, for tables and for the index of pending deliveries. A request that finds a
//! partition used up is refused, as DynamoDB does; one that is let through is charged what its answer says that it consumed, so that a
//! partition may owe a little. What is not counted: queries, whose pages are few.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::config::{
    HttpClient, RuntimeComponents, SharedHttpClient,
    http::{HttpRequest, HttpResponse},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    result::ConnectorError,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use valpero_storage::schema::SHAPES;

use crate::Failure;

/// Units of a partition in a second, written and read.
const RATES: [f64; 2] = [1_000.0, 3_000.0];

/// What a request takes to DynamoDB and back, within a region of AWS.
const ROUND_TRIP: Duration = Duration::from_millis(5);

/// One partition, of a table or of an index, and whether it is written or read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Partition {
    table: String,
    key: String,
    read: bool,
}

/// What a partition can still take, and as of when.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

#[derive(Debug, Default)]
struct State {
    limited: bool,
    buckets: HashMap<Partition, Bucket>,
    refused: HashMap<String, u64>,
    opened: Vec<Instant>,
}

/// All partitions of a store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Partitions(Arc<Mutex<State>>);

impl Partitions {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the limit holds; before, nothing is refused.
    pub(crate) fn limit(&self) {
        self.state().limited = true;
    }

    /// When each incident was written.
    pub(crate) fn opened(&self) -> Vec<Instant> {
        self.state().opened.clone()
    }

    /// How many requests each table refused.
    pub(crate) fn refused(&self) -> HashMap<String, u64> {
        self.state().refused.clone()
    }

    /// Which of these have nothing left.
    fn used_up(&self, partitions: &[Option<Partition>]) -> Vec<bool> {
        let (state, now) = (&mut *self.state(), Instant::now());
        let State { limited, buckets, refused, .. } = state;
        let mut empty = |partition: &Partition| {
            let rate = RATES[usize::from(partition.read)];
            let bucket = buckets.entry(partition.clone()).or_insert(Bucket { left: rate, at: now });
            bucket.left = rate.min(bucket.left + rate * (now - bucket.at).as_secs_f64());
            bucket.at = now;
            bucket.left <= 0.0
        };
        let found: Vec<bool> = partitions.iter().map(|one| *limited && one.as_ref().is_some_and(&mut empty)).collect();
        let refusing = partitions.iter().zip(&found).filter(|(_, empty)| **empty);
        for partition in refusing.filter_map(|(partition, _)| partition.as_ref()) {
            *refused.entry(partition.table.clone()).or_default() += 1;
        }
        found
    }

    /// Charges the partitions of one table, in equal parts, what they consumed together.
    fn charge(&self, table: &str, partitions: &[&Partition], units: f64) {
        let state = &mut *self.state();
        let of_table: Vec<_> = partitions.iter().filter(|partition| partition.table == table).collect();
        #[expect(clippy::cast_precision_loss, reason = "a transaction has at most a hundred items")]
        let each = units / of_table.len().max(1) as f64;
        for partition in of_table {
            if let Some(bucket) = state.buckets.get_mut(*partition) {
                bucket.left -= each;
            }
        }
    }
}

/// A client that asks DynamoDB's limits before it asks the store.
#[derive(Debug)]
struct Limited {
    inner: SharedHttpClient,
    partitions: Partitions,
}

/// A store's client behind these partitions.
pub(crate) fn http_client(partitions: Partitions) -> SharedHttpClient {
    let inner = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
    SharedHttpClient::new(Limited { inner, partitions })
}

impl HttpClient for Limited {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, partitions: self.partitions.clone() })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    partitions: Partitions,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(
            async move { this.ask(request).await.map_err(|error| ConnectorError::other(error, None)) },
        )
    }
}

impl Connector {
    async fn ask(&self, mut request: HttpRequest) -> Result<HttpResponse, Failure> {
        tokio::time::sleep(ROUND_TRIP).await;
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let mut asked: Value = serde_json::from_slice(request.body().bytes().ok_or("a request without a body")?)?;
        let touched = touched(&operation, &asked);
        let empty = self.partitions.used_up(&touched);
        if empty.contains(&true) {
            return refusal(&operation, &empty);
        }
        // So that it says what each index took.
        asked["ReturnConsumedCapacity"] = "INDEXES".into();
        let body = serde_json::to_vec(&asked)?;
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = body.into();
        let mut answer = self.inner.call(request).await?;
        let body = answer.take_body().collect().await?.to_bytes();
        self.count(&asked, &touched, &serde_json::from_slice(&body)?);
        *answer.body_mut() = body.to_vec().into();
        Ok(answer)
    }

    fn count(&self, asked: &Value, touched: &[Option<Partition>], answer: &Value) {
        let partitions: Vec<&Partition> = touched.iter().flatten().collect();
        let consumed = &answer["ConsumedCapacity"];
        for one in consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice) {
            let Some(table) = one["TableName"].as_str() else { continue };
            let units = one["Table"]["CapacityUnits"].as_f64().or(one["CapacityUnits"].as_f64());
            self.partitions.charge(table, &partitions, units.unwrap_or_default());
            for (index, units) in one["GlobalSecondaryIndexes"].as_object().into_iter().flatten() {
                let units = units["CapacityUnits"].as_f64().unwrap_or_default();
                self.partitions.charge(&format!("{table}/{index}"), &partitions, units);
            }
        }
        let puts = asked["TransactItems"].as_array().into_iter().flatten().map(|item| &item["Put"]);
        let opens = |put: &Value| {
            let table = put["TableName"].as_str().unwrap_or_default();
            table.ends_with("-incidents")
                && put["Item"]["entry"]["S"].as_str().is_some_and(|entry| entry.starts_with("incident#"))
        };
        if !consumed.is_null() && puts.into_iter().any(opens) {
            self.partitions.state().opened.push(Instant::now());
        }
    }
}

/// The partitions that a request touches, a place for each item of a transaction; behind them those of the index.
fn touched(operation: &str, asked: &Value) -> Vec<Option<Partition>> {
    let read = operation.starts_with("Get");
    let items: Vec<&Value> = match operation {
        "TransactWriteItems" => asked["TransactItems"].as_array().into_iter().flatten().filter_map(only).collect(),
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => vec![asked],
        _ => Vec::new(),
    };
    let mut all: Vec<Option<Partition>> = items.iter().map(|item| of_table(item, read)).collect();
    if !read {
        all.extend(items.iter().map(|item| of_index(item)));
    }
    all
}

/// The one thing that an item of a transaction does.
fn only(item: &Value) -> Option<&Value> {
    item.as_object()?.values().next()
}

fn key<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    item["Item"][name]["S"].as_str().or(item["Key"][name]["S"].as_str())
}

fn of_table(item: &Value, read: bool) -> Option<Partition> {
    let table = item["TableName"].as_str()?;
    let shape = SHAPES.iter().find(|shape| table.ends_with(&format!("-{}", shape.name)))?;
    Some(Partition { table: table.into(), key: key(item, shape.keys.0)?.into(), read })
}

/// A delivery's place in the index, which is in the partition that its id's last character says.
fn of_index(item: &Value) -> Option<Partition> {
    let table = item["TableName"].as_str().filter(|table| table.ends_with("-deliveries"))?;
    let last = key(item, "delivery_id")?.bytes().last()?;
    let shards = valpero_storage::PENDING_SHARDS;
    Some(Partition { table: format!("{table}/pending"), key: (last % shards).to_string(), read: false })
}

/// What DynamoDB answers where a partition is used up.
fn refusal(operation: &str, empty: &[bool]) -> Result<HttpResponse, Failure> {
    let said = if operation == "TransactWriteItems" {
        let reason = |empty: &bool| match empty {
            true => json!({"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity."}),
            false => json!({"Code": "None"}),
        };
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": empty.iter().map(reason).collect::<Vec<_>>(),
        })
    } else {
        json!({
            "__type": "com.amazon.coral.availability#ThrottlingException",
            "message": "Throughput exceeds the current capacity of your table or index.",
        })
    };
    let mut answer = HttpResponse::new(400.try_into()?, said.to_string().into());
    answer.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(answer)
}
