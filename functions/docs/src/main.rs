//! The docs function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let app = valpero_runtime::App::from_env(valpero_docs::NEEDS).await?;
    lambda_http::run(valpero_http::finish_open(valpero_docs::routes(), app)).await
}
