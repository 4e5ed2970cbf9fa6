//! `DELETE /api/v1/escalation-policies/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, PolicyId};
use valpero_http::{Auth, Code, ETag, IfMatch, IfMatchParam, NoBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::AlertRoutesRow;
use valpero_views::schema;

/// Delete an escalation policy. While an alert route names it, 409 `policy_in_use`. If `If-Match` names another version, 412
/// `precondition_failed`.
#[utoipa::path(
    delete,
    path = "/api/v1/escalation-policies/{id}",
    operation_id = "delete_escalation_policy",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(("id" = schema::PolicyId, Path, description = "ID of the policy"), IfMatchParam),
    responses((status = 204, description = "The policy is deleted"))
)]
pub async fn delete(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    ObjectId(id): ObjectId<PolicyId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    retry_on_conflict(|| async {
        let account = caller.account();
        let (policy, routes) = tokio::try_join!(app.store.policy(account, id), app.store.alert_routes(account))?;
        if_match.holds(&ETag::of(policy.updated_at))?;
        not_in_use(id, &routes)?;
        let audit = caller.audit(app.now(), AuditAction::PolicyDeleted, Some(id.to_string()));
        app.store.delete_policy(account, id, &audit).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn not_in_use(id: PolicyId, routes: &AlertRoutesRow) -> Result<(), Problem> {
    let naming = routes.routes.routes.iter().enumerate().filter(|(_, route)| route.policy_id == id);
    let places: Vec<String> = naming.map(|(place, _)| format!("/routes/{place}")).collect();
    if places.is_empty() {
        return Ok(());
    }
    let detail = format!("Alert routes name this policy: {}. Remove it from them first.", places.join(", "));
    Err(Problem::conflict(Code::PolicyInUse, detail))
}
