//! `/status-pages/{id}/subscribers`: who is told of a page's posts.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query},
    http::{HeaderMap, Method},
    response::Response,
};
use serde_json::Value;
use valpero_domain::{SubscriberId, pages::SubscriberStatus};
use valpero_http::{List, Problem};
use valpero_views::{PageSubscriber, StatusPage};

use super::{component_name, page_id, path_of, posts::Asked};
use crate::{
    page::{Shell, live, to},
    pages::settings::with_query,
    parts::{Moment, State},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "status_subscribers.html")]
struct SubscribersPage {
    shell: Shell,
    id: String,
    title: String,
    url: String,
    can_write: bool,
    /// Whether people can subscribe to the page.
    is_open: bool,
    rows: Vec<Row>,
    more: Option<String>,
}

struct Row {
    id: String,
    contact: String,
    components: String,
    state: State,
    why: String,
    since: Moment,
}

/// `GET /status-pages/{id}/subscribers`.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let path = format!("{}/subscribers", path_of(id));
    let found: List<PageSubscriber> = visitor.client.get(&with_query(&path, &[("cursor", asked.cursor())])).await?;
    let shell = visitor.shell("pages");
    let (m, words) = (&visitor.t.pages, shell.words());
    let row = |one: &PageSubscriber| {
        let named: Vec<String> = one.components.iter().map(|id| component_name(&status_page, *id)).collect();
        Row {
            id: one.id.to_string(),
            contact: one.email.clone().or_else(|| one.url.clone()).unwrap_or_default(),
            components: if named.is_empty() { m.all_components.to_owned() } else { named.join(", ") },
            state: match one.status {
                SubscriberStatus::Pending => State::pending(m.unconfirmed),
                SubscriberStatus::Active => State::up(m.subscribed),
                SubscriberStatus::Quarantined => State::down(m.quarantined),
            },
            why: one.quarantine_reason.clone().unwrap_or_default(),
            since: Moment::past(&words, one.confirmed_at.unwrap_or(one.created_at)),
        }
    };
    let more = found.next_cursor.as_deref();
    let template = SubscribersPage {
        id: id.to_string(),
        title: status_page.title.clone(),
        url: status_page.url.clone(),
        can_write: shell.may("pages:write"),
        is_open: status_page.subscribers,
        rows: found.data.iter().map(row).collect(),
        more: more.map(|cursor| with_query(&format!("/status-pages/{id}/subscribers"), &[("cursor", cursor)])),
        shell,
    };
    live(&headers, &template)
}

/// `POST /status-pages/{id}/subscribers/{subscriber}/remove`.
pub async fn remove(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, subscriber)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let subscriber: SubscriberId = subscriber.parse().map_err(|_| Problem::not_found())?;
    let path = format!("{}/subscribers/{subscriber}", path_of(id));
    visitor.client.send(Method::DELETE, &path, &Value::Null).await?;
    Ok(to(&format!("/status-pages/{id}/subscribers"), "deleted"))
}
