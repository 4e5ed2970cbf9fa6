//! The checker function on AWS.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use valpero_checker::Checker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    valpero_app::telemetry::start();
    let checker = Checker::from_env().await?;
    let handle = move |event: LambdaEvent<Value>| {
        let checker = checker.clone();
        async move { checker.handle(&event.payload).await.map(drop).map_err(Error::from) }
    };
    // As a task, for whatever wakes main itself makes a system call, and each probe wakes several times.
    tokio::spawn(lambda_runtime::run(service_fn(handle))).await?
}
