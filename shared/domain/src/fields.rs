//! Reading a JSON object field by field, collecting every fault with its JSON Pointer (RFC 6901) and stopping at none.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::field::{Field, Items, Kind, Presence, whole};

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

    /// The pointer of the object itself.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether it is an object at all.
    pub fn is_object(&self) -> bool {
        self.object.is_some()
    }

    /// The pointer of one field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// The field's value as it is; `null` counts as absent.
    pub fn value(&mut self, field: &Field) -> Option<&'a Value> {
        self.taken.insert(field.name);
        self.object.and_then(|object| object.get(field.name)).filter(|value| !value.is_null())
    }

    /// The same; the absence of a required field is a fault.
    fn present(&mut self, field: &Field, faults: &mut Faults) -> Option<&'a Value> {
        let value = self.value(field);
        if value.is_none() && field.presence == Presence::Required && self.object.is_some() {
            faults.add(self.pointer(field.name), "is required");
        }
        value
    }

    /// The field's value, or its default where it is absent. A value that does not fit is a fault, and so is the absence of a required one.
    ///
    /// A value out of bounds is a fault and still the answer, and in place of one of another type comes the default: so that whatever
    /// else is wrong is found, too.
    pub fn read<T: DeserializeOwned>(&mut self, field: &Field, faults: &mut Faults) -> Option<T> {
        self.given(field, faults).or_else(|| field.default_as())
    }

    /// The field's value where it is given, without a look at its default.
    pub fn given<T: DeserializeOwned>(&mut self, field: &Field, faults: &mut Faults) -> Option<T> {
        let value = self.present(field, faults)?;
        let before = faults.len();
        let parsed = self.items::<T>(field, value, faults);
        if faults.len() > before {
            return parsed.ok();
        }
        let misfit = field.kind.misfit(value);
        let detail = match (&parsed, misfit) {
            (Ok(_), None) => return parsed.ok(),
            // A number that is out of bounds, and a text that is not on a closed list, may be none of `T` for that reason alone.
            (Err(_), Some(misfit)) if matches!(field.kind, Kind::Integer { .. }) || !field.options().is_empty() => {
                misfit.0
            }
            (Err(error), _) => field.kind.mistaken(value).unwrap_or_else(|| error.to_string()),
            (Ok(_), Some(misfit)) => misfit.0,
        };
        faults.add(self.pointer(field.name), detail);
        parsed.ok()
    }

    /// The value as a `T`. Where a list or a map is none because of one of its members, that member is the fault.
    fn items<T: DeserializeOwned>(
        &self,
        field: &Field,
        value: &Value,
        faults: &mut Faults,
    ) -> Result<T, serde_json::Error> {
        // To JSON 3.0 is the same number as 3.
        let parsed = match whole(value).and_then(|number| i64::try_from(number).ok()) {
            Some(number) => T::deserialize(Value::from(number)),
            None => T::deserialize(value),
        };
        if parsed.is_ok() {
            return parsed;
        }
        let base = self.pointer(field.name);
        match (&field.kind, value) {
            (Kind::List { of: Items::Texts(text), .. }, Value::Array(items)) => {
                for (place, item) in items.iter().enumerate() {
                    if let Err(error) = T::deserialize(Value::from(vec![item.clone()])) {
                        let misfit = item.as_str().and_then(|item| text.misfit_of_closed_list(item));
                        let detail = Kind::Text(text).mistaken(item).or(misfit);
                        faults.add(format!("{base}/{place}"), detail.unwrap_or_else(|| error.to_string()));
                    }
                }
            }
            (Kind::Map { values, .. }, Value::Object(members)) => {
                for (name, item) in members {
                    if let Err(error) = T::deserialize(Value::from(Map::from_iter([(name.clone(), item.clone())]))) {
                        let detail = Kind::Text(values).mistaken(item);
                        faults.add(format!("{base}/{}", escape(name)), detail.unwrap_or_else(|| error.to_string()));
                    }
                }
            }
            _ => {}
        }
        parsed
    }

    /// The fields of an object within this one.
    pub fn object<T>(
        &mut self,
        field: &Field,
        faults: &mut Faults,
        read: impl FnOnce(&mut Fields<'a>, &mut Faults) -> T,
    ) -> Option<T> {
        let value = self.present(field, faults)?;
        let mut fields = Fields::of(value, &self.pointer(field.name), faults);
        let read = read(&mut fields, faults);
        fields.finish(faults);
        Some(read)
    }

    /// The objects of a list, each read with the pointer of its place in it.
    pub fn objects<T>(
        &mut self,
        field: &Field,
        faults: &mut Faults,
        mut read: impl FnMut(&mut Fields<'a>, &mut Faults) -> T,
    ) -> Option<Vec<T>> {
        let value = self.present(field, faults)?;
        let base = self.pointer(field.name);
        let misfit = || field.kind.misfit(value).map(|misfit| misfit.0);
        if let Some(detail) = field.kind.mistaken(value).or_else(misfit) {
            faults.add(base.as_str(), detail);
        }
        let mut one = |(place, item): (usize, &'a Value)| {
            let mut fields = Fields::of(item, &format!("{base}/{place}"), faults);
            let read = read(&mut fields, faults);
            fields.finish(faults);
            read
        };
        Some(value.as_array()?.iter().enumerate().map(&mut one).collect())
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

/// A name as part of a JSON Pointer (RFC 6901): `~` and `/` in it are escaped.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        field::Literal,
        text_spec::{TAG, Text},
    };

    const COUNT: Field = Field::integer("count", 1, 5).default(Literal::Int(2));
    const NAME: Field = Field::text("name", &Text { max: Some(3), ..Text::PLAIN }).required();

    fn read<T: DeserializeOwned>(field: &Field, value: &Value) -> (Option<T>, Option<String>) {
        let body = json!({ field.name: value });
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "", &mut faults);
        let read = fields.read(field, &mut faults);
        fields.finish(&mut faults);
        (read, faults.into_vec().pop().map(|fault| fault.detail))
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_pointer() {
        let body = json!({"count": "three", "tyop/~": 1, "gone": null});
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "/http", &mut faults);
        assert_eq!(fields.read::<u32>(&COUNT, &mut faults), Some(2), "the default, so that the rest can be read");
        assert_eq!(fields.read::<String>(&NAME, &mut faults), None);
        assert_eq!(fields.read::<u32>(&Field::integer("gone", 0, 9), &mut faults), None);
        fields.finish(&mut faults);
        let faults = faults.into_vec();
        assert_eq!(faults[0].detail, "must be a whole number, not the string \"three\"");
        let pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/http/count", "/http/name", "/http/tyop~1~0"]);
    }

    #[test]
    fn numbers_are_whole_and_within_their_bounds() {
        for (given, answer, fault) in [
            (json!(null), Some(2), None),
            (json!(1), Some(1), None),
            (json!(5), Some(5), None),
            (json!(3.0), Some(3), None),
            (json!(0), Some(0), Some("must be 1 to 5")),
            (json!(6), Some(6), Some("must be 1 to 5")),
            (json!(-1), Some(2), Some("must be 1 to 5")),
            (json!(u64::MAX), Some(2), Some("must be 1 to 5")),
            (json!(1e300), Some(2), Some("must be 1 to 5")),
            (json!(2.5), Some(2), Some("must be a whole number, not 2.5")),
            (json!([]), Some(2), Some("must be a whole number, not an array")),
        ] {
            assert_eq!(read::<u8>(&COUNT, &given), (answer, fault.map(str::to_owned)), "{given}");
        }
        let step = Field::interval("count", 60, 60, 120);
        assert_eq!(read::<u32>(&step, &json!(90)).1.as_deref(), Some("must be a multiple of 60, 60 to 120 seconds"));
    }

    #[test]
    fn texts_and_lists_are_within_their_bounds() {
        let fault = |field: &Field, value: Value| read::<Value>(field, &value).1.unwrap_or_default();
        assert_eq!(fault(&NAME, json!("äöü")), "");
        assert_eq!(fault(&NAME, json!("four")), "must be at most 3 characters");
        let tags = Field::list("tags", "tag", Items::Texts(&Text::PLAIN), 1, Some(2));
        assert_eq!(fault(&tags, json!(["a"])), "");
        assert_eq!(fault(&tags, json!([])), "must name at least one tag");
        assert_eq!(fault(&tags, json!(["a", "b", "c"])), "must name at most 2 tags");
    }

    #[test]
    fn the_member_of_a_list_or_a_map_that_is_wrong_is_named() {
        const HEADERS: Field =
            Field::of("headers", Kind::Map { names: &Text::PLAIN, reserved: &[], values: &Text::PLAIN, max: 9 });
        let tags = Field::list("tags", "tag", Items::Texts(&TAG), 0, None);
        let body = json!({"tags": ["a", "a b", 7, "c"], "headers": {"x": "1", "a/b": null, "y": ["z"]}});
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "/http", &mut faults);
        fields.read::<Vec<crate::monitor::Tag>>(&tags, &mut faults);
        fields.read::<std::collections::BTreeMap<String, String>>(&HEADERS, &mut faults);
        fields.finish(&mut faults);
        let told: Vec<_> = faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.detail)).collect();
        let told: Vec<_> = told.iter().map(|(pointer, detail)| (pointer.as_str(), detail.as_str())).collect();
        assert_eq!(
            told,
            [
                ("/http/tags/1", "must be 1 to 50 characters: letters, digits or . _ : / -"),
                ("/http/tags/2", "must be a string, not 7"),
                ("/http/headers/a~1b", "must be a string, not null"),
                ("/http/headers/y", "must be a string, not an array"),
            ]
        );
    }

    #[test]
    fn a_value_of_another_type_is_told_in_the_words_of_json() {
        const METHOD: Field = Field::text("method", &crate::http_check::Method::TEXT);
        for (field, value, detail) in [
            (Field::boolean("flag"), json!("yes"), "must be true or false, not the string \"yes\""),
            (NAME, json!({"a": 1}), "must be a string, not an object"),
            (
                Field::list("tags", "tag", Items::Texts(&TAG), 0, None),
                json!("a"),
                "must be an array, not the string \"a\"",
            ),
            (METHOD, json!("FOO"), "must be one of these: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"),
            (METHOD, json!(true), "must be a string, not true"),
        ] {
            let fault = match field.name {
                "flag" => read::<bool>(&field, &value).1,
                "tags" => read::<Vec<String>>(&field, &value).1,
                "method" => read::<crate::http_check::Method>(&field, &value).1,
                _ => read::<String>(&field, &value).1,
            };
            assert_eq!(fault.as_deref(), Some(detail));
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        let body = json!([1]);
        let mut faults = Faults::default();
        let mut fields = Fields::of(&body, "", &mut faults);
        assert_eq!(fields.read::<String>(&NAME, &mut faults), None);
        fields.finish(&mut faults);
        assert_eq!(faults.into_vec(), [Fault { pointer: String::new(), detail: "must be a JSON object".into() }]);
    }
}
