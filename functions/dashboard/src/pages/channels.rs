//! `/alerts/channels`: choosing the type of a new channel, and the form that makes or changes one.

mod form;
pub mod show;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::Value;
use valpero_domain::{ChannelId, Fault, channel::ChannelType};
use valpero_http::Problem;
use valpero_views::ChannelPreview;

use self::form::Controls;
use super::alerts::{Refused, type_name};
// The templates of forms tell the shapes of controls apart.
use crate::form::Shape;
use crate::{
    form::{Control, Sent, without_nulls},
    page::{Shell, page, to},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "channel_new.html")]
struct ChoicePage {
    shell: Shell,
    kinds: Vec<KindRow>,
}

struct KindRow {
    value: &'static str,
    name: &'static str,
    says: &'static str,
}

#[derive(Template)]
#[template(path = "channel_form.html")]
struct FormPage {
    shell: Shell,
    title: String,
    action: String,
    back: String,
    kind: &'static str,
    kind_says: &'static str,
    is_new: bool,
    controls: Vec<Control>,
    more: Vec<Control>,
    is_more_open: bool,
    event: Control,
    can_preview: bool,
    preview: Option<String>,
    refusals: Vec<String>,
}

/// A channel's form before it is shown.
struct Draft {
    kind: ChannelType,
    /// The channel that is changed, and its name; none where it is new.
    of: Option<(ChannelId, String)>,
    values: Value,
    faults: Vec<Fault>,
    refusals: Vec<String>,
    preview: Option<String>,
}

impl Draft {
    fn new(kind: ChannelType, of: Option<(ChannelId, String)>, values: Value) -> Self {
        Self { kind, of, values, faults: Vec::new(), refusals: Vec::new(), preview: None }
    }

    fn show(self, visitor: &Visitor, status: StatusCode) -> Result<Response, Problem> {
        let (t, kind) = (visitor.t, self.kind);
        let is_new = self.of.is_none();
        let controls = Controls::of(t, kind, is_new, &self.values, &self.faults);
        let mut refusals = self.refusals;
        refusals.extend(controls.rest(&self.faults));
        let (title, action, back) = match self.of {
            None => {
                let title = (t.alerts.new_of)(type_name(t, kind));
                (title, "/alerts/channels/new".to_owned(), "/alerts/channels/new".to_owned())
            }
            Some((id, name)) => {
                let back = format!("/alerts/channels/{id}");
                ((t.alerts.edit_of)(&name), format!("{back}/edit"), back)
            }
        };
        let template = FormPage {
            shell: visitor.shell("alerts"),
            title,
            action,
            back,
            kind: kind.as_str(),
            kind_says: (t.alerts.type_says)(kind),
            is_new,
            is_more_open: controls.more_is_used(),
            controls: controls.main,
            more: controls.more,
            event: controls.event,
            can_preview: is_new || form::shows_without_secrets(kind),
            preview: self.preview,
            refusals,
        };
        page(status, &template)
    }

    /// The form again, with what is wrong.
    fn refused(mut self, visitor: &Visitor, problem: Problem) -> Result<Response, Problem> {
        let refused = Refused::of(visitor.t, problem)?;
        self.faults = refused.faults;
        self.refusals = refused.says;
        self.show(visitor, refused.status)
    }

    /// The form again, with the message that a receiver would get.
    async fn previewed(mut self, visitor: &Visitor, sent: &Sent) -> Result<Response, Problem> {
        let asked = form::preview(sent, self.kind);
        match visitor.client.send(Method::POST, "/api/v1/channels/preview", &asked).await {
            Ok(answer) => {
                let message: ChannelPreview = answer.read()?;
                self.preview = Some(as_text(&message));
                self.show(visitor, StatusCode::OK)
            }
            Err(problem) => self.refused(visitor, problem),
        }
    }
}

/// A message as one reads it: the request's line, its headers and its body. JSON is indented.
fn as_text(message: &ChannelPreview) -> String {
    let mut lines = Vec::new();
    if let (Some(method), Some(url)) = (&message.method, &message.url) {
        lines.push(format!("{method} {url}"));
    }
    lines.extend(message.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(String::new());
    let json = serde_json::from_str::<Value>(&message.body).ok().filter(|json| json.is_object() || json.is_array());
    let indented = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    lines.push(indented.unwrap_or_else(|| message.body.clone()));
    lines.join("\n").trim_start().to_owned()
}

/// `GET /alerts/channels/new`: the types, or the form of the one that `type` names.
pub async fn new(
    Extension(visitor): Extension<Arc<Visitor>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let kind: Option<ChannelType> = query.get("type").and_then(|kind| kind.parse().ok());
    if let Some(kind) = kind {
        return Draft::new(kind, None, Value::Null).show(&visitor, StatusCode::OK);
    }
    let t = visitor.t;
    let kinds = ChannelType::ALL.into_iter().map(|kind| KindRow {
        value: kind.as_str(),
        name: type_name(t, kind),
        says: (t.alerts.type_says)(kind),
    });
    page(StatusCode::OK, &ChoicePage { kinds: kinds.collect(), shell: visitor.shell("alerts") })
}

/// `POST /alerts/channels/new`: makes the channel, or previews it where `do` is `preview`.
pub async fn create(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let kind: ChannelType = sent.text("type").parse().map_err(|_| Problem::not_found())?;
    let draft = Draft::new(kind, None, form::shown(&sent));
    if sent.text("do") == "preview" {
        return draft.previewed(&visitor, &sent).await;
    }
    let body = without_nulls(form::values(&sent));
    let answer = match visitor.client.create("/api/v1/channels", sent.once(), &body).await {
        Ok(answer) => answer,
        Err(problem) => return draft.refused(&visitor, problem),
    };
    let text = |name: &str| answer.json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, name, secret) = (text("id"), text("name"), text("webhook_secret"));
    if secret.is_empty() {
        return Ok(to(&format!("/alerts/channels/{id}"), "channel_created"));
    }
    show::secret(&visitor, id, name, secret, None)
}

/// `GET /alerts/channels/{id}/edit`.
pub async fn edit(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    let stored: Value = visitor.client.get(&format!("/api/v1/channels/{id}")).await?;
    Draft::new(kind_of(&stored)?, Some((id, name_of(&stored))), stored).show(&visitor, StatusCode::OK)
}

/// `POST /alerts/channels/{id}/edit`: changes the channel, or previews it where `do` is `preview`. A secret that is still `***` stays.
pub async fn save(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    let path = format!("/api/v1/channels/{id}");
    let stored: Value = visitor.client.get(&path).await?;
    let draft = Draft::new(kind_of(&stored)?, Some((id, name_of(&stored))), form::shown(&sent));
    if sent.text("do") == "preview" {
        return draft.previewed(&visitor, &sent).await;
    }
    match visitor.client.send(Method::PATCH, &path, &form::patch(&sent, &stored)).await {
        Ok(_) => Ok(to(&format!("/alerts/channels/{id}"), "saved")),
        Err(problem) => draft.refused(&visitor, problem),
    }
}

/// The channel that a path names. Whatever else a path holds goes nowhere.
fn channel_id(text: &str) -> Result<ChannelId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn kind_of(channel: &Value) -> Result<ChannelType, Problem> {
    let kind = channel.get("type").and_then(Value::as_str).unwrap_or_default();
    kind.parse().map_err(|error: valpero_domain::Invalid| Problem::internal(&error))
}

fn name_of(channel: &Value) -> String {
    channel.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}
