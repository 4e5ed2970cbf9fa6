//! Schemas of the reference, and texts of a length.

use serde_json::Value;

/// A schema without its references, and without null where that is the same as absent.
pub fn resolve(document: &Value, schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(choices) = schema["oneOf"].as_array().cloned() {
        let own = choices.iter().find(|choice| choice["type"] != "null").expect("something beside null");
        let own = resolve(document, own);
        merge(&mut schema, &own);
    }
    if let Some(at) = schema["$ref"].as_str().map(str::to_owned) {
        let named = document.pointer(at.trim_start_matches('#')).expect("it exists");
        let named = resolve(document, named);
        merge(&mut schema, &named);
    }
    let own = schema["type"].as_array().and_then(|types| types.iter().find(|one| *one != "null")).cloned();
    if let Some(own) = own {
        schema["type"] = own;
    }
    schema.as_object_mut().expect("a schema").retain(|_, value| !value.is_null());
    schema
}

fn merge(schema: &mut Value, more: &Value) {
    for (name, value) in more.as_object().expect("a schema") {
        if schema.get(name).is_none_or(Value::is_null) {
            schema[name] = value.clone();
        }
    }
}

/// What is named in a place of this pattern.
pub fn names_one(schema: &Value) -> bool {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    ["^mon_", "^chn_", "^pol_", "^cmp_", "^inc_"].iter().any(|start| pattern.starts_with(start))
}

/// The schema of an operation's body.
pub fn body_of(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

/// A name of the DNS of so many characters.
pub fn name(length: usize) -> String {
    let characters = (1..=length).map(|place| if place % 64 == 0 && place < length { '.' } else { 'a' });
    characters.collect()
}
