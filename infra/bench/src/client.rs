//! The store's client, as simulations use it.

use std::net::SocketAddr;

use aws_sdk_dynamodb::{
    Client,
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut},
    error::BoxError,
};
use serde_json::{Map, Value};
use valpero::embedded;

use crate::partitions::{self, Partitions};

/// A client of the store at this address.
pub(crate) fn client(store: SocketAddr) -> Client {
    Client::from_conf(config(store).build())
}

/// The same, where each partition takes no more than DynamoDB's does.
pub(crate) fn limited(store: SocketAddr, partitions: &Partitions) -> Client {
    Client::from_conf(config(store).http_client(partitions::http_client(partitions.clone())).build())
}

fn config(store: SocketAddr) -> aws_sdk_dynamodb::config::Builder {
    embedded::config(&format!("http://{store}")).interceptor(WithoutToken)
}

/// Takes the SDK's token out of transactions. The embedded store goes through all tokens of the last ten minutes at each of them: with
/// a hundred thousand monitors that would take most of an hour, which says nothing of DynamoDB.
#[derive(Debug)]
struct WithoutToken;

impl Intercept for WithoutToken {
    fn name(&self) -> &'static str {
        "WithoutToken"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        if operation.ends_with(".TransactWriteItems") {
            let mut asked: Map<String, Value> = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
            asked.remove("ClientRequestToken");
            let body = serde_json::to_vec(&asked)?;
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = body.into();
        }
        Ok(())
    }
}
