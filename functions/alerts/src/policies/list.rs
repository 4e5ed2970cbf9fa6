//! `GET /api/v1/escalation-policies`.

use axum::extract::State;
use valpero_domain::PolicyId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::EscalationPolicy;

/// List escalation policies, oldest first. Each names its channels by their IDs.
#[utoipa::path(
    get,
    path = "/api/v1/escalation-policies",
    operation_id = "list_escalation_policies",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of the list", body = List<EscalationPolicy>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    mut params: Params,
) -> Result<Listed<EscalationPolicy>, Problem> {
    let page: Page<PolicyId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.policies(caller.account(), page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |row| row.id, EscalationPolicy::of))
}
