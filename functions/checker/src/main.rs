//! The checker function on AWS.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use valpero_checker::Checker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    valpero_runtime::telemetry::start();
    let checker = Checker::from_env().await?;
    let handle = async |event: LambdaEvent<Value>| checker.handle(&event.payload).await.map(drop).map_err(Error::from);
    lambda_runtime::run(service_fn(handle)).await
}
