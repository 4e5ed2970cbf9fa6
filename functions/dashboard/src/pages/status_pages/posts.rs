//! `/status-pages/{id}/posts`: the posts of a page, and the form of a new one.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use valpero_domain::{
    Fault, Field, PageId, Timestamp,
    pages::{ComponentStatus, NewPost, PostKind, PostState},
};
use valpero_http::{List, Problem};
use valpero_views::{PagePost, StatusPage};

use super::{
    Refused,
    components::{minute, time_of},
    page_id, path_of, status_name,
};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Option_, Sent, without_nulls},
    page::{Shell, live, page, to},
    pages::settings::with_query,
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
    words::Words,
};

#[derive(Template)]
#[template(path = "status_posts.html")]
struct PostsPage {
    shell: Shell,
    id: String,
    title: String,
    url: String,
    can_write: bool,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    id: String,
    title: String,
    state: State,
    when: Option<(Moment, Moment)>,
    updated: Option<Moment>,
    auto: bool,
}

/// State of a post with its shape.
pub fn state_of(t: &Texts, post: &PagePost) -> State {
    let word = t.option("state", post.state.as_str()).to_owned();
    match (post.kind, post.state.is_over()) {
        (_, true) => State::up(word),
        (PostKind::Maintenance, false) => State::pending(word),
        (PostKind::Incident, false) => State::down(word),
    }
}

/// When the work of a post is planned for.
pub fn planned(words: &Words, post: &PagePost) -> Option<(Moment, Moment)> {
    let moment = |at: Timestamp| Moment::exact(words, at);
    post.scheduled_for.map(moment).zip(post.scheduled_until.map(moment))
}

/// What of a list is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    cursor: String,
}

impl Asked {
    /// Where the list goes on; empty at its begin.
    pub fn cursor(&self) -> &str {
        &self.cursor
    }
}

/// `GET /status-pages/{id}/posts`.
pub async fn list(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let path = format!("{}/posts", path_of(id));
    let posts: List<PagePost> = visitor.client.get(&with_query(&path, &[("cursor", &asked.cursor)])).await?;
    let shell = visitor.shell("pages");
    let (t, words) = (visitor.t, shell.words());
    let row = |post: &PagePost| Row {
        id: post.id.to_string(),
        title: post.title.clone(),
        state: state_of(t, post),
        when: planned(&words, post),
        updated: post.updates.last().map(|last| Moment::past(&words, last.at)),
        auto: post.auto,
    };
    let older = posts.next_cursor.as_deref();
    let template = PostsPage {
        id: id.to_string(),
        title: status_page.title.clone(),
        url: status_page.url.clone(),
        can_write: shell.may("pages:write"),
        rows: posts.data.iter().map(row).collect(),
        older: older.map(|cursor| with_query(&format!("/status-pages/{id}/posts"), &[("cursor", cursor)])),
        shell,
    };
    live(&headers, &template)
}

#[derive(Template)]
#[template(path = "status_post_new.html")]
struct NewPage {
    shell: Shell,
    id: String,
    title: String,
    kind: &'static str,
    refusals: Vec<String>,
    controls: Vec<Control>,
    components: Vec<AffectedRow>,
    times: Vec<TimeControl>,
    tells: Tells,
}

/// What a post says of one component.
pub struct AffectedRow {
    /// Name of the control.
    pub name: String,
    /// Name of the component.
    pub label: String,
    /// Statuses, of which one may be chosen.
    pub options: Vec<Option_>,
}

/// A control that takes a time.
pub struct TimeControl {
    /// Name that is sent.
    pub name: &'static str,
    /// Label.
    pub label: String,
    /// As the browser's control has it.
    pub value: String,
    /// What is wrong with it.
    pub fault: Option<String>,
}

/// Whether subscribers are told: nothing is chosen in advance.
pub struct Tells {
    /// `true`, `false`, or empty.
    pub chosen: String,
    /// What is wrong with it.
    pub fault: Option<String>,
}

impl Tells {
    /// What was sent, and what is wrong with it.
    pub fn of(values: &Value, faults: &[Fault]) -> Self {
        let chosen = values["notify"].as_bool().map(|tells| tells.to_string()).unwrap_or_default();
        Self { chosen, fault: fault_at(faults, "/notify") }
    }
}

/// What is wrong with the field at this pointer.
pub fn fault_at(faults: &[Fault], pointer: &str) -> Option<String> {
    faults.iter().find(|fault| fault.pointer == pointer).map(|fault| fault.detail.clone())
}

/// A field of an object of the API.
pub fn field(of: &'static [Field], name: &str) -> Option<&'static Field> {
    of.iter().find(|field| field.name == name)
}

/// A row for each component of the page, with what was chosen of it.
pub fn affected(t: &Texts, page: &StatusPage, chosen: &Value) -> Vec<AffectedRow> {
    let of = |id: &str| chosen.as_array().into_iter().flatten().find(|one| one["id"] == id);
    let row = |component: &valpero_views::PageComponentView| {
        let id = component.id.to_string();
        let before = of(&id).map(|one| one["status"].clone()).unwrap_or_default();
        let option = |status: ComponentStatus| Option_ {
            value: status.as_str().to_owned(),
            label: status_name(t, status).to_owned(),
            chosen: before == status.as_str(),
        };
        AffectedRow {
            name: format!("component.{id}"),
            label: component.name.clone(),
            options: ComponentStatus::ALL.into_iter().map(option).collect(),
        }
    };
    page.components.iter().map(row).collect()
}

/// The components of a form, with their statuses.
pub fn affected_of(sent: &Sent, page: &StatusPage) -> Value {
    let one = |component: &valpero_views::PageComponentView| {
        let status = sent.text(&format!("component.{}", component.id));
        (!status.is_empty()).then(|| json!({"id": component.id, "status": status}))
    };
    page.components.iter().filter_map(one).collect()
}

/// The schedule's controls, with what was typed.
pub fn times(t: &Texts, of: &'static [Field], values: &Value, faults: &[Fault]) -> Vec<TimeControl> {
    let control = |name: &'static str| {
        let says = t.field(name, field(of, name)?);
        let value = values[name].as_str().map(minute).unwrap_or_default();
        Some(TimeControl { name, label: says.label, value, fault: fault_at(faults, &format!("/{name}")) })
    };
    SCHEDULE.into_iter().filter_map(control).collect()
}

/// The fields of a schedule.
const SCHEDULE: [&str; 2] = ["scheduled_for", "scheduled_until"];

/// The schedule that a form has, as the API takes it.
pub fn schedule_of(sent: &Sent) -> impl Iterator<Item = (String, Value)> {
    let given = SCHEDULE.into_iter().filter(|name| sent.has(name));
    given.map(|name| (name.to_owned(), time_of(sent.text(name))))
}

/// Leaves a control of states those of one kind of post.
pub fn only_of(control: &mut Control, kind: PostKind) {
    control.options.retain(|option| option.value.parse().is_ok_and(|state: PostState| state.kind() == kind));
}

/// Which kind of post is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Kind {
    #[serde(default)]
    kind: String,
}

/// `GET /status-pages/{id}/posts/new?kind=incident|maintenance`.
pub async fn new(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    Query(asked): Query<Kind>,
) -> Result<Response, Problem> {
    let kind = asked.kind.parse().unwrap_or_default();
    form(&visitor, page_id(&id)?, kind, &json!({}), Refused::default()).await
}

async fn form(
    visitor: &Visitor,
    id: PageId,
    kind: PostKind,
    values: &Value,
    refused: Refused,
) -> Result<Response, Problem> {
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let (t, m) = (visitor.t, &visitor.t.pages);
    let fields = NewPost::OBJECT.fields;
    let names: &[&str] = match kind {
        PostKind::Incident => &["title", "state", "impact", "body"],
        PostKind::Maintenance => &["title", "body"],
    };
    let control = |name: &&str| {
        let mut control = Control::of(t, field(fields, name)?, name, values, &refused.faults);
        if *name == "state" {
            only_of(&mut control, kind);
        }
        Some(control)
    };
    let shown = |name: &str| names.contains(&name) || SCHEDULE.contains(&name) || name == "notify";
    let refusals = refused.beside(|name, _| shown(name));
    let template = NewPage {
        shell: visitor.shell("pages"),
        id: id.to_string(),
        title: match kind {
            PostKind::Incident => m.new_incident,
            PostKind::Maintenance => m.new_maintenance,
        }
        .to_owned(),
        kind: kind.as_str(),
        refusals,
        controls: names.iter().filter_map(control).collect(),
        components: affected(t, &status_page, &values["components"]),
        times: match kind {
            PostKind::Incident => Vec::new(),
            PostKind::Maintenance => times(t, fields, values, &refused.faults),
        },
        tells: Tells::of(values, &refused.faults),
    };
    page(refused.status, &template)
}

/// `POST /status-pages/{id}/posts/new`.
pub async fn create(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = page_id(&id)?;
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let kind: PostKind = sent.text("kind").parse().unwrap_or_default();
    let mut members = sent.members(&NewPost::OBJECT, "");
    members.insert("kind".to_owned(), json!(kind.as_str()));
    members.insert("components".to_owned(), affected_of(&sent, &status_page));
    members.extend(schedule_of(&sent));
    let body = without_nulls(Value::Object(members));
    match visitor.client.create(&format!("{}/posts", path_of(id)), sent.once(), &body).await {
        Ok(answer) => {
            let post: PagePost = answer.read()?;
            Ok(to(&format!("/status-pages/{id}/posts/{}", post.id), "published"))
        }
        Err(problem) => form(&visitor, id, kind, &body, Refused::of(problem)?).await,
    }
}
