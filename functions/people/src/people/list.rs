//! `GET /api/v1/people`.

use axum::extract::State;
use valpero_domain::UserId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::Person;

/// List the people of the account. They are in the order in which they first joined any account; who was invited and has not come yet is in the
/// list of invitations.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    operation_id = "list_people",
    tag = "people",
    security(("key" = ["people:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of people", body = List<Person>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PeopleRead>,
    mut params: Params,
) -> Result<Listed<Person>, Problem> {
    let account = caller.account();
    let page: Page<UserId> = params.page(account);
    params.finish()?;
    let members = app.store.members(account, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(members), |member| member.user_id, Person::of))
}
