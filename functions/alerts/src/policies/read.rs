//! `GET /api/v1/escalation-policies/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::PolicyId;
use valpero_http::{Auth, ETag, NoQuery, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::{EscalationPolicy, schema};

/// Get an escalation policy. `ETag` is its version, for `If-Match` of a change.
#[utoipa::path(
    get,
    path = "/api/v1/escalation-policies/{id}",
    operation_id = "get_escalation_policy",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(("id" = schema::PolicyId, Path, description = "ID of the policy")),
    responses((status = 200, description = "The policy", body = EscalationPolicy))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    ObjectId(id): ObjectId<PolicyId>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let row = app.store.policy(caller.account(), id).await?;
    Ok((ETag::of(row.updated_at).header(), Json(EscalationPolicy::of(&row))))
}
