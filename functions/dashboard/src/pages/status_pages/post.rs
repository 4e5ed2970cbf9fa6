//! `/status-pages/{id}/posts/{post}`: a post with its updates, the form of a further one, and its end.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::Path, http::Method, response::Response};
use serde_json::{Value, json};
use valpero_domain::{
    PageId, PostId,
    pages::{NewUpdate, PostKind, PostPatch},
};
use valpero_http::Problem;
use valpero_views::{PagePost, PagePostUpdate, StatusPage};

use super::{
    Refused, component_name, page_id, path_of,
    posts::{
        AffectedRow, Tells, TimeControl, affected, affected_of, field, only_of, planned, schedule_of, state_of, times,
    },
    status_name,
};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Sent, without_nulls},
    page::{Shell, page, to},
    parts::{Moment, State},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "status_post.html")]
struct PostPage {
    shell: Shell,
    page: String,
    id: String,
    title: String,
    public_url: String,
    state: State,
    when: Option<(Moment, Moment)>,
    affects: String,
    auto: bool,
    can_write: bool,
    /// The latest first.
    updates: Vec<UpdateRow>,
    refusals: Vec<String>,
    update: Vec<Control>,
    components: Vec<AffectedRow>,
    tells: Tells,
    change: Vec<Control>,
    times: Vec<TimeControl>,
}

struct UpdateRow {
    word: String,
    at: Moment,
    who: String,
    body: String,
    told: bool,
}

fn ids(page: &str, post: &str) -> Result<(PageId, PostId), Problem> {
    Ok((page_id(page)?, post.parse().map_err(|_| Problem::not_found())?))
}

fn post_path(page: PageId, post: PostId) -> String {
    format!("{}/posts/{post}", path_of(page))
}

/// `GET /status-pages/{id}/posts/{post}`.
pub async fn show(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, post)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, post) = ids(&id, &post)?;
    render(&visitor, id, post, &json!({}), Refused::default()).await
}

async fn render(
    visitor: &Visitor,
    id: PageId,
    post_id: PostId,
    typed: &Value,
    refused: Refused,
) -> Result<Response, Problem> {
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let post: PagePost = visitor.client.get(&post_path(id, post_id)).await?;
    let shell = visitor.shell("pages");
    let (t, words) = (visitor.t, shell.words());
    let faults = &refused.faults;
    let update = |update: &PagePostUpdate| UpdateRow {
        word: t.option("state", update.state.as_str()).to_owned(),
        at: Moment::past(&words, update.at),
        who: update.actor.name.clone().unwrap_or_default(),
        body: if update.body.is_empty() { t.pages.by_itself.to_owned() } else { update.body.clone() },
        told: update.notify,
    };
    let update_control = |name: &str| {
        let mut control = Control::of(t, field(NewUpdate::OBJECT.fields, name)?, name, typed, faults);
        if name == "state" {
            only_of(&mut control, post.kind);
            if typed.get("state").is_none() {
                control.options.iter_mut().for_each(|option| option.chosen = option.value == post.state.as_str());
            }
        }
        Some(control)
    };
    let stored = json!({
        "title": post.title, "impact": post.impact,
        "scheduled_for": post.scheduled_for, "scheduled_until": post.scheduled_until,
    });
    let changed = if typed.get("title").is_some() { typed } else { &stored };
    let change_control =
        |name: &str| Some(Control::of(t, field(PostPatch::OBJECT.fields, name)?, name, changed, faults));
    let shown = ["state", "body", "notify", "title", "impact", "scheduled_for", "scheduled_until"];
    let refusals = refused.beside(|name, _| shown.contains(&name));
    let say = |one: &valpero_views::AffectedComponentView| {
        format!("{} ({})", component_name(&status_page, one.id), status_name(t, one.status))
    };
    let template = PostPage {
        page: id.to_string(),
        id: post_id.to_string(),
        title: post.title.clone(),
        public_url: format!("{}/posts/{post_id}", status_page.url),
        state: state_of(t, &post),
        when: planned(&words, &post),
        affects: post.components.iter().map(say).collect::<Vec<_>>().join(", "),
        auto: post.auto,
        can_write: shell.may("pages:write"),
        updates: post.updates.iter().rev().map(update).collect(),
        refusals,
        update: ["state", "body"].into_iter().filter_map(update_control).collect(),
        components: affected(t, &status_page, &typed["components"]),
        tells: Tells::of(typed, faults),
        change: match post.kind {
            PostKind::Incident => ["title", "impact"].into_iter().filter_map(change_control).collect(),
            PostKind::Maintenance => ["title"].into_iter().filter_map(change_control).collect(),
        },
        times: match post.kind {
            PostKind::Incident => Vec::new(),
            PostKind::Maintenance => times(t, PostPatch::OBJECT.fields, changed, faults),
        },
        shell,
    };
    page(refused.status, &template)
}

/// `POST /status-pages/{id}/posts/{post}/updates`.
pub async fn add_update(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, post)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (id, post) = ids(&id, &post)?;
    let status_page: StatusPage = visitor.client.get(&path_of(id)).await?;
    let mut members = sent.members(&NewUpdate::OBJECT, "");
    let components = affected_of(&sent, &status_page);
    // Without a choice for any component, the post keeps what it has.
    if components.as_array().is_some_and(|all| !all.is_empty()) {
        members.insert("components".to_owned(), components);
    }
    let body = without_nulls(Value::Object(members));
    match visitor.client.create(&format!("{}/updates", post_path(id, post)), sent.once(), &body).await {
        Ok(_) => Ok(to(&format!("/status-pages/{id}/posts/{post}"), "published")),
        Err(problem) => render(&visitor, id, post, &body, Refused::of(problem)?).await,
    }
}

/// `POST /status-pages/{id}/posts/{post}`: changes title, impact and schedule.
pub async fn save(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, post)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Problem> {
    let (id, post) = ids(&id, &post)?;
    let mut members = sent.members(&PostPatch::OBJECT, "");
    members.extend(schedule_of(&sent));
    let body = Value::Object(members);
    match visitor.client.send(Method::PATCH, &post_path(id, post), &body).await {
        Ok(_) => Ok(to(&format!("/status-pages/{id}/posts/{post}"), "saved")),
        Err(problem) => render(&visitor, id, post, &body, Refused::of(problem)?).await,
    }
}

/// `POST /status-pages/{id}/posts/{post}/delete`.
pub async fn delete(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path((id, post)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, post) = ids(&id, &post)?;
    visitor.client.send(Method::DELETE, &post_path(id, post), &Value::Null).await?;
    Ok(to(&format!("/status-pages/{id}/posts"), "deleted"))
}
