//! What a response body must contain: keywords, and JSON values by path.

use std::borrow::Cow;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Faults, Field, Fields, Invalid, Literal, Object,
    charset::{BodyText, Found},
    json_document::{Document, Id, Kind, Number},
    json_select::{Item, Run, Stop},
    probe::{Cause, ErrorCode},
    text_spec::{JSON_PATH, NEEDLE, Text, values},
};
pub use crate::{json_path::JsonPath, json_select::Budget};

/// A text to look for: 1 to 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Needle(String);

impl TryFrom<String> for Needle {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        NEEDLE.fit(&text).map(|()| Self(text))
    }
}

impl From<Needle> for String {
    fn from(needle: Needle) -> Self {
        needle.0
    }
}

/// Texts that a body must or must not contain, compared character by character.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keyword {
    /// Must be present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<Needle>,
    /// Must be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_contains: Option<Needle>,
}

const CONTAINS: Field =
    Field::text("contains", &NEEDLE).says("Text that the body must contain.").example(Literal::Str("all systems go"));
const NOT_CONTAINS: Field =
    Field::text("not_contains", &NEEDLE).says("Text that the body must not contain.").example(Literal::Str("error"));

impl Keyword {
    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "KeywordSettings",
        patch_name: "",
        says: "Texts that the body must or must not contain, compared character by character in the encoding that the answer declares. At least one of the two.",
        fields: &[CONTAINS, NOT_CONTAINS],
    };

    /// Reads the fields of a request's `keyword` object.
    pub fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let before = faults.len();
        let contains = fields.read(&CONTAINS, faults);
        let not_contains = fields.read(&NOT_CONTAINS, faults);
        if faults.len() == before && contains.is_none() && not_contains.is_none() && fields.is_object() {
            faults.add(fields.base(), "must have contains, not_contains or both");
        }
        Self { contains, not_contains }
    }

    /// Judges a body.
    ///
    /// # Errors
    /// Which text is missing or present, or that the encoding does not tell.
    pub fn judge(&self, body: &BodyText<'_>) -> Result<(), Cause> {
        if let Some(Needle(wanted)) = &self.contains {
            match body.has(wanted) {
                Found::Yes => {}
                Found::No => {
                    let detail = format!("The body does not contain {wanted:?}.");
                    return Err(Cause::seen(ErrorCode::KeywordMissing, detail));
                }
                Found::Unclear => return Err(body.unclear(wanted)),
            }
        }
        let Some(Needle(unwanted)) = &self.not_contains else { return Ok(()) };
        match body.has(unwanted) {
            Found::Yes => Err(Cause::seen(ErrorCode::KeywordPresent, format!("The body contains {unwanted:?}."))),
            Found::No => Ok(()),
            Found::Unclear => Err(body.unclear(unwanted)),
        }
    }
}

/// Comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "their words say it")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    /// A text contains this text, or an array contains this value.
    Contains,
    /// The path selects something.
    Exists,
    /// The path selects nothing.
    Absent,
}

impl Op {
    /// How it is spelled and described.
    pub const TEXT: Text = Text {
        name: "JsonOp",
        says: "Comparison. `contains`: a text that has it, or an array that has it.",
        example: "eq",
        values: values!(Op),
        ..Text::PLAIN
    };

    /// Every operator.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Lt, Self::Lte, Self::Gt, Self::Gte, Self::Contains, Self::Exists, Self::Absent];

    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Contains => "contains",
            Self::Exists => "exists",
            Self::Absent => "absent",
        }
    }

    const fn takes_value(self) -> bool {
        !matches!(self, Self::Exists | Self::Absent)
    }
}

/// One assertion about a JSON body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonAssertion {
    /// Nodes to compare. It must select at least one, and all of them must match.
    pub path: JsonPath,
    /// Comparison operator.
    pub op: Op,
    /// Value to compare with: a text, a number, a boolean or null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

const PATH: Field = Field::text("path", &JSON_PATH)
    .required()
    .says("Nodes that are compared. It must select at least one, and all of them must fit.");
const OP: Field = Field::text("op", &Op::TEXT).required().says("How they are compared.");
const VALUE: Field = Field::scalar("value", 500)
    .says("Value that they are compared with. Not with `exists` and `absent`.")
    .example(Literal::Str("ok"));

impl JsonAssertion {
    /// Comparisons of one check, at most.
    pub const MAX: usize = 10;

    /// Its fields.
    pub const OBJECT: Object = Object {
        name: "JsonSettings",
        patch_name: "",
        says: "Comparison of nodes of a JSON body.",
        fields: &[PATH, OP, VALUE],
    };

    /// Reads a field that is a list of comparisons.
    pub fn read_all(fields: &mut Fields<'_>, field: &Field, faults: &mut Faults) -> Vec<Self> {
        let base = fields.pointer(field.name);
        let Some(value) = fields.value(field) else { return Vec::new() };
        let Some(given) = value.as_array() else {
            faults.add(base, "must be an array of objects with path, op and value");
            return Vec::new();
        };
        if let Some(misfit) = field.kind.misfit(value) {
            faults.add(base.clone(), misfit.0);
        }
        let one = |(place, value): (usize, &Value)| Self::read(value, &format!("{base}/{place}"), faults);
        given.iter().enumerate().filter_map(one).collect()
    }

    fn read(given: &Value, base: &str, faults: &mut Faults) -> Option<Self> {
        let mut fields = Fields::of(given, base, faults);
        let path = fields.read(&PATH, faults);
        let op: Option<Op> = fields.read(&OP, faults);
        let value = fields.value(&VALUE).cloned().unwrap_or_default();
        if let Some(op) = op {
            let pointer = fields.pointer("value");
            let given = given.get("value").is_some();
            match (&value, op) {
                (_, Op::Exists | Op::Absent) if given => faults.add(pointer, "does not go with exists and absent"),
                (_, op) if op.takes_value() && !given => faults.add(pointer, "is required"),
                (Value::Array(_) | Value::Object(_), _) => {
                    faults.add(pointer, "must be a text, a number, true, false or null");
                }
                (Value::String(_), _) => {
                    if let Some(misfit) = VALUE.kind.misfit(&value) {
                        faults.add(pointer, misfit.0);
                    }
                }
                (Value::Number(number), _) if !is_plain(number.as_f64()) => {
                    faults.add(pointer, "must be 0 or a number of 1e-100 to 1e100, either sign");
                }
                (Value::Number(_), _) => {}
                (_, Op::Lt | Op::Lte | Op::Gt | Op::Gte) => faults.add(pointer, "must be a text or a number"),
                _ => {}
            }
        }
        fields.finish(faults);
        path.zip(op).map(|(path, op)| Self { path, op, value })
    }

    /// Judges a body by all assertions, within one budget.
    ///
    /// # Errors
    /// Which assertion fails, and what was seen instead. `json_too_costly` where the budget is used up, `deadline` where `keep_going`
    /// returned false.
    pub fn judge_all(assertions: &[Self], values: Values, body: &[u8], budget: &mut Budget<'_>) -> Result<(), Cause> {
        let document = Document::read(body)
            .map_err(|place| Cause::seen(ErrorCode::JsonInvalid, format!("The body is not JSON, from {place} on.")))?;
        assertions.iter().try_for_each(|assertion| assertion.judge(values, &document, budget))
    }

    fn judge(&self, values: Values, document: &Document<'_>, budget: &mut Budget<'_>) -> Result<(), Cause> {
        let path = cut(self.path.as_str());
        let mismatch =
            |seen: String| Err(Cause::seen(ErrorCode::JsonMismatch, format!("{seen}, expected {}.", self.expected())));
        match self.find(&mut Run { document, budget }) {
            Ok(Selected::Fitting) => Ok(()),
            Ok(Selected::Nothing) => mismatch(format!("{path} selects nothing")),
            Ok(Selected::Unfit { node, alone }) => {
                let seen = match values {
                    Values::Shown => shown(document, node),
                    Values::Hidden => format!("{} (value not shown)", kind(document, node)),
                };
                let what = if alone { "" } else { "One of " };
                mismatch(format!("{what}{path} is {seen}"))
            }
            Err(Stop::Interrupted) => Err(Cause::of(ErrorCode::Deadline)),
            Err(Stop::TooCostly) => {
                let detail =
                    format!("{path} takes too long on this body; a path with fewer `..` and filters takes less.");
                Err(Cause::seen(ErrorCode::JsonTooCostly, detail))
            }
        }
    }

    /// What a node must be.
    fn expected(&self) -> String {
        let value = match &self.value {
            Value::String(text) => quoted(text),
            other => other.to_string(),
        };
        match self.op {
            Op::Eq => value,
            Op::Ne => format!("anything but {value}"),
            Op::Lt => format!("less than {value}"),
            Op::Lte => format!("at most {value}"),
            Op::Gt => format!("more than {value}"),
            Op::Gte => format!("at least {value}"),
            Op::Contains => format!("something that contains {value}"),
            Op::Exists => "something".to_owned(),
            Op::Absent => "nothing".to_owned(),
        }
    }

    fn find<'r>(&'r self, run: &mut Run<'r, '_>) -> Result<Selected, Stop> {
        let nodes = run.select(self.path.query())?;
        let unfit = |node: Id| Selected::Unfit { node, alone: nodes.len() == 1 };
        match nodes.first() {
            None if self.op == Op::Absent => return Ok(Selected::Fitting),
            None => return Ok(Selected::Nothing),
            Some(first) if self.op == Op::Absent => return Ok(unfit(*first)),
            Some(_) => {}
        }
        if self.op.takes_value() {
            let value = scalar(&self.value);
            for node in &nodes {
                if !fits(run, *node, self.op, &value)? {
                    return Ok(unfit(*node));
                }
            }
        }
        Ok(Selected::Fitting)
    }
}

/// Whether a failure tells the value that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Its first 100 characters.
    Shown,
    /// Only what kind of value it is.
    Hidden,
}

/// What a path selects.
enum Selected {
    /// Nothing, and something was expected.
    Nothing,
    /// What was expected.
    Fitting,
    /// A node that does not match, alone or with others.
    Unfit { node: Id, alone: bool },
}

/// Characters of a path or a value that a failure tells.
const SEEN_MAX: usize = 100;

/// The beginning of a text.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SEEN_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The beginning of a text as JSON writes it.
fn quoted(text: &str) -> String {
    Value::from(cut(text)).to_string()
}

/// The beginning of a value.
fn shown(document: &Document<'_>, id: Id) -> String {
    let node = document.node(id);
    match node.kind {
        Kind::Text { .. } | Kind::Name { .. } => quoted(&document.text(node)),
        Kind::Array | Kind::Object => kind(document, id),
        Kind::Null | Kind::False | Kind::True | Kind::Number => cut(document.raw(node)).into_owned(),
    }
}

/// What kind of value a node is.
fn kind(document: &Document<'_>, id: Id) -> String {
    let node = document.node(id);
    let of = |what: &str, part: &str| match node.size {
        1 => format!("{what} of 1 {part}"),
        size => format!("{what} of {size} {part}s"),
    };
    match node.kind {
        Kind::Null => "null".to_owned(),
        Kind::False | Kind::True => "a boolean".to_owned(),
        Kind::Number => "a number".to_owned(),
        Kind::Text { .. } | Kind::Name { .. } => "a text".to_owned(),
        Kind::Array => of("an array", "element"),
        Kind::Object => of("an object", "member"),
    }
}

/// Whether a number is in the range that the store keeps and JSON gives back.
fn is_plain(number: Option<f64>) -> bool {
    number.is_some_and(|number| number == 0.0 || (1e-100..=1e100).contains(&number.abs()))
}

/// The value of an assertion, which is no array and no object.
fn scalar(value: &Value) -> Item<'_> {
    match value {
        Value::Null => Item::Null,
        Value::Bool(truth) => Item::Bool(*truth),
        Value::Number(number) => Item::Number(Number::of(number)),
        Value::String(text) => Item::Text(text.into()),
        Value::Array(_) | Value::Object(_) => Item::Nothing,
    }
}

fn fits(run: &mut Run<'_, '_>, node: Id, op: Op, value: &Item<'_>) -> Result<bool, Stop> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let item = run.item_at(node)?;
    let order = run.order(&item, value)?;
    Ok(match op {
        Op::Eq => run.equal(&item, value)?,
        Op::Ne => !run.equal(&item, value)?,
        Op::Lt => order == Some(Less),
        Op::Lte => matches!(order, Some(Less | Equal)),
        Op::Gt => order == Some(Greater),
        Op::Gte => matches!(order, Some(Greater | Equal)),
        Op::Contains => match (&item, value) {
            (Item::Text(text), Item::Text(part)) => {
                run.budget.spend_on(text.len(), 4)?;
                memmem::find(text.as_bytes(), part.as_bytes()).is_some()
            }
            (Item::Node(id), value) if run.document.node(*id).kind == Kind::Array => {
                let document = run.document;
                for (_, element) in document.children(*id) {
                    let element = run.item_at(element)?;
                    if run.equal(&element, value)? {
                        return Ok(true);
                    }
                }
                false
            }
            _ => false,
        },
        Op::Exists | Op::Absent => true,
    })
}

#[cfg(test)]
mod tests;
