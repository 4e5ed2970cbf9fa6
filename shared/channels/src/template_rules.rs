//! What a template may say: enough to shape a body, and nothing by which a text can grow out of itself.
//!
//! MiniJinja counts steps, not bytes: with `set a = a ~ a` a template of a few lines fills the memory. So nothing can be named anew, and
//! only what the message has can be looped over: all that a template makes is as long as what it says, and what the message has.

use valpero_domain::Invalid;

/// The tags that there are. None of them gives a name to something that was computed.
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// Texts put together, at most: each is copied each time.
const JOINS_MAX: usize = 60;

/// Checks a template before it is compiled.
///
/// # Errors
/// What it may not say, and in which line.
pub(crate) fn check(template: &str) -> Result<(), Invalid> {
    let mut rest = template;
    let mut joins = 0;
    while let Some(begin) = rest.find('{') {
        let line = 1 + template[..template.len() - rest.len() + begin].matches('\n').count();
        let refuse = |why: &str| Err(Invalid::new(format!("line {line}: {why}")));
        rest = &rest[begin + 1..];
        let (is_tag, end) = match rest.as_bytes().first() {
            Some(b'{') => (false, "}}"),
            Some(b'%') => (true, "%}"),
            Some(b'#') => match rest.find("#}") {
                Some(end) => {
                    rest = &rest[end + 2..];
                    continue;
                }
                None => return refuse("a comment is not ended"),
            },
            _ => continue,
        };
        rest = &rest[1..];
        let Some(inside) = code(rest, end) else { return refuse(&format!("{end} is missing")) };
        rest = &rest[inside.len() + end.len()..];
        let plain = without_texts(inside);
        if plain.contains(['{', '}', '*']) {
            return refuse("a template has no objects of its own, and no *");
        }
        joins += plain.matches(['~', '+']).count();
        if joins > JOINS_MAX {
            return refuse(&format!("a template puts at most {JOINS_MAX} texts together"));
        }
        if is_tag {
            tag(inside.trim_matches(['-', '+'])).or_else(|why| refuse(&why))?;
        }
    }
    Ok(())
}

/// The characters of code that are outside of its quotes, and their places.
fn unquoted(code: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    code.char_indices().filter(move |(_, c)| {
        match (quote, *c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, open @ ('"' | '\'')) => quote = Some(open),
            (None, _) => return true,
        }
        false
    })
}

/// The code up to its end, which a text in quotes does not contain.
fn code<'a>(from: &'a str, end: &str) -> Option<&'a str> {
    let (place, _) = unquoted(from).find(|(place, _)| from[*place..].starts_with(end))?;
    Some(&from[..place])
}

/// The code without what stands in its quotes.
fn without_texts(code: &str) -> String {
    unquoted(code).map(|(_, c)| c).collect()
}

fn tag(inside: &str) -> Result<(), String> {
    let words: Vec<&str> = inside.split_whitespace().collect();
    let name = words.first().copied().unwrap_or_default();
    if !TAGS.contains(&name) {
        return Err(format!("there is no {name:?} here; there are {}", TAGS.join(", ")));
    }
    if name == "for" {
        let path = inside.chars().all(|c| c.is_ascii_alphanumeric() || c.is_whitespace() || "_.".contains(c));
        let ends = words.len() == 4 && words[2] == "in";
        if !path || !ends {
            return Err("a loop is `for one in message.facts`, over something that the message has".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shapes_a_body_is_allowed() {
        for template in [
            r#"{"text": {{ message.title ~ " at " ~ message.at }}}"#,
            r#"{%- for one in message.facts -%}{{ one.value }}{%- endfor -%}"#,
            r#"{% if message.level == "critical" %}1{% elif a %}2{% else %}3{% endif %}"#,
            r#"{"a": {"b": "*bold*"}} {# a comment with { and * #}"#,
            r#"{{ "}} * {" ~ 'it\'s' }}"#,
            "",
        ] {
            assert_eq!(check(template), Ok(()), "{template}");
        }
    }

    #[test]
    fn what_could_grow_is_refused_however_it_is_written() {
        for template in [
            "{% set a = a ~ a %}",
            "{%-set a = 1%}",
            "{%\nset a = 1 %}",
            "{% with a = b %}{% endwith %}",
            "{% filter upper %}{% endfilter %}",
            "{% macro a() %}{% endmacro %}",
            "{% raw %}{% endraw %}",
            "{% include 'a' %}",
            "{{ 'x' * 100000000 }}",
            "{{ {'a': 1} }}",
            "{{ '}}' ~ 'x' * 100 }}",
            "{{ \"\\\"}}\" * 100 }}",
            "{% for a in [a ~ a] %}{% endfor %}",
            "{% for a in b|join('') %}{% endfor %}",
            "{% for a in b recursive %}{% endfor %}",
            "{% for a in range(9) %}{% endfor %}",
            "{# not ended",
            "{{ not ended",
            "{% if '%}",
        ] {
            assert!(check(template).is_err(), "{template}");
        }
        let joined = |count: usize| format!("{{{{ a {} }}}}", "~ a ".repeat(count));
        assert!(check(&joined(JOINS_MAX)).is_ok());
        assert!(check(&joined(JOINS_MAX + 1)).is_err());
        assert_eq!(check("\n\n{% set a = 1 %}").map_err(|invalid| invalid.0.starts_with("line 3: ")), Err(true));
    }
}
