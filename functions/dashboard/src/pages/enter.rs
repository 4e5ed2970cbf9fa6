//! `/enter/{secret}`: one-time links, into an account or to a new password. To look at the page uses nothing up.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use valpero_auth::{OneTimeSecret, TokenHash};
use valpero_domain::{Actor, AuditAction, UserId, mail_address::MailAddress, monitor::Name};
use valpero_http::{Problem, RequestMeta};
use valpero_runtime::{App, entropy};
use valpero_storage::{Invitation, Joining, LinkTo, Member, Optional, PeopleError, Person};

use crate::{
    Dashboard,
    entry::{self, Tries},
    form::Sent,
    page::{Shell, page, refused, to},
};

#[derive(Template)]
#[template(path = "enter.html")]
struct Enter {
    shell: Shell,
    heading: String,
    says: String,
    fault: Option<String>,
    /// The address that the person signs in with from now on.
    email: String,
    /// Whether the person chooses the address, since there is none that mail reaches.
    asks_email: bool,
    asks_name: bool,
    name: String,
    /// Whether the password is a new one.
    is_new_password: bool,
    asks_code: bool,
    /// Whether there is nothing to fill in.
    is_over: bool,
}

/// What a good link leads to.
enum Found {
    Invitation { invitation: Invitation, known: Option<Person> },
    Password { person: Person, resets_totp: bool },
}

/// `GET /enter/{secret}`.
pub async fn show(State(dashboard): State<Dashboard>, headers: HeaderMap, Path(secret): Path<String>) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    let shown = async {
        match find(&dashboard.app, &secret).await? {
            Some((_, found)) => page(StatusCode::OK, &form(&shell, &found, &Sent::default(), None)),
            None => page(StatusCode::NOT_FOUND, &over(&shell)),
        }
    };
    refused(&shell, shown.await)
}

/// `POST /enter/{secret}`.
pub async fn act(
    State(dashboard): State<Dashboard>,
    Extension(meta): Extension<RequestMeta>,
    headers: HeaderMap,
    Path(secret): Path<String>,
    sent: Sent,
) -> Response {
    let shell = Shell::of_nobody(&headers, dashboard.app.now());
    let done = async {
        let app = &dashboard.app;
        entry::own_form(app, &headers)?;
        let Some((hash, found)) = find(app, &secret).await? else {
            return page(StatusCode::NOT_FOUND, &over(&shell));
        };
        let done = match &found {
            Found::Invitation { invitation, known } => {
                join(app, &meta, &shell, invitation, known.as_ref(), &sent).await?
            }
            Found::Password { person, resets_totp } => {
                new_password(app, &meta, &shell, &hash, person, *resets_totp, &sent).await?
            }
        };
        match done {
            Ok(response) => Ok(response),
            Err(fault) => page(StatusCode::UNPROCESSABLE_ENTITY, &form(&shell, &found, &sent, Some(fault))),
        }
    };
    refused(&shell, done.await)
}

async fn find(app: &App, secret: &str) -> Result<Option<(TokenHash, Found)>, Problem> {
    let Some(secret) = OneTimeSecret::parse(secret) else { return Ok(None) };
    let Some(link) = app.store.link(&secret.hash(), app.now()).await? else { return Ok(None) };
    let found = match link.to {
        LinkTo::Invitation { account_id, invitation_id } => {
            let invitation = app.store.invitation(account_id, invitation_id).await.optional()?;
            let Some(invitation) = invitation else { return Ok(None) };
            if !stands(app, &invitation).await? {
                return Ok(None);
            }
            let known = app.store.person_by_email(&invitation.email).await?;
            Found::Invitation { invitation, known }
        }
        LinkTo::Password { user_id, resets_totp, password } => match app.store.person(user_id).await.optional()? {
            // Of several links the first that is used ends all others.
            Some(person) if password == person.password_print() => Found::Password { person, resets_totp },
            _ => return Ok(None),
        },
        LinkTo::SecondFactor { .. } => return Ok(None),
    };
    Ok(Some((link.link_hash, found)))
}

/// Whether whoever invited could do so still: an invitation by a removed person is void, also one to that person's own address.
async fn stands(app: &App, invitation: &Invitation) -> Result<bool, Problem> {
    let account = invitation.account_id;
    Ok(match invitation.by.actor {
        Actor::User(user) => {
            let member = app.store.member(account, user).await.optional()?;
            member.is_some_and(|member| member.role.may_give(invitation.role))
        }
        Actor::Key(key) => app.store.key(account, key).await.optional()?.is_some_and(|key| key.is_live(app.now())),
        _ => true,
    })
}

fn form(shell: &Shell, found: &Found, sent: &Sent, fault: Option<String>) -> Enter {
    let t = &shell.t.sign_in;
    let typed = |name: &str, other: &str| if sent.has(name) { sent.text(name).to_owned() } else { other.to_owned() };
    match found {
        Found::Invitation { invitation, known } => {
            let is_new = known.is_none();
            let asks_email = is_new && chooses_address(invitation);
            Enter {
                heading: t.welcome.to_owned(),
                says: if is_new { t.choose_password.to_owned() } else { t.confirm_password.to_owned() },
                fault,
                email: typed("email", if asks_email { "" } else { &invitation.email }),
                asks_email,
                asks_name: is_new,
                name: typed("name", ""),
                is_new_password: is_new,
                asks_code: known.as_ref().is_some_and(|person| person.second_factor().is_some()),
                ..empty(shell)
            }
        }
        Found::Password { person, resets_totp } => Enter {
            heading: t.new_password.to_owned(),
            says: t.choose_new_password.to_owned(),
            fault,
            email: person.email.clone(),
            is_new_password: true,
            asks_code: person.second_factor().is_some() && !resets_totp,
            ..empty(shell)
        },
    }
}

/// The page of a link that leads nowhere.
fn over(shell: &Shell) -> Enter {
    let t = &shell.t.sign_in;
    Enter { heading: t.link_over.to_owned(), says: t.link_over_says.to_owned(), is_over: true, ..empty(shell) }
}

/// A page without a field.
fn empty(shell: &Shell) -> Enter {
    Enter {
        shell: shell.clone(),
        heading: String::new(),
        says: String::new(),
        fault: None,
        email: String::new(),
        asks_email: false,
        asks_name: false,
        name: String::new(),
        is_new_password: false,
        asks_code: false,
        is_over: false,
    }
}

/// Whether the person chooses the address: no mail reaches that of the account that `valpero up` makes by itself.
fn chooses_address(invitation: &Invitation) -> bool {
    invitation.by.actor == Actor::Operator && invitation.email.ends_with("@localhost")
}

type Done = Result<Response, String>;

async fn join(
    app: &App,
    meta: &RequestMeta,
    shell: &Shell,
    invitation: &Invitation,
    known: Option<&Person>,
    sent: &Sent,
) -> Result<Done, Problem> {
    let t = &shell.t.sign_in;
    let now = app.now();
    let person = match known {
        Some(person) => {
            let tries = Tries::count(app, Some(person.user_id), &person.email, meta).await?;
            let Some(tries) = tries else { return Ok(Err(t.too_many.to_owned())) };
            if !entry::is_password(sent.text("password"), person.password.clone()).await? {
                return Ok(Err(t.wrong_password.to_owned()));
            }
            if let Some(fault) = entry::wrong_code(app, shell.t, person, sent.text("code")).await? {
                return Ok(Err(fault.to_owned()));
            }
            tries.forgive(app).await?;
            person.clone()
        }
        None => match new_person(app, shell, invitation, sent).await? {
            Ok(person) => person,
            Err(fault) => return Ok(Err(fault)),
        },
    };
    let member = Member {
        account_id: invitation.account_id,
        user_id: person.user_id,
        email: person.email.clone(),
        name: person.name.clone(),
        role: invitation.role,
        joined_at: now,
        signed_in_at: None,
        has_totp: person.second_factor().is_some(),
        opened: 0,
    };
    let most = app.store.account(invitation.account_id).await?.plan.limits().people;
    let joining = Joining { member: &member, new: known.is_none().then_some(&person), invitation, most };
    let target = person.user_id.to_string();
    let audit = entry::audit(app, meta, invitation.account_id, &person, AuditAction::PersonJoined, target);
    match app.store.admit(&joining, &audit).await {
        Ok(()) | Err(PeopleError::Member) => {}
        Err(PeopleError::Full) => return Ok(Err(t.account_full.to_owned())),
        Err(PeopleError::Taken) => return Ok(Err(t.address_taken.to_owned())),
        Err(PeopleError::Gone) => return Ok(Err(t.link_over_says.to_owned())),
        Err(PeopleError::LastOwner) => return Ok(Err(t.link_over_says.to_owned())),
        Err(PeopleError::Store(error)) => return Err(error.into()),
    }
    let cookie = entry::open(app, meta, &person, invitation.account_id, None).await?;
    entry::note_client(app, meta, &person).await?;
    Ok(Ok(entry::with_cookie(to("/monitors", ""), cookie)))
}

async fn new_person(
    app: &App,
    shell: &Shell,
    invitation: &Invitation,
    sent: &Sent,
) -> Result<Result<Person, String>, Problem> {
    let t = &shell.t.sign_in;
    let email = if chooses_address(invitation) && !sent.text("email").trim().is_empty() {
        match MailAddress::try_from(sent.text("email").trim().to_owned()) {
            Ok(address) => address.as_given().to_owned(),
            Err(error) => return Ok(Err(format!("{}: {error}", t.email))),
        }
    } else {
        invitation.email.clone()
    };
    let name = match Name::try_from(sent.text("name").trim().to_owned()) {
        Ok(name) => String::from(name),
        Err(error) => return Ok(Err(format!("{}: {error}", shell.t.common.name))),
    };
    let password = match entry::chosen(shell.t, sent.text("password")) {
        Ok(password) => password,
        Err(fault) => return Ok(Err(fault)),
    };
    let now = app.now();
    Ok(Ok(Person {
        user_id: UserId::new(now, entropy()),
        email,
        name,
        password: Some(entry::hash(password).await?),
        totp: None,
        created_at: now,
    }))
}

async fn new_password(
    app: &App,
    meta: &RequestMeta,
    shell: &Shell,
    hash: &TokenHash,
    person: &Person,
    resets_totp: bool,
    sent: &Sent,
) -> Result<Done, Problem> {
    let t = &shell.t.sign_in;
    let password = match entry::chosen(shell.t, sent.text("password")) {
        Ok(password) => password,
        Err(fault) => return Ok(Err(fault)),
    };
    let Some(account) = entry::first_account(app, person).await? else { return Ok(Err(t.no_account.to_owned())) };
    if !resets_totp && let Some(fault) = entry::wrong_code(app, shell.t, person, sent.text("code")).await? {
        return Ok(Err(fault.to_owned()));
    }
    if !app.store.use_link(hash).await? {
        return Ok(Err(t.link_over_says.to_owned()));
    }
    let target = person.user_id.to_string();
    let audit = |action| entry::audit(app, meta, account, person, action, target.clone());
    app.store
        .set_password(person.user_id, &entry::hash(password).await?, &audit(AuditAction::PersonPasswordSet))
        .await?;
    // The secret of a second factor that was offered but not confirmed may have been seen by others.
    if person.totp.is_some() && (resets_totp || person.second_factor().is_none()) {
        app.store.set_totp(person.user_id, None, &audit(AuditAction::PersonTotpRemoved)).await?;
        app.store.note_totp(person.user_id, false).await?;
    }
    entry::end_others(app, meta, person, None).await?;
    let cookie = entry::open(app, meta, person, account, None).await?;
    Ok(Ok(entry::with_cookie(to("/monitors", "password_set"), cookie)))
}
