//! `POST /api/v1/keys/{id}/rotate`.

use axum::{extract::State, response::Response};
use serde_json::Value;
use valpero_auth::Token;
use valpero_domain::{AuditAction, Faults, Field, Fields, KeyId, Literal, Object, Timestamp};
use valpero_http::{Answer, Auth, Code, Idempotency, IdempotencyParam, ObjectId, OptionalBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::ApiKey;
use valpero_views::{Key, body, schema};

const GRACE_SECONDS: Field = Field::seconds("grace_seconds", 604_800)
    .says("Seconds for which the old key remains valid, up to a week.")
    .default(Literal::Int(0))
    .example(Literal::Int(3600));

/// The body of a rotation.
const OBJECT: Object =
    Object { name: "Rotation", patch_name: "", says: "How a key is rotated.", fields: &[GRACE_SECONDS] };

body!(Rotation, OBJECT, Whole);

/// Rotate an API key. Creates a successor with the same name and scopes, whose token is shown only in this response. The old
/// key expires after `grace_seconds`; until then both count as live keys. A revoked or expired key is 409 `key_ended`, one that
/// was already rotated 409 `key_rotated`. An account has at most 100 live keys, otherwise 403 `key_limit_reached`; a key with
/// scopes that the rotating key lacks is 403 `scope_beyond_key`. A key that rotates itself should set `grace_seconds`, or a
/// repeated request gets 401.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/rotate",
    operation_id = "rotate_key",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(("id" = schema::KeyId, Path, description = "ID of the key"), IdempotencyParam),
    request_body = Option<Rotation>,
    responses((status = 201, description = "The successor with its token", body = Key))
)]
pub async fn rotate(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    ObjectId(id): ObjectId<KeyId>,
    idempotency: Idempotency,
    OptionalBody(body): OptionalBody,
) -> Result<Response, Problem> {
    let rotate = async |ticket: Ticket| {
        let now = app.now();
        let grace_s = grace_seconds(&body)?;
        let old = app.store.key(caller.account(), id).await?;
        if let Some(scope) = old.scopes.first_beyond(&caller.scopes) {
            return Err(Problem::scope_beyond_key(scope));
        }
        super::outlives(&caller, old.expires_at)?;
        if !old.is_live(now) {
            return Err(Problem::conflict(Code::KeyEnded, "The key is revoked or expired; mint a new one."));
        }
        if let Some(successor) = old.successor {
            let detail = format!(
                "The key was rotated already; its successor is {successor}, which can be rotated in its place."
            );
            return Err(Problem::conflict(Code::KeyRotated, detail));
        }
        let token = Token::generate();
        let successor = ApiKey { minted_by: caller.answers_for().or(old.minted_by), ..successor(&old, &token, now)? };
        let answer = Answer::created(None, &Key::minted(&successor, token.reveal()));
        let trail = ticket.trail(AuditAction::KeyRotated, &id, &answer, now)?;
        let ends_at = now.plus_seconds(grace_s);
        let old_ends_at = old.expires_at.map_or(ends_at, |end| end.min(ends_at));
        app.store.rotate_key(&old, old_ends_at, &successor, &trail).await.map_err(super::not_kept)?;
        Ok(answer)
    };
    idempotency.once(&app, &caller, &body, rotate).await
}

fn successor(old: &ApiKey, token: &Token, now: Timestamp) -> Result<ApiKey, Problem> {
    let (name, scopes) = (old.name.clone(), old.scopes.clone());
    let key = ApiKey::new(token, old.account_id, KeyId::new(now, entropy()), name, scopes, old.request_limit, now);
    Ok(ApiKey { expires_at: old.expires_at, ..key })
}

fn grace_seconds(body: &Value) -> Result<i64, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let grace_s = fields.read(&GRACE_SECONDS, &mut faults);
    fields.finish(&mut faults);
    faults.finish(grace_s)
}
