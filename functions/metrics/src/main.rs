//! The metrics function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_app::telemetry::start();
    let app = valpero_app::App::from_env(valpero_metrics::NEEDS).await?;
    lambda_http::run(valpero_app::http::finish(valpero_metrics::routes(), app)).await
}
