//! `/settings`: the account, its language and its time zone.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    http::{Method, StatusCode},
    response::Response,
};
use serde_json::{Value, json};
use valpero_domain::{AccountSettings, Fault, Language};
use valpero_http::Problem;

use crate::{
    form::{Control, Sent, Shape, faults},
    page::{Shell, page, to},
    parts::Moment,
    texts::Texts,
    visitor::Visitor,
};

#[derive(Template)]
#[template(path = "settings_account.html")]
struct Page {
    shell: Shell,
    id: String,
    email: String,
    created: Moment,
    controls: Vec<Control>,
    may_write: bool,
    language: &'static str,
    zone: String,
}

/// `GET /settings`.
///
/// # Errors
/// Where the template fails.
pub async fn show(Extension(visitor): Extension<Arc<Visitor>>) -> Result<Response, Problem> {
    let values = json!({"language": visitor.account.language, "time_zone": visitor.account.time_zone});
    answer(&visitor, StatusCode::OK, &values, &[])
}

/// `POST /settings`.
///
/// # Errors
/// The API's problem, unless it is of the form's fields.
pub async fn save(Extension(visitor): Extension<Arc<Visitor>>, sent: Sent) -> Result<Response, Problem> {
    let patch = sent.object(&AccountSettings::OBJECT, "");
    match visitor.client.send(Method::PATCH, "/api/v1/account", &patch).await {
        Ok(_) => Ok(to("/settings", "saved")),
        Err(problem) => {
            let faults = faults(problem)?;
            answer(&visitor, StatusCode::UNPROCESSABLE_ENTITY, &patch, &faults)
        }
    }
}

fn answer(visitor: &Visitor, status: StatusCode, values: &Value, faults: &[Fault]) -> Result<Response, Problem> {
    let shell = visitor.shell("settings");
    let words = shell.words();
    let (t, account) = (visitor.t, &visitor.account);
    let template = Page {
        id: account.id.to_string(),
        email: account.email.clone(),
        created: Moment::exact(&words, account.created_at),
        controls: controls(t, values, faults),
        may_write: shell.may("account:write"),
        language: (t.settings.language_name)(account.language),
        zone: account.time_zone.to_string(),
        shell,
    };
    page(status, &template)
}

fn controls(t: &Texts, values: &Value, faults: &[Fault]) -> Vec<Control> {
    let m = &t.settings;
    let mut controls = Vec::new();
    for field in AccountSettings::OBJECT.fields {
        let mut control = Control::of(t, field, field.name, values, faults);
        match field.name {
            "language" => {
                control.label = m.language.to_owned();
                control.hint = m.language_says.to_owned();
                // Each language has one; without this the list would offer none.
                control.required = true;
                for option in &mut control.options {
                    if let Ok(language) = option.value.parse::<Language>() {
                        option.label = (m.language_name)(language).to_owned();
                    }
                }
            }
            "time_zone" => {
                control.label = m.time_zone.to_owned();
                control.hint = m.time_zone_says.to_owned();
                control.placeholder = "Europe/Helsinki".to_owned();
            }
            _ => {}
        }
        controls.push(control);
    }
    controls
}
