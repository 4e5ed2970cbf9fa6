//! The templates of webhooks: a JSON body in MiniJinja.
//!
//! Strangers write them, so they are bounded in what they say ([`crate::template_rules`]), in steps and in size. Values are written as
//! JSON, quotes included, so that no name can end a text and begin something else.

use std::{fmt, io};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value as Item, value::Serde};
use serde_json::Value;
use valpero_domain::Invalid;

use crate::{template_rules, text::cut};

/// The most instructions of one rendering.
const FUEL: u64 = 10_000;

/// The longest body, in bytes.
pub(crate) const BODY_MAX: usize = 64 * 1024;

/// The longest text that a filter makes, in bytes.
const FILTERED_MAX: usize = 8 * 1024;

/// What the template makes of these values.
///
/// # Errors
/// What is wrong with it, and in which line.
pub(crate) fn render(template: &str, values: &Value) -> Result<String, Invalid> {
    template_rules::check(template)?;
    let environment = environment();
    let compiled = environment.template_from_named_str("template", template).map_err(|error| invalid(&error))?;
    let mut body = Bounded(Vec::new());
    compiled.render_captured_to(Serde(values), &mut body).map_err(|error| invalid(&error))?;
    let body = String::from_utf8(body.0).map_err(|_| Invalid::new("must make text in UTF-8"))?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&body) {
        Ok(_) => Ok(body),
        Err(error) => Err(Invalid::new(format!("must make JSON; line {} of what it makes: {error}", error.line()))),
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    // An event without an incident has `data.incident.id` of null: a message with null in it is better than none.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("upper", |text: String| bounded(text.to_uppercase()));
    environment.add_filter("lower", |text: String| bounded(text.to_lowercase()));
    environment.add_filter("trim", |text: String| bounded(text.trim().to_owned()));
    environment.add_filter("truncate", |text: String, characters: usize| bounded(cut(&text, characters)));
    environment.add_filter("replace", |text: String, from: String, to: String| {
        let longest = text.len().saturating_add((text.len() + 1).saturating_mul(to.len()));
        if longest > FILTERED_MAX * 64 {
            return Err(too_long());
        }
        bounded(text.replace(&from, &to))
    });
    environment.add_filter("join", |items: Vec<Item>, between: String| {
        let mut joined = String::new();
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                joined.push_str(&between);
            }
            joined.push_str(&item.to_string());
            if joined.len() > FILTERED_MAX {
                return Err(too_long());
            }
        }
        Ok(joined)
    });
    environment.add_filter("length", |item: Item| item.len().unwrap_or(0));
    environment.add_filter(
        "default",
        |item: Item, other: Item| {
            if item.is_undefined() || item.is_none() { other } else { item }
        },
    );
    environment
}

fn bounded(text: String) -> Result<String, Error> {
    if text.len() > FILTERED_MAX { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("a filter makes more than {} KiB", FILTERED_MAX / 1024))
}

/// A buffer that takes no more than a body may have.
struct Bounded(Vec<u8>);

#[derive(Debug)]
struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too long")
    }
}

impl std::error::Error for TooLong {}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > BODY_MAX {
            return Err(io::Error::other(TooLong));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn invalid(error: &Error) -> Invalid {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let words = match error.kind() {
        ErrorKind::OutOfFuel => format!("takes more than {FUEL} steps"),
        ErrorKind::WriteFailure => format!("makes more than {} KiB", BODY_MAX / 1024),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    Invalid::new(format!("{line}{words}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn made(template: &str) -> Result<Value, String> {
        let values = json!({"name": "a \"b\" \\ </c>\n", "facts": [{"v": 1}, {"v": 2}], "nothing": null, "text": "x".repeat(8_000)});
        let made = render(template, &values).map_err(|invalid| invalid.0)?;
        serde_json::from_str(&made).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_json_whatever_is_in_them() {
        assert_eq!(
            made(r#"{"t": {{ name }}, "n": {{ nothing }}, "u": {{ no.such.thing }}}"#),
            Ok(json!({"t": "a \"b\" \\ </c>\n", "n": null, "u": null}))
        );
        assert_eq!(made(r#"{"t": {{ "Hi " ~ name|trim|upper }}}"#), Ok(json!({"t": "Hi A \"B\" \\ </C>"})));
        let list = r#"[{% for fact in facts %}{% if not loop.first %},{% endif %}{{ fact.v }}{% endfor %}]"#;
        assert_eq!(made(list), Ok(json!([1, 2])));
        assert_eq!(made(r#"{{ facts|length }}"#), Ok(json!(2)));
        assert_eq!(made(r#"{{ nothing|default("none") }}"#), Ok(json!("none")));
        assert_eq!(made(r#"{{ [name|trim, "x"]|join("; ")|replace("\"", "'")|truncate(6) }}"#), Ok(json!("a 'b'…")));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (template, words) in [
            ("{\n\"a\": {{ name }\n}", "line 2"),
            ("{\n\n\"a\": {{ name|nosuch }}}", "line 3"),
            ("{\"a\": \"{{ name }}\"}", "must make JSON; line 1"),
            ("no JSON", "must make JSON"),
            ("", "must make JSON"),
            ("{{ name", "line 1"),
            ("{% if name %}1", ""),
        ] {
            let said = made(template).expect_err(template);
            assert!(said.contains(words), "{template}: {said}");
        }
    }

    #[test]
    fn steps_and_sizes_are_bounded() {
        let deep = "{% for a in facts %}".repeat(14) + "{{ a.v }}," + &"{% endfor %}".repeat(14);
        let long = format!("[{}\"\"]", "{{ text }},".repeat(9));
        let grows = "{{ text|replace(\"x\", text) }}";
        let joins = "{{ [text, text]|join(\"\") }}";
        for (template, words) in [
            (deep.as_str(), "steps"),
            (&long, "makes more than 64 KiB"),
            (grows, "a filter makes more than 8 KiB"),
            (joins, "a filter makes more than 8 KiB"),
        ] {
            let began = Instant::now();
            let said = made(template).expect_err("refused");
            assert!(said.contains(words), "{said}");
            assert!(began.elapsed() < Duration::from_secs(5));
        }
        assert!(made(&format!("[{}\"\"]", "{{ text }},".repeat(8))).is_ok());
    }
}
