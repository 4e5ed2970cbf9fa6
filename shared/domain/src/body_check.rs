//! What the body of an answer must say: keywords, and JSON by path.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json_path::JsonPath as Query;

use crate::{
    Faults, Fields, Invalid,
    charset::{BodyText, Found},
    probe::{Cause, ErrorCode},
};

/// A text to look for: 1 to 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Needle(String);

impl TryFrom<String> for Needle {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if (1..=500).contains(&text.len()) { Ok(Self(text)) } else { Err(Invalid::new("must be 1 to 500 bytes")) }
    }
}

impl From<Needle> for String {
    fn from(needle: Needle) -> Self {
        needle.0
    }
}

/// Texts that a body must have, or must not have, character by character.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keyword {
    /// What must be in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<Needle>,
    /// What must not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_contains: Option<Needle>,
}

impl Keyword {
    /// Reads the `keyword` object of a request.
    pub fn read(value: &Value, base: &str, faults: &mut Faults) -> Self {
        let mut fields = Fields::of(value, base, faults);
        let before = faults.len();
        let contains = fields.optional("contains", faults);
        let not_contains = fields.optional("not_contains", faults);
        if faults.len() == before && contains.is_none() && not_contains.is_none() && value.is_object() {
            faults.add(base, "must have contains, not_contains or both");
        }
        fields.finish(faults);
        Self { contains, not_contains }
    }

    /// Whether a body is as it must be.
    ///
    /// # Errors
    /// What it lacks, or has, or that nobody can tell.
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

/// A JSONPath query (RFC 9535) of at most 200 bytes, with bounds on what it may cost: a body is not ours, and a path such as
/// `$..[*,*]..[*,*]` would find more nodes than any memory holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPath(String);

/// Commas outside of texts: each may double the number of nodes.
const COMMAS_MAX: usize = 2;

/// Comparisons and other tests of a path.
const FILTERS_MAX: usize = 2;

impl TryFrom<String> for JsonPath {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.len() > 200 {
            return Err(Invalid::new("must be at most 200 bytes"));
        }
        let bare = without_texts(&text);
        let count = |part: &str| bare.matches(part).count();
        if count("..") > 1 || count("$") > 1 || count(",") > COMMAS_MAX || count("?") > FILTERS_MAX {
            return Err(Invalid::new(format!(
                "must have at most one .. and one $, {COMMAS_MAX} commas and {FILTERS_MAX} filters"
            )));
        }
        if ["match", "search"].iter().any(|function| calls(&bare, function)) {
            // Each node would have its pattern compiled, and the pattern may be the target's own.
            return Err(Invalid::new("must not use match or search; compare whole values, or look for a keyword"));
        }
        Query::parse(&text).map_err(|error| {
            Invalid::new(format!("must be a JSONPath (RFC 9535) such as $.status: {}", error.message()))
        })?;
        Ok(Self(text))
    }
}

impl From<JsonPath> for String {
    fn from(path: JsonPath) -> Self {
        path.0
    }
}

/// Whether a path, without what stands in quotes, calls a function of this name.
fn calls(bare: &str, function: &str) -> bool {
    let mut behind = bare.match_indices(function).map(|(place, _)| &bare[place + function.len()..]);
    behind.any(|rest| rest.trim_start().starts_with('('))
}

/// The path without what stands in quotes.
fn without_texts(path: &str) -> String {
    let mut bare = String::new();
    let mut quote = None;
    let mut escaped = false;
    for c in path.chars() {
        match quote {
            Some(end) => {
                if c == end && !escaped {
                    quote = None;
                }
                escaped = c == '\\' && !escaped;
            }
            None if matches!(c, '\'' | '"') => (quote, escaped) = (Some(c), false),
            None => bare.push(c),
        }
    }
    bare
}

/// How a node is compared.
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
    /// A text that has this text in it, or an array that has this value.
    Contains,
    /// The path selects something.
    Exists,
    /// The path selects nothing.
    Absent,
}

impl Op {
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

/// One thing that a JSON body must say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonAssertion {
    /// Of which nodes. All that it selects must fit, and it must select one at least.
    pub path: JsonPath,
    /// How they are compared.
    pub op: Op,
    /// With what: a text, a number, a truth value or null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

impl JsonAssertion {
    /// Reads the `json` array of a request.
    pub fn read_all(value: &Value, base: &str, faults: &mut Faults) -> Vec<Self> {
        let Some(given) = value.as_array() else {
            faults.add(base, "must be an array of objects with path, op and value");
            return Vec::new();
        };
        if given.len() > 10 {
            faults.add(base, "must be at most 10 comparisons");
        }
        let one = |(place, value): (usize, &Value)| Self::read(value, &format!("{base}/{place}"), faults);
        given.iter().enumerate().filter_map(one).collect()
    }

    fn read(given: &Value, base: &str, faults: &mut Faults) -> Option<Self> {
        let mut fields = Fields::of(given, base, faults);
        let path = fields.required("path", faults);
        let op: Option<Op> = fields.required("op", faults);
        let value = fields.value("value").cloned().unwrap_or_default();
        if let Some(op) = op {
            let pointer = fields.pointer("value");
            let given = given.get("value").is_some();
            match (&value, op) {
                (_, Op::Exists | Op::Absent) if given => faults.add(pointer, "does not go with exists and absent"),
                (_, op) if op.takes_value() && !given => faults.add(pointer, "is required"),
                (Value::Array(_) | Value::Object(_), _) => {
                    faults.add(pointer, "must be a text, a number, true, false or null");
                }
                (Value::String(text), _) if text.len() > 500 => faults.add(pointer, "must be at most 500 bytes"),
                (Value::Number(number), _) if !is_plain(number.as_f64()) => {
                    faults.add(pointer, "must be 0 or a number of 1e-100 to 1e100, either sign");
                }
                (Value::String(_) | Value::Number(_), _) => {}
                (_, Op::Lt | Op::Lte | Op::Gt | Op::Gte) => faults.add(pointer, "must be a text or a number"),
                _ => {}
            }
        }
        fields.finish(faults);
        path.zip(op).map(|(path, op)| Self { path, op, value })
    }

    /// Whether a document says it.
    ///
    /// # Errors
    /// What it does not; without a word of the document itself, for it is never kept.
    pub fn judge(&self, document: &Value) -> Result<(), Cause> {
        let query = Query::parse(&self.path.0)
            .map_err(|error| Cause::seen(ErrorCode::Internal, format!("The JSONPath cannot be read: {error}.")))?;
        let nodes = query.query(document);
        let path = &self.path.0;
        let mismatch = |detail: String| Err(Cause::seen(ErrorCode::JsonMismatch, detail));
        match self.op {
            Op::Absent if nodes.is_empty() => Ok(()),
            Op::Absent => mismatch(format!("{path} selects something.")),
            _ if nodes.is_empty() => mismatch(format!("{path} selects nothing.")),
            op => match nodes.iter().find(|node| !fits(node, op, &self.value)) {
                None => Ok(()),
                Some(node) => mismatch(format!("{path} is {} that is not {} {}.", kind(node), op.as_str(), self.value)),
            },
        }
    }
}

/// Whether the store can keep a number, and JSON can give it back.
fn is_plain(number: Option<f64>) -> bool {
    number.is_some_and(|number| number == 0.0 || (1e-100..=1e100).contains(&number.abs()))
}

fn fits(node: &Value, op: Op, value: &Value) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (node, value) {
        (Value::Number(node), Value::Number(value)) => compare(node, value),
        (Value::String(node), Value::String(value)) => Some(node.as_str().cmp(value.as_str())),
        _ if node == value => Some(Equal),
        _ => None,
    };
    match op {
        Op::Eq => order == Some(Equal),
        Op::Ne => order != Some(Equal),
        Op::Lt => order == Some(Less),
        Op::Lte => matches!(order, Some(Less | Equal)),
        Op::Gt => order == Some(Greater),
        Op::Gte => matches!(order, Some(Greater | Equal)),
        Op::Contains => match (node, value) {
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            (Value::Array(items), value) => items.iter().any(|item| fits(item, Op::Eq, value)),
            _ => false,
        },
        Op::Exists | Op::Absent => true,
    }
}

/// Whole numbers exactly, others as floating point.
fn compare(left: &serde_json::Number, right: &serde_json::Number) -> Option<std::cmp::Ordering> {
    let whole = |number: &serde_json::Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn kind(node: &Value) -> &'static str {
    match node {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assertions(value: &Value) -> Result<Vec<JsonAssertion>, Vec<String>> {
        let mut faults = Faults::default();
        let read = JsonAssertion::read_all(value, "/json", &mut faults);
        let faults: Vec<String> =
            faults.into_vec().into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    #[test]
    fn patterns_that_each_node_would_have_compiled_are_refused() {
        for path in ["$..[?match(@.a, @.b)]", "$[?search (@, 'x')]", "$[?!match(@.a,'(')]"] {
            assert!(JsonPath::try_from(path.to_owned()).is_err(), "{path}");
        }
        for path in ["$.match", "$['search(']", "$[?length(@.match) > 1]"] {
            assert!(JsonPath::try_from(path.to_owned()).is_ok(), "{path}");
        }
    }

    #[test]
    fn documents_are_compared() {
        let document = json!({"status": "ok", "load": 0.5, "count": 3, "big": 9007199254740993_u64, "none": null, "on": true,
            "nodes": [{"up": true, "ms": 5}, {"up": true, "ms": 9}], "tags": ["a", "b"]});
        for (path, op, value, holds) in [
            ("$.status", "eq", json!("ok"), true),
            ("$.status", "ne", json!("ok"), false),
            ("$.status", "contains", json!("o"), true),
            ("$.load", "lt", json!(1), true),
            ("$.load", "lte", json!(0.5), true),
            ("$.count", "gte", json!(3.0), true),
            ("$.count", "eq", json!(3.0), true),
            ("$.count", "eq", json!("3"), false),
            ("$.count", "gt", json!("2"), false),
            ("$.big", "eq", json!(9007199254740992_u64), false),
            ("$.none", "eq", json!(null), true),
            ("$.on", "eq", json!(true), true),
            ("$.nodes[*].up", "eq", json!(true), true),
            ("$.nodes[*].ms", "lt", json!(9), false),
            ("$.nodes[?@.ms > 5].up", "eq", json!(true), true),
            ("$..ms", "lte", json!(9), true),
            ("$.tags", "contains", json!("b"), true),
            ("$.tags", "contains", json!("c"), false),
            ("$.missing", "ne", json!(1), false),
            ("$['status']", "eq", json!("ok"), true),
        ] {
            let one = json!([{"path": path, "op": op, "value": value}]);
            let read = assertions(&one).unwrap_or_else(|faults| panic!("{one}: {faults:?}"));
            assert_eq!(read[0].judge(&document).is_ok(), holds, "{one}");
        }
        for (path, op, holds) in [("$.none", "exists", true), ("$.x", "exists", false), ("$.x", "absent", true)] {
            let read = assertions(&json!([{"path": path, "op": op}])).expect("valid");
            assert_eq!(read[0].judge(&document).is_ok(), holds, "{path} {op}");
        }
    }

    #[test]
    fn a_mismatch_tells_nothing_of_the_body() {
        let read = assertions(&json!([{"path": "$.token", "op": "eq", "value": "x"}])).expect("valid");
        let cause = read[0].judge(&json!({"token": "s3cret"})).expect_err("a mismatch");
        assert_eq!(cause.detail, "$.token is a text that is not eq \"x\".");
    }

    #[test]
    fn faults_have_their_place_and_costly_paths_are_refused() {
        for (bad, place) in [
            (json!({}), "/json:"),
            (json!([{"op": "eq", "value": 1}]), "/json/0/path"),
            (json!([{"path": "status", "op": "eq", "value": 1}]), "/json/0/path"),
            (json!([{"path": "$..a..b", "op": "exists"}]), "/json/0/path"),
            (json!([{"path": "$[*,*][*,*][*,*]", "op": "exists"}]), "/json/0/path"),
            (json!([{"path": "$[?@.a == $.b]", "op": "exists"}]), "/json/0/path"),
            (json!([{"path": "$.a", "op": "like", "value": 1}]), "/json/0/op"),
            (json!([{"path": "$.a", "op": "eq"}]), "/json/0/value"),
            (json!([{"path": "$.a", "op": "exists", "value": 1}]), "/json/0/value"),
            (json!([{"path": "$.a", "op": "lt", "value": true}]), "/json/0/value"),
            (json!([{"path": "$.a", "op": "eq", "value": [1]}]), "/json/0/value"),
            (json!([{"path": "$.a", "op": "eq", "value": 1e300}]), "/json/0/value"),
            (json!([{"path": "$.a", "op": "eq", "value": 1, "x": 1}]), "/json/0/x"),
            (json!(vec![json!({"path": "$.a", "op": "exists"}); 11]), "/json:"),
        ] {
            let faults = assertions(&bad).expect_err("faults");
            assert!(faults.len() == 1 && faults[0].starts_with(place), "{bad}: {faults:?}");
        }
        assert!(assertions(&json!([{"path": "$['a..b,c,d,e$?']", "op": "exists"}])).is_ok(), "texts cost nothing");
    }

    #[test]
    fn keywords_are_there_or_not() {
        let read = |value: Value| {
            let mut faults = Faults::default();
            let keyword = Keyword::read(&value, "/keyword", &mut faults);
            faults.is_empty().then_some(keyword)
        };
        let both = read(json!({"contains": "all good", "not_contains": "error"})).expect("valid");
        let code = |keyword: &Keyword, content_type, body| {
            keyword.judge(&BodyText::read(content_type, body)).err().map(|cause| cause.code)
        };
        assert_eq!(code(&both, None, b"... all good ..."), None);
        assert_eq!(code(&both, None, b"all bad"), Some(ErrorCode::KeywordMissing));
        assert_eq!(code(&both, None, b"all good, error"), Some(ErrorCode::KeywordPresent));
        let outage = read(json!({"not_contains": "Störung"})).expect("valid");
        let page = b"St\xf6rung im Netz";
        assert_eq!(code(&outage, Some("text/html; charset=iso-8859-1"), page), Some(ErrorCode::KeywordPresent));
        assert_eq!(code(&outage, Some("text/html; charset=utf-8"), page), Some(ErrorCode::BodyCharset));
        assert_eq!(code(&outage, Some("text/html; charset=?"), b"fine"), Some(ErrorCode::BodyCharset));
        assert_eq!(code(&outage, Some("text/html; charset=utf-8"), b"fine \xff"), None, "no place for it");
        for bad in
            [json!({}), json!({"contains": ""}), json!("ok"), json!({"has": "x"}), json!({"contains": "x".repeat(501)})]
        {
            assert!(read(bad.clone()).is_none(), "{bad}");
        }
    }
}
