//! `POST /api/v1/keys`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use utoipa::ToSchema;
use valpero_auth::Token;
use valpero_domain::{Faults, Fields, KeyId, Scope, Scopes, Timestamp, monitor::MonitorName};
use valpero_http::{Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::ApiKey;
use valpero_views::schema;

use super::Key;

/// A key to be minted.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "described, and never built: bodies are read field by field, so that all faults are told at once"
)]
pub struct NewKey {
    /// What you call it.
    #[schema(value_type = schema::Name)]
    name: String,
    /// What it may do: `account:read`, `monitors:read` and `incidents:read` unless told otherwise, and nothing that the key which
    /// mints it may not do.
    #[schema(value_type = Option<Vec<schema::Scope>>, min_items = 1)]
    scopes: Option<Vec<String>>,
    /// When it ends: in the future, and no later than the key which mints it. It does not unless told otherwise.
    #[schema(value_type = Option<schema::Time>)]
    expires_at: Option<String>,
}

/// Mints a key. Its token is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    operation_id = "create_key",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(IdempotencyParam),
    request_body = NewKey,
    responses((status = 201, description = "The key, with its token", body = Key))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mint = async |ticket: Ticket| {
        let now = app.now();
        let asked = Asked::read(&body, now)?;
        super::outlives(&caller, asked.expires_at)?;
        if let Some(scope) = asked.scopes.first_beyond(&caller.scopes) {
            return Err(Problem::scope_beyond_key(scope));
        }
        let token = Token::generate()?;
        let key = new_key(&caller, &token, asked, now)?;
        let answer = Answer::created(None, &Key::minted(&key, &token));
        let trail = ticket.trail("key.created", &key.id, &answer, now)?;
        app.store.create_key(&key, &trail).await.map_err(super::not_kept)?;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, mint).await
}

struct Asked {
    name: String,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
}

impl Asked {
    fn read(body: &Value, now: Timestamp) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut fields = Fields::of(body, "", &mut faults);
        let name: Option<MonitorName> = fields.required("name", &mut faults);
        let scopes: Option<Vec<Scope>> = fields.optional("scopes", &mut faults);
        let scopes = scopes.map_or_else(|| Ok(Scopes::default_of_a_key()), Scopes::parse);
        if let Err(error) = &scopes {
            faults.add("/scopes", error.to_string());
        }
        let expires_at: Option<Timestamp> = fields.optional("expires_at", &mut faults);
        if expires_at.is_some_and(|end| end <= now) {
            faults.add("/expires_at", "must be in the future");
        }
        fields.finish(&mut faults);
        let asked = name.zip(scopes.ok()).map(|(name, scopes)| Self { name: name.into(), scopes, expires_at });
        faults.finish(asked)
    }
}

fn new_key(caller: &Caller, token: &Token, asked: Asked, now: Timestamp) -> Result<ApiKey, Problem> {
    let (Asked { name, scopes, expires_at }, limit) = (asked, caller.request_limit);
    let key = ApiKey::new(token, caller.account(), KeyId::new(now, entropy()?), name, scopes, limit, now);
    Ok(ApiKey { expires_at, ..key })
}
