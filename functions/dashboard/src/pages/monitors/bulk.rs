//! `/monitors/selected`: one thing done with several monitors.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::{MonitorId, monitor::Tag};
use valpero_http::{Code, List, Problem};
use valpero_views::Monitor;

use super::{asked::Asked, row::number};
use crate::{
    client::Client,
    form::Sent,
    page::{Shell, page, to},
    visitor::Visitor,
};

/// What can be done with the selected monitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Check,
    Pause,
    Resume,
    Tag,
    Delete,
}

impl Deed {
    /// Every deed, by the value of its button and the sentence that says that it is done.
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Check, "check", "checks_requested"),
        (Self::Pause, "pause", "paused"),
        (Self::Resume, "resume", "resumed"),
        (Self::Tag, "tag", "tagged"),
        (Self::Delete, "delete", "deleted"),
    ];

    fn read(text: &str) -> Option<(Self, &'static str)> {
        Self::ALL.into_iter().find(|(_, name, _)| *name == text).map(|(deed, _, done)| (deed, done))
    }
}

/// The page that asks before a deed: which tag, or whether the monitors may go.
#[derive(Template)]
#[template(path = "monitors_bulk.html")]
struct Ask {
    shell: Shell,
    title: String,
    says: String,
    monitors: Vec<Named>,
    /// Whether it asks for a tag; otherwise whether to delete.
    is_tag: bool,
    tag: String,
    /// Fault of the tag. Empty if there is none.
    fault: String,
    filters: String,
    back: String,
}

/// The page that says what could not be done.
#[derive(Template)]
#[template(path = "monitors_failed.html")]
struct Failed {
    shell: Shell,
    title: String,
    says: String,
    failures: Vec<Failure>,
    back: String,
}

/// A monitor by its name.
struct Named {
    id: String,
    name: String,
}

/// A monitor with which it could not be done, and why.
struct Failure {
    id: String,
    name: String,
    detail: String,
}

/// `POST /monitors/selected`.
pub async fn selected(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let asked = Asked::read(sent.text("filters"));
    let Some((deed, done)) = Deed::read(sent.text("do")) else { return Err(Problem::not_found()) };
    let mut ids: Vec<MonitorId> = Vec::new();
    for text in sent.texts("id") {
        match text.parse::<MonitorId>() {
            Ok(id) if !ids.contains(&id) => ids.push(id),
            _ => {}
        }
    }
    if ids.is_empty() {
        return none_selected(&visitor, &asked);
    }
    let tag = sent.text("tag").trim().to_owned();
    let is_sure = match deed {
        Deed::Delete => sent.text("sure") == "yes",
        Deed::Tag => !tag.is_empty(),
        Deed::Check | Deed::Pause | Deed::Resume => true,
    };
    if !is_sure {
        return ask(&visitor, deed, &ids, &asked, &tag, "", StatusCode::OK).await;
    }
    let mut refused: Vec<(MonitorId, Problem)> = Vec::new();
    for id in &ids {
        if let Err(problem) = act(&visitor.client, deed, *id, &tag).await {
            refused.push((*id, problem));
        }
    }
    if refused.is_empty() {
        return Ok(to(&asked.path(), done));
    }
    if let Some(fault) = fault_of_tag(deed, &ids, &refused) {
        return ask(&visitor, deed, &ids, &asked, &tag, &fault, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    failed(&visitor, &asked, ids.len(), refused).await
}

/// Does it with one monitor.
async fn act(client: &Client, deed: Deed, id: MonitorId, tag: &str) -> Result<(), Problem> {
    let path = format!("/api/v1/monitors/{id}");
    match deed {
        Deed::Tag => add_tag(client, &path, tag).await,
        Deed::Check => client.send(Method::POST, &format!("{path}/check"), &Value::Null).await.map(drop),
        Deed::Pause => client.send(Method::POST, &format!("{path}/pause"), &Value::Null).await.map(drop),
        Deed::Resume => client.send(Method::POST, &format!("{path}/resume"), &Value::Null).await.map(drop),
        Deed::Delete => match client.send(Method::DELETE, &path, &Value::Null).await {
            // The form was sent twice, or somebody else was faster.
            Err(problem) if problem.code() == Code::NotFound => Ok(()),
            answer => answer.map(drop),
        },
    }
}

/// Adds the tag to those that the monitor has, unless somebody changes it in between.
async fn add_tag(client: &Client, path: &str, tag: &str) -> Result<(), Problem> {
    let answer = client.send(Method::GET, path, &Value::Null).await?;
    let version = answer.header("etag").to_owned();
    let monitor: Monitor = answer.read()?;
    let mut tags: Vec<&str> = monitor.tags.iter().map(Tag::as_str).collect();
    if tags.contains(&tag) {
        return Ok(());
    }
    tags.push(tag);
    let body = json!({ "tags": tags });
    client.ask(Method::PATCH, path, &body, &[("if-match", version.as_str())]).await.map(drop)
}

/// What is wrong with the tag itself, so that no monitor took it.
fn fault_of_tag(deed: Deed, ids: &[MonitorId], refused: &[(MonitorId, Problem)]) -> Option<String> {
    let is_of_all = deed == Deed::Tag && refused.len() == ids.len();
    let (_, problem) = refused.first().filter(|_| is_of_all)?;
    problem.errors().first().filter(|fault| fault.pointer.starts_with("/tags")).map(|fault| fault.detail.clone())
}

async fn ask(
    visitor: &Visitor,
    deed: Deed,
    ids: &[MonitorId],
    asked: &Asked,
    tag: &str,
    fault: &str,
    status: StatusCode,
) -> Result<Response, Problem> {
    let monitors = named(&visitor.client, ids).await?;
    if monitors.is_empty() {
        return none_selected(visitor, asked);
    }
    let m = &visitor.t.monitors;
    let count = number(monitors.len());
    let is_tag = deed == Deed::Tag;
    let ask = Ask {
        shell: visitor.shell("monitors"),
        title: if is_tag { (m.tag_title)(count) } else { (m.delete_title)(count) },
        says: if is_tag { m.tag_says } else { m.delete_says }.to_owned(),
        monitors,
        is_tag,
        tag: tag.to_owned(),
        fault: fault.to_owned(),
        filters: asked.filters(),
        back: asked.path(),
    };
    page(status, &ask)
}

/// The monitors by their names, those that are gone left out: most are known by one list, the others are asked for one by one.
async fn named(client: &Client, ids: &[MonitorId]) -> Result<Vec<Named>, Problem> {
    let list: List<Monitor> = client.get("/api/v1/monitors?limit=200").await?;
    let known: BTreeMap<MonitorId, String> =
        list.data.iter().map(|monitor| (monitor.id, monitor.name.as_str().to_owned())).collect();
    let mut monitors: Vec<Named> = Vec::new();
    for id in ids {
        let name: Option<String> = match known.get(id) {
            Some(name) => Some(name.clone()),
            None if list.has_more => name_of(client, *id).await,
            None => None,
        };
        if let Some(name) = name {
            monitors.push(Named { id: id.to_string(), name });
        }
    }
    Ok(monitors)
}

async fn name_of(client: &Client, id: MonitorId) -> Option<String> {
    let monitor: Monitor = client.get(&format!("/api/v1/monitors/{id}")).await.ok()?;
    Some(monitor.name.as_str().to_owned())
}

async fn failed(
    visitor: &Visitor,
    asked: &Asked,
    all: usize,
    refused: Vec<(MonitorId, Problem)>,
) -> Result<Response, Problem> {
    let m = &visitor.t.monitors;
    let ids: Vec<MonitorId> = refused.iter().map(|(id, _)| *id).collect();
    let names: BTreeMap<String, String> =
        named(&visitor.client, &ids).await?.into_iter().map(|named| (named.id, named.name)).collect();
    let mut failures: Vec<Failure> = Vec::new();
    for (id, problem) in refused {
        let id = id.to_string();
        let name = names.get(&id).cloned().unwrap_or_else(|| id.clone());
        failures.push(Failure { id, name, detail: problem.detail().to_owned() });
    }
    let says = if failures.len() == all { m.failed_all_says } else { m.failed_says };
    let failed = Failed {
        shell: visitor.shell("monitors"),
        title: (m.failed_title)(number(failures.len()), number(all)),
        says: says.to_owned(),
        failures,
        back: asked.path(),
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &failed)
}

fn none_selected(visitor: &Visitor, asked: &Asked) -> Result<Response, Problem> {
    let m = &visitor.t.monitors;
    let failed = Failed {
        shell: visitor.shell("monitors"),
        title: m.none_selected.to_owned(),
        says: m.none_selected_says.to_owned(),
        failures: Vec::new(),
        back: asked.path(),
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &failed)
}
