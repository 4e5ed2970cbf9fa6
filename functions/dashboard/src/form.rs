//! Forms: what a person sent as the API's JSON, and the API's fields as controls. A field of the API is defined once; here it is shown.

use axum::{
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};
use url::form_urlencoded;
use valpero_domain::{Fault, Field, Items, Kind, Object, Presence};
use valpero_http::Problem;

use crate::texts::Texts;

/// A form as it was sent: names and values, in order. Names of nested fields have dots: `http.method`.
#[derive(Debug, Clone, Default)]
pub struct Sent(Vec<(String, String)>);

/// Bytes of the longest form.
const LONGEST: usize = 256 * 1024;

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let bytes = axum::body::to_bytes(request.into_body(), LONGEST).await;
        let bytes = bytes.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

impl Sent {
    /// The last value of this name; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().rev().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value of this name that is not empty.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Whether the form has this name, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The name of the creation, so that a form that is sent twice creates once; empty where it has none.
    pub fn once(&self) -> &str {
        self.text("once")
    }

    /// The fields of an object that the form has, as JSON: what is empty is null. `prefix` is empty, or ends with a dot.
    pub fn object(&self, of: &Object, prefix: &str) -> Value {
        Value::Object(self.members(of, prefix))
    }

    /// The same as its members, for whoever has more of them.
    pub fn members(&self, of: &Object, prefix: &str) -> Map<String, Value> {
        let mut members = Map::new();
        for field in of.fields {
            let name = format!("{prefix}{}", field.name);
            if let Kind::Object(inner) = field.kind
                && self.0.iter().any(|(known, _)| known.starts_with(&format!("{name}.")))
            {
                let value = self.object(inner, &format!("{name}."));
                let is_empty = value.as_object().is_some_and(|members| members.values().all(Value::is_null));
                members.insert(field.name.to_owned(), if is_empty { Value::Null } else { value });
            } else if self.has(&name) {
                members.insert(field.name.to_owned(), self.value(field, &name));
            }
        }
        members
    }

    fn value(&self, field: &Field, name: &str) -> Value {
        if matches!(field.kind, Kind::List { of: Items::Texts(_), .. })
            && self.0.iter().filter(|(known, _)| known == name).count() > 1
        {
            let values: Vec<Value> = self.texts(name).into_iter().map(Value::from).collect();
            return if values.is_empty() { Value::Null } else { Value::Array(values) };
        }
        // Browsers send lines that end with CR LF.
        field.value_of(&self.text(name).replace("\r\n", "\n"))
    }
}

/// The same without its nulls: a creation leaves out what it does not say.
pub fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
        for (_, value) in members.iter_mut() {
            *value = without_nulls(value.take());
        }
    }
    value
}

/// What a control is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line.
    Line,
    /// A number.
    Number,
    /// One line that is not shown.
    Secret,
    /// Several lines.
    Lines,
    /// One of a few.
    Choice,
    /// Any of a few.
    Choices,
    /// Yes or no.
    Tick,
}

/// One of the values of a closed list.
#[derive(Debug, Clone)]
pub struct Option_ {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A control of a form. `form.html` has the macro that shows it.
#[derive(Debug, Clone)]
pub struct Control {
    /// Name that is sent.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it means, in a sentence; may be empty.
    pub hint: String,
    /// What is wrong with its value.
    pub fault: Option<String>,
    /// What it is.
    pub shape: Shape,
    /// Its text; of a tick `true` or `false`.
    pub value: String,
    /// The closed list, of a choice.
    pub options: Vec<Option_>,
    /// What stands in it while it is empty.
    pub placeholder: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// The smallest number; empty where there is none.
    pub min: String,
    /// The largest number; empty where there is none.
    pub max: String,
    /// The numbers' distance; empty where there is none.
    pub step: String,
}

impl Control {
    /// The control of a field, with the value that an answer shows or a form sent. `path` is the field's name with those of the objects around
    /// it, by dots.
    pub fn of(t: &Texts, field: &Field, path: &str, values: &Value, faults: &[Fault]) -> Self {
        let pointer = format!("/{}", path.replace('.', "/"));
        let value = values.pointer(&pointer).filter(|value| !value.is_null()).cloned();
        let value = value.or_else(|| field.default_value()).unwrap_or(Value::Null);
        let says = t.field(path, field);
        let fits = |fault: &&Fault| fault.pointer == pointer || fault.pointer.starts_with(&format!("{pointer}/"));
        let (shape, min, max, step) = match field.kind {
            Kind::Integer { min, max, step, .. } => (Shape::Number, min.to_string(), max.to_string(), step.to_string()),
            Kind::Boolean => (Shape::Tick, String::new(), String::new(), String::new()),
            _ => (shape(field), String::new(), String::new(), String::new()),
        };
        let chosen = |option: &str| match &value {
            Value::Array(items) => items.iter().any(|item| item == option),
            value => value == option,
        };
        let options = field.options().iter().map(|option| Option_ {
            value: (*option).to_owned(),
            label: t.option(field.name, option).to_owned(),
            chosen: chosen(option),
        });
        Self {
            name: path.to_owned(),
            label: says.label,
            hint: says.hint,
            fault: faults.iter().find(fits).map(|fault| fault.detail.clone()),
            shape,
            options: options.collect(),
            value: text(&value),
            placeholder: String::new(),
            required: field.presence == Presence::Required,
            min,
            max,
            step,
        }
    }
}

fn shape(field: &Field) -> Shape {
    match field.kind {
        Kind::List { of: Items::Texts(text), .. } if !text.values.is_empty() => Shape::Choices,
        Kind::Text(text) if !text.values.is_empty() => Shape::Choice,
        Kind::Text(text) if text.max.is_some_and(|max| max > 500) => Shape::Lines,
        Kind::Text(_) | Kind::Scalar { .. } => {
            let is_secret = ["password", "token", "api_token", "bot_token", "routing_key"].contains(&field.name);
            if is_secret { Shape::Secret } else { Shape::Line }
        }
        _ => Shape::Lines,
    }
}

/// A value as the text of a control: a list has one item a line, an object is JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        Value::Array(_) | Value::Object(_) => serde_json::to_string_pretty(value).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// The faults of a form that the API refused; any other problem is the page's.
///
/// # Errors
/// The problem, unless it is `validation_failed` with faults in fields.
pub fn faults(problem: Problem) -> Result<Vec<Fault>, Problem> {
    if problem.errors().is_empty() { Err(problem) } else { Ok(problem.errors().to_vec()) }
}
