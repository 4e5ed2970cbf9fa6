//! Objects whose members depend on one of them, as a monitor's do on its type: beside the whole object, a schema for each kind.
//!
//! The whole object keeps all members, and `oneOf` narrows them. So languages with unions have one, and a generator for others can leave
//! out the `oneOf` and keep a flat object.

use serde_json::{Value, json};
use valpero_domain::{
    Field, Kind, MonitorSpec, Presence,
    check::{CHECK_TYPE, CheckType, OWNED},
    delivery::EventType,
};

use super::strip_null;

/// Any event that is sent to a webhook.
pub(super) const EVENT: &str = "WebhookEvent";

/// Adds the schemas of kinds.
pub(super) fn divide(schemas: &mut Value) {
    for (name, part) in [("Monitor", Part::Answer), (MonitorSpec::OBJECT.name, Part::Body)] {
        let kind = |of: CheckType| {
            (format!("{}{name}", capital(of.as_str())), of_type(&schemas[name], of, part), vec![of.as_str()])
        };
        let kinds = CheckType::ALL.map(kind);
        add(schemas, name, CHECK_TYPE.name, kinds);
    }
    let mut kinds: Vec<(String, Value, Vec<&str>)> = Vec::new();
    for event in EventType::ALL {
        let (name, about) = of_event(event);
        if let Some((.., values)) = kinds.iter_mut().find(|(known, ..)| known == name) {
            values.push(event.as_str());
            continue;
        }
        let data = format!("{name}Data");
        schemas[&data] = event_data(&schemas["EventData"], about);
        let mut schema = schemas[EVENT].clone();
        schema["properties"]["data"]["$ref"] = json!(reference(&data));
        kinds.push((name.to_owned(), schema, vec![event.as_str()]));
    }
    for (_, schema, values) in &mut kinds {
        only(schema, "type", values);
    }
    add(schemas, EVENT, "type", kinds);
}

/// Whether a schema describes what is sent to the API, or what it answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Body,
    Answer,
}

/// The kind of an event, and the member that it is about besides the monitor.
pub(super) const fn of_event(event: EventType) -> (&'static str, Option<&'static str>) {
    match event {
        EventType::IncidentOpened
        | EventType::IncidentAcknowledged
        | EventType::IncidentCommented
        | EventType::IncidentResolved => ("IncidentEvent", Some("incident")),
        EventType::MonitorDegraded | EventType::MonitorRecovered | EventType::WebhookTest => ("MonitorEvent", None),
        EventType::MonitorUnwatched => ("UnwatchedEvent", Some("unwatched")),
        EventType::SslExpiring => ("CertificateEvent", Some("certificate")),
    }
}

/// Where a schema is.
pub(super) fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// Adds the kinds of an object, each with its name and the values of the member `by` that it has.
fn add(schemas: &mut Value, name: &str, by: &str, kinds: impl IntoIterator<Item = (String, Value, Vec<&'static str>)>) {
    let (mut choices, mut mapping, mut distinct) = (Vec::new(), json!({}), true);
    for (kind, schema, values) in kinds {
        choices.push(json!({"$ref": reference(&kind)}));
        distinct &= values.len() == 1;
        for value in values {
            mapping[value] = json!(reference(&kind));
        }
        schemas[kind] = schema;
    }
    let whole = &mut schemas[name];
    whole["oneOf"] = json!(choices);
    // What decides must always be there. A kind of several values would be imported once for each by openapi-generator's TypeScript.
    if distinct && requires(whole, by) {
        whole["discriminator"] = json!({"propertyName": by, "mapping": mapping});
    }
}

/// A monitor of one type.
fn of_type(whole: &Value, of: CheckType, part: Part) -> Value {
    let mut one = whole.clone();
    one["description"] = json!(format!("{} Of type `{}`.", text(&whole["description"]), of.as_str()));
    only(&mut one, CHECK_TYPE.name, &[of.as_str()]);
    if part == Part::Body && CHECK_TYPE.default_as() == Some(of) {
        one["properties"][CHECK_TYPE.name]["type"] = json!(["string", "null"]);
        one["properties"][CHECK_TYPE.name]["enum"] = json!([of.as_str(), null]);
    } else {
        require(&mut one, CHECK_TYPE.name);
    }
    for (field, owner) in &OWNED {
        if *owner == of && (part == Part::Answer || is_needed(field)) {
            let shown = &mut one["properties"][field.name];
            strip_null(shown);
            shown["description"] =
                json!(if part == Part::Body { field.description() } else { field.answer_description(false) });
            require(&mut one, field.name);
        } else if *owner != of && part == Part::Body {
            remove(&mut one, field.name);
        }
    }
    one
}

/// Whether a field of a type cannot be absent with this type.
fn is_needed(field: &Field) -> bool {
    match field.kind {
        Kind::Object(object) => object.fields.iter().any(|field| field.presence == Presence::Required),
        _ => field.presence == Presence::Depends,
    }
}

/// What an event is about.
fn event_data(whole: &Value, about: Option<&str>) -> Value {
    let mut data = whole.clone();
    for member in ["incident", "certificate", "unwatched"] {
        if about == Some(member) {
            strip_null(&mut data["properties"][member]);
            require(&mut data, member);
        } else if !requires(whole, member) {
            remove(&mut data, member);
        }
    }
    data
}

/// Leaves a member these values.
fn only(schema: &mut Value, member: &str, values: &[&str]) {
    let description = schema["properties"][member]["description"].take();
    schema["properties"][member] = json!({"type": "string", "enum": values, "description": description});
}

fn requires(schema: &Value, member: &str) -> bool {
    schema["required"].as_array().into_iter().flatten().any(|one| one == member)
}

fn require(schema: &mut Value, member: &str) {
    if requires(schema, member) {
        return;
    }
    match schema["required"].as_array_mut() {
        Some(all) => all.push(json!(member)),
        None => schema["required"] = json!([member]),
    }
}

fn remove(schema: &mut Value, member: &str) {
    if let Some(members) = schema["properties"].as_object_mut() {
        members.remove(member);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `http` as `Http`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
