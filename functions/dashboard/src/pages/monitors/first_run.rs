//! The list while there is no monitor: one field, for the URL of the first.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, http::StatusCode, response::Response};
use serde_json::json;
use valpero_domain::Scope;
use valpero_http::Problem;
use valpero_views::Monitor;

use crate::{
    form::{Sent, faults},
    page::{Shell, page, to},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "first_run.html")]
struct FirstRun {
    shell: Shell,
    writes: bool,
    url: String,
    /// Fault of the URL. Empty if there is none.
    fault: String,
}

/// The page, with this text in the field, and what is wrong with it.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn show(visitor: &Visitor, status: StatusCode, url: &str, fault: &str) -> Result<Response, Problem> {
    let first_run = FirstRun {
        shell: visitor.shell("monitors"),
        writes: visitor.client.may(Scope::MonitorsWrite),
        url: url.to_owned(),
        fault: fault.to_owned(),
    };
    page(status, &first_run)
}

/// `POST /monitors`: a monitor of this URL, with everything else as it usually is.
pub async fn create_quick(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let url = sent.text("url").trim().to_owned();
    let body = json!({ "url": url });
    match visitor.client.create("/api/v1/monitors", sent.once(), &body).await {
        Ok(answer) => {
            let monitor: Monitor = answer.read()?;
            Ok(to(&format!("/monitors/{}", monitor.id), "created"))
        }
        Err(problem) => {
            let details: Vec<String> = faults(problem)?.into_iter().map(|fault| fault.detail).collect();
            show(&visitor, StatusCode::UNPROCESSABLE_ENTITY, &url, &details.join("; "))
        }
    }
}
