//! `/alerts/channels/{id}`: how a channel is, its test, the rotation of its secret, and its end.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::Value;
use valpero_domain::{
    ChannelId, Field, Timestamp,
    channel::{ChannelType, TEMPLATE, TestOutcome},
};
use valpero_http::{Code, List, Problem};
use valpero_views::{Channel, ChannelTest, EscalationPolicy};

use super::{channel_id, form::header_lines};
use crate::{
    form::Sent,
    page::{Shell, page, to},
    pages::alerts::{POLICIES, events_of, state_of, type_name},
    parts::{Moment, State},
    texts::Texts,
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "channel.html")]
struct ChannelPage {
    shell: Shell,
    can_write: bool,
    id: String,
    name: String,
    kind: &'static str,
    state: State,
    is_webhook: bool,
    events: String,
    settings: Vec<Setting>,
    last_success: Option<Moment>,
    last_error: Option<Moment>,
    error: String,
    created: Moment,
    changed: Moment,
    delete_says: String,
    /// Policies that keep the channel from being deleted.
    in_use: Vec<Named>,
}

struct Setting {
    label: String,
    value: String,
    is_text: bool,
}

struct Named {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "channel_test.html")]
struct TestPage {
    shell: Shell,
    id: String,
    title: String,
    state: State,
    why: String,
    http_status: String,
    took: String,
    receiver_says: Option<String>,
}

#[derive(Template)]
#[template(path = "channel_secret.html")]
struct SecretPage {
    shell: Shell,
    id: String,
    name: String,
    secret: String,
    old_until: Option<Moment>,
}

/// `GET /alerts/channels/{id}`.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    render(&visitor, id, Vec::new(), StatusCode::OK).await
}

async fn render(visitor: &Visitor, id: ChannelId, in_use: Vec<Named>, status: StatusCode) -> Result<Response, Problem> {
    let json: Value = visitor.client.get(&format!("/api/v1/channels/{id}")).await?;
    let channel: Channel = serde_json::from_value(json.clone()).map_err(|error| Problem::internal(&error))?;
    let t = visitor.t;
    let shell = visitor.shell("alerts");
    let words = shell.words();
    let health = &channel.health;
    let fields = channel.channel_type.fields().iter();
    let template = ChannelPage {
        can_write: shell.may("alerts:write"),
        id: id.to_string(),
        name: channel.name.clone(),
        kind: type_name(t, channel.channel_type),
        state: state_of(t, &channel),
        is_webhook: channel.channel_type == ChannelType::Webhook,
        events: events_of(t, &channel),
        settings: fields.filter_map(|field| setting(t, field, &json)).collect(),
        last_success: health.last_success_at.map(|at| Moment::past(&words, at)),
        last_error: health.last_error_at.map(|at| Moment::past(&words, at)),
        error: health.last_error.clone().unwrap_or_default(),
        created: Moment::past(&words, channel.created_at),
        changed: Moment::past(&words, channel.updated_at),
        delete_says: (t.alerts.delete_says)(&channel.name),
        in_use,
        shell,
    };
    page(status, &template)
}

/// A setting as its page shows it; none where the channel has no such.
fn setting(t: &Texts, field: &Field, channel: &Value) -> Option<Setting> {
    let value = channel.get(field.name).filter(|value| !value.is_null())?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => t.common.yes.to_owned(),
        Value::Bool(false) => t.common.no.to_owned(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::Object(_) => header_lines(Some(value)),
        other => other.to_string(),
    };
    let is_text = value.is_object() || field.name == TEMPLATE.name;
    (!text.is_empty()).then(|| Setting { label: t.field(field.name, field).label, value: text, is_text })
}

/// `POST /alerts/channels/{id}/test`: sends a test message, and shows what came of it.
pub async fn test(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    let path = format!("/api/v1/channels/{id}");
    let channel: Channel = visitor.client.get(&path).await?;
    let answer = visitor.client.send(Method::POST, &format!("{path}/test"), &Value::Null).await?;
    let test: ChannelTest = answer.read()?;
    let m = &visitor.t.alerts;
    let state = match test.outcome {
        TestOutcome::Delivered => State::up(m.delivered),
        TestOutcome::Failed => State::down(m.not_delivered),
        TestOutcome::Refused => State::down(m.test_refused),
    };
    let shell = visitor.shell("alerts");
    let words = shell.words();
    let template = TestPage {
        id: id.to_string(),
        title: (m.test_of)(&channel.name),
        state,
        why: test.error.unwrap_or_default(),
        http_status: test.http_status.map(|status| status.to_string()).unwrap_or_default(),
        took: words.ms(&Some(f64::from(test.latency_ms))),
        receiver_says: test.receiver_says.filter(|says| !says.trim().is_empty()),
        shell,
    };
    page(StatusCode::OK, &template)
}

/// `POST /alerts/channels/{id}/rotate-secret`: shows the new secret, this once.
pub async fn rotate_secret(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    let path = format!("/api/v1/channels/{id}");
    let channel: Channel = visitor.client.get(&path).await?;
    let answer = visitor.client.create(&format!("{path}/rotate-secret"), sent.once(), &Value::Null).await?;
    let text = |name: &str| answer.json.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let until: Option<Timestamp> = text("previous_valid_until").parse().ok();
    secret(&visitor, id.to_string(), channel.name, text("webhook_secret"), until.filter(|until| *until > visitor.now))
}

/// The page that shows a secret, this once; with the time until which an old one is valid.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn secret(
    visitor: &Visitor,
    id: String,
    name: String,
    secret: String,
    old_until: Option<Timestamp>,
) -> Result<Response, Problem> {
    let shell = visitor.shell("alerts");
    let words = shell.words();
    let old_until = old_until.map(|at| Moment::coming(&words, at));
    page(StatusCode::OK, &SecretPage { shell, id, name, secret, old_until })
}

/// `POST /alerts/channels/{id}/delete`. While policies use the channel, its page says which.
pub async fn delete(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = channel_id(&id)?;
    let deleted = visitor.client.send(Method::DELETE, &format!("/api/v1/channels/{id}"), &Value::Null).await;
    let problem = match deleted {
        Ok(_) => return Ok(to("/alerts", "deleted")),
        Err(problem) if problem.code() == Code::ChannelInUse => problem,
        Err(problem) => return Err(problem),
    };
    let policies: List<EscalationPolicy> = visitor.client.get(POLICIES).await?;
    let uses = |policy: &&EscalationPolicy| policy.steps.iter().any(|step| step.channel_ids.contains(&id));
    let in_use: Vec<Named> = policies
        .data
        .iter()
        .filter(uses)
        .map(|policy| Named { id: policy.id.to_string(), name: policy.name.clone() })
        .collect();
    if in_use.is_empty() {
        // They were changed at this moment.
        return Err(problem);
    }
    render(&visitor, id, in_use, StatusCode::CONFLICT).await
}
