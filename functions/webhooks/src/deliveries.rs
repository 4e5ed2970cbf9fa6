//! `GET /api/v1/webhooks/deliveries` and `GET /api/v1/webhooks/deliveries/{id}`.

use axum::{Json, extract::State};
use valpero_domain::DeliveryId;
use valpero_http::{Auth, List, Listed, NoQuery, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::DeliveryFilter;
use valpero_views::{Delivery, schema};

/// List webhook deliveries with their attempts, newest first. `succeeded` and `superseded` ones are kept for 30 days, `dead` ones
/// for 90.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/deliveries",
    operation_id = "list_deliveries",
    tag = "webhooks",
    security(("key" = ["monitors:read"])),
    params(
        ("monitor_id" = Option<Vec<schema::MonitorId>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries of one of these monitors, separated by commas"),
        ("incident_id" = Option<Vec<schema::IncidentId>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries about one of these incidents, separated by commas"),
        ("status" = Option<Vec<schema::DeliveryStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries with one of these statuses, separated by commas"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Delivery>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Listed<Delivery>, Problem> {
    let filter = DeliveryFilter {
        monitor: params.any_of("monitor_id"),
        incident: params.any_of("incident_id"),
        status: params.any_of("status"),
    };
    let page: Page<DeliveryId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.deliveries(caller.account(), &filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |delivery| delivery.id, Delivery::of))
}

/// Get a webhook delivery with its attempts. Includes the result of each attempt and the time of the next one.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/deliveries/{id}",
    operation_id = "get_delivery",
    tag = "webhooks",
    security(("key" = ["monitors:read"])),
    params(("id" = schema::DeliveryId, Path, description = "ID of the delivery")),
    responses((status = 200, description = "The delivery", body = Delivery))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<DeliveryId>,
) -> Result<Json<Delivery>, Problem> {
    Ok(Json(Delivery::of(&app.store.delivery(caller.account(), id).await?)))
}
