//! `GET /api/v1/deliveries`, `GET /api/v1/deliveries/{id}`, and the same below `/api/v1/webhooks` for webhooks alone.

use axum::{Json, extract::State};
use valpero_domain::DeliveryId;
use valpero_http::{Auth, Caller, List, Listed, NoQuery, ObjectId, Page, PageParams, Params, Problem, need};
use valpero_runtime::App;
use valpero_storage::{DeliveryFilter, StoreError};
use valpero_views::{Delivery, schema};

/// List webhook deliveries with their attempts, newest first. `succeeded` and `superseded` ones are kept for 30 days, `dead` ones
/// for 90.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/deliveries",
    operation_id = "list_webhook_deliveries",
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
pub async fn list_of_webhooks(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    mut params: Params,
) -> Result<Listed<Delivery>, Problem> {
    let filter = DeliveryFilter { webhooks_only: true, ..filter(&mut params) };
    page(&app, &caller, &filter, params).await
}

/// Get a webhook delivery with its attempts. Includes the result of each attempt and the time of the next one.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/deliveries/{id}",
    operation_id = "get_webhook_delivery",
    tag = "webhooks",
    security(("key" = ["monitors:read"])),
    params(("id" = schema::DeliveryId, Path, description = "ID of the delivery")),
    responses((status = 200, description = "The delivery", body = Delivery))
)]
pub async fn read_of_webhook(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::MonitorsRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<DeliveryId>,
) -> Result<Json<Delivery>, Problem> {
    let delivery = app.store.delivery(caller.account(), id).await?;
    if delivery.channel_id.is_some() {
        return Err(StoreError::NotFound.into());
    }
    Ok(Json(Delivery::of(&delivery)))
}

/// List deliveries to channels and webhooks with their attempts, newest first. `succeeded`, `superseded` and `digested` ones are kept
/// for 30 days, `dead` ones for 90.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries",
    operation_id = "list_deliveries",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(
        ("channel_id" = Option<Vec<schema::ChannelId>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries to one of these channels, separated by commas"),
        ("monitor_id" = Option<Vec<schema::MonitorId>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries about one of these monitors, separated by commas"),
        ("incident_id" = Option<Vec<schema::IncidentId>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries about one of these incidents, separated by commas"),
        ("status" = Option<Vec<schema::DeliveryStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Only deliveries with one of these statuses, separated by commas"),
        PageParams,
    ),
    responses((status = 200, description = "One page of the list", body = List<Delivery>))
)]
pub async fn list(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    mut params: Params,
) -> Result<Listed<Delivery>, Problem> {
    let filter = DeliveryFilter { channel: params.any_of("channel_id"), ..filter(&mut params) };
    page(&app, &caller, &filter, params).await
}

/// Get a delivery with its attempts. Includes the result of each attempt and the time of the next one.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries/{id}",
    operation_id = "get_delivery",
    tag = "alerts",
    security(("key" = ["alerts:read"])),
    params(("id" = schema::DeliveryId, Path, description = "ID of the delivery")),
    responses((status = 200, description = "The delivery", body = Delivery))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::AlertsRead>,
    _: NoQuery,
    ObjectId(id): ObjectId<DeliveryId>,
) -> Result<Json<Delivery>, Problem> {
    Ok(Json(Delivery::of(&app.store.delivery(caller.account(), id).await?)))
}

async fn page(
    app: &App,
    caller: &Caller,
    filter: &DeliveryFilter,
    mut params: Params,
) -> Result<Listed<Delivery>, Problem> {
    let page: Page<DeliveryId> = params.page(caller.account());
    params.finish()?;
    let found = app.store.deliveries(caller.account(), filter, page.after().copied(), page.count()).await?;
    Ok(page.answer(&page.cut(found), |delivery| delivery.id, Delivery::of))
}

fn filter(params: &mut Params) -> DeliveryFilter {
    DeliveryFilter {
        webhooks_only: false,
        channel: Vec::new(),
        monitor: params.any_of("monitor_id"),
        incident: params.any_of("incident_id"),
        status: params.any_of("status"),
    }
}
