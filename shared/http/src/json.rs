//! JSON as it was sent: of an object that has a member twice nobody knows which is meant, so it is refused.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value, error::Category};
use valpero_domain::{Faults, escape};

use crate::Problem;

/// Reads a body.
///
/// # Errors
/// Where it is no JSON, and where an object in it, however deep, has a member more than once: each is named.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let mut twice = BTreeSet::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Part { at: String::new(), twice: &mut twice }.deserialize(&mut reader);
    let value = read.and_then(|value| reader.end().map(|()| value)).map_err(|error| bad_json(&error))?;
    let mut faults = Faults::default();
    for pointer in twice {
        faults.add(pointer, "is given more than once");
    }
    faults.finish(Some(value)).map_err(Problem::invalid)
}

fn bad_json(error: &serde_json::Error) -> Problem {
    let detail = match (error.classify(), error.line()) {
        (Category::Eof, 0..=1) if error.column() == 0 => "The body is empty.".to_owned(),
        (Category::Eof, _) => "The body ends within a value.".to_owned(),
        (_, line) => format!("It goes wrong in line {line}, column {}.", error.column()),
    };
    Problem::bad_json(detail)
}

/// A part of the body that is being read, and its pointer.
struct Part<'a> {
    at: String,
    twice: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) =
            items.next_element_seed(Part { at: format!("{}/{}", self.at, read.len()), twice: &mut *self.twice })?
        {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let at = format!("{}/{}", self.at, escape(&name));
            if read.contains_key(&name) {
                self.twice.insert(at.clone());
            }
            read.insert(name, members.next_value_seed(Part { at, twice: &mut *self.twice })?);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_serde_json_reads_it() {
        for text in [
            r#"{"a": [1, -2, 3.5, 1e300, 18446744073709551615, true, null, "x\u00e9"], "b": {"c": {}}}"#,
            "[]",
            " 7 ",
            r#"{"": {"": 1}}"#,
        ] {
            assert_eq!(parse(text.as_bytes()).expect("JSON"), serde_json::from_str::<Value>(text).expect("JSON"));
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in ["", "{", "[1,]", "{} {}", "{\"a\":1,}", "nul", deep.as_str(), "1e999"] {
            let problem = parse(text.as_bytes()).expect_err("no JSON");
            assert_eq!(problem.code(), crate::Code::BadJson, "{text}");
        }
    }

    #[test]
    fn members_that_are_given_twice_are_named_each_once() {
        let body = r#"{"a": 1, "b": {"x/y": 1, "x/y": 2, "x/y": 3}, "c": [{}, {"d": 1, "d": 1}], "a": 2}"#;
        let problem = parse(body.as_bytes()).expect_err("refused");
        let pointers: Vec<&str> = problem.errors().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a", "/b/x~1y", "/c/1/d"]);
    }
}
