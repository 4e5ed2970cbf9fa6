//! `/status-pages/{id}/domain`: a page's own domain, the record that it needs, and how it stands.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::{
    Fault, PageId,
    pages::{DomainState, domain::PAGE_DOMAIN},
};
use valpero_http::{Code, Problem};
use valpero_views::{PageDomain, StatusPage};

use super::{Refused, page_id, path_of};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Sent, without_nulls},
    page::{Shell, page, to},
    parts::{Moment, State},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "status_domain.html")]
struct DomainPage {
    shell: Shell,
    id: String,
    title: String,
    url: String,
    can_write: bool,
    refusals: Vec<String>,
    controls: Vec<Control>,
    shown: Option<ShownDomain>,
}

struct ShownDomain {
    name: String,
    record: String,
    state: State,
    detail: String,
    checked: Option<Moment>,
}

/// `GET /status-pages/{id}/domain`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    page(StatusCode::OK, &template(&visitor, id, None, &Refused::default()).await?)
}

async fn template(
    visitor: &Visitor,
    id: PageId,
    typed: Option<Value>,
    refused: &Refused,
) -> Result<DomainPage, Problem> {
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let found: Option<PageDomain> = match status_page.domain {
        Some(_) => Some(visitor.client.get(&format!("{}/domain", path_of(id))).await?),
        None => None,
    };
    let shell = visitor.shell("pages");
    let (m, words) = (&visitor.t.pages, shell.words());
    let values = typed.unwrap_or_else(|| {
        found.as_ref().map_or_else(|| json!({}), |one| json!({"domain": one.domain, "target": one.record.value}))
    });
    let fields = PAGE_DOMAIN.fields;
    let controls = fields.iter().map(|field| Control::of(visitor.t, field, field.name, &values, &refused.faults));
    let shown = found.as_ref().map(|one| ShownDomain {
        name: one.domain.clone(),
        record: format!("{}.  {}  {}.", one.record.name, one.record.kind, one.record.value),
        state: match one.state {
            DomainState::PendingDns => State::pending(m.pending_dns),
            DomainState::Issuing => State::pending(m.issuing),
            DomainState::Live => State::up(m.domain_live),
            DomainState::Broken => State::down(m.domain_broken),
        },
        detail: one.detail.clone().unwrap_or_default(),
        checked: one.checked_at.map(|at| Moment::past(&words, at)),
    });
    Ok(DomainPage {
        id: id.to_string(),
        title: status_page.title.clone(),
        url: status_page.url.clone(),
        can_write: shell.may("pages:write"),
        refusals: refused.beside(|name, _| fields.iter().any(|field| field.name == name)),
        controls: controls.collect(),
        shown,
        shell,
    })
}

/// `POST /status-pages/{id}/domain`.
pub async fn set(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let body = without_nulls(Value::Object(sent.members(&PAGE_DOMAIN, "")));
    match visitor.client.send(Method::PUT, &format!("{}/domain", path_of(id)), &body).await {
        Ok(_) => Ok(to(&format!("/status-pages/{id}/domain"), "saved")),
        Err(problem) if problem.code() == Code::PageDomainTaken => {
            let fault = Fault { pointer: "/domain".to_owned(), detail: problem.detail().to_owned() };
            let refused = Refused { status: StatusCode::CONFLICT, faults: vec![fault], says: Vec::new() };
            page(refused.status, &template(&visitor, id, Some(body), &refused).await?)
        }
        Err(problem) => {
            let refused = Refused::of(problem)?;
            page(refused.status, &template(&visitor, id, Some(body), &refused).await?)
        }
    }
}

/// `POST /status-pages/{id}/domain/remove`.
pub async fn remove(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    visitor.client.send(Method::DELETE, &format!("{}/domain", path_of(id)), &Value::Null).await?;
    Ok(to(&format!("/status-pages/{id}/domain"), "deleted"))
}
