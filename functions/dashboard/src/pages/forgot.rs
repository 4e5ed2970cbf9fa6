//! `/forgot`: a link to a new password by mail. The answer is the same, after the same time, whether the address is known or not.

use std::time::Duration;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use valpero_auth::OneTimeSecret;
use valpero_domain::mail_address::MailAddress;
use valpero_http::{Problem, RequestMeta};
use valpero_mail::{Fate, Tags, letter};
use valpero_runtime::telemetry::chain;
use valpero_storage::{LinkTo, OneTimeLink};

use crate::{
    Dashboard, entry,
    form::Sent,
    page::{Shell, page, refused},
};

/// Seconds for which the link is good.
const GOOD_FOR_S: i64 = 3600;

/// How long every answer takes: longer than to mail takes as a rule.
const ANSWER: Duration = Duration::from_millis(1500);

/// Links by mail to one address, and from one client, in a quarter of an hour.
const OFTEN: u32 = 3;

#[derive(Template)]
#[template(path = "forgot.html")]
struct Forgot {
    shell: Shell,
    is_sent: bool,
    mails: bool,
}

/// `GET /forgot`.
pub async fn show(State(dashboard): State<Dashboard>, headers: HeaderMap) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    let form = Forgot { shell: shell.clone(), is_sent: false, mails: dashboard.mailer.sends() };
    refused(&shell, page(StatusCode::OK, &form))
}

/// `POST /forgot`.
pub async fn act(
    State(dashboard): State<Dashboard>,
    Extension(meta): Extension<RequestMeta>,
    headers: HeaderMap,
    sent: Sent,
) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    let answer = async {
        entry::own_form(&dashboard.app, &headers)?;
        let email = entry::address(sent.text("email")).to_owned();
        // On its own: the answer does not wait for mail that is slow, since only a known address has any. Where a function is frozen
        // once it has answered, such mail goes out at the next request.
        let mailing = tokio::spawn(mail_or_log(dashboard.clone(), meta, email));
        tokio::time::sleep(ANSWER).await;
        drop(mailing);
        page(StatusCode::OK, &Forgot { shell: shell.clone(), is_sent: true, mails: dashboard.mailer.sends() })
    };
    refused(&shell, answer.await)
}

/// Mails a link, if there is somebody to mail it to. A failure is only logged: an error page would reveal that the address is known.
async fn mail_or_log(dashboard: Dashboard, meta: RequestMeta, email: String) {
    if let Err(problem) = mail(&dashboard, &meta, &email).await {
        tracing::error!(
            error = problem.internal_detail().unwrap_or(problem.detail()),
            "a link to a new password was not mailed"
        );
    }
}

async fn mail(dashboard: &Dashboard, meta: &RequestMeta, email: &str) -> Result<(), Problem> {
    let app = &dashboard.app;
    let ip = meta.client();
    let by_address = app.store.count_try(&format!("forgot#{email}"), app.now(), OFTEN).await?;
    let by_client = app.store.count_try(&format!("forgot-ip#{ip}"), app.now(), 3 * OFTEN).await?;
    if !by_address || !by_client || !dashboard.mailer.sends() {
        return Ok(());
    }
    let Some(person) = app.store.person_by_email(email).await? else { return Ok(()) };
    let Some(account) = entry::first_account(app, &person).await? else { return Ok(()) };
    let address = match MailAddress::try_from(person.email.clone()) {
        Ok(address) => address,
        Err(error) => {
            tracing::warn!(user_id = %person.user_id, error = chain(&error), "a person has no address that mail reaches");
            return Ok(());
        }
    };
    let secret = OneTimeSecret::generate();
    let password = person.password_print();
    let to = LinkTo::Password { user_id: person.user_id, resets_totp: false, password };
    let link = OneTimeLink { link_hash: secret.hash(), to, expires_at: app.now().plus_seconds(GOOD_FOR_S) };
    app.store.create_link(&link).await?;
    let letter = letter::new_password(&address, &secret.url(app.settings.public_url.as_ref()));
    let posted = dashboard.mailer.send(&letter, Tags::of_account(account), app.now()).await;
    if !matches!(posted.fate, Fate::Delivered { .. }) {
        tracing::warn!(user_id = %person.user_id, fate = ?posted.fate, "a link to a new password was not mailed");
    }
    Ok(())
}
