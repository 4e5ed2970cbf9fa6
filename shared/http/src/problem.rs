//! What a client sees when something is wrong: RFC 9457 problem documents. The only place that knows status codes.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use utoipa::ToSchema;
use valpero_auth::NoEntropy;
use valpero_domain::{Fault, Faults, Scope};
use valpero_storage::StoreError;

use valpero_runtime::{WorkError, telemetry::chain};

const COLLISION: &str = "collision";
const REPEATED: &str = "idempotency_in_progress";

/// Every problem: its status, its code, and what it means. The reference shows them, and no other may be answered.
pub const PROBLEMS: &[(u16, &str, &str)] = &[
    (400, "bad_json", "The body is not valid JSON."),
    (400, "bad_request", "The request is malformed."),
    (401, "unauthorized", "The key is missing, malformed, unknown, revoked or expired."),
    (403, "missing_scope", "The key lacks the scope that `detail` names."),
    (403, "scope_beyond_key", "A key can only grant scopes that it holds, and only revoke keys whose scopes it holds."),
    (403, "monitor_limit_reached", "The account has as many monitors as its plan allows."),
    (403, "key_limit_reached", "The account has the maximum number of live keys, 100."),
    (404, "not_found", "The account has no such object."),
    (404, "no_route", "There is no such route."),
    (405, "method_not_allowed", "The route does not support this method; `Allow` lists the methods that it supports."),
    (409, "collision", "Concurrent requests are changing the same object. Nothing was changed; try again."),
    (
        409,
        "idempotency_in_progress",
        "A request with this `Idempotency-Key` is in progress; try again to get its response.",
    ),
    (409, "incident_resolved", "The incident is resolved and can no longer be acknowledged."),
    (409, "key_ended", "The key is revoked or expired, so it cannot be rotated."),
    (409, "key_rotated", "The key was already rotated; `detail` names its successor."),
    (409, "monitor_deleted", "The monitor was deleted, and its webhook with it."),
    (409, "monitor_paused", "The monitor is paused; resume it first."),
    (409, "no_webhook", "The monitor has no `webhook_url`."),
    (409, "webhook_disabled", "The webhook's receiver answered 410 Gone; give the monitor another `webhook_url`."),
    (413, "body_too_large", "The body is larger than 64 KiB."),
    (415, "unsupported_media_type", "The `Content-Type` of the body is not `application/json`."),
    (422, "validation_failed", "The body or the query is invalid; `errors` lists every error."),
    (422, "idempotency_key_reused", "The `Idempotency-Key` was used with another request within the last 24 hours."),
    (429, "rate_limited", "The key has used up its requests for this minute."),
    (429, "check_quota_reached", "The monitor has used up its requested checks for this minute, 10."),
    (429, "webhook_quota_reached", "The monitor has used up its test and repeated webhooks for this minute, 60."),
    (500, "internal_error", "Internal error. It is logged under the request ID."),
    (503, "no_region_yet", "No region has reported yet. In a new deployment the first one does within a minute."),
    (503, "unavailable", "The service is overloaded. Nothing was changed."),
    (503, "unreachable", "The database failed or did not answer. A change may or may not have been made."),
    (504, "timed_out", "The request took longer than 25 s. A change may or may not have been made."),
];

/// How often work that collided is done anew before the client is told.
const COLLISIONS: u32 = 16;

/// The longest wait before the first of these; each is up to twice as long as the one before, and none longer than the last.
const COLLISION_WAIT: Duration = Duration::from_millis(10);
const COLLISION_WAIT_MAX: Duration = Duration::from_secs(1);

/// After so long nothing is begun anew: the store has its own patience with each piece of work, and the request's is 24 s.
const COLLISIONS_END: Duration = Duration::from_secs(10);

/// Does the work anew, from reading on, when somebody else changed the object in between. The waits are random, so that of many
/// who met, few meet again.
///
/// # Errors
/// What the work says, at last.
pub async fn retry_on_conflict<T, W: Future<Output = Result<T, Problem>>>(work: impl Fn() -> W) -> Result<T, Problem> {
    let started = Instant::now();
    let mut longest = COLLISION_WAIT;
    for _ in 1..COLLISIONS {
        match work().await {
            Err(problem) if problem.is_collision() && started.elapsed() < COLLISIONS_END => {}
            done => return done,
        }
        let [part] = valpero_auth::random_bytes()?;
        tokio::time::sleep(longest * u32::from(part) / 255).await;
        longest = (longest * 2).min(COLLISION_WAIT_MAX);
    }
    work().await
}

/// A problem: what is wrong and what to do.
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<Fault>,
    retry_after_s: Option<i64>,
    internal: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        debug_assert!(
            PROBLEMS.iter().any(|(of, known, _)| *of == status.as_u16() && *known == code),
            "{code} is not in the reference"
        );
        Self(Box::new(Details { status, code, title, detail, errors: Vec::new(), retry_after_s: None, internal: None }))
    }

    /// 400: the body is no JSON.
    pub fn bad_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_json", "The body is not valid JSON", detail)
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read", detail)
    }

    /// 401: no key, or none that opens anything.
    pub fn unauthorized() -> Self {
        let detail =
            "Send a key as `Authorization: Bearer val_key_…`. It is missing, malformed, unknown, revoked or expired.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "No valid API key", detail)
    }

    /// 403: the key lacks a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("This request needs the scope {scope}; mint a key that has it.");
        Self::new(StatusCode::FORBIDDEN, "missing_scope", "The key lacks a scope", detail)
    }

    /// 403: the key would hand out what it does not hold.
    pub fn scope_beyond_key(scope: Scope) -> Self {
        let detail = format!("A key can only hand out scopes that it holds itself; this one lacks {scope}.");
        Self::new(StatusCode::FORBIDDEN, "scope_beyond_key", "The key lacks a scope that it would hand out", detail)
    }

    /// 403: the key would end one that may do what it may not.
    pub fn revokes_beyond_key(scope: Scope) -> Self {
        let detail = format!("A key can only revoke keys whose scopes it holds itself; this one lacks {scope}.");
        Self::new(
            StatusCode::FORBIDDEN,
            "scope_beyond_key",
            "The key lacks a scope of the key that it would revoke",
            detail,
        )
    }

    /// 403: the key lacks a scope that this request needs, though not every request to the route does; `why` is a sentence.
    pub fn missing_scope_for(scope: Scope, why: &str) -> Self {
        let mut problem = Self::missing_scope(scope);
        problem.0.detail = format!("{why} {}", problem.0.detail);
        problem
    }

    /// 403: the plan's monitors are used up.
    pub fn monitor_limit(most: u32) -> Self {
        let detail = format!("The plan allows {most} monitors. Delete one, or change the plan.");
        Self::new(StatusCode::FORBIDDEN, "monitor_limit_reached", "The plan's limit of monitors is reached", detail)
    }

    /// 403: as many live keys as an account may have.
    pub fn key_limit(most: usize) -> Self {
        let detail = format!(
            "An account may have {most} live keys, and during the grace of a rotation both keys are live. Revoke one that is no \
             longer used."
        );
        Self::new(StatusCode::FORBIDDEN, "key_limit_reached", "The account has too many keys", detail)
    }

    /// 404: no such object, or another account's.
    pub fn not_found() -> Self {
        let detail = "The account has no such object.";
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail)
    }

    /// 404: no such route.
    pub fn no_route() -> Self {
        let detail = "There is no such route; check the path, which begins with /api/v1.";
        Self::new(StatusCode::NOT_FOUND, "no_route", "No such route", detail)
    }

    /// 405: not by this method.
    pub fn wrong_method() -> Self {
        let detail = "The route does not take this method; the Allow header names those it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Wrong method", detail)
    }

    /// 409: not in this state.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "Not possible in this state", detail)
    }

    /// 409: a request of the same idempotency key is under way.
    fn repeated() -> Self {
        let detail = "A request with this Idempotency-Key is under way at this moment. Try again to get its answer.";
        let mut problem = Self::conflict(REPEATED, detail);
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// 422: the idempotency key stood for another request.
    pub fn idempotency_key_reused() -> Self {
        let detail =
            "This Idempotency-Key was sent with another request within 24 hours. Send a new key with a new request.";
        let title = "The idempotency key is taken";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", title, detail)
    }

    /// 413: too long.
    pub fn too_large(most: usize) -> Self {
        let detail = format!("The body may be {} KiB long.", most / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", detail)
    }

    /// 415: not JSON by its own word.
    pub fn wrong_media_type() -> Self {
        let detail = "Send JSON, with `Content-Type: application/json`.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Wrong content type", detail)
    }

    /// 422: understood, and wrong.
    pub fn invalid(faults: Faults) -> Self {
        let errors = faults.into_vec();
        let detail = match errors.as_slice() {
            [one] => format!("{} {}.", if one.pointer.is_empty() { "The body" } else { &one.pointer }, one.detail),
            many => format!("{} fields are wrong; `errors` names each.", many.len()),
        };
        let title = "The request is not valid";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", title, detail);
        problem.0.errors = errors;
        problem
    }

    /// 429: over a limit.
    pub fn too_many(code: &'static str, detail: impl Into<String>, retry_after_s: i64) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, code, "Too many requests", detail);
        problem.0.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 500: our fault; `error` is for the log, not for the client.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        let detail =
            "It is our fault, and it is logged under this request's id. Try again; if it stays, report the id.";
        let mut problem =
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Something failed on our side", detail);
        problem.0.internal = Some(chain(error));
        problem
    }

    /// 503: try again soon.
    pub fn unavailable(error: &(dyn Error + 'static)) -> Self {
        let detail = "Too much is going on right now. Nothing was changed; try again.";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again soon", detail);
        problem.0.internal = Some(chain(error));
        problem.0.retry_after_s = Some(2);
        problem
    }

    /// 504: it took too long, and nobody knows how far it came.
    pub fn timed_out() -> Self {
        let detail = "The request took too long. Whether a change was made is not known: look before you try again.";
        let mut problem = Self::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "Try again soon", detail);
        problem.0.internal = Some("a request took longer than 25 s".into());
        problem.0.retry_after_s = Some(5);
        problem
    }

    /// 503: no region has said yet that it checks.
    pub fn no_region() -> Self {
        let detail = "No region has reported yet. In a new deployment the first one does within a minute.";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_region_yet", "Try again soon", detail);
        problem.0.retry_after_s = Some(30);
        problem
    }

    /// 503: the store did not answer, so nobody knows what it did.
    pub fn unreachable(error: &(dyn Error + 'static)) -> Self {
        let detail = "The database failed, or did not answer. Whether a change was made is not known: look before you try again.";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unreachable", "Try again soon", detail);
        problem.0.internal = Some(chain(error));
        problem.0.retry_after_s = Some(2);
        problem
    }

    /// 409: somebody else changed the same object at the same time, again and again. It is no fault of ours, so no alarm counts it.
    fn collision() -> Self {
        let detail = "Concurrent requests are changing the same object. Nothing was changed; try again.";
        let mut problem = Self::new(StatusCode::CONFLICT, COLLISION, "Try again soon", detail);
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// Whether somebody else was faster, so that reading the object again and deciding anew makes sense.
    fn is_collision(&self) -> bool {
        self.0.code == COLLISION
    }

    /// Seconds until a retry makes sense, where this problem says so itself.
    pub fn retry_after_s(&self) -> Option<i64> {
        self.0.retry_after_s
    }

    /// The problem for a program, such as `validation_failed`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Every fault of the request, each with a pointer to it: with `validation_failed`.
    pub fn errors(&self) -> &[Fault] {
        &self.0.errors
    }

    /// What the log gets to know beyond the client.
    pub fn internal_detail(&self) -> Option<&str> {
        self.0.internal.as_deref()
    }

    /// The document.
    pub fn document(&self, request_id: &str) -> Value {
        let mut document = json!({
            "type": format!("/docs/api#problem-{}", self.0.code),
            "title": self.0.title,
            "status": self.0.status.as_u16(),
            "detail": self.0.detail,
            "code": self.0.code,
            "request_id": request_id,
        });
        if !self.0.errors.is_empty() {
            document["errors"] = json!(self.0.errors);
        }
        document
    }
}

/// Problem document (RFC 9457) with additional members.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// URI of the problem's description in this reference. The same for every problem with this `code`.
    #[schema(rename = "type", example = "/docs/api#problem-not_found")]
    pub kind: String,
    /// Short summary.
    #[schema(example = "Not found")]
    pub title: String,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// Readable explanation of this occurrence, and what to do.
    #[schema(example = "The account has no such object.")]
    pub detail: String,
    /// Machine-readable code. It does not change between versions.
    #[schema(example = "not_found", pattern = "^[a-z0-9_]+$")]
    pub code: String,
    /// ID of the request, as in `X-Request-Id`.
    #[schema(example = "req_01M82PJFFSY9XKXCV0WRMX4C7M")]
    pub request_id: String,
    /// All errors of the request. Only with `validation_failed`.
    #[schema(nullable = false)]
    pub errors: Option<Vec<FaultDocument>>,
}

/// One validation error.
#[derive(Debug, ToSchema)]
#[schema(as = Fault)]
pub struct FaultDocument {
    /// Location of the error: a JSON Pointer (RFC 6901) into the body, or `/` and the name of a query parameter.
    #[schema(example = "/check_interval")]
    pub pointer: String,
    /// What is wrong, and what is allowed.
    #[schema(example = "must be a multiple of 60, 60 to 86400 seconds")]
    pub detail: String,
}

impl IntoResponse for Problem {
    /// The status, with the problem beside it: the front door writes the document, for it knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict | StoreError::Contended(_) => Self::collision(),
            StoreError::Repeated => Self::repeated(),
            StoreError::Throttled(_) => Self::unavailable(&error),
            StoreError::Unreachable(_) => Self::unreachable(&error),
            StoreError::LimitReached | StoreError::Corrupt { .. } | StoreError::Aws(_) => Self::internal(&error),
        }
    }
}

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Store(error) => error.into(),
            WorkError::NoEntropy(error) => error.into(),
            WorkError::Render(error) => Self::internal(&error),
            WorkError::Panicked(panicked) => Self::internal(&panicked),
        }
    }
}

impl From<NoEntropy> for Problem {
    fn from(error: NoEntropy) -> Self {
        Self::internal(&error)
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}
