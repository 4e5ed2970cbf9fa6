//! `GET /api/v1/people/invitations`.

use axum::extract::State;
use valpero_domain::InvitationId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::Invitation;

/// List invitations that were not used, oldest first. Their links are never shown again.
#[utoipa::path(
    get,
    path = "/api/v1/people/invitations",
    operation_id = "list_invitations",
    tag = "people",
    security(("key" = ["people:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of invitations", body = List<Invitation>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PeopleRead>,
    mut params: Params,
) -> Result<Listed<Invitation>, Problem> {
    let account = caller.account();
    let page: Page<InvitationId> = params.page(account);
    params.finish()?;
    let found = app.store.invitations(account, app.now(), page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |invitation| invitation.id, Invitation::of))
}
