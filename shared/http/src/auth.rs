//! Who calls: the key is read, counted and put beside the request; a handler takes [`Auth`] with the scope that it needs.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use valpero_auth::Token;
use valpero_domain::{AuditAction, Scope, Timestamp};
use valpero_storage::{Metered, Refused};

use super::{Caller, Problem, RequestMeta, rate::Rate, session};
use valpero_runtime::{App, panics::caught, telemetry::chain};

/// A request is given up, and its client told so, before the front door's own patience ends, which knows no key.
const PATIENCE: Duration = Duration::from_secs(24);

/// Every answer is one key's own, some show a secret, and all age within a minute: no cache may keep any.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Counts the request on its key before anything else is done, and writes the rate headers on whatever is answered.
pub async fn meter(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let now = app.now();
    let meta = request.extensions().get::<RequestMeta>().cloned().unwrap_or_default();
    let shown = presented(&app, request.method(), request.headers());
    let (caller, rate) = match identify(&app, shown, meta).await {
        Ok(identified) => identified,
        Err((problem, rate)) => {
            let retry_after_s = problem.retry_after_s();
            let mut response = problem.into_response();
            rate.write(response.headers_mut(), now, retry_after_s);
            response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
            return response;
        }
    };
    let account = caller.account();
    request.extensions_mut().insert(caller);
    let work = tokio::time::timeout(PATIENCE, caught(next.run(request)));
    let mut response = match work.await {
        Ok(Ok(response)) => response,
        Ok(Err(panicked)) => Problem::internal(&panicked).into_response(),
        Err(_elapsed) => Problem::timed_out().into_response(),
    };
    let retry_after_s = response.extensions().get::<Problem>().and_then(Problem::retry_after_s);
    rate.write(response.headers_mut(), now, retry_after_s);
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response.extensions_mut().insert(account);
    response
}

/// The token that a request shows: that of `Authorization` or, where there is none, that of the session's cookie.
fn presented(app: &App, method: &Method, headers: &HeaderMap) -> Result<Token, Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        let token = bearer(headers).and_then(Token::parse).filter(|token| !token.is_session());
        return token.ok_or_else(Problem::unauthorized);
    }
    session::presented(app, method, headers)?.ok_or_else(Problem::unauthorized)
}

/// Who shows this token, and where their minute stands: the request is counted.
///
/// # Errors
/// What the client is told, with the rate that goes with it.
pub async fn identify(
    app: &App,
    shown: Result<Token, Problem>,
    meta: RequestMeta,
) -> Result<(Arc<Caller>, Rate), (Problem, Rate)> {
    let now = app.now();
    let unknown = Rate::unknown(now);
    let token = shown.map_err(|problem| (problem, unknown))?;
    let metered = count(app, &token, now).await?;
    let rate = Rate::of(&metered.key, now);
    let is_new_today = metered.first_of_day && metered.key.session.is_none();
    let caller = Arc::new(Caller::by_key(metered.key, token, meta));
    if is_new_today {
        note_use(app, &caller, now).await;
    }
    Ok((caller, rate))
}

async fn count(app: &App, token: &Token, now: Timestamp) -> Result<Metered, (Problem, Rate)> {
    let unknown = Rate::unknown(now);
    app.store.meter(&token.hash(), now).await.map_err(|refused| match refused {
        Refused::NoSuchKey => (Problem::unauthorized(), unknown),
        Refused::OverLimit(key) => {
            let rate = Rate::of(&key, now);
            let detail = format!("The plan allows {} requests a minute with one key.", key.request_limit);
            (Problem::too_many(crate::Code::RateLimited, detail, rate.seconds_left(now)), rate)
        }
        Refused::Store(error) => (Problem::from(error), unknown),
    })
}

/// The token of `Authorization: Bearer …`; the scheme's case does not matter (RFC 9110, section 11.1). Of two headers nobody knows
/// which is meant, and a proxy in between may have read the other one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The one row a key and day that tells of reads. It must not stand in the way of the request that it tells of.
async fn note_use(app: &App, caller: &Caller, now: Timestamp) {
    let row = caller.audit(now, AuditAction::KeyUsed, Some(caller.receipts.key_id.to_string()));
    if let Err(error) = app.store.append_audit_row(&row).await {
        tracing::error!(key_id = %caller.receipts.key_id, error = chain(&error), "a key's use was not noted");
    }
}

/// A scope as a type, so that a handler's arguments say what it needs.
pub trait Need: Send + Sync {
    /// The scope.
    const SCOPE: Scope;
}

/// The scopes as types.
pub mod need {
    use super::{Need, Scope};

    macro_rules! needs {
        ($($name:ident),*) => {$(
            #[doc = concat!("Needs [`Scope::", stringify!($name), "`].")]
            #[derive(Debug)]
            pub struct $name;

            impl Need for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*};
    }

    needs!(
        AccountRead,
        AccountWrite,
        KeysRead,
        KeysWrite,
        MonitorsRead,
        MonitorsWrite,
        IncidentsRead,
        IncidentsWrite,
        AlertsRead,
        AlertsWrite,
        PeopleRead,
        PeopleWrite,
        PagesRead,
        PagesWrite
    );
}

/// A caller that holds the scope `N`. No handler runs without one.
#[derive(Debug)]
pub struct Auth<N: Need> {
    /// Who calls.
    pub caller: Arc<Caller>,
    scope: PhantomData<N>,
}

impl<N: Need, S: Send + Sync> FromRequestParts<S> for Auth<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Arc<Caller>>().cloned().ok_or_else(Problem::unauthorized)?;
        if caller.scopes.holds(N::SCOPE) {
            Ok(Self { caller, scope: PhantomData })
        } else {
            Err(Problem::missing_scope(N::SCOPE))
        }
    }
}
