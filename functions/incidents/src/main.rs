//! The incidents function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let app = valpero_runtime::App::from_env(valpero_incidents::NEEDS).await?;
    let router = valpero_http::finish_both(valpero_incidents::open_routes(), valpero_incidents::routes(), app);
    lambda_http::run(router).await
}
