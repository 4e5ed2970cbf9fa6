//! `DELETE /api/v1/people/invitations/{id}`.

use axum::{extract::State, http::StatusCode};
use valpero_domain::{AuditAction, InvitationId};
use valpero_http::{Auth, NoBody, ObjectId, Problem, need};
use valpero_runtime::App;
use valpero_views::schema;

/// Withdraw an invitation. Its link leads nowhere from now on.
#[utoipa::path(
    delete,
    path = "/api/v1/people/invitations/{id}",
    operation_id = "withdraw_invitation",
    tag = "people",
    security(("key" = ["people:write"])),
    params(("id" = schema::InvitationId, Path, description = "ID of the invitation")),
    responses((status = 204, description = "The invitation is withdrawn"))
)]
pub async fn withdraw(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PeopleWrite>,
    ObjectId(id): ObjectId<InvitationId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let invitation = app.store.invitation(caller.account(), id).await?;
    let audit = caller.audit(app.now(), AuditAction::InvitationWithdrawn, Some(id.to_string()));
    app.store.withdraw_invitation(&invitation, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}
