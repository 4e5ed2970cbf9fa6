//! `/sign-in` and `/sign-out`.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::Value;
use valpero_auth::OneTimeSecret;
use valpero_domain::SessionId;
use valpero_http::{Problem, RequestMeta, session};
use valpero_storage::{LinkTo, OneTimeLink, Person};

use crate::{
    Dashboard,
    entry::{self, Code, Tries},
    form::Sent,
    page::{Shell, page, refused},
    visitor::Visitor,
};

/// Seconds in which the code of the second factor is to be given.
const CODE_S: i64 = 300;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    shell: Shell,
    fault: Option<&'static str>,
    email: String,
    next: String,
}

#[derive(Template)]
#[template(path = "code.html")]
struct AskCode {
    shell: Shell,
    fault: Option<&'static str>,
    step: String,
    next: String,
}

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`.
pub async fn show(State(dashboard): State<Dashboard>, headers: HeaderMap, Query(next): Query<Next>) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    let form = SignIn { shell: shell.clone(), fault: None, email: String::new(), next: next.next };
    refused(&shell, page(StatusCode::OK, &form))
}

/// `POST /sign-in`.
pub async fn act(
    State(dashboard): State<Dashboard>,
    Extension(meta): Extension<RequestMeta>,
    headers: HeaderMap,
    sent: Sent,
) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    refused(&shell, sign_in(&dashboard, &meta, &headers, &sent, &shell).await)
}

async fn sign_in(
    dashboard: &Dashboard,
    meta: &RequestMeta,
    headers: &HeaderMap,
    sent: &Sent,
    shell: &Shell,
) -> Result<Response, Problem> {
    let app = &dashboard.app;
    entry::own_form(app, headers)?;
    let (email, next) = (entry::address(sent.text("email")), sent.text("next"));
    let again = |status, fault| {
        let form = SignIn { shell: shell.clone(), fault: Some(fault), email: email.to_owned(), next: next.to_owned() };
        page(status, &form)
    };
    let person = app.store.person_by_email(email).await?;
    let tries = Tries::count(app, person.as_ref().map(|person| person.user_id), email, meta).await?;
    let Some(tries) = tries else { return again(StatusCode::TOO_MANY_REQUESTS, shell.t.sign_in.too_many) };
    let hash = person.as_ref().and_then(|person| person.password.clone());
    let is_right = entry::is_password(sent.text("password"), hash).await?;
    let Some(person) = person.filter(|_| is_right) else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, shell.t.sign_in.wrong);
    };
    tries.forgive(app).await?;
    if person.second_factor().is_some() {
        return ask_code(dashboard, shell, &person, next).await;
    }
    come_in(dashboard, meta, shell, &person, next).await
}

/// The password was right: now the code, by a link that is good for this.
async fn ask_code(dashboard: &Dashboard, shell: &Shell, person: &Person, next: &str) -> Result<Response, Problem> {
    let app = &dashboard.app;
    let secret = OneTimeSecret::generate();
    let to = LinkTo::SecondFactor { user_id: person.user_id, password: person.password_print() };
    let link = OneTimeLink { link_hash: secret.hash(), to, expires_at: app.now().plus_seconds(CODE_S) };
    app.store.create_link(&link).await?;
    let form = AskCode { shell: shell.clone(), fault: None, step: secret.reveal().to_owned(), next: next.to_owned() };
    page(StatusCode::OK, &form)
}

/// `POST /sign-in/code`.
pub async fn code(
    State(dashboard): State<Dashboard>,
    Extension(meta): Extension<RequestMeta>,
    headers: HeaderMap,
    sent: Sent,
) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    refused(&shell, second(&dashboard, &meta, &headers, &sent, &shell).await)
}

async fn second(
    dashboard: &Dashboard,
    meta: &RequestMeta,
    headers: &HeaderMap,
    sent: &Sent,
    shell: &Shell,
) -> Result<Response, Problem> {
    let app = &dashboard.app;
    entry::own_form(app, headers)?;
    let (step, next) = (sent.text("step"), sent.text("next"));
    let anew = || Ok(Redirect::to("/sign-in").into_response());
    let Some(secret) = OneTimeSecret::parse(step) else { return anew() };
    let link = app.store.link(&secret.hash(), app.now()).await?;
    let Some(LinkTo::SecondFactor { user_id, password }) = link.map(|link| link.to) else { return anew() };
    let person = app.store.person(user_id).await?;
    // The password that opened this step is no more.
    if password != person.password_print() {
        return anew();
    }
    let again = |status, fault| {
        let form = AskCode { shell: shell.clone(), fault: Some(fault), step: step.to_owned(), next: next.to_owned() };
        page(status, &form)
    };
    match entry::try_code(app, &person, sent.text("code")).await? {
        Code::Right => {}
        Code::Wrong => return again(StatusCode::UNPROCESSABLE_ENTITY, shell.t.sign_in.wrong_code),
        Code::TooMany => return again(StatusCode::TOO_MANY_REQUESTS, shell.t.sign_in.too_many),
    }
    if !app.store.use_link(&secret.hash()).await? {
        return anew();
    }
    come_in(dashboard, meta, shell, &person, next).await
}

async fn come_in(
    dashboard: &Dashboard,
    meta: &RequestMeta,
    shell: &Shell,
    person: &Person,
    next: &str,
) -> Result<Response, Problem> {
    let app = &dashboard.app;
    let Some(account) = entry::first_account(app, person).await? else {
        let form = SignIn {
            shell: shell.clone(),
            fault: Some(shell.t.sign_in.no_account),
            email: person.email.clone(),
            next: next.to_owned(),
        };
        return page(StatusCode::FORBIDDEN, &form);
    };
    let cookie = entry::open(app, meta, person, account, None).await?;
    entry::note_client(app, meta, person).await?;
    Ok(entry::with_cookie(Redirect::to(entry::way_back(next)).into_response(), cookie))
}

/// `POST /sign-out`.
pub async fn out(
    State(dashboard): State<Dashboard>,
    Extension(visitor): Extension<Arc<Visitor>>,
) -> Result<Response, Problem> {
    let current = SessionId::of_key(visitor.client.caller().receipts.key_id);
    visitor.client.send(Method::DELETE, &format!("/api/v1/sessions/{current}"), &Value::Null).await?;
    Ok(entry::with_cookie(Redirect::to("/sign-in").into_response(), session::ended(&dashboard.app)))
}
