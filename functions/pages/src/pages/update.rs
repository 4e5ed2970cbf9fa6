//! `PATCH /api/v1/status-pages/{id}`.

use axum::{Json, extract::State, response::IntoResponse};
use serde_json::Value;
use valpero_domain::{AuditAction, PageId};
use valpero_http::{Auth, Caller, ETag, IfMatch, IfMatchParam, JsonBody, ObjectId, Problem, need, retry_on_conflict};
use valpero_monitoring::pages::refreshed;
use valpero_runtime::App;
use valpero_storage::StatusPageRow;
use valpero_views::{StatusPage, schema};

use super::StatusPagePatch;

/// Update a status page. The body is a JSON Merge Patch (RFC 7396): fields in it change, `null` restores the default; a patch that
/// changes nothing is not recorded. Another slug leaves the old URL to nobody; 409 `page_slug_taken` if
/// another page has it. If `If-Match` names another version, 412
/// `precondition_failed`.
#[utoipa::path(
    patch,
    path = "/api/v1/status-pages/{id}",
    operation_id = "update_status_page",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page"), IfMatchParam),
    request_body = StatusPagePatch,
    responses((status = 200, description = "The updated status page", body = StatusPage))
)]
pub async fn update(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectId(id): ObjectId<PageId>,
    if_match: IfMatch,
    JsonBody(patch): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let row = retry_on_conflict(|| apply(&app, &caller, id, &if_match, &patch)).await?;
    refreshed(&app, caller.account(), id).await;
    let view = StatusPage::of(&row, app.settings.public_url.as_ref(), app.now());
    Ok((ETag::of(row.updated_at).header(), Json(view)))
}

/// The page as it is now.
async fn apply(
    app: &App,
    caller: &Caller,
    id: PageId,
    if_match: &IfMatch,
    patch: &Value,
) -> Result<StatusPageRow, Problem> {
    let old = app.store.page(caller.account(), id).await?;
    if_match.holds(&ETag::of(old.updated_at))?;
    let spec = old.spec.patched(patch, &mut super::new_ids(app))?;
    let password = super::password(patch, &spec, old.password.clone())?;
    if spec == old.spec && password == old.password {
        return Ok(old);
    }
    super::check_monitors(app, caller.account(), &spec, &old.spec.monitors()).await?;
    // Each version has a moment of its own.
    let now = app.now().max(old.updated_at.plus_ms(1));
    let mut new = StatusPageRow { spec, password, updated_at: now, ..old.clone() };
    // What was set for ever goes where monitors say from now on how a component is.
    new.by_hand.retain(|id, set| {
        let of_it = new.spec.components.iter().find(|component| component.id == *id);
        of_it.is_some_and(|component| component.monitor_ids.is_empty() || set.by_hand.until.is_some())
    });
    let audit = caller.audit(now, AuditAction::PageUpdated, Some(id.to_string()));
    app.store.update_page(&old, &new, &audit).await.map_err(crate::taken)?;
    Ok(new)
}
