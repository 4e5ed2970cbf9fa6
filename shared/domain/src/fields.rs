//! Reading a JSON object field by field, collecting every fault with its JSON Pointer (RFC 6901) and stopping at none.

use std::{collections::BTreeSet, ops::RangeInclusive};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Up to here a floating point number holds every whole number: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// One thing wrong with a request's body or query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: a JSON Pointer into the body, or the query parameter's name behind a `/`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

/// All the faults found so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault { pointer: pointer.into(), detail: detail.into() });
    }

    /// `value` where nothing was found, else the faults.
    ///
    /// # Errors
    /// The faults, where there is at least one, or where there is no value (then something was missing).
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    /// The faults, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A JSON object being read: each field is taken once; what nobody took is a fault, so that a typo is never dropped silently.
pub struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    base: String,
    taken: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, whose own pointer is `base` (empty for the whole body). Anything but an object is a fault.
    pub fn of(value: &'a Value, base: &str, faults: &mut Faults) -> Self {
        let object = value.as_object();
        if object.is_none() {
            faults.add(base, "must be a JSON object");
        }
        Self { object, base: base.to_owned(), taken: BTreeSet::new() }
    }

    /// The pointer of one field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// The field's value; `null` counts as absent.
    pub fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.insert(name);
        self.object.and_then(|object| object.get(name)).filter(|value| !value.is_null())
    }

    /// The field as a `T`, absent or not. A value that is no `T` is a fault.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str, faults: &mut Faults) -> Option<T> {
        let value = self.value(name)?;
        // To JSON 3.0 is the same number as 3.
        let whole = value.as_f64().filter(|number| value.is_f64() && number.fract() == 0.0 && number.abs() < WHOLE_MAX);
        #[expect(clippy::cast_possible_truncation, reason = "it is a whole number below 2^53")]
        let parsed = match whole {
            Some(number) => T::deserialize(Value::from(number as i64)),
            None => T::deserialize(value),
        };
        match parsed {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                faults.add(self.pointer(name), plain(&error.to_string()));
                None
            }
        }
    }

    /// The field as a `T`; absence is a fault.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str, faults: &mut Faults) -> Option<T> {
        if self.value(name).is_none() {
            if self.object.is_some() {
                faults.add(self.pointer(name), "is required");
            }
            return None;
        }
        self.optional(name, faults)
    }

    /// The field as a whole number of this range; absent, it is `default`.
    pub fn number(&mut self, name: &'static str, default: u32, range: RangeInclusive<u32>, faults: &mut Faults) -> u32 {
        let value = self.optional(name, faults).unwrap_or(default);
        if !range.contains(&value) {
            faults.add(self.pointer(name), format!("must be {} to {}", range.start(), range.end()));
        }
        value
    }

    /// Ends the reading: every field that nobody took is a fault.
    pub fn finish(self, faults: &mut Faults) {
        for name in self.object.into_iter().flat_map(Map::keys) {
            if !self.taken.contains(name.as_str()) {
                if self.taken.is_empty() {
                    faults.add(self.pointer(&escape(name)), "is not a known field; this request takes none");
                    continue;
                }
                let known: Vec<&str> = self.taken.iter().copied().collect();
                faults
                    .add(self.pointer(&escape(name)), format!("is not a known field; there are {}", known.join(", ")));
            }
        }
    }
}

/// RFC 6901: `~` and `/` inside a name are escaped.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// serde's own sentences, in the words of a person who sends JSON.
fn plain(message: &str) -> String {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match rest.and_then(|rest| rest.split_once(", expected ")) {
        Some((given, "u8" | "u16" | "u32" | "i64")) => format!("must be a whole number, not {given}"),
        Some((given, expected)) => format!("must be {expected}, not {given}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_is_reported_at_once_with_its_pointer() {
        let body = json!({"count": "three", "tyop/~": 1, "gone": null, "whole": 3.0});
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "/http", &mut faults);
        assert_eq!(fields.required::<u32>("count", &mut faults), None);
        assert_eq!(fields.required::<String>("name", &mut faults), None);
        assert_eq!(fields.optional::<String>("gone", &mut faults), None);
        assert_eq!(fields.optional::<u32>("whole", &mut faults), Some(3), "the same number, written otherwise");
        fields.finish(&mut faults);
        let faults = faults.into_vec();
        assert_eq!(faults[0].detail, "must be a whole number, not string \"three\"");
        let pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/http/count", "/http/name", "/http/tyop~1~0"]);
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        let body = json!([1]);
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "", &mut faults);
        assert_eq!(fields.required::<u32>("count", &mut faults), None);
        fields.finish(&mut faults);
        assert_eq!(faults.into_vec(), [Fault { pointer: String::new(), detail: "must be a JSON object".into() }]);
    }
}
