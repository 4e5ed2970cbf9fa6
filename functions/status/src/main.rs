//! The status function on AWS.

use valpero_runtime::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let app = App::from_env(valpero_status::NEEDS).await?;
    lambda_http::run(valpero_status::router(app)).await
}
