//! The alerts function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let (app, mailer) = valpero_mail::from_env(valpero_alerts::NEEDS).await?;
    let alerts = valpero_alerts::Alerts::on_aws(app.settings.private_targets, mailer)?;
    lambda_http::run(alerts.beside(valpero_http::finish(valpero_alerts::routes(), app))).await
}
