//! `POST /api/v1/keys`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_auth::Token;
use valpero_domain::{
    AuditAction, Faults, Field, Fields, Items, KeyId, Literal, Object, Scope, Scopes, Timestamp, monitor::Name,
    text_spec,
};
use valpero_http::{Answer, Auth, Caller, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::ApiKey;
use valpero_views::{Key, body};

const NAME: Field = Field::text("name", &text_spec::NAME).required().says("Display name.");
const SCOPES: Field = Field::list("scopes", "scope", Items::Texts(&Scope::TEXT), 1, None)
    .says("Permissions of the key, none beyond those of the key that creates it.")
    .default(Literal::Strs(Scopes::DEFAULT_NAMES));
const EXPIRES_AT: Field = Field::text("expires_at", &text_spec::TIME)
    .says("When the key expires: in the future, and not after the key that creates it.")
    .computed("never");

/// The body of a new key.
const OBJECT: Object =
    Object { name: "KeyCreate", patch_name: "", says: "An API key to create.", fields: &[NAME, SCOPES, EXPIRES_AT] };

body!(KeyCreate, OBJECT, Whole);

/// Create an API key. The token is shown only in this response. An account has at most 100 live keys, otherwise 403
/// `key_limit_reached`; scopes that the creating key lacks are 403 `scope_beyond_key`.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    operation_id = "create_key",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(IdempotencyParam),
    request_body = KeyCreate,
    responses((status = 201, description = "The key with its token", body = Key))
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
        let token = Token::generate();
        let key = new_key(&app, &caller, &token, asked, now).await?;
        let answer = Answer::created(None, &Key::minted(&key, token.reveal()));
        let trail = ticket.trail(AuditAction::KeyCreated, &key.id, &answer, now)?;
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
        let name: Option<Name> = fields.read(&NAME, &mut faults);
        let scopes: Option<Vec<Scope>> = fields.read(&SCOPES, &mut faults);
        let expires_at: Option<Timestamp> = fields.read(&EXPIRES_AT, &mut faults);
        if expires_at.is_some_and(|end| end <= now) {
            faults.add("/expires_at", "must be in the future");
        }
        fields.finish(&mut faults);
        // An empty list is a fault already.
        let scopes = scopes.and_then(|scopes| Scopes::parse(scopes).ok());
        let asked = name.zip(scopes).map(|(name, scopes)| Self { name: name.into(), scopes, expires_at });
        faults.finish(asked)
    }
}

async fn new_key(app: &App, caller: &Caller, token: &Token, asked: Asked, now: Timestamp) -> Result<ApiKey, Problem> {
    let Asked { name, scopes, expires_at } = asked;
    let limit = match caller.request_limit {
        Some(limit) => limit,
        None => app.store.account(caller.account()).await?.plan.limits().requests_per_minute,
    };
    let key = ApiKey::new(token, caller.account(), KeyId::new(now, entropy()), name, scopes, limit, now);
    Ok(ApiKey { expires_at, minted_by: caller.answers_for(), ..key })
}
