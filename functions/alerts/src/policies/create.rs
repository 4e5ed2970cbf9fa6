//! `POST /api/v1/escalation-policies`.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use valpero_domain::{AuditAction, PolicyId, alerting::EscalationPolicy};
use valpero_http::{Answer, Auth, Idempotency, IdempotencyParam, JsonBody, Problem, Ticket, need};
use valpero_runtime::{App, entropy};
use valpero_storage::{EscalationPolicyRow, POLICIES_MAX, StoreError};
use valpero_views as views;

use super::EscalationPolicyCreate;

/// Create an escalation policy. Its channels must exist. It applies to the monitors that an alert route leads to it. At most 100 policies
/// an account, then 403 `policy_limit_reached`.
#[utoipa::path(
    post,
    path = "/api/v1/escalation-policies",
    operation_id = "create_escalation_policy",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(IdempotencyParam),
    request_body = EscalationPolicyCreate,
    responses((status = 201, description = "The policy", body = views::EscalationPolicy))
)]
pub async fn create(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    idempotency: Idempotency,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let make = async |ticket: Ticket| {
        let now = app.now();
        let policy = EscalationPolicy::read(&body)?;
        super::check(&app, caller.account(), &policy, BTreeSet::new()).await?;
        let row = EscalationPolicyRow {
            account_id: caller.account(),
            id: PolicyId::new(now, entropy()),
            policy,
            created_at: now,
            updated_at: now,
        };
        let location = format!("/api/v1/escalation-policies/{}", row.id);
        let answer = Answer::created(Some(location), &views::EscalationPolicy::of(&row));
        let trail = ticket.trail(AuditAction::PolicyCreated, &row.id, &answer, now)?;
        match app.store.create_policy(&row, &trail).await {
            Ok(()) => Ok(answer),
            Err(StoreError::LimitReached) => Err(Problem::policy_limit(POLICIES_MAX)),
            Err(error) => Err(error.into()),
        }
    };
    idempotency.once(&app, &caller, &body, make).await
}
