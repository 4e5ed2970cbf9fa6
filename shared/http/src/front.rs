//! The front door: gives the request its id, catches panics, writes problems, and logs one line.

use std::time::{Duration, Instant};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower_http::compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::SizeAbove};
use valpero_domain::AccountId;
use valpero_storage::Usage;

use super::{Problem, RequestMeta, auth::meter, rate::Rate};
use valpero_runtime::{App, panics::caught};

/// A request is given up, and its client told so, before the gateway's 30 s and the function's 29 s end it without a word of ours.
const PATIENCE: Duration = Duration::from_secs(25);

/// Routes that need no key, behind the front door.
pub fn finish_open(routes: impl Into<Router<App>>, app: App) -> Router {
    routes
        .into()
        .fallback(|| async { Problem::no_route() })
        .layer((gzip(), from_fn_with_state(app.clone(), front)))
        .with_state(app)
}

/// Routes that need no key, and behind them those that need one. What is no route at all asks for a key first.
pub fn finish_both(open: impl Into<Router<App>>, keyed: impl Into<Router<App>>, app: App) -> Router {
    Router::new().merge(finish_open(open, app.clone()).reset_fallback()).fallback_service(finish(keyed, app))
}

/// A problem that a page has told already: the front door logs it, and leaves the page as it is.
#[derive(Debug, Clone)]
pub struct Dressed(pub Problem);

/// Pages, which answer whatever they are asked, behind the front door.
pub fn finish_pages(pages: Router, app: App) -> Router {
    pages.layer((gzip(), from_fn_with_state(app, front)))
}

/// Routes for a client in this process, such as a page that has met its own visitor: they ask for the `Arc<Caller>` that the client
/// puts into the request's extensions, count nothing, and answer a refusal as the [`Problem`] in the response's extensions, without a
/// body.
pub fn inner(routes: impl Into<Router<App>>, app: App) -> Router {
    routes.into().fallback(|| async { Problem::no_route() }).with_state(app)
}

/// A function's routes behind the front door and the meter.
pub fn finish(routes: impl Into<Router<App>>, app: App) -> Router {
    routes
        .into()
        .fallback(|| async { Problem::no_route() })
        .layer((gzip(), from_fn_with_state(app.clone(), front), from_fn_with_state(app.clone(), meter)))
        .with_state(app)
}

/// Compresses what the client accepts by gzip, where that saves more than it costs.
fn gzip() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)))
}

async fn front(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let meta = RequestMeta::of(&app, &request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(meta.clone());
    let work = tokio::time::timeout(PATIENCE, caught(next.run(request)));
    let (ended, usage) = Usage::of(work).await;
    let mut response = match ended {
        Ok(Ok(response)) => response,
        Ok(Err(panicked)) => without_key(&app, Problem::internal(&panicked)),
        Err(_elapsed) => without_key(&app, Problem::timed_out()),
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && response.extensions().get::<Problem>().is_none() {
        let headers = response.headers().clone();
        response = Problem::wrong_method().into_response();
        response.headers_mut().extend(headers);
    }
    let account_id = response.extensions().get::<AccountId>().map(ToString::to_string);
    let dressed = response.extensions_mut().remove::<Dressed>().map(|Dressed(problem)| problem);
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        response = document(problem, &meta.request_id, response.status(), response.headers());
    }
    if let Ok(id) = HeaderValue::from_str(&meta.request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response.extensions_mut().insert(usage);
    let status = response.status().as_u16();
    let problem = problem.or(dressed);
    let error = problem.as_ref().and_then(Problem::internal_detail);
    tracing::info!(
        request_id = meta.request_id,
        account_id,
        method = %method,
        route,
        status,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        wru = usage.wru,
        rru = usage.rru,
        round_trips = usage.round_trips,
        error,
        "request"
    );
    if let Some(error) = error {
        tracing::error!(request_id = meta.request_id, status, error, "a request failed on our side");
    }
    response
}

/// A problem of a request whose key nobody knows any more.
fn without_key(app: &App, problem: Problem) -> Response {
    let retry_after_s = problem.retry_after_s();
    let mut response = problem.into_response();
    Rate::unknown(app.now()).write(response.headers_mut(), app.now(), retry_after_s);
    response
}

fn document(problem: &Problem, request_id: &str, status: StatusCode, headers: &HeaderMap) -> Response {
    let body = problem.document(request_id).to_string();
    let mut response = (status, Body::from(body)).into_response();
    for (name, value) in headers {
        if !matches!(*name, header::CONTENT_LENGTH | header::CONTENT_TYPE) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use valpero_runtime::Config;

    /// An application that asks nothing of its store.
    async fn app() -> App {
        let (stack, home_region) = ("x".to_owned(), "eu-north-1".to_owned());
        Config {
            stack,
            home_region,
            queue_url: None,
            events: false,
            private_targets: false,
            region: None,
            mail: None,
            public_url: None,
            mail_rate: 1,
            public_tools: false,
        }
        .connect()
        .await
    }

    async fn ask(path: &str) -> (u16, serde_json::Value, HeaderMap) {
        async fn hangs() {
            std::future::pending::<()>().await;
        }
        async fn panics() {
            panic!("on purpose")
        }
        let routes = Router::new().route("/hangs", get(hangs)).route("/panics", get(panics));
        let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        let response = finish_open(routes, app().await).oneshot(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (head.status.as_u16(), serde_json::from_slice(&bytes).expect("JSON"), head.headers)
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_or_panics_is_answered_as_a_problem_with_the_headers() {
        for (path, status, code) in [("/hangs", 504, "timed_out"), ("/panics", 500, "internal_error")] {
            let (found, problem, headers) = ask(path).await;
            assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{path}");
            let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header("content-type"), Some("application/problem+json"));
            assert_eq!(problem["request_id"].as_str(), header("x-request-id"));
            assert_eq!((header("x-ratelimit-limit"), header("x-ratelimit-remaining")), (Some("0"), Some("0")));
            assert!(header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{path}");
        }
    }
}
