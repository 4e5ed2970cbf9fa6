//! What a client sees when something is wrong: RFC 9457 problem documents. The only place that makes them.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use backon::{ExponentialBuilder, Retryable};
use serde_json::{Value, json};
use utoipa::ToSchema;
use valpero_domain::{Fault, Faults, Scope};
use valpero_storage::StoreError;

use valpero_runtime::{WorkError, telemetry::chain};

use crate::Code;

/// Waits of work that collided, at random, so that of many who met, few meet again: 16 attempts, between which are 10 ms at first and
/// 2 s at last.
const WAITS: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(10))
    .with_max_delay(Duration::from_secs(1))
    .with_max_times(15);

/// After so long nothing is begun anew: the store has its own patience with each piece of work, and the request's is 24 s.
const BEGUN_ANEW: Duration = Duration::from_secs(10);

/// Does the work anew, from reading on, when somebody else changed the object in between.
///
/// # Errors
/// What the work says, at last.
pub async fn retry_on_conflict<T, W: Future<Output = Result<T, Problem>>>(work: impl Fn() -> W) -> Result<T, Problem> {
    let started = Instant::now();
    work.retry(WAITS).when(|problem| problem.is_collision() && started.elapsed() < BEGUN_ANEW).await
}

/// A problem: what is wrong and what to do.
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    code: Code,
    detail: String,
    errors: Vec<Fault>,
    retry_after_s: Option<i64>,
    internal: Option<String>,
}

impl Problem {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Details { code, detail, errors: Vec::new(), retry_after_s: None, internal: None }))
    }

    /// 400: the body is no JSON.
    pub fn bad_json(detail: impl Into<String>) -> Self {
        Self::new(Code::BadJson, detail)
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, detail)
    }

    /// 401: no key, or none that opens anything.
    pub fn unauthorized() -> Self {
        let detail =
            "Send a key as `Authorization: Bearer val_key_…`. It is missing, malformed, unknown, revoked or expired.";
        Self::new(Code::Unauthorized, detail)
    }

    /// 403: a page of another site sent the request with the cookie.
    pub fn cross_site() -> Self {
        let detail =
            "A session's cookie is taken only from the deployment's own pages: send `Origin`, or use an API key.";
        Self::new(Code::CrossSite, detail)
    }

    /// 403: the key lacks a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("This request needs the scope {scope}; mint a key that has it.");
        Self::new(Code::MissingScope, detail)
    }

    /// 403: the key would hand out what it does not hold.
    pub fn scope_beyond_key(scope: Scope) -> Self {
        let detail = format!("A key can only hand out scopes that it holds itself; this one lacks {scope}.");
        Self::new(Code::ScopeBeyondKey, detail)
    }

    /// 403: the key would end one that may do what it may not.
    pub fn revokes_beyond_key(scope: Scope) -> Self {
        let detail = format!("A key can only revoke keys whose scopes it holds itself; this one lacks {scope}.");
        Self::new(Code::ScopeBeyondKey, detail)
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
        Self::new(Code::MonitorLimitReached, detail)
    }

    /// 403: as many live keys as an account may have.
    pub fn key_limit(most: usize) -> Self {
        let detail = format!(
            "An account may have {most} live keys, and during the grace of a rotation both keys are live. Revoke one that is no \
             longer used."
        );
        Self::new(Code::KeyLimitReached, detail)
    }

    /// 403: only an owner can do this.
    pub fn owners_only() -> Self {
        let detail =
            "Only an owner of the account can make owners, change their role or remove them. An API key is none.";
        Self::new(Code::OwnersOnly, detail)
    }

    /// 403: as many people as the plan allows.
    pub fn people_limit(most: u32) -> Self {
        let detail = format!(
            "The plan allows {most} people, with those who are invited. Remove one, withdraw an invitation, or change the plan."
        );
        Self::new(Code::PeopleLimitReached, detail)
    }

    /// 409: the person belongs to the account already.
    pub fn already_member() -> Self {
        Self::new(Code::AlreadyMember, "The person of this e-mail address belongs to the account already.")
    }

    /// 409: an account always has an owner.
    pub fn last_owner() -> Self {
        Self::new(Code::LastOwner, "The person is the only owner of the account. Make another owner first.")
    }

    /// 403: as many channels as an account may have.
    pub fn channel_limit(most: u32) -> Self {
        Self::new(
            Code::ChannelLimitReached,
            format!("An account may have {most} channels. Delete one that is no longer used."),
        )
    }

    /// 403: as many escalation policies as an account may have.
    pub fn policy_limit(most: u32) -> Self {
        let detail = format!("An account may have {most} escalation policies. Delete one that is no longer used.");
        Self::new(Code::PolicyLimitReached, detail)
    }

    /// 403: as many status pages as the plan allows.
    pub fn page_limit(most: u32) -> Self {
        let detail = format!("The plan allows {most} status pages. Delete one, or change the plan.");
        Self::new(Code::PageLimitReached, detail)
    }

    /// 503: a status page of a moment ago, which nobody has made yet.
    pub fn not_made_yet() -> Self {
        let mut problem = Self::new(Code::Unavailable, "The page is being made. Try again in a second.");
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// 404: a deal code that is wrong, used or expired; nobody learns which.
    pub fn deal_code() -> Self {
        Self::new(Code::DealCodeRefused, "The code is wrong, used or expired. Nothing was changed.")
    }

    /// 404: no such object, or another account's.
    pub fn not_found() -> Self {
        let detail = "The account has no such object.";
        Self::new(Code::NotFound, detail)
    }

    /// 404: no such route.
    pub fn no_route() -> Self {
        let detail = "There is no such route; check the path, which begins with /api/v1.";
        Self::new(Code::NoRoute, detail)
    }

    /// 404: no such page.
    pub fn no_page() -> Self {
        Self::new(Code::NotFound, "There is no such page. It may have been deleted, or the address is not complete.")
    }

    /// 405: not by this method.
    pub fn wrong_method() -> Self {
        let detail = "The route does not take this method; the Allow header names those it takes.";
        Self::new(Code::MethodNotAllowed, detail)
    }

    /// 409: not in this state.
    pub fn conflict(code: Code, detail: impl Into<String>) -> Self {
        Self::new(code, detail)
    }

    /// 409: a request of the same idempotency key is under way.
    fn repeated() -> Self {
        let detail = "A request with this Idempotency-Key is under way at this moment. Try again to get its answer.";
        let mut problem = Self::new(Code::IdempotencyInProgress, detail);
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// 422: the idempotency key stood for another request.
    pub fn idempotency_key_reused() -> Self {
        let detail =
            "This Idempotency-Key was sent with another request not long ago. Send a new key with a new request.";
        Self::new(Code::IdempotencyKeyReused, detail)
    }

    /// 412: somebody changed it since the client read it.
    pub(crate) fn precondition_failed() -> Self {
        let detail = "The object was changed since the version that If-Match names. Read it again, and decide anew.";
        Self::new(Code::PreconditionFailed, detail)
    }

    /// 413: too long.
    pub fn too_large(most: usize) -> Self {
        let detail = format!("The body may be {} KiB long.", most / 1024);
        Self::new(Code::BodyTooLarge, detail)
    }

    /// 415: not JSON by its own word.
    pub fn wrong_media_type() -> Self {
        let detail = "Send JSON in UTF-8, with one `Content-Type: application/json` and without `Content-Encoding`. PATCH takes `application/merge-patch+json` too, which is a JSON Merge Patch; a JSON Patch is not taken.";
        Self::new(Code::UnsupportedMediaType, detail)
    }

    /// 422: wrong at one place.
    pub fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut faults = Faults::default();
        faults.add(pointer, detail);
        Self::invalid(faults)
    }

    /// 422: understood, and wrong.
    pub fn invalid(faults: Faults) -> Self {
        let errors = faults.into_vec();
        let detail = match errors.as_slice() {
            [one] => format!("{} {}.", if one.pointer.is_empty() { "The body" } else { &one.pointer }, one.detail),
            many => format!("{} fields are wrong; `errors` names each.", many.len()),
        };
        let mut problem = Self::new(Code::ValidationFailed, detail);
        problem.0.errors = errors;
        problem
    }

    /// 429: over a limit.
    pub fn too_many(code: Code, detail: impl Into<String>, retry_after_s: i64) -> Self {
        let mut problem = Self::new(code, detail);
        problem.0.retry_after_s = Some(retry_after_s);
        problem
    }

    /// 500: our fault; `error` is for the log, not for the client.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        let detail =
            "It is our fault, and it is logged under this request's id. Try again; if it stays, report the id.";
        let mut problem = Self::new(Code::InternalError, detail);
        problem.0.internal = Some(chain(error));
        problem
    }

    /// 503: try again soon.
    pub fn unavailable(error: &(dyn Error + 'static)) -> Self {
        let detail = "Too much is going on right now. Nothing was changed; try again.";
        let mut problem = Self::new(Code::Unavailable, detail);
        problem.0.internal = Some(chain(error));
        problem.0.retry_after_s = Some(2);
        problem
    }

    /// 504: it took too long, and nobody knows how far it came.
    pub fn timed_out() -> Self {
        let detail = "The request took too long. Whether a change was made is not known: look before you try again.";
        let mut problem = Self::new(Code::TimedOut, detail);
        problem.0.internal = Some("a request took longer than 25 s".into());
        problem.0.retry_after_s = Some(5);
        problem
    }

    /// 503: no region has said yet that it checks.
    pub fn no_region() -> Self {
        let detail = "No region has reported yet. In a new deployment the first one does within a minute.";
        let mut problem = Self::new(Code::NoRegionYet, detail);
        problem.0.retry_after_s = Some(30);
        problem
    }

    /// 503: the store failed a moment ago, and is not asked again yet.
    pub fn still_unreachable() -> Self {
        let mut problem =
            Self::new(Code::Unreachable, "The database failed a moment ago. Nothing was asked of it. Try again soon.");
        problem.0.retry_after_s = Some(2);
        problem
    }

    /// 503: the store did not answer, so nobody knows what it did.
    pub fn unreachable(error: &(dyn Error + 'static)) -> Self {
        let detail = "The database failed, or did not answer. Whether a change was made is not known: look before you try again.";
        let mut problem = Self::new(Code::Unreachable, detail);
        problem.0.internal = Some(chain(error));
        problem.0.retry_after_s = Some(2);
        problem
    }

    /// 409: somebody else changed the same object at the same time, again and again. It is no fault of ours, so no alarm counts it.
    fn collision() -> Self {
        let detail = "Concurrent requests are changing the same object. Nothing was changed; try again.";
        let mut problem = Self::new(Code::Collision, detail);
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// Whether somebody else was faster, so that reading the object again and deciding anew makes sense.
    fn is_collision(&self) -> bool {
        self.0.code == Code::Collision
    }

    /// Seconds until a retry makes sense, where this problem says so itself.
    pub fn retry_after_s(&self) -> Option<i64> {
        self.0.retry_after_s
    }

    /// The HTTP status of the answer.
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem for a program, such as `validation_failed`.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The same problem with what is wrong said in other words: those of the reader's language.
    #[must_use]
    pub fn saying(mut self, say: impl Fn(&str) -> String) -> Self {
        for fault in &mut self.0.errors {
            fault.detail = say(&fault.detail);
        }
        self
    }

    /// Every fault of the request, each with a pointer to it: with `validation_failed`.
    pub fn errors(&self) -> &[Fault] {
        &self.0.errors
    }

    /// What is wrong and what to do, in a sentence or two.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What the log gets to know beyond the client.
    pub fn internal_detail(&self) -> Option<&str> {
        self.0.internal.as_deref()
    }

    /// The document.
    pub fn document(&self, request_id: &str) -> Value {
        let mut document = json!({
            "type": format!("/docs/api#problem-{}", self.0.code.as_str()),
            "title": self.0.code.title(),
            "status": self.0.code.status(),
            "detail": self.0.detail,
            "code": self.0.code.as_str(),
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
    /// What is wrong, for a program.
    #[schema(schema_with = Code::reference)]
    pub code: Code,
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
        let mut response = self.status().into_response();
        if self.0.code == Code::Unauthorized {
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
            StoreError::LimitReached | StoreError::Taken | StoreError::Corrupt { .. } | StoreError::Aws(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Store(error) => error.into(),
            WorkError::Render(error) => Self::internal(&error),
            WorkError::Panicked(panicked) => Self::internal(&panicked),
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}
