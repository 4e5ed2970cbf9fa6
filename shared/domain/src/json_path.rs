//! JSONPath (RFC 9535): queries and their syntax tree. The libraries for all of the language hide their syntax tree, so that nobody can
//! bound the cost of a query, or take time that doubles with each nested filter.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::parser::Parser;
use crate::{Invalid, json_document::Number};

mod parser;

/// A JSONPath query (RFC 9535) of at most 200 bytes. Its cost is bounded when it is evaluated: the body may be anything.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPath {
    text: String,
    query: Arc<Query>,
}

impl JsonPath {
    /// The query as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn query(&self) -> &Query {
        &self.query
    }
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for JsonPath {}

impl TryFrom<String> for JsonPath {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.len() > 200 {
            return Err(Invalid::new("must be at most 200 bytes"));
        }
        let query = Parser::read(&text)?;
        Ok(Self { query: Arc::new(query), text })
    }
}

impl From<JsonPath> for String {
    fn from(path: JsonPath) -> Self {
        path.text
    }
}

#[derive(Debug)]
pub(crate) struct Query {
    /// Whether it starts at the root (`$`), or at a filter's current node (`@`).
    pub(crate) from_root: bool,
    pub(crate) segments: Vec<Segment>,
}

impl Query {
    /// Whether it selects one node at most.
    pub(crate) fn is_singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descendant && matches!(segment.selectors[..], [Selector::Name(_) | Selector::Index(_)])
        })
    }
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) descendant: bool,
    pub(crate) selectors: Vec<Selector>,
}

#[derive(Debug)]
pub(crate) enum Selector {
    Name(String),
    All,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Expr),
}

/// A filter's expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Exists(Query),
    Compare(Comparable, Comparison, Comparable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
}

#[derive(Debug)]
pub(crate) enum Comparable {
    Null,
    Bool(bool),
    Number(Number<'static>),
    Text(String),
    Singular(Query),
    Length(Box<Self>),
    Count(Query),
    Value(Query),
}
