//! The tools function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let app = valpero_runtime::App::from_env(valpero_tools::NEEDS).await?;
    let tools = valpero_tools::Tools::on_aws(app.settings.private_targets)?;
    lambda_http::run(tools.beside(valpero_http::finish(valpero_tools::routes(), app))).await
}
