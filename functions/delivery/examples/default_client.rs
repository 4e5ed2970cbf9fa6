//! A function that has made a client of the AWS SDK with the SDK's defaults: what the functions' cold starts are
//! measured beside.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let client = aws_sdk_dynamodb::Client::new(&sdk);
    let handle = async |event: LambdaEvent<Value>| {
        client.list_tables().send().await?;
        Ok::<Value, Error>(event.payload)
    };
    lambda_runtime::run(service_fn(handle)).await
}
