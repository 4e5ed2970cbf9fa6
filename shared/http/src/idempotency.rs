//! `Idempotency-Key`: a creation that is sent again is answered again, and not done again.
//!
//! The answer is written in the transaction that creates, so of many equal requests at once one creates and the others find its
//! answer; and a crash leaves both or neither. It is sealed with the token that sent the request, for it may show a secret.

use std::sync::Arc;

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};
use valpero_auth::Seal;
use valpero_domain::{AuditAction, Faults, KeyId, Timestamp};
use valpero_storage::{RECEIPT_HOURS, Receipt, Trail};

use super::{Caller, Problem};
use valpero_runtime::App;

/// The header, as clients send it.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks an answer which was given before.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

const LONGEST: usize = 255;

/// The header of every request that creates.
#[derive(Debug)]
pub struct IdempotencyParam;

impl IntoParams for IdempotencyParam {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let says = format!(
            "Client-chosen key that makes the request safe to repeat. A request with the same value and body, from the same API key \
             and within {RECEIPT_HOURS} hours, gets the first response again, with `Idempotent-Replayed: true`."
        );
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .pattern(Some("^[!-~]([ -~]*[!-~])?$"));
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(says))
            .schema(Some(text));
        vec![parameter.build()]
    }
}

/// What a creation answers. Without `Debug`, for it may show a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    body: Value,
}

impl Answer {
    /// 201 with a view of what was made, and where it is found, if anywhere.
    pub fn created(location: Option<String>, view: &impl Serialize) -> Self {
        Self { status: 201, location, body: json!(view) }
    }

    /// 200 with a view of what was done.
    pub fn done(view: &impl Serialize) -> Self {
        Self { status: 200, location: None, body: json!(view) }
    }

    /// The same, and where its object is found.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// 202 with a view of what was begun.
    pub fn accepted(view: &impl Serialize) -> Self {
        Self { status: 202, location: None, body: json!(view) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, Json(self.body)).into_response();
        if let Some(location) = self.location.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// The client's name for a request that creates, if it gave one.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: Option<String>,
    /// Method and path.
    request: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let request = format!("{} {}", parts.method, parts.uri.path());
        let mut given = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = given.next() else { return Ok(Self { key: None, request }) };
        let visible = value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
        let text = value.to_str().unwrap_or_default();
        if given.next().is_some() || !visible || !(1..=LONGEST).contains(&text.len()) {
            let mut faults = Faults::default();
            faults.add("/Idempotency-Key", format!("must be one header of 1 to {LONGEST} visible ASCII characters"));
            return Err(Problem::invalid(faults));
        }
        Ok(Self { key: Some(text.to_owned()), request })
    }
}

impl Idempotency {
    /// Does `work` once for all requests with this name and this body, within 24 hours. It answers, and writes the trail that its
    /// [`Ticket`] makes in the transaction that creates. A request that is refused is not remembered.
    ///
    /// # Errors
    /// What the work says; or that the name stood for another request.
    pub async fn once<W: Future<Output = Result<Answer, Problem>>>(
        self,
        app: &App,
        caller: &Arc<Caller>,
        body: &Value,
        work: impl FnOnce(Ticket) -> W,
    ) -> Result<Response, Problem> {
        let Some(name) = self.key else {
            return Ok(work(Ticket { caller: Arc::clone(caller), named: None }).await?.into_response());
        };
        let named = Named::new(&self.request, caller, name, body)?;
        if let Some(answer) = named.before(app).await? {
            return Ok(answer);
        }
        match work(Ticket { caller: Arc::clone(caller), named: Some(named.clone()) }).await {
            Ok(answer) => Ok(answer.into_response()),
            // Another request of this name may have been faster, and be the very reason for what is wrong now.
            Err(problem) => named.before(app).await.ok().flatten().ok_or(problem),
        }
    }
}

/// A request that has a name.
#[derive(Debug, Clone)]
struct Named {
    key_id: KeyId,
    name: String,
    seal: Arc<Seal>,
    request_hash: Vec<u8>,
}

impl Named {
    fn new(request: &str, caller: &Caller, name: String, body: &Value) -> Result<Self, Problem> {
        let mut hash = Sha256::new();
        hash.update(request);
        hash.update(b"\0");
        // Members of JSON objects have no order.
        let mut sorted = body.clone();
        sorted.sort_all_objects();
        hash.update(sorted.to_string());
        let seal = caller.receipts.seal(&name).map_err(|error| Problem::internal(&error))?;
        Ok(Self { key_id: caller.receipts.key_id, name, seal: seal.into(), request_hash: hash.finalize().to_vec() })
    }

    /// The answer that was given before, if one was.
    async fn before(&self, app: &App) -> Result<Option<Response>, Problem> {
        let Some(receipt) = app.store.receipt(self.key_id, &self.name, app.now()).await? else { return Ok(None) };
        if receipt.request_hash != self.request_hash {
            return Err(Problem::idempotency_key_reused());
        }
        let opened = self.seal.open(&receipt.sealed_answer).and_then(|text| serde_json::from_slice(&text).ok());
        let answer: Answer = opened.ok_or_else(Problem::idempotency_key_reused)?;
        let mut response = answer.into_response();
        response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        Ok(Some(response))
    }

    fn receipt(self, answer: &Answer, at: Timestamp) -> Result<Receipt, Problem> {
        let sealed = self.seal.close(json!(answer).to_string().as_bytes());
        Ok(Receipt {
            key_id: self.key_id,
            idempotency_key: self.name,
            request_hash: self.request_hash,
            sealed_answer: sealed.map_err(|error| Problem::internal(&error))?,
            at,
        })
    }
}

/// One creation: who asked for it, and by which name, if it has one.
#[derive(Debug, Clone)]
pub struct Ticket {
    caller: Arc<Caller>,
    named: Option<Named>,
}

impl Ticket {
    /// What the creation leaves beside what it makes: the audit row of `action` on `target`, and the receipt of `answer` where the
    /// request has a name.
    ///
    /// # Errors
    /// Where the operating system has no random bytes.
    pub fn trail(
        self,
        action: AuditAction,
        target: &impl ToString,
        answer: &Answer,
        at: Timestamp,
    ) -> Result<Trail, Problem> {
        let audit = self.caller.audit(at, action, Some(target.to_string()));
        let receipt = self.named.map(|named| named.receipt(answer, at)).transpose()?;
        Ok(Trail { audit, receipt })
    }
}
