//! `POST /api/v1/keys`.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::Value;
use valpero_app::{
    App, entropy,
    http::{Auth, Caller, JsonBody, Problem, need},
};
use valpero_auth::Token;
use valpero_domain::{Faults, Fields, KeyId, Scope, Scopes, Timestamp, monitor::MonitorName};
use valpero_storage::ApiKey;

/// Keys of one account that may be live at the same time.
const KEYS_MAX: usize = 100;

/// Mints a key. Its token is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    tag = "keys",
    security(("key" = ["keys:write"])),
    responses((status = 201, description = "The key, with its token"))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let now = app.now();
    let asked = Asked::read(&body, now)?;
    super::outlives(&caller, asked.expires_at)?;
    let keys = app.store.keys(caller.account()).await?;
    if keys.iter().filter(|key| key.is_live(now)).count() >= KEYS_MAX {
        return Err(Problem::key_limit(KEYS_MAX));
    }
    if let Some(scope) = asked.scopes.first_beyond(&caller.key.scopes) {
        return Err(Problem::scope_beyond_key(scope));
    }
    let token = Token::generate()?;
    let key = new_key(&caller, &token, asked, now)?;
    let audit = caller.audit(now, "key.created", Some(key.id.to_string()))?;
    app.store.create_key(&key, &audit).await?;
    let location = [(header::LOCATION, format!("/api/v1/keys/{}", key.id))];
    Ok((StatusCode::CREATED, location, Json(super::view_with_token(&key, &token))))
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
    let (Asked { name, scopes, expires_at }, limit) = (asked, caller.key.request_limit);
    let key = ApiKey::new(token, caller.account(), KeyId::new(now, entropy()?), name, scopes, limit, now);
    Ok(ApiKey { expires_at, ..key })
}
