//! `GET /api/v1/channels`.

use axum::extract::State;
use valpero_domain::ChannelId;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_views::Channel;

/// List channels, oldest first. Secrets are never shown.
#[utoipa::path(
    get,
    path = "/api/v1/channels",
    operation_id = "list_channels",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of the list", body = List<Channel>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    mut params: Params,
) -> Result<Listed<Channel>, Problem> {
    let page: Page<ChannelId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.channels(caller.account(), page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |channel| channel.id, Channel::of))
}
