//! `PUT /api/v1/alert-routes`.

use std::collections::BTreeSet;

use axum::{Json, extract::State, response::IntoResponse};
use valpero_domain::{AuditAction, PolicyId, alerting::AlertRoutes};
use valpero_http::{Auth, Caller, IfMatch, IfMatchParam, JsonBody, Problem, need, retry_on_conflict};
use valpero_runtime::App;
use valpero_storage::AlertRoutesRow;
use valpero_views as views;

use super::AlertRoutesPut;

/// Set the alert routes. The body replaces the whole list; a list that changes nothing is not recorded. The policies must exist; IDs of
/// monitors that do not exist match nothing. Incidents that are open keep the policy that they follow. If `If-Match` names another
/// version, 412 `precondition_failed`.
#[utoipa::path(
    put,
    path = "/api/v1/alert-routes",
    operation_id = "set_alert_routes",
    tag = "alerts",
    security(("key" = ["alerts:write"])),
    params(IfMatchParam),
    request_body = AlertRoutesPut,
    responses((status = 200, description = "The routes, in order", body = views::AlertRoutes))
)]
pub async fn replace(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsWrite>,
    if_match: IfMatch,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let routes = AlertRoutes::read(&body)?;
    let row = retry_on_conflict(|| apply(&app, &caller, &if_match, &routes)).await?;
    Ok((super::version(&row).header(), Json(views::AlertRoutes::of(&row.routes))))
}

/// The routes as they are now.
async fn apply(
    app: &App,
    caller: &Caller,
    if_match: &IfMatch,
    routes: &AlertRoutes,
) -> Result<AlertRoutesRow, Problem> {
    let account = caller.account();
    let old = app.store.alert_routes(account).await?;
    if_match.holds(&super::version(&old))?;
    let named = routes.routes.iter().map(|route| route.policy_id).collect();
    let known: BTreeSet<PolicyId> = app.store.policies_by_id(account, &named).await?.into_keys().collect();
    routes.unknown_policies(&known).finish(Some(()))?;
    if old.updated_at.is_some() && *routes == old.routes {
        return Ok(old);
    }
    // Each version has a moment of its own.
    let now = old.updated_at.map_or(app.now(), |at| app.now().max(at.plus_ms(1)));
    let audit = caller.audit(now, AuditAction::RoutesUpdated, None);
    app.store.put_alert_routes(account, &old, routes, now, &audit).await?;
    Ok(AlertRoutesRow { routes: routes.clone(), updated_at: Some(now) })
}
