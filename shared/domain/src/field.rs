//! One definition of each request field. The same value validates it, documents it in the OpenAPI reference and renders its form control.

use serde::de::DeserializeOwned;
use serde_json::{Number, Value, json};

use crate::{
    Invalid,
    text_spec::{Text, Unit},
};

/// A field of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it holds, within which bounds.
    pub kind: Kind,
    /// Whether it may be absent.
    pub presence: Presence,
    /// What it means: one sentence, or a few. The default is not part of it: [`Field::description`] adds it.
    pub says: &'static str,
    /// A sentence after the default, such as a scope that only some routes ask for.
    pub also: &'static str,
    /// A sentence that only the description of a merge patch has.
    pub on_patch: &'static str,
    /// The value of an absent field.
    pub default: Fallback,
    /// A typical value.
    pub example: Option<Literal>,
}

/// What a field holds, within which bounds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// It is a multiple of this.
        step: i64,
        /// The width that clients need: 32 or 64 bits.
        bits: u8,
        /// What it counts: "seconds". Empty where that is nothing in particular.
        unit: &'static str,
    },
    /// True or false.
    Boolean,
    /// A text.
    Text(&'static Text),
    /// A list.
    List {
        /// Of what.
        of: Items,
        /// The fewest items.
        min: usize,
        /// The most.
        max: Option<usize>,
        /// What one item is called.
        noun: &'static str,
    },
    /// An object.
    Object(&'static Object),
    /// An object whose names are free.
    Map {
        /// Its names, whose case does not matter.
        names: &'static Text,
        /// Names that are refused, in lower case.
        reserved: &'static [&'static str],
        /// Its values.
        values: &'static Text,
        /// The most members.
        max: usize,
    },
    /// A text, a number, true, false or null.
    Scalar {
        /// The longest text, in bytes.
        max: usize,
    },
}

/// What a list holds.
#[derive(Debug, Clone, Copy)]
pub enum Items {
    /// Texts.
    Texts(&'static Text),
    /// Objects.
    Objects(&'static Object),
}

/// Whether a field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may.
    Optional,
    /// It may not.
    Required,
    /// Other fields decide: no schema can say it. A merge patch cannot remove it.
    Depends,
}

/// The value of an absent field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// None: the field has no effect.
    None,
    /// Always this one.
    Value(Literal),
    /// One that is computed; in words.
    Computed(&'static str),
}

/// A constant as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// A text.
    Str(&'static str),
    /// A list of texts.
    Strs(&'static [&'static str]),
}

impl Literal {
    /// The constant as JSON.
    pub fn value(self) -> Value {
        match self {
            Self::Int(number) => json!(number),
            Self::Bool(flag) => json!(flag),
            Self::Str(text) => json!(text),
            Self::Strs(list) => json!(list),
        }
    }

    /// The constant as a sentence has it.
    fn words(self) -> String {
        let quoted = |text: &str| format!("`{text}`");
        match self {
            Self::Int(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Str(text) => quoted(text),
            Self::Strs(list) => list.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The fields of an object.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// The schema's name in the OpenAPI document.
    pub name: &'static str,
    /// The schema's name where the object is part of a merge patch; empty where that looks the same.
    pub patch_name: &'static str,
    /// What the object is for.
    pub says: &'static str,
    /// Its fields, in the order in which they are documented.
    pub fields: &'static [Field],
}

impl Field {
    /// A field of any kind.
    pub const fn of(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            presence: Presence::Optional,
            says: "",
            also: "",
            on_patch: "",
            default: Fallback::None,
            example: None,
        }
    }

    /// A whole number from `min` to `max`.
    pub const fn integer(name: &'static str, min: i64, max: i64) -> Self {
        Self::of(name, Kind::Integer { min, max, step: 1, bits: 32, unit: "" })
    }

    /// A number of milliseconds from `min` to `max`.
    pub const fn milliseconds(name: &'static str, min: i64, max: i64) -> Self {
        Self::of(name, Kind::Integer { min, max, step: 1, bits: 32, unit: "milliseconds" })
    }

    /// A number of seconds from `min` to `max`: a multiple of `step`.
    pub const fn interval(name: &'static str, step: i64, min: i64, max: i64) -> Self {
        Self::of(name, Kind::Integer { min, max, step, bits: 32, unit: "seconds" })
    }

    /// A number of seconds from 0 to `max`.
    pub const fn seconds(name: &'static str, max: i64) -> Self {
        Self::of(name, Kind::Integer { min: 0, max, step: 1, bits: 64, unit: "seconds" })
    }

    /// True or false.
    pub const fn boolean(name: &'static str) -> Self {
        Self::of(name, Kind::Boolean)
    }

    /// A text.
    pub const fn text(name: &'static str, text: &'static Text) -> Self {
        Self::of(name, Kind::Text(text))
    }

    /// A list of `min` items or more, each called `noun`.
    pub const fn list(name: &'static str, noun: &'static str, of: Items, min: usize, max: Option<usize>) -> Self {
        Self::of(name, Kind::List { of, min, max, noun })
    }

    /// An object.
    pub const fn object(name: &'static str, object: &'static Object) -> Self {
        Self::of(name, Kind::Object(object))
    }

    /// A text of at most `max` bytes, a number, true, false or null.
    pub const fn scalar(name: &'static str, max: usize) -> Self {
        Self::of(name, Kind::Scalar { max })
    }

    /// The same field, which must be given.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    /// The same field, which other fields require or refuse.
    #[must_use]
    pub const fn depends(self) -> Self {
        Self { presence: Presence::Depends, ..self }
    }

    /// The same field with this meaning.
    #[must_use]
    pub const fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    /// The same field with a sentence after its default.
    #[must_use]
    pub const fn also(self, also: &'static str) -> Self {
        Self { also, ..self }
    }

    /// The same field with a sentence for merge patches.
    #[must_use]
    pub const fn on_patch(self, on_patch: &'static str) -> Self {
        Self { on_patch, ..self }
    }

    /// The same field with this default.
    #[must_use]
    pub const fn default(self, value: Literal) -> Self {
        Self { default: Fallback::Value(value), ..self }
    }

    /// The same field with a default that is computed.
    #[must_use]
    pub const fn computed(self, words: &'static str) -> Self {
        Self { default: Fallback::Computed(words), ..self }
    }

    /// The same field with this example.
    #[must_use]
    pub const fn example(self, value: Literal) -> Self {
        Self { example: Some(value), ..self }
    }

    /// The default as JSON, where it is always the same.
    pub fn default_value(&self) -> Option<Value> {
        match self.default {
            Fallback::Value(value) => Some(value.value()),
            Fallback::None | Fallback::Computed(_) => None,
        }
    }

    /// The default as a `T`.
    pub fn default_as<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.default_value()?).ok()
    }

    /// What a form calls it: `min_days_remaining` is "Min days remaining".
    pub fn label(&self) -> String {
        let words = self.name.replace('_', " ");
        let mut letters = words.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// What the reference says of it: meaning, default and what else there is.
    pub fn description(&self) -> String {
        let default = match self.default {
            Fallback::None => String::new(),
            Fallback::Value(value) => format!("Default: {}.", value.words()),
            Fallback::Computed(words) => format!("Default: {words}."),
        };
        sentences(&[self.says, &default, self.also])
    }

    /// What the reference says of it in a merge patch, where an absent field has no default: it stays as it is.
    pub fn patch_description(&self) -> String {
        let default = match self.default {
            Fallback::None => String::new(),
            Fallback::Value(value) => format!("`null` resets it to {}.", value.words()),
            Fallback::Computed(words) => format!("`null` resets it to {words}."),
        };
        sentences(&[self.says, self.on_patch, &default, self.also])
    }

    /// What the reference says of it in an answer, where null may stand for what nobody chose.
    pub fn answer_description(&self, may_be_null: bool) -> String {
        let null = match self.default {
            _ if !may_be_null => String::new(),
            Fallback::Computed(words) => format!("Null: {words}."),
            Fallback::Value(_) | Fallback::None => "Null: none.".to_owned(),
        };
        sentences(&[self.says, &null])
    }

    /// The choices of a closed list; empty where there is none.
    pub const fn options(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Text(text) | Kind::List { of: Items::Texts(text), .. } => text.values,
            _ => &[],
        }
    }

    /// The value that a form control's text stands for: what is empty is null, a list has one item a line, and what does not fit stays
    /// a text, so that reading the field says what is wrong.
    pub fn value_of(&self, text: &str) -> Value {
        if text.trim().is_empty() {
            return Value::Null;
        }
        match self.kind {
            Kind::Integer { .. } => text.trim().parse::<Number>().map_or_else(|_| json!(text), Value::Number),
            Kind::Boolean => match text.trim() {
                "true" | "on" => json!(true),
                "false" | "off" => json!(false),
                _ => json!(text),
            },
            Kind::Text(_) => json!(text),
            Kind::List { of: Items::Texts(_), .. } => {
                json!(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>())
            }
            Kind::List { of: Items::Objects(_), .. } | Kind::Object(_) | Kind::Map { .. } | Kind::Scalar { .. } => {
                serde_json::from_str(text).unwrap_or_else(|_| json!(text))
            }
        }
    }
}

impl Kind {
    /// Why a value of this kind is outside its bounds; none where it is within them, and where it is of another kind.
    pub fn misfit(&self, value: &Value) -> Option<Invalid> {
        match (self, value) {
            (Self::Integer { min, max, step, unit, .. }, Value::Number(_)) => {
                let number = whole(value)?;
                let fits = (i128::from(*min)..=i128::from(*max)).contains(&number) && number % i128::from(*step) == 0;
                (!fits).then(|| match step {
                    1 => Invalid::new(format!("must be {min} to {max}")),
                    step => Invalid::new(format!("must be a multiple of {step}, {min} to {max} {unit}")),
                })
            }
            (Self::Text(of), Value::String(text)) => of.fit(text).err(),
            (Self::List { min, noun, .. }, Value::Array(items)) if items.len() < *min => {
                let least = if *min == 1 { format!("one {noun}") } else { format!("{min} {noun}s") };
                Some(Invalid::new(format!("must name at least {least}")))
            }
            (Self::List { max: Some(max), noun, .. }, Value::Array(items)) if items.len() > *max => {
                Some(Invalid::new(format!("must name at most {max} {noun}s")))
            }
            (Self::Map { max, .. }, Value::Object(members)) if members.len() > *max => {
                Some(Invalid::new(format!("must have at most {max} members")))
            }
            (Self::Scalar { max }, Value::String(text)) => {
                Text { max: Some(*max), unit: Unit::Bytes, ..Text::PLAIN }.fit(text).err()
            }
            _ => None,
        }
    }
}

impl Kind {
    /// What is said of a value of another type of JSON; none where the type is right.
    pub(crate) fn mistaken(&self, value: &Value) -> Option<String> {
        let (fits, expected) = match self {
            Self::Integer { .. } => (whole(value).is_some(), "a whole number"),
            Self::Boolean => (value.is_boolean(), "true or false"),
            Self::Text(_) => (value.is_string(), "a string"),
            Self::List { .. } => (value.is_array(), "an array"),
            Self::Object(_) | Self::Map { .. } => (value.is_object(), "an object"),
            Self::Scalar { .. } => (!value.is_array() && !value.is_object(), "a string, a number, true, false or null"),
        };
        let given = match value {
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            Value::String(text) if text.chars().count() > 40 => "a string".to_owned(),
            Value::String(_) => format!("the string {value}"),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        };
        (!fits).then(|| format!("must be {expected}, not {given}"))
    }
}

fn sentences(parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A whole number, however it is written; none where the value is anything else.
pub(crate) fn whole(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    let float = || number.as_f64().filter(|number| number.fract() == 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is larger becomes the largest, which is out of every bound as well"
    )]
    number.as_i128().or_else(|| float().map(|number| number as i128))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Field = Field::integer("port_number", 1, 65_535).says("TCP port.").default(Literal::Int(443));

    #[test]
    fn a_field_says_what_it_is() {
        assert_eq!(PORT.label(), "Port number");
        assert_eq!(PORT.description(), "TCP port. Default: 443.");
        assert_eq!(PORT.patch_description(), "TCP port. `null` resets it to 443.");
        let name = Field::boolean("name").computed("the host").also("Needs a scope.").on_patch("Replaces it.");
        assert_eq!(name.description(), "Default: the host. Needs a scope.");
        assert_eq!(name.patch_description(), "Replaces it. `null` resets it to the host. Needs a scope.");
        let scopes = name.default(Literal::Strs(&["a", "b"]));
        assert_eq!(scopes.also("").description(), "Default: `a`, `b`.");
    }

    /// Defaults and examples of an object, and of those within it, that are not within its own bounds.
    fn unfit(object: &Object, found: &mut Vec<String>) {
        for field in object.fields {
            for value in field.default_value().into_iter().chain(field.example.map(Literal::value)) {
                if field.kind.misfit(&value).is_some() {
                    found.push(format!("{} {}: {value}", object.name, field.name));
                }
            }
            if let Kind::Object(inner) | Kind::List { of: Items::Objects(inner), .. } = field.kind {
                unfit(inner, found);
            }
        }
    }

    #[test]
    fn defaults_and_examples_are_within_the_bounds() {
        let mut found = Vec::new();
        unfit(&crate::MonitorSpec::OBJECT, &mut found);
        unfit(&crate::alerting::EscalationPolicy::OBJECT, &mut found);
        unfit(&crate::alerting::AlertRoutes::OBJECT, &mut found);
        assert_eq!(found, [] as [String; 0]);
    }

    #[test]
    fn what_a_form_sends_becomes_json() {
        const CHOICE: Text = Text { values: &["a", "b"], ..Text::PLAIN };
        let list = Field::list("tags", "tag", Items::Texts(&CHOICE), 0, None);
        let scalar = Field::scalar("value", 9);
        for (field, text, value) in [
            (PORT, " 80 ", json!(80)),
            (PORT, "", Value::Null),
            (PORT, "many", json!("many")),
            (Field::boolean("flag"), "on", json!(true)),
            (Field::boolean("flag"), "false", json!(false)),
            (Field::boolean("flag"), "maybe", json!("maybe")),
            (Field::text("name", &CHOICE), " a ", json!(" a ")),
            (list, "a\r\n\n b ", json!(["a", "b"])),
            (scalar, "null", Value::Null),
            (scalar, "ok", json!("ok")),
            (scalar, "1.5", json!(1.5)),
        ] {
            assert_eq!(field.value_of(text), value, "{} {text:?}", field.name);
        }
        assert_eq!((list.options(), PORT.options()), (&["a", "b"] as &[&str], &[] as &[&str]));
    }
}
