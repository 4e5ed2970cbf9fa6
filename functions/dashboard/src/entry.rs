//! Coming in: what signing in, links and new passwords have in common.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use tokio::sync::Semaphore;
use valpero_auth::{Password, PasswordHash, Token};
use valpero_domain::{AccountId, Actor, AuditAction, Author, KeyId, SessionId, Timestamp, UserId};
use valpero_http::{Problem, RequestMeta, session};
use valpero_runtime::{App, entropy};
use valpero_storage::{
    ApiKey, AuditRow, Member, Optional, Person, SESSION_MOST_S, SESSIONS_MAX, SessionOf, StoreError,
};

use crate::texts::Texts;

/// Requests a minute of a session, at least: a page that renews itself asks for twenty.
const REQUESTS_A_MINUTE: u32 = 300;

/// Wrong passwords from one address in a quarter of an hour.
const TRIES_OF_ADDRESS: u32 = 20;

/// Wrong passwords for one person in a quarter of an hour, from addresses that the person never signed in from.
const TRIES_FOR_PERSON: u32 = 20;

/// Wrong passwords for one person from one address that the person signed in from lately.
const TRIES_FROM_KNOWN: u32 = 10;

/// Wrong codes of the second factor for one person in a quarter of an hour, wherever they are asked for.
const TRIES_OF_CODES: u32 = 5;

/// Wrong passwords of a person who is signed in already, in a quarter of an hour.
const TRIES_OF_PASSWORDS: u32 = 10;

/// Passwords that are hashed or compared at the same time: each takes 19 MiB.
static HASHING: Semaphore = Semaphore::const_new(4);

/// The longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3).
const ADDRESS_MAX: usize = 254;

/// The e-mail address as typed, without spaces around it. One that is too long matches no person.
pub fn address(typed: &str) -> &str {
    let typed = typed.trim();
    if typed.len() > ADDRESS_MAX { "nobody" } else { typed }
}

/// What a code of the second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Right, and used up by this.
    Right,
    /// Wrong, or used before.
    Wrong,
    /// One of too many: it was not looked at.
    TooMany,
}

/// Tries a code of a person's second factor, and counts it unless it is right.
///
/// # Errors
/// Where the store fails.
pub async fn try_code(app: &App, person: &Person, code: &str) -> Result<Code, StoreError> {
    let (what, at) = (format!("code#{}", person.user_id), app.now());
    if !app.store.count_try(&what, at, TRIES_OF_CODES).await? {
        return Ok(Code::TooMany);
    }
    let step = person.totp.as_ref().and_then(|totp| totp.secret.step_of(code, at, totp.last_step));
    let Some(step) = step else { return Ok(Code::Wrong) };
    if !app.store.use_totp_step(person.user_id, step).await? {
        return Ok(Code::Wrong);
    }
    app.store.forgive_try(&what, at).await?;
    Ok(Code::Right)
}

/// What is wrong with a person's code of the second factor; `None` when it is right, or when the person has no second factor. Each call
/// counts as a try.
///
/// # Errors
/// Where the store fails.
pub async fn wrong_code(
    app: &App,
    t: &'static Texts,
    person: &Person,
    code: &str,
) -> Result<Option<&'static str>, StoreError> {
    if person.second_factor().is_none() {
        return Ok(None);
    }
    Ok(match try_code(app, person, code).await? {
        Code::Right => None,
        Code::Wrong => Some(t.sign_in.wrong_code),
        Code::TooMany => Some(t.sign_in.too_many),
    })
}

/// A password that a person chooses.
///
/// # Errors
/// The sentence for the person when it is too short or too long.
pub fn chosen(t: &Texts, text: &str) -> Result<Password, String> {
    Password::choose(text).map_err(|error| format!("{}: {error}", t.sign_in.password))
}

/// Whether a signed-in person repeats the right password. `None` after too many tries.
///
/// # Errors
/// Where the store fails, or a fault of ours.
pub async fn knows_password(app: &App, person: &Person, text: &str) -> Result<Option<bool>, Problem> {
    let (what, at) = (format!("password#{}", person.user_id), app.now());
    if !app.store.count_try(&what, at, TRIES_OF_PASSWORDS).await? {
        return Ok(None);
    }
    let is_right = is_password(text, person.password.clone()).await?;
    if is_right {
        app.store.forgive_try(&what, at).await?;
    }
    Ok(Some(is_right))
}

/// Requires that a form was sent by a page of this deployment.
///
/// # Errors
/// 403 `cross_site`.
pub fn own_form(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if session::is_same_origin(app, headers) { Ok(()) } else { Err(Problem::cross_site()) }
}

/// The tries that one attempt to sign in counts. They are told apart by what the person did before, so that a stranger who tries many
/// passwords from elsewhere does not lock the person out.
#[derive(Debug)]
pub struct Tries {
    counted: [(String, u32); 2],
    at: Timestamp,
}

impl Tries {
    /// Counts an attempt; none where there were too many.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn count(
        app: &App,
        person: Option<UserId>,
        email: &str,
        meta: &RequestMeta,
    ) -> Result<Option<Self>, StoreError> {
        let at = app.now();
        let ip = meta.client();
        let is_known = app.store.knows_address(person, &ip, at).await?;
        let counted = if is_known {
            [(format!("known#{email}#{ip}"), TRIES_FROM_KNOWN), (format!("known#{ip}"), 10 * TRIES_OF_ADDRESS)]
        } else {
            [(format!("email#{email}"), TRIES_FOR_PERSON), (format!("ip#{ip}"), TRIES_OF_ADDRESS)]
        };
        let mut within = true;
        for (what, most) in &counted {
            within &= app.store.count_try(what, at, *most).await?;
        }
        Ok(within.then_some(Self { counted, at }))
    }

    /// The attempt was right: it does not count.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn forgive(&self, app: &App) -> Result<(), StoreError> {
        for (what, _) in &self.counted {
            app.store.forgive_try(what, self.at).await?;
        }
        Ok(())
    }
}

/// Whether the password is that of the hash; as long for nobody. On a thread of its own, since it takes 20 ms on purpose.
///
/// # Errors
/// A fault of ours.
pub async fn is_password(text: &str, hash: Option<PasswordHash>) -> Result<bool, Problem> {
    let Some(password) = Password::claim(text) else { return Ok(false) };
    let _turn = HASHING.acquire().await.map_err(|error| Problem::internal(&error))?;
    let compared = tokio::task::spawn_blocking(move || password.is_of(hash.as_ref())).await;
    compared.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))
}

/// The hash of a new password.
///
/// # Errors
/// A fault of ours.
pub async fn hash(password: Password) -> Result<PasswordHash, Problem> {
    let _turn = HASHING.acquire().await.map_err(|error| Problem::internal(&error))?;
    let hashed = tokio::task::spawn_blocking(move || password.hash()).await;
    hashed.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))
}

/// A row of the audit log for what a person does.
pub fn audit(
    app: &App,
    meta: &RequestMeta,
    account: AccountId,
    person: &Person,
    action: AuditAction,
    target: String,
) -> AuditRow {
    let by = Author { actor: Actor::User(person.user_id), name: Some(person.name.clone()) };
    meta.audit(account, by, app.now(), action, Some(target))
}

/// Remembers from where a person signed in.
///
/// # Errors
/// Where the store fails.
pub async fn note_client(app: &App, meta: &RequestMeta, person: &Person) -> Result<(), StoreError> {
    app.store.note_address(person.user_id, &meta.client(), app.now()).await
}

/// Opens a session of a person in an account, which ends at `until` at the latest: the cookie that it is sent by.
///
/// # Errors
/// Where the person does not belong to the account, or the store fails.
pub async fn open(
    app: &App,
    meta: &RequestMeta,
    person: &Person,
    account: AccountId,
    until: Option<Timestamp>,
) -> Result<Option<HeaderValue>, Problem> {
    valpero_http::retry_on_conflict(|| async {
        let now = app.now();
        let member = app.store.member(account, person.user_id).await?;
        let plan = app.store.account(account).await?.plan;
        let token = Token::generate_session();
        let session = new_session(&token, &member, person, plan.limits().requests_per_minute, meta, now);
        let session = ApiKey { expires_at: session.expires_at.min(until.or(session.expires_at)), ..session };
        let ended = superfluous(app.store.sessions(account, person.user_id).await?, now);
        let id = SessionId::of_key(session.id).to_string();
        let row = audit(app, meta, account, person, AuditAction::SessionOpened, id);
        app.store.open_session(&member, &session, &ended, &row).await?;
        Ok(session::opened(app, &token))
    })
    .await
}

fn new_session(
    token: &Token,
    member: &Member,
    person: &Person,
    limit: u32,
    meta: &RequestMeta,
    now: Timestamp,
) -> ApiKey {
    let id = KeyId::new(now, entropy());
    let (name, scopes) = (person.name.clone(), member.role.scopes());
    let key = ApiKey::new(token, member.account_id, id, name, scopes, limit.max(REQUESTS_A_MINUTE), now);
    let of = SessionOf { user_id: person.user_id, ip: meta.ip.clone(), user_agent: meta.user_agent.clone() };
    ApiKey { session: Some(of), expires_at: Some(now.plus_seconds(SESSION_MOST_S)), ..key }
}

/// Of a person's sessions those that are over, and the oldest ones where there are too many.
fn superfluous(sessions: Vec<ApiKey>, now: Timestamp) -> Vec<ApiKey> {
    let (live, mut ended): (Vec<ApiKey>, Vec<ApiKey>) = sessions.into_iter().partition(|session| session.is_live(now));
    let more = (live.len() + 1).saturating_sub(SESSIONS_MAX);
    ended.extend(live.into_iter().take(more));
    ended
}

/// Ends a person's sessions in all accounts but `kept`, such as after a new password.
///
/// # Errors
/// Where the store fails.
pub async fn end_others(app: &App, meta: &RequestMeta, person: &Person, kept: Option<KeyId>) -> Result<(), StoreError> {
    for account in app.store.accounts_of(person.user_id).await? {
        for session in app.store.sessions(account, person.user_id).await? {
            if Some(session.id) == kept {
                continue;
            }
            let id = SessionId::of_key(session.id).to_string();
            let row = audit(app, meta, account, person, AuditAction::SessionEnded, id);
            app.store.end_session(&session, &row).await?;
        }
    }
    Ok(())
}

/// The account that a person comes into: the one that was joined first and is still there.
///
/// # Errors
/// Where the store fails.
pub async fn first_account(app: &App, person: &Person) -> Result<Option<AccountId>, StoreError> {
    for account in app.store.accounts_of(person.user_id).await? {
        if app.store.member(account, person.user_id).await.optional()?.is_some() {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

/// The answer with the session's cookie.
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The path that a person wanted before signing in; the first page where it is no path of this deployment.
pub fn way_back(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if is_path { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_without_spaces_and_with_bounds() {
        assert_eq!((address(" a@b "), address(&"a".repeat(255))), ("a@b", "nobody"));
    }

    #[test]
    fn the_way_back_leads_to_this_deployment_alone() {
        for (next, to) in [
            ("/monitors?q=a", "/monitors?q=a"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
            ("javascript:alert(1)", "/"),
            ("/\t/evil.example", "/"),
        ] {
            assert_eq!(way_back(next), to, "{next:?}");
        }
    }
}
