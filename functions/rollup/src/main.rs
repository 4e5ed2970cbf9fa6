//! The rollup function on AWS.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use valpero_runtime::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    valpero_runtime::telemetry::start();
    let app = App::from_env(valpero_rollup::NEEDS).await?;
    let handle = async |_: LambdaEvent<Value>| valpero_rollup::roll_up(&app).await.map_err(Error::from);
    lambda_runtime::run(service_fn(handle)).await
}
