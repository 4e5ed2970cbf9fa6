//! The people function on AWS.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    valpero_runtime::telemetry::start();
    let (app, mailer) = valpero_mail::from_env(valpero_people::NEEDS).await?;
    let people = valpero_people::Post::new(mailer);
    lambda_http::run(people.beside(valpero_http::finish(valpero_people::routes(), app))).await
}
