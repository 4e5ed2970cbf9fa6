//! The docs function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_app::telemetry::start();
    let app = valpero_app::App::from_env(valpero_docs::NEEDS).await?;
    lambda_http::run(valpero_app::http::finish_open(valpero_docs::routes(), app)).await
}
