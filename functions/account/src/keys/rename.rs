//! `PATCH /api/v1/keys/{id}`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_domain::{AuditAction, Faults, Field, Fields, KeyId, Object, monitor::Name, text_spec};
use valpero_http::{Auth, JsonBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_views::{Key, body, schema};

const NAME: Field = Field::text("name", &text_spec::NAME).required().says("Display name.");

/// The body of another name.
const OBJECT: Object = Object { name: "KeyPatch", patch_name: "", says: "Changes of an API key.", fields: &[NAME] };

body!(KeyPatch, OBJECT, Whole);

/// Rename an API key. The name is all that can change: scopes and expiry are set when a key is created. The same name again is not
/// recorded.
#[utoipa::path(
    patch,
    path = "/api/v1/keys/{id}",
    operation_id = "update_key",
    tag = "keys",
    security(("key" = ["keys:write"])),
    params(("id" = schema::KeyId, Path, description = "ID of the key")),
    request_body = KeyPatch,
    responses((status = 200, description = "The key, without its token", body = Key))
)]
pub async fn rename(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::KeysWrite>,
    ObjectId(id): ObjectId<KeyId>,
    JsonBody(body): JsonBody,
) -> Result<Json<Key>, Problem> {
    let name = String::from(name(&body)?);
    let key = retry_on_conflict(|| async {
        let mut key = app.store.key(caller.account(), id).await?;
        if key.name != name {
            let audit = caller.audit(app.now(), AuditAction::KeyRenamed, Some(id.to_string()));
            app.store.rename_key(&key, &name, &audit).await?;
            key.name.clone_from(&name);
        }
        Ok(key)
    });
    Ok(Json(Key::of(&key.await?)))
}

fn name(body: &Value) -> Result<Name, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let name = fields.read(&NAME, &mut faults);
    fields.finish(&mut faults);
    faults.finish(name)
}
