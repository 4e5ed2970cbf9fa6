//! Who looks at a page: the session is read and counted, and what the pages need of the account is read with it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use url::form_urlencoded;
use valpero_auth::Token;
use valpero_domain::{AccountId, Actor, KeyId, Language, Plan, Scopes, TimeZone};
use valpero_http::{Caller, Code, Problem, Receipts, RequestMeta, auth::identify, session};
use valpero_views::{Account, Limits, Usage};

use crate::{
    Dashboard,
    client::Client,
    page::{Shell, refusal},
    texts::Texts,
};

/// A person who is signed in. Handlers take it as `Extension<Arc<Visitor>>`.
#[derive(Debug)]
pub struct Visitor {
    /// The API, as this person.
    pub client: Client,
    /// The person's account.
    pub account: Account,
    /// The pages' texts in the account's language.
    pub t: &'static Texts,
    /// The time of this request.
    pub now: valpero_domain::Timestamp,
    /// What the page before has done, as `?done=` says.
    done: String,
}

impl Visitor {
    /// What every page shows, with this entry of the menu as the present one.
    pub fn shell(&self, here: &'static str) -> Shell {
        Shell {
            t: self.t,
            zone: self.account.time_zone,
            now: self.now,
            here,
            name: self.client.caller().author.name.clone().unwrap_or_default(),
            scopes: self.client.caller().scopes.clone(),
            done: self.t.done(&self.done),
        }
    }
}

/// Lets in who is signed in, and leads all others to the page that signs them in.
pub async fn greet(State(dashboard): State<Dashboard>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let shown = session::presented(&dashboard.app, &head.method, &head.headers);
    let was_shown = matches!(shown, Ok(Some(_)));
    match visitor(&dashboard, &head, shown).await {
        Ok(visitor) => {
            let visitor = Arc::new(visitor);
            head.extensions.insert(Arc::clone(&visitor));
            let mut response = next.run(Request::from_parts(head, body)).await;
            if let Some(problem) = response.extensions_mut().remove::<Problem>() {
                response = refusal(&visitor.shell(""), &problem);
            }
            response
        }
        Err(problem) if problem.code() == Code::Unauthorized && is_open(&dashboard, &head.uri) => {
            let visitor = Arc::new(guest(&dashboard, &head));
            if !session::is_safe(&head.method)
                && let Err(problem) = count_probe(&dashboard, &head).await
            {
                return refusal(&visitor.shell("tools"), &problem);
            }
            head.extensions.insert(Arc::clone(&visitor));
            let mut response = next.run(Request::from_parts(head, body)).await;
            if let Some(problem) = response.extensions_mut().remove::<Problem>() {
                response = refusal(&visitor.shell("tools"), &problem);
            }
            response
        }
        Err(problem) if problem.code() == Code::Unauthorized => {
            let ended = was_shown.then(|| session::ended(&dashboard.app)).flatten();
            sign_in(&head.uri, session::is_safe(&head.method), ended)
        }
        Err(problem) => refusal(&Shell::of_nobody(&head.headers, dashboard.app.now()), &problem),
    }
}

async fn visitor(
    dashboard: &Dashboard,
    head: &Parts,
    shown: Result<Option<Token>, Problem>,
) -> Result<Visitor, Problem> {
    let app = &dashboard.app;
    let shown = shown?.ok_or_else(Problem::unauthorized);
    let meta = head.extensions.get::<RequestMeta>().cloned().unwrap_or_default();
    let (caller, _) = identify(app, shown, meta).await.map_err(|(problem, _)| problem)?;
    let client = Client::new(dashboard.api.clone(), caller);
    let account: Account = client.get("/api/v1/account").await?;
    let query = head.uri.query().unwrap_or_default();
    let done = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done");
    let done = done.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let t = Texts::of(account.language);
    Ok(Visitor { client: client.saying(t), t, account, now: app.now(), done })
}

/// Probes that an address of nobody's may ask for in a minute.
const PROBES_MAX: u32 = 10;

/// Whether everybody may see this: the tools, where the deployment says so.
fn is_open(dashboard: &Dashboard, uri: &Uri) -> bool {
    dashboard.app.settings.public_tools && uri.path() == "/tools"
}

/// Whoever is not signed in, at a page that is open to everybody: of no account, and with the scope that looks at public targets.
fn guest(dashboard: &Dashboard, head: &Parts) -> Visitor {
    let now = dashboard.app.now();
    let nobody = [0; 16];
    let id = AccountId::from_bytes(nobody);
    let caller = Caller {
        account: id,
        author: Actor::System.into(),
        scopes: Scopes::of_a_guest(),
        request_limit: None,
        expires_at: None,
        minted_by: None,
        receipts: Receipts { key_id: KeyId::from_bytes(nobody), token: Token::generate() },
        meta: head.extensions.get::<RequestMeta>().cloned().unwrap_or_default(),
    };
    let t = Texts::accepted(&head.headers);
    let account = Account {
        id,
        email: String::new(),
        plan: Plan::Free,
        language: Language::default(),
        time_zone: TimeZone::default(),
        muted_until: None,
        created_at: now,
        limits: Limits {
            requests_per_minute: 0,
            monitors: 0,
            people: 0,
            status_pages: 0,
            min_check_interval: Plan::Free.limits().min_check_interval,
        },
        usage: Usage { monitors: 0, people: 0, status_pages: 0 },
    };
    let client = Client::new(dashboard.api.clone(), Arc::new(caller)).saying(t);
    Visitor { client, account, t, now, done: String::new() }
}

/// Counts a probe of somebody who is not signed in.
async fn count_probe(dashboard: &Dashboard, head: &Parts) -> Result<(), Problem> {
    let now = dashboard.app.now();
    let client = head.extensions.get::<RequestMeta>().map(RequestMeta::client).unwrap_or_default();
    let what = format!("tools {client} {}", now.minute());
    if dashboard.app.store.count_try(&what, now, PROBES_MAX).await? {
        return Ok(());
    }
    let detail = format!("Everybody may try {PROBES_MAX} targets a minute. Wait a minute, or sign in.");
    Err(Problem::too_many(Code::RateLimited, detail, 60))
}

/// The way to the page that signs in, and from there back to this one. A cookie that opens nothing is taken back; where none was shown, as with a
/// form of another site, nothing is: the browser may have one all the same. Of a form that was sent, what it said is lost, and the way back is to
/// the first page.
fn sign_in(uri: &Uri, is_safe: bool, ended: Option<HeaderValue>) -> Response {
    let back = uri.path_and_query().map(ToString::to_string).filter(|path| is_safe && path != "/");
    let to = match back {
        Some(back) => {
            format!("/sign-in?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", &back).finish())
        }
        None => "/sign-in".to_owned(),
    };
    let mut response = Redirect::to(&to).into_response();
    if let Some(ended) = ended {
        response.headers_mut().append(header::SET_COOKIE, ended);
    }
    response
}
