//! The account's mute: `POST /alerts/mute` and `POST /alerts/unmute`.

use std::sync::Arc;

use axum::{Extension, http::Method, response::Response};
use serde_json::{Value, json};
use valpero_http::Problem;

use crate::{form::Sent, page::to, visitor::Visitor};

/// `POST /alerts/mute`: for so many seconds as `for` says.
pub async fn mute(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    // Text that is not a number counts as 0 s: the API rejects a time that is not in the future.
    let seconds: i64 = sent.text("for").parse().unwrap_or(0);
    let until = visitor.now.plus_seconds(seconds).to_string();
    visitor.client.send(Method::POST, "/api/v1/mute", &json!({ "until": until })).await?;
    Ok(to("/alerts", "muted"))
}

/// `POST /alerts/unmute`.
pub async fn unmute(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    visitor.client.send(Method::POST, "/api/v1/unmute", &Value::Null).await?;
    Ok(to("/alerts", "unmuted"))
}
