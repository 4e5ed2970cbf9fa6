//! JSON schemas as lists of fields and as examples.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    members,
    prose::{Span, spans},
};

/// A field of a body, in one list with the fields within it.
#[derive(Debug)]
pub(super) struct Field<'a> {
    /// The way to it, such as `http.json[].`.
    pub within: String,
    pub name: &'a str,
    pub kind: String,
    /// The object with a section of its own that it is, or has items of.
    pub object: Option<&'a str>,
    /// Whether it must be sent, or may be missing from what is returned.
    pub mark: &'static str,
    pub facts: Vec<Fact>,
    pub text: Vec<Span<'a>>,
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// To the API. Bounds and defaults matter.
    Sent,
    /// From the API.
    Returned,
}

/// A bound, a default or the possible values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub label: String,
    pub values: Vec<String>,
}

/// The schemas of a document.
#[derive(Debug)]
pub(super) struct Schemas<'a> {
    document: &'a Value,
    /// Objects with a section of their own.
    own: BTreeSet<&'a str>,
}

/// One of the types that a schema allows: the outermost schema first, then what it refers to.
type Shape<'a> = Vec<&'a Value>;

fn get<'a>(shape: &Shape<'a>, keyword: &str) -> Option<&'a Value> {
    shape.iter().find_map(|schema| schema.get(keyword))
}

impl<'a> Schemas<'a> {
    pub fn new(document: &'a Value, own: BTreeSet<&'a str>) -> Self {
        Self { document, own }
    }

    /// What a `$ref` leads to, or the value itself.
    pub fn resolve(&self, value: &'a Value) -> &'a Value {
        let at = value["$ref"].as_str().map(|at| at.trim_start_matches('#'));
        at.and_then(|at| self.document.pointer(at)).unwrap_or(value)
    }

    /// The types that a schema allows, and whether null is one.
    fn shapes(&self, schema: &'a Value) -> (Vec<Shape<'a>>, bool) {
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let some = choices.iter().filter(|choice| choice["type"] != "null");
            let shapes: Vec<Shape<'_>> = some.map(|choice| vec![schema, choice, self.resolve(choice)]).collect();
            let nullable = shapes.len() < choices.len();
            return (shapes, nullable);
        }
        let nullable = schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "null"));
        (vec![vec![schema, self.resolve(schema)]], nullable)
    }

    /// The object with a section of its own that this is, or has items of.
    pub fn object(&self, schema: &'a Value) -> Option<&'a str> {
        let (shapes, _) = self.shapes(schema);
        shapes.iter().find_map(|shape| match get(shape, "items") {
            Some(items) => self.object(items),
            None => name(get(shape, "$ref")?).filter(|name| self.own.contains(name)),
        })
    }

    /// All fields of an object, each followed by those within it.
    pub fn fields(&self, schema: &'a Value, side: Side) -> Vec<Field<'a>> {
        let mut fields = Vec::new();
        self.collect(self.resolve(schema), side, "", &mut fields);
        fields
    }

    fn collect(&self, schema: &'a Value, side: Side, within: &str, fields: &mut Vec<Field<'a>>) {
        for (name, property) in members(&schema["properties"]) {
            let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name.as_str()));
            fields.push(self.field(within, name, property, (side, required)));
            self.descend(property, side, &format!("{within}{name}"), fields);
        }
    }

    /// The fields within a field.
    fn descend(&self, schema: &'a Value, side: Side, at: &str, fields: &mut Vec<Field<'a>>) {
        if self.object(schema).is_some() {
            return;
        }
        for shape in self.shapes(schema).0 {
            if let Some(items) = get(&shape, "items") {
                self.descend(items, side, &format!("{at}[]"), fields);
            }
            if get(&shape, "properties").is_some()
                && let Some(object) = shape.last()
            {
                self.collect(object, side, &format!("{at}."), fields);
            }
        }
    }

    /// A field, or a parameter.
    pub fn field(&self, within: &str, name: &'a str, schema: &'a Value, (side, required): (Side, bool)) -> Field<'a> {
        let (shapes, nullable) = self.shapes(schema);
        let mut facts = Vec::new();
        for shape in &shapes {
            self.facts("", shape, side, &mut facts);
        }
        let text = shapes.first().and_then(|shape| get(shape, "description")).and_then(Value::as_str);
        let mut kinds: Vec<String> = shapes.iter().flat_map(|shape| self.kinds(shape)).collect();
        kinds.extend(nullable.then(|| "null".to_owned()));
        Field {
            within: within.to_owned(),
            name,
            kind: kinds.join(" or "),
            object: self.object(schema),
            mark: match (side, required) {
                (Side::Sent, true) => "required",
                (Side::Returned, false) => "may be absent",
                _ => "",
            },
            facts,
            text: text.map(spans).unwrap_or_default(),
        }
    }

    fn kinds(&self, shape: &Shape<'a>) -> Vec<String> {
        let types: Vec<&str> = match get(shape, "type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
            one => vec![one.and_then(Value::as_str).unwrap_or("any JSON value")],
        };
        let format = get(shape, "format").and_then(Value::as_str);
        let kind = |one: &str| match (one, format, get(shape, "items")) {
            ("array", _, Some(items)) => {
                let (items, _) = self.shapes(items);
                let kinds: Vec<String> = items.iter().flat_map(|item| self.kinds(item)).collect();
                format!("array of {}", kinds.join(" or "))
            }
            ("string", Some(format), _) => format!("string ({format})"),
            _ => one.to_owned(),
        };
        types.into_iter().map(kind).collect()
    }

    fn facts(&self, of: &str, shape: &Shape<'a>, side: Side, facts: &mut Vec<Fact>) {
        let label =
            |label: &str| if of.is_empty() { label.to_owned() } else { format!("{of}: {}", label.to_lowercase()) };
        if let Some(values) = get(shape, "enum").and_then(Value::as_array) {
            facts.push(Fact { label: label("Values"), values: values.iter().map(shown).collect() });
        }
        if side == Side::Sent {
            facts.extend(bounds(shape).into_iter().map(|(of, value)| Fact { label: label(of), values: vec![value] }));
        }
        for (of, keyword) in
            [("Each item", "items"), ("Each name", "propertyNames"), ("Each value", "additionalProperties")]
        {
            if let Some(inner) = get(shape, keyword).filter(|inner| inner.is_object()) {
                for shape in self.shapes(inner).0 {
                    self.facts(of, &shape, side, facts);
                }
            }
        }
    }

    /// A value that fits: of an object all fields, or the required ones alone. What may be null is null, unless it has an example.
    pub fn example(&self, schema: &'a Value, whole: bool) -> Value {
        let own = ["example", "examples"].iter().any(|keyword| schema.get(keyword).is_some());
        let (_, nullable) = self.shapes(schema);
        if nullable && !own { Value::Null } else { self.example_value(schema, whole) }
    }

    fn example_value(&self, schema: &'a Value, whole: bool) -> Value {
        let (shapes, _) = self.shapes(schema);
        let Some(shape) = shapes.first() else { return Value::Null };
        let given = get(shape, "example").or_else(|| get(shape, "examples")?.get(0));
        if let Some(given) = given.or_else(|| get(shape, "default")).or_else(|| get(shape, "enum")?.get(0)) {
            return given.clone();
        }
        if let Some(items) = get(shape, "items") {
            return json!([self.example(items, whole)]);
        }
        match self.kinds(shape).first().map_or("", String::as_str) {
            "object" => shape.last().map_or(Value::Null, |object| self.example_object(object, whole)),
            "integer" | "number" => get(shape, "minimum").cloned().unwrap_or_else(|| json!(1)),
            "boolean" => json!(true),
            _ => json!("…"),
        }
    }

    fn example_object(&self, object: &'a Value, whole: bool) -> Value {
        let required = |name: &str| object["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        // Of the objects that are named for a type, that of the example's own type is there.
        let types = self.resolve(&object["properties"]["check_type"]);
        let of_type = |name: &str| types["examples"][0] == name;
        let fields = members(&object["properties"]).filter(|(name, _)| whole || required(name));
        let value = |name: &str, schema| match of_type(name) {
            true => self.example_value(schema, whole),
            false => self.example(schema, whole),
        };
        Value::Object(fields.map(|(name, schema)| (name.clone(), value(name, schema))).collect())
    }
}

/// The default and the bounds of a value.
fn bounds(shape: &Shape<'_>) -> Vec<(&'static str, String)> {
    let range = |least: &str, most: &str| match (get(shape, least), get(shape, most)) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {least}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    let one = |keyword: &str| get(shape, keyword).map(shown);
    let all = [
        ("Default", one("default")),
        ("Range", range("minimum", "maximum")),
        ("Multiple of", one("multipleOf")),
        ("Length", range("minLength", "maxLength")),
        ("Pattern", one("pattern")),
        ("Number of items", range("minItems", "maxItems")),
        ("Number of fields", range("minProperties", "maxProperties")),
    ];
    all.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

/// The name of the schema that a `$ref` leads to.
pub(super) fn name(at: &Value) -> Option<&str> {
    at.as_str()?.strip_prefix("#/components/schemas/")
}

/// A value as it is read, without quotation marks around a text.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
