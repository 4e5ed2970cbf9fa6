//! The account function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let app = valpero_runtime::App::from_env(valpero_account::NEEDS).await?;
    lambda_http::run(valpero_http::finish(valpero_account::routes(), app)).await
}
