//! `PUT` and `DELETE /api/v1/status-pages/{id}/components/{component_id}/status`.

use axum::{Json, extract::State, response::IntoResponse};
use serde_json::Value;
use valpero_domain::{
    AuditAction, ComponentId, Faults, Field, Fields, Object, PageId, Timestamp,
    pages::{ByHand, ComponentStatus},
    text_spec,
};
use valpero_http::{Auth, Caller, ETag, JsonBody, NoBody, ObjectIds, Problem, need, retry_on_conflict};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::App;
use valpero_storage::{SetByHand, StatusPageRow};
use valpero_views::{StatusPage, body, schema};

const STATUS: Field = Field::text("status", &ComponentStatus::TEXT).required().says("Status of the component.");
const UNTIL: Field = Field::text("until", &text_spec::TIME)
    .depends()
    .says("Time at which the status ends. Required if the component has monitors. Default: no end.");

/// The body of a status that is set by hand.
const BY_HAND: Object = Object {
    name: "ComponentStatusByHand",
    patch_name: "",
    says: "Status of a component that is set by hand.",
    fields: &[STATUS, UNTIL],
};

body!(ComponentStatusByHand, BY_HAND, Whole);

/// Set the status of a component by hand. Until then it counts in place of what the component's monitors say; a post of an incident can
/// still make it worse.
#[utoipa::path(
    put,
    path = "/api/v1/status-pages/{id}/components/{component_id}/status",
    operation_id = "set_component_status",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("component_id" = schema::ComponentId, Path, description = "ID of the component"),
    ),
    request_body = ComponentStatusByHand,
    responses((status = 200, description = "The status page", body = StatusPage))
)]
pub async fn set(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(id, component): ObjectIds<PageId, ComponentId>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let row = retry_on_conflict(|| apply(&app, &caller, id, component, Some(&body))).await?;
    Ok(answer(&app, &row).await)
}

/// Reset the status of a component: it is what its monitors say, or operational if it has none. Idempotent.
#[utoipa::path(
    delete,
    path = "/api/v1/status-pages/{id}/components/{component_id}/status",
    operation_id = "reset_component_status",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(
        ("id" = schema::PageId, Path, description = "ID of the status page"),
        ("component_id" = schema::ComponentId, Path, description = "ID of the component"),
    ),
    responses((status = 200, description = "The status page", body = StatusPage))
)]
pub async fn reset(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectIds(id, component): ObjectIds<PageId, ComponentId>,
    _: NoBody,
) -> Result<impl IntoResponse, Problem> {
    let row = retry_on_conflict(|| apply(&app, &caller, id, component, None)).await?;
    Ok(answer(&app, &row).await)
}

async fn answer(app: &App, row: &StatusPageRow) -> impl IntoResponse + use<> {
    refreshed(app, row.account_id, row.id).await;
    let view = StatusPage::of(row, app.settings.public_url.as_ref(), app.now());
    (ETag::of(row.updated_at).header(), Json(view))
}

async fn apply(
    app: &App,
    caller: &Caller,
    id: PageId,
    component: ComponentId,
    body: Option<&Value>,
) -> Result<StatusPageRow, Problem> {
    let old = app.store.page(caller.account(), id).await?;
    let found = old.spec.components.iter().find(|one| one.id == component).ok_or_else(Problem::not_found)?;
    let now = app.now().max(old.updated_at.plus_ms(1));
    let mut new = StatusPageRow { updated_at: now, ..old.clone() };
    match body {
        Some(body) => {
            let by_hand = read(body, !found.monitor_ids.is_empty(), now)?;
            new.by_hand.insert(component, SetByHand { by_hand, at: now, by: caller.author.clone() });
        }
        None if new.by_hand.remove(&component).is_none() => return Ok(old),
        None => {}
    }
    let audit = caller.audit(now, AuditAction::PageComponentSet, Some(id.to_string()));
    app.store.update_page(&old, &new, &audit).await?;
    Ok(new)
}

fn read(body: &Value, has_monitors: bool, now: Timestamp) -> Result<ByHand, Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let status = fields.read(&STATUS, &mut faults);
    let until: Option<Timestamp> = fields.read(&UNTIL, &mut faults);
    if until.is_none() && has_monitors && faults.is_empty() {
        faults.add(fields.pointer(UNTIL.name), "is required, since the component has monitors");
    }
    if until.is_some_and(|until| until <= now) {
        faults.add(fields.pointer(UNTIL.name), "must be in the future");
    }
    fields.finish(&mut faults);
    faults.finish(status.map(|status| ByHand { status, until }))
}
