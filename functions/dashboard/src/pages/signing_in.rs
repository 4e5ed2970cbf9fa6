//! `/settings/two-factor`: how the person signs in: password, second factor, and the accounts that the person belongs to.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use qrcode::{Color, QrCode};
use valpero_auth::TotpSecret;
use valpero_domain::{AccountId, AuditAction, SessionId};
use valpero_http::{Problem, RequestMeta};
use valpero_storage::{Optional, Person, StoreError, TotpState};

use crate::{
    Dashboard, entry,
    form::Sent,
    page::{Shell, page, to},
    visitor::Visitor,
};

/// Path of the page.
const PAGE: &str = "/settings/two-factor";

#[derive(Template)]
#[template(path = "settings_two_factor.html")]
struct SigningIn {
    shell: Shell,
    email: String,
    has_totp: bool,
    offer: Option<Offer>,
    fault: Option<String>,
    accounts: Vec<OneAccount>,
}

/// A secret for the person's app.
struct Offer {
    secret: String,
    url: String,
    /// Modules a side, with the quiet zone.
    size: usize,
    /// The dark modules.
    dark: Vec<(usize, usize)>,
}

/// An account that the person belongs to.
struct OneAccount {
    id: String,
    email: String,
    is_present: bool,
}

/// `GET /settings/two-factor`.
pub async fn show(
    State(dashboard): State<Dashboard>,
    Extension(visitor): Extension<Arc<Visitor>>,
) -> Result<Response, Problem> {
    let person = person(&dashboard, &visitor).await?;
    page(StatusCode::OK, &content(&dashboard, &visitor, &person, None).await?)
}

/// `POST /settings/two-factor`: what `do` says.
pub async fn act(
    State(dashboard): State<Dashboard>,
    Extension(visitor): Extension<Arc<Visitor>>,
    Extension(meta): Extension<RequestMeta>,
    sent: Sent,
) -> Result<Response, Problem> {
    let person = person(&dashboard, &visitor).await?;
    let fault = match sent.text("do") {
        "offer" => offer(&dashboard, &visitor, &person, &sent).await?,
        "confirm" => confirm(&dashboard, &visitor, &meta, &person, &sent).await?,
        "remove" => remove(&dashboard, &visitor, &meta, &person, &sent).await?,
        "password" => password(&dashboard, &visitor, &meta, &person, &sent).await?,
        "switch" => return switch(&dashboard, &visitor, &meta, &person, &sent).await,
        _ => Ok(""),
    };
    match fault {
        Ok(done) => Ok(to(PAGE, done)),
        Err(fault) => {
            page(StatusCode::UNPROCESSABLE_ENTITY, &content(&dashboard, &visitor, &person, Some(fault)).await?)
        }
    }
}

/// What was done, or what is wrong, in a sentence.
type Done = Result<&'static str, String>;

async fn person(dashboard: &Dashboard, visitor: &Visitor) -> Result<Person, Problem> {
    let user = visitor.client.caller().person().ok_or_else(Problem::unauthorized)?;
    Ok(dashboard.app.store.person(user).await?)
}

async fn content(
    dashboard: &Dashboard,
    visitor: &Visitor,
    person: &Person,
    fault: Option<String>,
) -> Result<SigningIn, Problem> {
    let store = &dashboard.app.store;
    let mut accounts = Vec::new();
    for id in store.accounts_of(person.user_id).await? {
        let Some(account) = store.account(id).await.optional()? else { continue };
        let is_present = id == visitor.client.caller().account();
        accounts.push(OneAccount { id: id.to_string(), email: account.email, is_present });
    }
    let pending = person.totp.as_ref().filter(|totp| totp.confirmed_at.is_none());
    Ok(SigningIn {
        shell: visitor.shell("settings"),
        email: person.email.clone(),
        has_totp: person.second_factor().is_some(),
        offer: pending.and_then(|totp| shown(&totp.secret, &person.email)),
        fault,
        accounts,
    })
}

fn shown(secret: &TotpSecret, email: &str) -> Option<Offer> {
    let url = secret.url(email)?;
    let code = QrCode::new(url.as_bytes()).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let dark = colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark);
    let dark = dark.map(|(place, _)| (place % width + 4, place / width + 4)).collect();
    Some(Offer { secret: secret.reveal().to_owned(), url, size: width + 8, dark })
}

/// What is wrong with the password that a change asks for, beside the session.
async fn wrong_password(
    dashboard: &Dashboard,
    visitor: &Visitor,
    person: &Person,
    sent: &Sent,
) -> Result<Option<String>, Problem> {
    let t = &visitor.t.sign_in;
    Ok(match entry::knows_password(&dashboard.app, person, sent.text("old")).await? {
        Some(true) => None,
        Some(false) => Some(t.wrong_password.to_owned()),
        None => Some(t.too_many.to_owned()),
    })
}

async fn offer(dashboard: &Dashboard, visitor: &Visitor, person: &Person, sent: &Sent) -> Result<Done, Problem> {
    if let Some(fault) = wrong_password(dashboard, visitor, person, sent).await? {
        return Ok(Err(fault));
    }
    let totp = TotpState { secret: TotpSecret::generate(), confirmed_at: None, last_step: None };
    dashboard.app.store.offer_totp(person.user_id, &totp).await?;
    Ok(Ok(""))
}

async fn confirm(
    dashboard: &Dashboard,
    visitor: &Visitor,
    meta: &RequestMeta,
    person: &Person,
    sent: &Sent,
) -> Result<Done, Problem> {
    let app = &dashboard.app;
    let offered = person.totp.as_ref().filter(|totp| totp.confirmed_at.is_none());
    let Some(totp) = offered else { return Ok(Ok("")) };
    let Some(step) = totp.secret.step_of(sent.text("code"), app.now(), None) else {
        return Ok(Err(visitor.t.sign_in.wrong_code.to_owned()));
    };
    let totp = TotpState { confirmed_at: Some(app.now()), last_step: Some(step), ..totp.clone() };
    let account = visitor.client.caller().account();
    let audit = entry::audit(app, meta, account, person, AuditAction::PersonTotpSet, person.user_id.to_string());
    app.store.set_totp(person.user_id, Some(&totp), &audit).await?;
    app.store.note_totp(person.user_id, true).await?;
    Ok(Ok("two_factor_on"))
}

async fn remove(
    dashboard: &Dashboard,
    visitor: &Visitor,
    meta: &RequestMeta,
    person: &Person,
    sent: &Sent,
) -> Result<Done, Problem> {
    let app = &dashboard.app;
    if let Some(fault) = entry::wrong_code(app, visitor.t, person, sent.text("code")).await? {
        return Ok(Err(fault.to_owned()));
    }
    let account = visitor.client.caller().account();
    let audit = entry::audit(app, meta, account, person, AuditAction::PersonTotpRemoved, person.user_id.to_string());
    app.store.set_totp(person.user_id, None, &audit).await?;
    app.store.note_totp(person.user_id, false).await?;
    Ok(Ok("two_factor_off"))
}

async fn password(
    dashboard: &Dashboard,
    visitor: &Visitor,
    meta: &RequestMeta,
    person: &Person,
    sent: &Sent,
) -> Result<Done, Problem> {
    let app = &dashboard.app;
    if let Some(fault) = wrong_password(dashboard, visitor, person, sent).await? {
        return Ok(Err(fault));
    }
    let password = match entry::chosen(visitor.t, sent.text("password")) {
        Ok(password) => password,
        Err(fault) => return Ok(Err(fault)),
    };
    let caller = visitor.client.caller();
    let target = person.user_id.to_string();
    let audit = entry::audit(app, meta, caller.account(), person, AuditAction::PersonPasswordSet, target);
    app.store.set_password(person.user_id, &entry::hash(password).await?, &audit).await?;
    entry::end_others(app, meta, person, Some(caller.receipts.key_id)).await?;
    Ok(Ok("password_set"))
}

/// Another account that the person belongs to: a session there in the place of the one here, which ends when this one would have.
async fn switch(
    dashboard: &Dashboard,
    visitor: &Visitor,
    meta: &RequestMeta,
    person: &Person,
    sent: &Sent,
) -> Result<Response, Problem> {
    let (app, caller) = (&dashboard.app, visitor.client.caller());
    let account: AccountId = sent.text("account").parse().map_err(|_| StoreError::NotFound)?;
    if account == caller.account() {
        return Ok(to(PAGE, ""));
    }
    let sessions = app.store.sessions(caller.account(), person.user_id).await?;
    let here = sessions.iter().find(|session| session.id == caller.receipts.key_id).ok_or(StoreError::NotFound)?;
    let cookie = entry::open(app, meta, person, account, here.expires_at).await?;
    let id = SessionId::of_key(here.id).to_string();
    let audit = entry::audit(app, meta, caller.account(), person, AuditAction::SessionEnded, id);
    app.store.end_session(here, &audit).await?;
    Ok(entry::with_cookie(Redirect::to("/monitors").into_response(), cookie))
}
