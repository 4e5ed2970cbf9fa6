//! `/status-pages`: the account's status pages, and the status of their components that is set by hand.

pub mod components;
pub mod domain;
pub mod form;
pub mod post;
pub mod posts;
pub mod preview;
pub mod subscribers;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use valpero_domain::{ComponentId, Fault, PageId, pages::ComponentStatus};
use valpero_http::{Code, Problem};
use valpero_views::StatusPage;

use super::settings::all;
use crate::{
    page::{Shell, live},
    parts::State,
    texts::Texts,
    visitor::Visitor,
};

/// The pages of an account.
pub const PAGES: &str = "/api/v1/status-pages";

/// The page that a path names. Whatever else a path holds goes nowhere.
///
/// # Errors
/// `not_found` where it names none.
pub fn page_id(text: &str) -> Result<PageId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Where the API has a page.
pub fn path_of(id: PageId) -> String {
    format!("{PAGES}/{id}")
}

/// A component's status in words.
pub fn status_name(t: &Texts, status: ComponentStatus) -> &str {
    t.option("status", status.as_str())
}

/// The name of a component of a page.
pub fn component_name(page: &StatusPage, id: ComponentId) -> String {
    let found = page.components.iter().find(|component| component.id == id);
    found.map_or_else(|| id.to_string(), |component| component.name.clone())
}

/// What a form shows of a request that the API refused.
#[derive(Debug, Default)]
pub struct Refused {
    /// The status of the page.
    pub status: StatusCode,
    /// What is wrong with its fields.
    pub faults: Vec<Fault>,
    /// What is wrong with none of them.
    pub says: Vec<String>,
}

impl Refused {
    /// The refusal, where the form can show it.
    ///
    /// # Errors
    /// Any other problem is the page's.
    pub fn of(problem: Problem) -> Result<Self, Problem> {
        let code = problem.code();
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        let faults = problem.errors().to_vec();
        match code {
            Code::PageSlugTaken => {
                let fault = Fault { pointer: "/slug".to_owned(), detail: problem.detail().to_owned() };
                Ok(Self { status, faults: vec![fault], says: Vec::new() })
            }
            Code::PageLimitReached | Code::PostIsFull => {
                Ok(Self { status, faults, says: vec![problem.detail().to_owned()] })
            }
            _ if faults.is_empty() => Err(problem),
            _ => Ok(Self { status, faults, says: Vec::new() }),
        }
    }

    /// What is wrong beside the controls of the form. `has_control` is asked with a fault's first name and its whole pointer.
    pub fn beside(&self, has_control: impl Fn(&str, &str) -> bool) -> Vec<String> {
        let first = |fault: &Fault| fault.pointer.split('/').nth(1).unwrap_or_default().to_owned();
        let strays = self.faults.iter().filter(|fault| !has_control(&first(fault), &fault.pointer));
        self.says.iter().cloned().chain(strays.map(|fault| fault.detail.clone())).collect()
    }
}

#[derive(Template)]
#[template(path = "status_pages.html")]
struct ListPage {
    shell: Shell,
    can_write: bool,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    title: String,
    url: String,
    components: String,
    visibility: String,
    state: Option<State>,
}

/// `GET /status-pages`.
pub async fn list(Extension(visitor): Extension<Arc<Visitor>>, headers: HeaderMap) -> Result<Response, Problem> {
    let pages: Vec<StatusPage> = all(&visitor.client, PAGES).await?;
    let t = visitor.t;
    let row = |page: &StatusPage| Row {
        id: page.id.to_string(),
        title: page.title.clone(),
        url: page.url.clone(),
        components: (t.pages.count)(page.components.len()),
        visibility: t.option("visibility", page.visibility.as_str()).to_owned(),
        state: page
            .components
            .iter()
            .any(|component| component.status_by_hand.is_some())
            .then(|| State::degraded(t.pages.by_hand)),
    };
    let shell = visitor.shell("pages");
    let template = ListPage { can_write: shell.may("pages:write"), rows: pages.iter().map(row).collect(), shell };
    live(&headers, &template)
}
