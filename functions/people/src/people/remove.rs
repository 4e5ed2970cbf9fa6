//! `DELETE /api/v1/people/{id}`.

use axum::{Json, extract::State};
use valpero_domain::{AuditAction, Scope, UserId};
use valpero_http::{Auth, ObjectId, Params, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::{ApiKey, Optional};
use valpero_views::{Key, RemovedPerson, schema};

/// Remove a person from the account. The person's sessions end at once. The answer names the live keys that the person created, which still
/// work unless `revoke_keys` is true, which needs the scope `keys:write` and leaves keys with scopes that the caller lacks. A person whose role has scopes that the caller
/// lacks is 403 `scope_beyond_key`. Only an owner can remove an owner, otherwise 403 `owners_only`; the only owner cannot be removed, 409
/// `last_owner`.
#[utoipa::path(
    delete,
    path = "/api/v1/people/{id}",
    operation_id = "remove_person",
    tag = "people",
    security(("key" = ["people:write"])),
    params(
        ("id" = schema::UserId, Path, description = "ID of the person"),
        ("revoke_keys" = Option<bool>, Query, description = "Whether the keys that the person created are revoked. Default: false."),
    ),
    responses((status = 200, description = "The person is removed", body = RemovedPerson))
)]
pub async fn remove(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PeopleWrite>,
    ObjectId(id): ObjectId<UserId>,
    mut params: Params,
) -> Result<Json<RemovedPerson>, Problem> {
    let revoke = params.flag("revoke_keys").unwrap_or(false);
    params.finish()?;
    if revoke && !caller.scopes.holds(Scope::KeysWrite) {
        return Err(Problem::missing_scope_for(Scope::KeysWrite, "To revoke keys is more than to remove a person."));
    }
    let (account, now) = (caller.account(), app.now());
    let was_there = retry_on_conflict(|| async {
        let Some(member) = app.store.member(account, id).await.optional()? else { return Ok(false) };
        super::may_give(&app, &caller, &[member.role]).await?;
        let sessions = app.store.sessions(account, id).await?;
        let audit = caller.audit(now, AuditAction::PersonRemoved, Some(id.to_string()));
        app.store.remove_member(&member, &sessions, &audit).await.map_err(crate::problem)?;
        Ok(true)
    })
    .await?;
    let mut keys = app.store.keys(account).await?;
    keys.retain(|key| key.minted_by == Some(id) && key.is_live(now));
    // Where an earlier request broke off between the two, this one goes on.
    if !was_there && keys.is_empty() {
        return Err(Problem::not_found());
    }
    for key in keys.iter_mut().filter(|key| revoke && key.scopes.first_beyond(&caller.scopes).is_none()) {
        let audit = caller.audit(now, AuditAction::KeyRevoked, Some(key.id.to_string()));
        app.store.revoke_key(key, now, &audit).await?;
        key.revoked_at = Some(now);
    }
    let keys = keys.iter().map(|key: &ApiKey| Key::of(key)).collect();
    Ok(Json(RemovedPerson { user_id: id, keys }))
}
