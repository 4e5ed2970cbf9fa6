//! `/settings/keys/{id}`: rotating, renaming and revoking one API key.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_http::Problem;

use super::{
    Refused, choice,
    keys::{Key, rotated},
    line, option, segment,
};
use crate::{
    form::{Control, Sent, Shape},
    page::{Shell, page, to},
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "settings_key.html")]
struct KeyPage {
    shell: Shell,
    title: String,
    says: String,
    action: String,
    button: &'static str,
    is_danger: bool,
    sentence: String,
    controls: Vec<Control>,
    scopes: Vec<String>,
}

async fn one(visitor: &Visitor, id: &str) -> Result<Key, Problem> {
    visitor.client.get(&format!("/api/v1/keys/{}", segment(id)?)).await
}

/// `GET /settings/keys/{id}/rotate`.
///
/// # Errors
/// The API's problem.
pub async fn ask_rotate(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = one(&visitor, &id).await?;
    rotation(&visitor, &key, "86400", &Refused::default())
}

fn rotation(visitor: &Visitor, key: &Key, grace: &str, refused: &Refused) -> Result<Response, Problem> {
    let m = &visitor.t.settings;
    let graces = vec![
        option("0", m.at_once, grace),
        option("3600", m.one_hour, grace),
        option("86400", m.one_day, grace),
        option("604800", m.seven_days, grace),
    ];
    let control = choice("grace_seconds", m.grace, m.grace_says, graces, refused.fault("grace_seconds"));
    let template = KeyPage {
        shell: visitor.shell("settings"),
        title: (m.rotate_of)(&key.title()),
        says: m.rotate_says.to_owned(),
        action: format!("/settings/keys/{}/rotate", key.id),
        button: m.rotate,
        is_danger: false,
        sentence: refused.sentence(&["grace_seconds"]),
        controls: vec![control],
        scopes: key.scopes.clone(),
    };
    page(refused.status, &template)
}

/// `POST /settings/keys/{id}/rotate`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn rotate(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("/api/v1/keys/{}/rotate", segment(&id)?);
    let grace = sent.text("grace_seconds").to_owned();
    let seconds: Option<i64> = grace.parse::<i64>().ok();
    let body = match seconds {
        Some(seconds) => json!({"grace_seconds": seconds}),
        None => json!({"grace_seconds": grace}),
    };
    match visitor.client.create(&path, sent.once(), &body).await {
        Ok(made) => {
            let m = &visitor.t.settings;
            let more = match seconds {
                Some(seconds) if seconds > 0 => {
                    let words = visitor.shell("settings").words();
                    (m.old_key_works)(&words.span(seconds))
                }
                _ => m.old_key_ended.to_owned(),
            };
            rotated(&visitor, &made.json, more).await
        }
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            let key = one(&visitor, &id).await?;
            rotation(&visitor, &key, &grace, &refused)
        }
    }
}

/// `GET /settings/keys/{id}/rename`.
///
/// # Errors
/// The API's problem.
pub async fn ask_rename(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = one(&visitor, &id).await?;
    renaming(&visitor, &key, &key.name, &Refused::default())
}

fn renaming(visitor: &Visitor, key: &Key, typed: &str, refused: &Refused) -> Result<Response, Problem> {
    let m = &visitor.t.settings;
    let mut name = line("name", visitor.t.common.name, m.key_name_says, typed, refused.fault("name"));
    name.required = true;
    let template = KeyPage {
        shell: visitor.shell("settings"),
        title: (m.rename_of)(&key.title()),
        says: String::new(),
        action: format!("/settings/keys/{}/rename", key.id),
        button: visitor.t.common.save,
        is_danger: false,
        sentence: refused.sentence(&["name"]),
        controls: vec![name],
        scopes: Vec::new(),
    };
    page(refused.status, &template)
}

/// `POST /settings/keys/{id}/rename`.
///
/// # Errors
/// The API's problem, unless the form can show it.
pub async fn rename(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, Problem> {
    let path = format!("/api/v1/keys/{}", segment(&id)?);
    let name = sent.text("name").to_owned();
    match visitor.client.send(Method::PATCH, &path, &json!({"name": name})).await {
        Ok(_) => Ok(to("/settings/keys", "saved")),
        Err(problem) => {
            let refused = Refused::of(visitor.t, problem)?;
            let key = one(&visitor, &id).await?;
            renaming(&visitor, &key, &name, &refused)
        }
    }
}

/// `GET /settings/keys/{id}/revoke`.
///
/// # Errors
/// The API's problem.
pub async fn ask_revoke(
    Extension(visitor): Extension<Arc<Visitor>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let key = one(&visitor, &id).await?;
    let m = &visitor.t.settings;
    let template = KeyPage {
        shell: visitor.shell("settings"),
        title: (m.revoke_of)(&key.title()),
        says: m.revoke_says.to_owned(),
        action: format!("/settings/keys/{}/revoke", key.id),
        button: m.revoke,
        is_danger: true,
        sentence: String::new(),
        controls: Vec::new(),
        scopes: key.scopes.clone(),
    };
    page(StatusCode::OK, &template)
}

/// `POST /settings/keys/{id}/revoke`.
///
/// # Errors
/// The API's problem.
pub async fn revoke(Extension(visitor): Extension<Arc<Visitor>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let path = format!("/api/v1/keys/{}", segment(&id)?);
    visitor.client.send(Method::DELETE, &path, &Value::Null).await?;
    Ok(to("/settings/keys", "key-revoked"))
}
