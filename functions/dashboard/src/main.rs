//! The dashboard on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let (app, mailer) = valpero_mail::from_env(valpero_dashboard::NEEDS).await?;
    let private_targets = app.settings.private_targets;
    let ways_out = valpero_api::WaysOut {
        tools: valpero_tools::Tools::on_aws(private_targets)?,
        alerts: valpero_alerts::Alerts::on_aws(private_targets, mailer.clone())?,
        post: valpero_people::Post::new(mailer),
    };
    lambda_http::run(valpero_dashboard::router(app, ways_out)).await
}
