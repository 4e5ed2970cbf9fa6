//! What a person does with a monitor: each a form of its own, which leads back to the page.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::Timestamp;
use valpero_http::Problem;
use valpero_views::{Monitor, RequestedCheck};

use super::id_of;
use crate::{
    form::Sent,
    page::{Shell, page, to},
    visitor::Visitor,
};

/// `POST /monitors/{id}/check`: all regions check now.
pub async fn check(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let path = format!("/api/v1/monitors/{id}/check");
    let asked: RequestedCheck = visitor.client.create(&path, sent.once(), &Value::Null).await?.read()?;
    Ok(to(&format!("/monitors/{id}?check={}", asked.check_id), ""))
}

/// `POST /monitors/{id}/pause`.
pub async fn pause(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    _: Sent,
) -> Result<Response, Problem> {
    act(&visitor, &id, "pause", &Value::Null, "paused").await
}

/// `POST /monitors/{id}/resume`.
pub async fn resume(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    _: Sent,
) -> Result<Response, Problem> {
    act(&visitor, &id, "resume", &Value::Null, "resumed").await
}

/// `POST /monitors/{id}/mute`: for so many `hours`.
pub async fn mute(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let hours: i64 = sent.text("hours").parse().unwrap_or_default();
    let until = visitor.now.plus_seconds(hours.saturating_mul(3_600));
    act(&visitor, &id, "mute", &json!({ "until": until }), "muted").await
}

/// `POST /monitors/{id}/unmute`.
pub async fn unmute(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    _: Sent,
) -> Result<Response, Problem> {
    act(&visitor, &id, "unmute", &Value::Null, "unmuted").await
}

async fn act(visitor: &Visitor, id: &str, what: &str, body: &Value, done: &str) -> Result<Response, Problem> {
    let id = id_of(id)?;
    visitor.client.send(Method::POST, &format!("/api/v1/monitors/{id}/{what}"), body).await?;
    Ok(to(&format!("/monitors/{id}"), done))
}

/// `POST /monitors/{id}/webhook-test`.
pub async fn webhook_test(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    visitor.client.create("/api/v1/webhooks/test", sent.once(), &json!({ "monitor_id": id })).await?;
    Ok(to(&format!("/monitors/{id}"), "test_sent"))
}

#[derive(Template)]
#[template(path = "monitor_ask.html")]
struct Ask {
    shell: Shell,
    title: &'static str,
    name: String,
    says: &'static str,
    action: String,
    button: &'static str,
    back: String,
}

/// `GET /monitors/{id}/delete`: asks once.
pub async fn ask_delete(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let m = &visitor.t.monitor;
    ask(&visitor, &id, "delete", [m.delete_title, m.delete_says, m.delete_button]).await
}

/// `GET /monitors/{id}/rotate-secret`: asks once.
pub async fn ask_rotate(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let m = &visitor.t.monitor;
    ask(&visitor, &id, "rotate-secret", [m.rotate_title, m.rotate_says, m.rotate_secret]).await
}

async fn ask(visitor: &Visitor, id: &str, what: &str, says: [&'static str; 3]) -> Result<Response, Problem> {
    let id = id_of(id)?;
    let monitor: Monitor = visitor.client.get(&format!("/api/v1/monitors/{id}")).await?;
    let [title, says, button] = says;
    let template = Ask {
        shell: visitor.shell("monitors"),
        title,
        name: monitor.name.as_str().to_owned(),
        says,
        action: format!("/monitors/{id}/{what}"),
        button,
        back: format!("/monitors/{id}"),
    };
    page(StatusCode::OK, &template)
}

/// `POST /monitors/{id}/delete`.
pub async fn delete(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    _: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    visitor.client.send(Method::DELETE, &format!("/api/v1/monitors/{id}"), &Value::Null).await?;
    Ok(to("/monitors", "deleted"))
}

#[derive(Template)]
#[template(path = "monitor_secret.html")]
struct Secret {
    shell: Shell,
    secret: String,
    says: String,
    back: String,
}

/// `POST /monitors/{id}/rotate-secret`: shows the new secret, this once.
pub async fn rotate_secret(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let body = json!({ "monitor_id": id });
    let answer = visitor.client.create("/api/v1/webhooks/rotate-secret", sent.once(), &body).await?;
    let until = answer.json.get("previous_valid_until").and_then(Value::as_str);
    let until: Option<Timestamp> = until.and_then(|text| text.parse().ok());
    let words = visitor.shell("").words();
    let says = until.map(|until| (visitor.t.monitor.old_secret_until)(&words.exact(&until))).unwrap_or_default();
    secret_page(&visitor, &answer.json, &id.to_string(), says)
}

/// The page that shows the secret of a webhook, this once. `answer` has it as `webhook_secret`.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn secret_page(visitor: &Visitor, answer: &Value, id: &str, says: String) -> Result<Response, Problem> {
    let secret = answer.get("webhook_secret").and_then(Value::as_str).unwrap_or_default().to_owned();
    let template = Secret { shell: visitor.shell("monitors"), secret, says, back: format!("/monitors/{id}") };
    page(StatusCode::OK, &template)
}
