//! `PATCH /api/v1/people/{id}`.

use axum::{Json, extract::State};
use serde_json::Value;
use valpero_domain::{AuditAction, Faults, Field, Fields, Object, Role, UserId};
use valpero_http::{Auth, JsonBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::Member;
use valpero_views::{Person, body, schema};

const ROLE: Field = Field::text("role", &Role::TEXT).required().says("Role in the account.");

/// The body of another role.
const OBJECT: Object = Object { name: "PersonPatch", patch_name: "", says: "Changes of a person.", fields: &[ROLE] };

body!(PersonPatch, OBJECT, Whole);

/// Change a person's role. It counts from the person's next request. A role, the present one too, with scopes that the caller lacks is 403
/// `scope_beyond_key`. Only an owner can make owners or change their role, otherwise 403 `owners_only`; the only owner must stay one, otherwise 409 `last_owner`. The same role again is not recorded.
#[utoipa::path(
    patch,
    path = "/api/v1/people/{id}",
    operation_id = "update_person",
    tag = "people",
    security(("key" = ["people:write"])),
    params(("id" = schema::UserId, Path, description = "ID of the person")),
    request_body = PersonPatch,
    responses((status = 200, description = "The person", body = Person))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PeopleWrite>,
    ObjectId(id): ObjectId<UserId>,
    JsonBody(body): JsonBody,
) -> Result<Json<Person>, Problem> {
    let role = role(&body)?;
    let account = caller.account();
    let member = retry_on_conflict(|| async {
        let member = app.store.member(account, id).await?;
        super::may_give(&app, &caller, &[member.role, role]).await?;
        if member.role != role {
            let sessions = app.store.sessions(account, id).await?;
            let audit = caller.audit(app.now(), AuditAction::PersonRoleChanged, Some(id.to_string()));
            app.store.set_role(&member, role, &sessions, &audit).await.map_err(crate::problem)?;
        }
        Ok(Member { role, ..member })
    });
    Ok(Json(Person::of(&member.await?)))
}

fn role(body: &Value) -> Result<Role, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let role = fields.read(&ROLE, &mut faults);
    fields.finish(&mut faults);
    faults.finish(role)
}
