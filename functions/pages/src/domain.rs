//! `GET`, `PUT` and `DELETE /api/v1/status-pages/{id}/domain`.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::Value;
use valpero_domain::{
    AuditAction, Faults, Fields, PageId,
    event::Due,
    pages::{
        DomainName, DomainWatch,
        domain::{DOMAIN, PAGE_DOMAIN, TARGET},
    },
};
use valpero_http::{Auth, Code, ETag, JsonBody, NoBody, NoQuery, ObjectId, Problem, need, retry_on_conflict};
use valpero_monitoring::{notify, pages::refreshed};
use valpero_runtime::App;
use valpero_storage::{StatusPageRow, StoreError};
use valpero_views::{PageDomain, body, schema};

body!(PageDomainSet, PAGE_DOMAIN, Whole);

/// Get the domain of a status page, the DNS record that it needs, and its state. A page without a domain is 404 `not_found`.
#[utoipa::path(
    get,
    path = "/api/v1/status-pages/{id}/domain",
    operation_id = "get_page_domain",
    tag = "status pages",
    security(("key" = ["pages:read"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page")),
    responses((status = 200, description = "The domain", body = PageDomain))
)]
pub async fn read(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesRead>,
    ObjectId(id): ObjectId<PageId>,
    _: NoQuery,
) -> Result<Json<PageDomain>, Problem> {
    let row = app.store.page(caller.account(), id).await?;
    PageDomain::of(&row).map(Json).ok_or_else(Problem::not_found)
}

/// Set the domain of a status page. The answer has the DNS record to set. The domain is then looked at, each minute at first: it is `live` once
/// the page answers there, and is removed if that takes more than 7 days. Idempotent. A domain of another page is 409 `page_domain_taken`.
#[utoipa::path(
    put,
    path = "/api/v1/status-pages/{id}/domain",
    operation_id = "set_page_domain",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page")),
    request_body = PageDomainSet,
    responses((status = 200, description = "The domain", body = PageDomain))
)]
pub async fn set(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectId(id): ObjectId<PageId>,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let (domain, target) = read_body(&app, &body)?;
    let row = retry_on_conflict(|| async {
        let old = app.store.page(caller.account(), id).await?;
        let is_same = old.domain.as_ref() == Some(&domain);
        if is_same && old.domain_watch.as_ref().is_some_and(|watch| watch.target == target) {
            return Ok(old);
        }
        let now = app.now().max(old.updated_at.plus_ms(1));
        let watch = DomainWatch::new(target.clone(), now);
        let audit = caller.audit(now, AuditAction::PageDomainSet, Some(id.to_string()));
        app.store.set_page_domain(&old, Some((&domain, &watch)), now, &audit).await.map_err(taken)?;
        Ok(StatusPageRow { domain: Some(domain.clone()), domain_watch: Some(watch), updated_at: now, ..old })
    })
    .await?;
    refreshed(&app, caller.account(), id).await;
    notify::announce_due(&app, caller.account(), Due::Domain(id.into())).await;
    let view = PageDomain::of(&row).ok_or_else(Problem::not_found)?;
    Ok((ETag::of(row.updated_at).header(), Json(view)))
}

/// Remove the domain of a status page. The page stays at its URL below the deployment's. Idempotent.
#[utoipa::path(
    delete,
    path = "/api/v1/status-pages/{id}/domain",
    operation_id = "delete_page_domain",
    tag = "status pages",
    security(("key" = ["pages:write"])),
    params(("id" = schema::PageId, Path, description = "ID of the status page")),
    responses((status = 204, description = "The page has no domain of its own"))
)]
pub async fn remove(
    State(app): State<App>,
    Auth { caller, .. }: Auth<need::PagesWrite>,
    ObjectId(id): ObjectId<PageId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    retry_on_conflict(|| async {
        let old = app.store.page(caller.account(), id).await?;
        if old.domain.is_none() {
            return Ok(());
        }
        let now = app.now().max(old.updated_at.plus_ms(1));
        let audit = caller.audit(now, AuditAction::PageDomainSet, Some(id.to_string()));
        app.store.set_page_domain(&old, None, now, &audit).await?;
        Ok(())
    })
    .await?;
    refreshed(&app, caller.account(), id).await;
    Ok(StatusCode::NO_CONTENT)
}

fn read_body(app: &App, body: &Value) -> Result<(DomainName, DomainName), Faults> {
    let mut faults = Faults::default();
    let mut fields = Fields::of(body, "", &mut faults);
    let domain: Option<DomainName> = fields.read(&DOMAIN, &mut faults);
    let given: Option<DomainName> = fields.read(&TARGET, &mut faults);
    let own = app.settings.public_url.as_ref().map(|url| url.host().to_ascii_lowercase());
    if domain.as_ref().is_some_and(|domain| Some(domain.as_str()) == own.as_deref()) {
        faults.add(fields.pointer(DOMAIN.name), "is the deployment's own");
    }
    // Behind API Gateway each domain has a target of its own.
    let is_on_aws = !app.settings.blocked_ports.is_empty();
    let target = given.or_else(|| own.filter(|_| !is_on_aws)?.parse().ok());
    if target.is_none() && faults.is_empty() {
        let why = if is_on_aws {
            "is required: infra/add-domain prints it"
        } else {
            "is required, since the deployment's own URL has no host that a CNAME record can lead to"
        };
        faults.add(fields.pointer(TARGET.name), why);
    }
    if domain.is_some() && domain == target {
        faults.add(fields.pointer(TARGET.name), "must be another name than the domain");
    }
    fields.finish(&mut faults);
    faults.finish(domain.zip(target))
}

fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::Taken => Problem::conflict(
            Code::PageDomainTaken,
            "Another status page of this deployment has this domain. Remove it there first.",
        ),
        error => error.into(),
    }
}
