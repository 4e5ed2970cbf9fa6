//! `POST /api/v1/keys/{id}/rotate`.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::Value;
use valpero_app::{
    App, entropy,
    http::{Auth, ObjectId, OptionalBody, Problem, need},
};
use valpero_auth::Token;
use valpero_domain::{Faults, Fields, KeyId};
use valpero_storage::ApiKey;

/// Seconds that the old key may live on, at most: a week.
const GRACE_MAX_S: i64 = 604_800;

/// Mints a successor with the same name and scopes; the old key ends after the grace.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/rotate",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 201, description = "The successor, with its token"))
)]
pub async fn rotate(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    ObjectId(id): ObjectId<KeyId>,
    OptionalBody(body): OptionalBody,
) -> Result<impl IntoResponse, Problem> {
    let now = app.now();
    let grace_s = grace_seconds(&body)?;
    let old = app.store.key(caller.account(), id).await?;
    if let Some(scope) = old.scopes.first_beyond(&caller.key.scopes) {
        return Err(Problem::scope_beyond_key(scope));
    }
    super::outlives(&caller, old.expires_at)?;
    if !old.is_live(now) {
        return Err(Problem::conflict("key_ended", "The key is revoked or expired; mint a new one."));
    }
    if let Some(successor) = old.successor {
        let detail =
            format!("The key was rotated already; its successor is {successor}, which can be rotated in its place.");
        return Err(Problem::conflict("key_rotated", detail));
    }
    let token = Token::generate()?;
    let ends_at = now.plus_seconds(grace_s);
    let (name, scopes) = (old.name.clone(), old.scopes.clone());
    let key = ApiKey::new(&token, old.account_id, KeyId::new(now, entropy()?), name, scopes, old.request_limit, now);
    let successor = ApiKey { expires_at: old.expires_at, ..key };
    let audit = caller.audit(now, "key.rotated", Some(id.to_string()))?;
    let old_ends_at = old.expires_at.map_or(ends_at, |end| end.min(ends_at));
    app.store.rotate_key(&old, old_ends_at, &successor, &audit).await?;
    Ok((StatusCode::CREATED, Json(super::view_with_token(&successor, &token))))
}

fn grace_seconds(body: &Value) -> Result<i64, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let grace_s: i64 = fields.optional("grace_seconds", &mut faults).unwrap_or(0);
    if !(0..=GRACE_MAX_S).contains(&grace_s) {
        faults.add("/grace_seconds", format!("must be 0 to {GRACE_MAX_S}"));
    }
    fields.finish(&mut faults);
    faults.finish(Some(grace_s))
}
