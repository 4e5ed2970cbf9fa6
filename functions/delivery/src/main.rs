//! The delivery function on AWS.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use valpero_delivery::Delivery;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    valpero_runtime::telemetry::start();
    let delivery = Delivery::from_env().await?;
    let handle = async |event: LambdaEvent<Value>| delivery.handle(&event.payload).await.map_err(Error::from);
    lambda_runtime::run(service_fn(handle)).await
}
