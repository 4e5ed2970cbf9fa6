//! `/status-pages/new` and `/status-pages/{id}`: the form of a status page.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::Path, http::Method, response::Response};
use serde_json::{Value, json};
use valpero_domain::{
    Fault, Field, Kind, PageId,
    pages::{Component, StatusPageSpec, settings::COMPONENTS_MAX},
};
use valpero_http::{List, Problem};
use valpero_views::{Monitor, PageComponentView, StatusPage};

use super::{PAGES, Refused, page_id, path_of};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Option_, Sent, without_nulls},
    page::{Shell, page, to},
    texts::Texts,
    visitor::Visitor,
};

/// Empty rows below those that are filled in.
const SPARE: usize = 2;

/// Monitors that a row offers.
const MONITORS: &str = "/api/v1/monitors?limit=200";

#[derive(Template)]
#[template(path = "status_page_form.html")]
struct FormPage {
    shell: Shell,
    title: String,
    action: String,
    preview_action: String,
    is_new: bool,
    id: String,
    url: String,
    has_room: bool,
    general: Vec<Control>,
    looks: Vec<Control>,
    access: Vec<Control>,
    rows: Vec<Row>,
    refusals: Vec<String>,
    delete_says: String,
}

struct Row {
    place: usize,
    title: String,
    id: String,
    texts: Vec<Control>,
    monitors: Vec<Option_>,
    chosen: usize,
    monitors_fault: Option<String>,
    ticks: Vec<Control>,
    is_open: bool,
}

/// A page's form before it is shown.
pub struct Draft {
    of: Option<PageId>,
    url: String,
    has_password: bool,
    /// The page as the API's JSON, without its components.
    values: Value,
    /// Its components as JSON, those that are empty too.
    components: Vec<Value>,
    spare: usize,
    refused: Refused,
}

/// The fields of a page's form, in its parts.
const GENERAL: [&str; 8] = [
    "title",
    "slug",
    "description",
    "language",
    "time_zone",
    "history_days",
    "auto_publish.incidents",
    "auto_publish.after_minutes",
];
const LOOKS: [&str; 4] = ["theme.accent", "theme.logo_url", "subscribers", "show_powered_by"];
const ACCESS: [&str; 4] = ["visibility", "password", "ip_allow", "noindex"];

/// The field of a path within the page.
fn field_of(path: &str) -> Option<&'static Field> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = StatusPageSpec::OBJECT.fields.iter().find(|field| field.name == first)?;
    match (rest, field.kind) {
        (None, _) => Some(field),
        (Some(name), Kind::Object(object)) => object.fields.iter().find(|field| field.name == name),
        _ => None,
    }
}

impl Draft {
    fn new(of: Option<PageId>) -> Self {
        let refused = Refused::default();
        Self {
            of,
            url: String::new(),
            has_password: false,
            values: json!({}),
            components: Vec::new(),
            spare: SPARE,
            refused,
        }
    }

    fn stored(page: &StatusPage) -> Result<Self, Problem> {
        let mut values = serde_json::to_value(page).map_err(|error| Problem::internal(&error))?;
        let components = page.components.iter().map(component_json).collect();
        if let Some(members) = values.as_object_mut() {
            members.retain(|name, _| StatusPageSpec::OBJECT.fields.iter().any(|field| field.name == name));
            members.remove("components");
        }
        let draft = Self::new(Some(page.id));
        Ok(Self { url: page.url.clone(), has_password: page.has_password, values, components, ..draft })
    }

    /// What was sent. Empty components are left out.
    pub fn sent(of: Option<PageId>, sent: &Sent) -> Self {
        let all = components_of(sent);
        let count = all.len();
        let components: Vec<Value> = all.into_iter().filter(|component| !is_empty(component)).collect();
        let draft = Self::new(of);
        let spare = if sent.text("do") == "more" { count - components.len() + SPARE } else { SPARE };
        let mut members = sent.members(&StatusPageSpec::OBJECT, "");
        // The form shows no password; an empty one leaves it as it is.
        if members.get("password").is_some_and(Value::is_null) {
            members.remove("password");
        }
        let values = Value::Object(members);
        Self { values, components, spare, ..draft }
    }

    /// The page as the API's JSON.
    pub fn json(&self) -> Value {
        let mut body = self.values.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("components".to_owned(), json!(self.components));
        }
        body
    }

    async fn show(self, visitor: &Visitor) -> Result<Response, Problem> {
        let monitors: List<Monitor> = visitor.client.get(MONITORS).await?;
        let (t, m) = (visitor.t, &visitor.t.pages);
        let shown = self.components.len();
        let count = (shown + self.spare).min(COMPONENTS_MAX).max(shown);
        let faults = &self.refused.faults;
        let control = |path: &&str| {
            let field = field_of(path)?;
            let mut control = Control::of(t, field, path, &self.values, faults);
            if *path == "password" {
                control.value = String::new();
                if self.has_password {
                    control.placeholder = m.password_kept.to_owned();
                }
            }
            match *path {
                "language" => control.hint = m.language_says.to_owned(),
                "time_zone" => control.hint = m.zone_says.to_owned(),
                _ => {}
            }
            Some(control)
        };
        let controls = |paths: &[&str]| paths.iter().filter_map(control).collect::<Vec<Control>>();
        let row = |place: usize| row(t, place, self.components.get(place), &monitors.data, faults);
        let refusals = self.refused.beside(|name, pointer| {
            StatusPageSpec::OBJECT.fields.iter().any(|field| field.name == name) && pointer != "/components"
        });
        let name = self.values.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
        let action = self.of.map_or_else(|| "/status-pages/new".to_owned(), |id| format!("/status-pages/{id}"));
        let template = FormPage {
            shell: visitor.shell("pages"),
            title: if self.of.is_none() { m.new.to_owned() } else { (m.edit_of)(&name) },
            preview_action: format!("{action}/preview"),
            action,
            is_new: self.of.is_none(),
            id: self.of.map(|id| id.to_string()).unwrap_or_default(),
            url: self.url.clone(),
            has_room: count < COMPONENTS_MAX,
            general: controls(&GENERAL),
            looks: controls(&LOOKS),
            access: controls(&ACCESS),
            rows: (0..count).map(row).collect(),
            refusals,
            delete_says: (m.delete_says)(&name),
        };
        page(self.refused.status, &template)
    }

    async fn refused(mut self, visitor: &Visitor, problem: Problem) -> Result<Response, Problem> {
        self.refused = Refused::of(problem)?;
        self.show(visitor).await
    }
}

/// A component of the API's answer as a request has it.
fn component_json(component: &PageComponentView) -> Value {
    json!({
        "id": component.id,
        "name": component.name,
        "description": component.description,
        "group": component.group,
        "monitor_ids": component.monitor_ids,
        "show_uptime": component.show_uptime,
        "show_response_time": component.show_response_time,
    })
}

fn is_empty(component: &Value) -> bool {
    let is_blank = |name: &str| component[name].as_str().is_none_or(|text| text.trim().is_empty());
    is_blank("name") && component["monitor_ids"].as_array().is_none_or(Vec::is_empty)
}

/// The components of a form, with those that are empty.
fn components_of(sent: &Sent) -> Vec<Value> {
    let mut components = Vec::new();
    for place in 0..COMPONENTS_MAX {
        let prefix = format!("components.{place}.");
        if !sent.has(&format!("{prefix}name")) {
            break;
        }
        let mut members = sent.members(&Component::OBJECT, &prefix);
        members.retain(|_, value| !value.is_null());
        members.insert("monitor_ids".to_owned(), json!(sent.texts(&format!("{prefix}monitor_ids"))));
        components.push(Value::Object(members));
    }
    components
}

fn row(t: &Texts, place: usize, component: Option<&Value>, monitors: &[Monitor], faults: &[Fault]) -> Row {
    let empty = json!({});
    let component = component.unwrap_or(&empty);
    let values = json!({"components": {place.to_string(): component}});
    let control = |name: &str| {
        let field = Component::OBJECT.fields.iter().find(|field| field.name == name)?;
        let mut control = Control::of(t, field, &format!("components.{place}.{name}"), &values, faults);
        // An empty row may stay empty.
        control.required = false;
        Some(control)
    };
    let chosen: Vec<&str> =
        component["monitor_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut options: Vec<Option_> = monitors
        .iter()
        .map(|monitor| Option_ {
            value: monitor.id.to_string(),
            label: monitor.name.to_string(),
            chosen: chosen.contains(&monitor.id.to_string().as_str()),
        })
        .collect();
    // A monitor that the list does not show keeps its place.
    let unlisted = chosen.iter().filter(|id| !monitors.iter().any(|monitor| monitor.id.to_string() == **id));
    options.extend(unlisted.map(|id| Option_ { value: (*id).to_owned(), label: (*id).to_owned(), chosen: true }));
    let of_monitors = format!("/components/{place}/monitor_ids");
    let fault = faults.iter().find(|fault| fault.pointer.starts_with(&of_monitors)).map(|fault| fault.detail.clone());
    Row {
        place,
        title: (t.pages.component)(place + 1),
        id: component["id"].as_str().unwrap_or_default().to_owned(),
        texts: ["name", "group", "description"].into_iter().filter_map(control).collect(),
        is_open: chosen.is_empty() && monitors.len() <= 10 || fault.is_some(),
        chosen: chosen.len(),
        monitors: options,
        monitors_fault: fault,
        ticks: ["show_uptime", "show_response_time"].into_iter().filter_map(control).collect(),
    }
}

/// `GET /status-pages/new`.
pub async fn new(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    Draft::new(None).show(&visitor).await
}

/// `POST /status-pages/new`: makes the page, or shows more rows where `do` is `more`.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let draft = Draft::sent(None, &sent);
    if sent.text("do") == "more" {
        return draft.show(&visitor).await;
    }
    match visitor.client.create(PAGES, sent.once(), &without_nulls(draft.json())).await {
        Ok(answer) => {
            let made: StatusPage = answer.read()?;
            Ok(to(&format!("/status-pages/{}", made.id), "page_created"))
        }
        Err(problem) => draft.refused(&visitor, problem).await,
    }
}

/// `GET /status-pages/{id}`.
pub async fn edit(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let page: StatusPage = visitor.client.get(&path_of(page_id(&id)?)).await?;
    Draft::stored(&page)?.show(&visitor).await
}

/// `POST /status-pages/{id}`: changes the page, or shows more rows where `do` is `more`.
pub async fn save(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let draft = Draft::sent(Some(id), &sent);
    if sent.text("do") == "more" {
        return draft.show(&visitor).await;
    }
    match visitor.client.send(Method::PATCH, &path_of(id), &draft.json()).await {
        Ok(_) => Ok(to(&format!("/status-pages/{id}"), "saved")),
        Err(problem) => draft.refused(&visitor, problem).await,
    }
}

/// `POST /status-pages/{id}/delete`.
pub async fn delete(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    visitor.client.send(Method::DELETE, &path_of(page_id(&id)?), &Value::Null).await?;
    Ok(to("/status-pages", "deleted"))
}
