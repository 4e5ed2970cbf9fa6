//! `PATCH /api/v1/escalation-policies/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use serde_json::Value;
use valpero_domain::{AuditAction, PolicyId};
use valpero_http::{Auth, Caller, ETag, IfMatch, IfMatchParam, JsonBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::EscalationPolicyRow;
use valpero_views::{self as views, schema};

use super::EscalationPolicyPatch;

/// Update an escalation policy. The body is a JSON Merge Patch (RFC 7396): fields in it change, `null` restores the default; a patch that
/// changes nothing is not recorded. Incidents that are open follow the policy as it is when a step is due. If `If-Match` names another
/// version, 412 `precondition_failed`.
#[utoipa::path(
    patch,
    path = "/api/v1/escalation-policies/{id}",
    operation_id = "update_escalation_policy",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::PolicyId, Path, description = "ID of the policy"), IfMatchParam),
    request_body = EscalationPolicyPatch,
    responses((status = 200, description = "The updated policy", body = views::EscalationPolicy))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<PolicyId>,
    if_match: IfMatch,
    JsonBody(patch): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let row = retry_on_conflict(|| apply(&app, &caller, id, &if_match, &patch)).await?;
    Ok((ETag::of(row.updated_at).header(), Json(views::EscalationPolicy::of(&row))))
}

/// The policy as it is now.
async fn apply(
    app: &App,
    caller: &Caller,
    id: PolicyId,
    if_match: &IfMatch,
    patch: &Value,
) -> Result<EscalationPolicyRow, Problem> {
    let old = app.store.policy(caller.account(), id).await?;
    if_match.holds(&ETag::of(old.updated_at))?;
    let policy = old.policy.patched(patch)?;
    if policy == old.policy {
        return Ok(old);
    }
    super::check(app, caller.account(), &policy, old.policy.channels()).await?;
    // Each version has a moment of its own.
    let now = app.now().max(old.updated_at.plus_ms(1));
    let new = EscalationPolicyRow { policy, updated_at: now, ..old.clone() };
    let audit = caller.audit(now, AuditAction::PolicyUpdated, Some(id.to_string()));
    app.store.update_policy(&old, &new, &audit).await?;
    Ok(new)
}
