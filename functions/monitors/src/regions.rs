//! `GET /api/v1/regions`.

use axum::extract::State;
use valpero_domain::RegionCode;
use valpero_http::{Auth, List, Listed, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::Heartbeat;
use valpero_views::RegionView;

/// List the regions of this deployment. A monitor can be checked from each of them; by default it is checked from all.
#[utoipa::path(
    get,
    path = "/api/v1/regions",
    operation_id = "list_regions",
    tag = "monitors",
    security(("key" = ["monitors:read"])),
    params(PageParams),
    responses((status = 200, description = "One page of the list", body = List<RegionView>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Listed<RegionView>, Problem> {
    let page: Page<RegionCode> = params.page(caller.account());
    params.finish()?;
    let (mut beats, now) = (app.store.heartbeats().await?, app.now());
    beats.sort_unstable_by_key(|beat| beat.region);
    beats.retain(|beat| page.after().is_none_or(|after| beat.region > *after));
    Ok(page.answer(&page.cut(beats), |beat: &Heartbeat| beat.region, |beat| RegionView::of(beat, now)))
}
