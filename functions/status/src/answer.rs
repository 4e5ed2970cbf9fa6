//! From a request to its answer: the page, who may see it, what is kept of it, and the headers.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use valpero_domain::{
    Timestamp,
    pages::{PageView, Slug, Theme},
};
use valpero_http::{Problem, RequestMeta};
use valpero_statuspage::texts;
use valpero_storage::{Optional, OwnDomain, PostRow};

use crate::{
    Status,
    access::{Access, access, cookie, is_limited},
    asked::{Asked, What, Which},
    assets,
    frame::Place,
    html,
    kept::Page,
    password::{Tried, tried},
    render::{Posts, Rendered, needs, render},
};

/// How long browsers and proxies may keep what everybody may see.
const PUBLIC: &str = "public, max-age=15, stale-while-revalidate=60, stale-if-error=86400";

/// Caching of what only some may see: none.
const PRIVATE: &str = "private, no-store";

impl Status {
    pub(crate) async fn answer(&self, request: Request) -> Response {
        if let Some(asset) = assets::serve(request.uri().path()) {
            return asset;
        }
        self.try_answer(request).await.unwrap_or_else(IntoResponse::into_response)
    }

    async fn try_answer(&self, request: Request) -> Result<Response, Problem> {
        let Some(asked) = Asked::of(request.uri(), request.headers()) else { return nothing(StatusCode::NOT_FOUND) };
        let Some(slug) = self.slug(&asked).await? else { return nothing(StatusCode::NOT_FOUND) };
        let Some((page, is_stale)) = self.kept.page(&self.app, &slug).await? else {
            return nothing(StatusCode::NOT_FOUND);
        };
        let Some(view) = &page.public.view else {
            // It was made a moment ago, and its first view is on its way.
            return Err(Problem::not_made_yet());
        };
        let place = self.place(&asked.page, &slug);
        let meta = request.extensions().get::<RequestMeta>().cloned().unwrap_or_default();
        // Its token opens it, whoever may see the page: a mail's reader ends a subscription from anywhere.
        match &asked.what {
            Some(What::Subscription(token)) => return self.subscription(&page, view, &place, token, request).await,
            Some(What::Here(id)) if *id == page.public.page_id => return Ok(StatusCode::NO_CONTENT.into_response()),
            Some(What::Here(_)) => return nothing(StatusCode::NOT_FOUND),
            Some(What::Unsubscribe(token)) => return self.unsubscribe(&page, view, &place, token, request).await,
            _ => {}
        }
        let wants_password = asked.what == Some(What::Password);
        match access(&page.public, view, &meta, request.headers()) {
            Access::Open if wants_password => return Ok(to_front(&place, None)),
            Access::Open => {}
            Access::WrongNetwork => return nothing(StatusCode::FORBIDDEN),
            Access::AsksPassword => {
                return self.ask_password(&page, view, &place, &meta, wants_password, request).await;
            }
        }
        if asked.what == Some(What::Subscribe) {
            return self.subscribe(&page, view, &place, &meta, request).await;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::wrong_method());
        }
        let Some(what) = asked.what else { return nothing(StatusCode::NOT_FOUND) };
        let rendered = self.rendered(&page, view, &what, &place, is_stale).await?;
        let Some(rendered) = rendered else { return nothing(StatusCode::NOT_FOUND) };
        Ok(dressed(&rendered, &what, view, request.headers()))
    }

    async fn slug(&self, asked: &Asked) -> Result<Option<Slug>, Problem> {
        match &asked.page {
            Which::Slug(slug) => Ok(Some(slug.clone())),
            Which::Host(host) => {
                let found = self.kept.page_of(&self.app, host).await?;
                // A domain that nobody has seen to lead here shows nothing, but for whoever looks.
                let shows = |one: &OwnDomain| one.live || matches!(asked.what, Some(What::Here(_)));
                Ok(found.filter(shows).map(|one| one.slug))
            }
        }
    }

    fn place(&self, page: &Which, slug: &Slug) -> Place {
        match page {
            Which::Slug(_) => {
                let url = slug.url(self.app.settings.public_url.as_ref());
                Place { base: slug.path(), url, is_preview: false }
            }
            Which::Host(host) => {
                let deployment = self.app.settings.public_url.as_ref();
                let url = deployment.map_or_else(|| format!("https://{host}"), |deployment| deployment.at_host(host));
                Place { base: String::new(), url, is_preview: false }
            }
        }
    }

    fn is_plain(&self) -> bool {
        self.app.settings.public_url.as_ref().is_some_and(valpero_domain::PublicUrl::is_plain)
    }

    async fn ask_password(
        &self,
        page: &Page,
        view: &PageView,
        place: &Place,
        meta: &RequestMeta,
        wants_password: bool,
        request: Request,
    ) -> Result<Response, Problem> {
        let t = texts(view.spec.language);
        let is_post = request.method() == Method::POST;
        let (status, fault) = if wants_password && is_post {
            match tried(&self.app, &page.public, meta, request.into_body()).await? {
                Tried::Right => return Ok(to_front(place, cookie(&page.public, self.is_plain()))),
                tried @ Tried::Wrong => (tried.status(), t.password_wrong),
                tried @ Tried::TooMany => (tried.status(), t.password_later),
            }
        } else {
            (StatusCode::UNAUTHORIZED, "")
        };
        let form = html::password(view, place, fault).map_err(|error| Problem::internal(&error))?;
        Ok(private(status, form, &view.spec.theme))
    }

    /// What is asked for, rendered once for all who ask while the page is kept.
    async fn rendered(
        &self,
        page: &Page,
        view: &PageView,
        what: &What,
        place: &Place,
        is_stale: bool,
    ) -> Result<Option<std::sync::Arc<Rendered>>, Problem> {
        let key = (what.clone(), place.clone(), is_stale);
        if let Some(rendered) = page.rendered(&key) {
            return Ok(Some(rendered));
        }
        let _turn = page.turn().await;
        if let Some(rendered) = page.rendered(&key) {
            return Ok(Some(rendered));
        }
        let now = self.app.now();
        let Some(needed) = needs(what, view, now) else { return Ok(None) };
        let (store, account, id) = (&self.app.store, page.public.owner, page.public.page_id);
        let posts = match needed {
            Posts::None => Vec::new(),
            Posts::Between(from, until) => store.posts_between(account, id, (from, until), MONTH_MAX).await?,
            Posts::Latest(kind, count) => {
                let accepts = |row: &PostRow| kind.is_none_or(|kind| row.post.kind == kind);
                store.posts(account, id, None, accepts, count).await?
            }
            Posts::One(post) => store.post(account, id, post).await.optional()?.into_iter().collect(),
        };
        let stale: Option<Timestamp> = is_stale.then_some(page.read_at);
        let rendered = render(what, view, place, &posts, now, stale)?.map(std::sync::Arc::new);
        // Anybody can make up labels.
        let is_made_up = matches!(what, What::Badge(asked) if asked.label.is_some());
        if let Some(rendered) = rendered.as_ref().filter(|_| !is_made_up) {
            page.keep(key, rendered);
        }
        Ok(rendered)
    }
}

/// Posts of one month that the history shows, at most.
const MONTH_MAX: usize = 200;

fn nothing(status: StatusCode) -> Result<Response, Problem> {
    let page = html::nothing().map_err(|error| Problem::internal(&error))?;
    let mut response = (status, Html(page)).into_response();
    secure(response.headers_mut(), &Theme::default(), "'none'");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A page that nothing on the way may keep.
pub(crate) fn private(status: StatusCode, html: String, theme: &Theme) -> Response {
    let mut response = (status, Html(html)).into_response();
    secure(response.headers_mut(), theme, "'none'");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
    // Its address may hold a token.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn to_front(place: &Place, cookie: Option<HeaderValue>) -> Response {
    let to = HeaderValue::from_str(&format!("{}/", place.base)).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
    response
}

/// The headers by which browsers keep harm away: the page loads its own sheet and script and, from another site, its logo alone.
fn secure(headers: &mut HeaderMap, theme: &Theme, frame_ancestors: &str) {
    let logo = theme.logo_url.as_ref().and_then(|logo| {
        let url: url::Url = logo.to_string().parse().ok()?;
        Some(url.origin().ascii_serialization())
    });
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' {}; form-action 'self'; base-uri 'none'; frame-ancestors {frame_ancestors}",
        logo.unwrap_or_default()
    );
    let fixed: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (name, value) in fixed {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// The answer with what was rendered: compressed where the client takes that, and empty where it has it already.
fn dressed(rendered: &Rendered, what: &What, view: &PageView, asked: &HeaderMap) -> Response {
    let is_limited = is_limited(view);
    let is_known = !is_limited && asked.get(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, &rendered.etag));
    let takes_gzip = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(takes_gzip);
    let gzip = rendered.gzip.as_ref().filter(|_| takes_gzip && !is_known);
    let mut response = match (is_known, gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, Some(gzip)) => {
            (rendered.status, [(header::CONTENT_ENCODING, "gzip")], Body::from(gzip.clone())).into_response()
        }
        (false, None) => (rendered.status, Body::from(rendered.plain.clone())).into_response(),
    };
    let headers = response.headers_mut();
    secure(headers, &view.spec.theme, if *what == What::Embed { "*" } else { "'none'" });
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(rendered.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(if is_limited { PRIVATE } else { PUBLIC }));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&rendered.etag) {
        headers.insert(header::ETAG, etag);
    }
    if *what == What::Embed {
        // It has no script that could renew it.
        headers.insert(header::REFRESH, HeaderValue::from_static("60"));
    }
    if matches!(what, What::Json(_) | What::Badge(_)) && !is_limited {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

fn names(tags: &HeaderValue, etag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default().split(',').map(|tag| tag.trim().trim_start_matches("W/"));
    tags.into_iter().any(|tag| tag == etag || tag == "*")
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}
