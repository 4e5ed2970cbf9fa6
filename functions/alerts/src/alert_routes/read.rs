//! `GET /api/v1/alert-routes`.

use axum::{Json, extract::State, response::IntoResponse};
use valpero_http::{Auth, NoQuery, Problem, need};
use valpero_runtime::App;
use valpero_views::AlertRoutes;

/// Get the alert routes. `ETag` is their version, for `If-Match` of a change.
#[utoipa::path(
    get,
    path = "/api/v1/alert-routes",
    operation_id = "get_alert_routes",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    responses((status = 200, description = "The routes, in order", body = AlertRoutes))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    _: NoQuery,
) -> Result<impl IntoResponse, Problem> {
    let row = app.store.alert_routes(caller.account()).await?;
    Ok((super::version(&row).header(), Json(AlertRoutes::of(&row.routes))))
}
