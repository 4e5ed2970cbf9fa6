//! `/monitors/new` and `/monitors/{id}/edit`: the form that makes and changes monitors.

mod body;
mod controls;
mod try_it;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use valpero_domain::{Fault, MonitorId, MonitorSpec, check::CheckType};
use valpero_http::{Code, List, Problem};
use valpero_views::{Monitor, RegionView};

use super::monitor::{
    actions::secret_page,
    id_of,
    settings::{Leaf, leaves},
};
use crate::{
    form::{Control, Sent, Shape, without_nulls},
    page::{Shell, page, to},
    parts::Pair,
    texts::Texts,
    visitor::Visitor,
};
use try_it::Tried;

/// The query of the page of a new monitor.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Type of check.
    #[serde(default, rename = "type")]
    check_type: String,
    /// A target to begin with.
    #[serde(default)]
    url: String,
}

/// A type that can be chosen.
#[derive(Debug)]
struct TypeChip {
    path: String,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "monitor_form.html")]
struct Page {
    shell: Shell,
    title: String,
    action: String,
    back: String,
    types: Vec<TypeChip>,
    check_type: &'static str,
    is_new: bool,
    can_try: bool,
    etag: String,
    sentence: Option<String>,
    strays: Vec<String>,
    stored: Vec<Pair>,
    tried: Option<Tried>,
    first: Vec<Control>,
    name: Control,
    interval: Control,
    common: Vec<Control>,
    parents: Control,
    rest: Vec<Control>,
    is_open: bool,
}

/// What the form shows.
#[derive(Debug, Default)]
struct Filled {
    /// The monitor that is changed; none for a new one.
    id: Option<MonitorId>,
    check_type: CheckType,
    /// The monitor as JSON; its headers may be lines.
    values: Value,
    /// The version that was read.
    etag: String,
    faults: Vec<Fault>,
    /// Whether the headers are lines that could not be read.
    has_strange_headers: bool,
    sentence: Option<String>,
    stored: Vec<Pair>,
    tried: Option<Tried>,
}

/// `GET /monitors/new`.
pub async fn new(Extension(visitor): Extension<Arc<Visitor>>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let check_type: CheckType = asked.check_type.parse().unwrap_or_default();
    let values = if asked.url.is_empty() { json!({}) } else { json!({ "url": asked.url }) };
    show(&visitor, StatusCode::OK, Filled { check_type, values, ..Filled::default() }).await
}

/// `POST /monitors/new`.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let check_type: CheckType = sent.text("check_type").parse().unwrap_or_default();
    let body = without_nulls(body::of(&sent, None));
    let filled = Filled { check_type, ..filled(&sent, &body) };
    if sent.text("do") == "try" {
        return try_out(&visitor, filled, &body).await;
    }
    match visitor.client.create("/api/v1/monitors", sent.once(), &body).await {
        Ok(answer) => done(&visitor, &answer.json, "created"),
        Err(problem) => refused(&visitor, filled, &problem).await,
    }
}

/// `GET /monitors/{id}/edit`.
pub async fn edit(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let (values, etag) = read(&visitor, id).await?;
    let check_type = type_of(&values);
    show(&visitor, StatusCode::OK, Filled { id: Some(id), check_type, values, etag, ..Filled::default() }).await
}

/// `POST /monitors/{id}/edit`.
pub async fn update(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let (stored, etag) = read(&visitor, id).await?;
    let body = body::of(&sent, Some(&stored));
    let known = sent.text("etag").to_owned();
    let mut filled = Filled { id: Some(id), check_type: type_of(&stored), etag: known.clone(), ..filled(&sent, &body) };
    if sent.text("do") == "try" {
        return try_out(&visitor, filled, &body).await;
    }
    let version = [("if-match", known.as_str())];
    let headers: &[(&str, &str)] = if known.is_empty() { &[] } else { &version };
    match visitor.client.ask(Method::PATCH, &format!("/api/v1/monitors/{id}"), &body, headers).await {
        Ok(answer) => done(&visitor, &answer.json, "saved"),
        Err(problem) if problem.code() == Code::PreconditionFailed => {
            filled.sentence = Some(visitor.t.monitor_form.changed_meanwhile.to_owned());
            filled.stored = differences(visitor.t, &filled.values, &stored);
            filled.etag = etag;
            show(&visitor, StatusCode::PRECONDITION_FAILED, filled).await
        }
        Err(problem) => refused(&visitor, filled, &problem).await,
    }
}

/// What a person typed, and what can be told of it already.
fn filled(sent: &Sent, body: &Value) -> Filled {
    let has_strange_headers = body.pointer("/http/headers").is_some_and(Value::is_string);
    Filled { values: body::shown(sent, body), has_strange_headers, ..Filled::default() }
}

/// A monitor and its version.
async fn read(visitor: &Visitor, id: MonitorId) -> Result<(Value, String), Problem> {
    let answer = visitor.client.send(Method::GET, &format!("/api/v1/monitors/{id}"), &Value::Null).await?;
    let etag = answer.header("etag").to_owned();
    Ok((answer.json, etag))
}

fn type_of(monitor: &Value) -> CheckType {
    let name = monitor.get("check_type").and_then(Value::as_str).unwrap_or_default();
    name.parse().unwrap_or_default()
}

/// Leads to the monitor; first to the secret of its webhook, where the answer has one.
fn done(visitor: &Visitor, monitor: &Value, what: &str) -> Result<Response, Problem> {
    let id = monitor.get("id").and_then(Value::as_str).unwrap_or_default();
    if monitor.get("webhook_secret").is_some_and(Value::is_string) {
        return secret_page(visitor, monitor, id, String::new());
    }
    Ok(to(&format!("/monitors/{id}"), what))
}

/// What is stored, where it is not what the form says.
fn differences(t: &Texts, typed: &Value, stored: &Value) -> Vec<Pair> {
    let typed = leaves(t, &MonitorSpec::OBJECT, "", typed);
    let stored = leaves(t, &MonitorSpec::OBJECT, "", stored);
    let differ = typed.into_iter().zip(stored).filter(|(typed, stored)| {
        typed.path != "check_type" && typed.text != stored.text && !(typed.text.is_empty() && stored.is_usual)
    });
    let pair = |stored: Leaf| {
        let value = if stored.text.is_empty() { t.common.none.to_owned() } else { stored.text };
        Pair { label: stored.label, value }
    };
    differ.map(|(_, stored)| pair(stored)).collect()
}

/// The form with what the API says against it.
async fn refused(visitor: &Visitor, mut filled: Filled, problem: &Problem) -> Result<Response, Problem> {
    let status = problem.code().status();
    if status >= 500 || status == 401 || status == 404 {
        return Err(problem.clone());
    }
    if problem.errors().is_empty() {
        filled.sentence = Some(problem.detail().to_owned());
    } else {
        filled.faults = problem.errors().to_vec();
    }
    show(visitor, StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), filled).await
}

/// The form with what a probe found.
async fn try_out(visitor: &Visitor, mut filled: Filled, body: &Value) -> Result<Response, Problem> {
    match try_it::probe(visitor, filled.check_type, body).await {
        Ok(tried) => {
            filled.tried = Some(tried);
            show(visitor, StatusCode::OK, filled).await
        }
        Err(problem) if !problem.errors().is_empty() => {
            filled.faults = try_it::placed(filled.check_type, problem.errors());
            show(visitor, StatusCode::UNPROCESSABLE_ENTITY, filled).await
        }
        Err(problem) => refused(visitor, filled, &problem).await,
    }
}

async fn show(visitor: &Visitor, status: StatusCode, filled: Filled) -> Result<Response, Problem> {
    let regions: List<RegionView> = visitor.client.get("/api/v1/regions").await?;
    let monitors: List<Monitor> = visitor.client.get("/api/v1/monitors?limit=200").await?;
    page(status, &compose(visitor, filled, &regions.data, &monitors.data))
}

fn compose(visitor: &Visitor, mut filled: Filled, regions: &[RegionView], monitors: &[Monitor]) -> Page {
    let t = visitor.t;
    let f = &t.monitor_form;
    if filled.has_strange_headers {
        for fault in filled.faults.iter_mut().filter(|fault| fault.pointer == "/http/headers") {
            fault.detail = f.headers_one_a_line.to_owned();
        }
    }
    let (values, faults) = (&filled.values, filled.faults.as_slice());
    let (first, rest) = controls::of_type(t, filled.check_type, values, faults);
    let least = visitor.account.limits.min_check_interval;
    let words = visitor.shell("").words();
    let interval = controls::interval(&words, values, faults, least);
    let mut common = controls::common(t, values, faults);
    common.push(controls::regions(t, values, faults, regions));
    let parents = controls::parents(t, values, faults, monitors, filled.id);
    let name = controls::name(t, values, faults);
    let is_amiss = |control: &Control| control.fault.is_some();
    let is_open = filled.id.is_some()
        || [&name, &interval, &parents].into_iter().any(is_amiss)
        || common.iter().chain(&rest).any(is_amiss);
    let shown: Vec<&Control> = first.iter().chain(&common).chain(&rest).chain([&name, &interval, &parents]).collect();
    let strays = controls::strays(&shown, faults);
    let back = filled.id.map_or_else(|| "/monitors".to_owned(), |id| format!("/monitors/{id}"));
    Page {
        shell: visitor.shell("monitors"),
        title: match filled.id {
            None => f.new_monitor.to_owned(),
            Some(_) => (f.edit_monitor)(values.get("name").and_then(Value::as_str).unwrap_or_default()),
        },
        action: filled.id.map_or_else(|| "/monitors/new".to_owned(), |id| format!("/monitors/{id}/edit")),
        back,
        types: if filled.id.is_none() { types(filled.check_type) } else { Vec::new() },
        check_type: filled.check_type.as_str(),
        is_new: filled.id.is_none(),
        can_try: filled.check_type != CheckType::Tcp,
        etag: filled.etag.clone(),
        sentence: filled.sentence.clone(),
        strays,
        first,
        name,
        interval,
        common,
        parents,
        rest,
        is_open,
        stored: filled.stored,
        tried: filled.tried,
    }
}

fn types(chosen: CheckType) -> Vec<TypeChip> {
    let chip = |one: CheckType| TypeChip {
        path: format!("/monitors/new?type={}", one.as_str()),
        label: one.as_str(),
        is_chosen: one == chosen,
    };
    CheckType::ALL.into_iter().map(chip).collect()
}
