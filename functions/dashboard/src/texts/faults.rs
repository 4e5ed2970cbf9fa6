//! What the API says is wrong with a value, in other languages than its own.

/// Phrases of the API, and the same in another language. A `{}` stands for any words, `{n}` for a number; both have the same, in the
/// same order. The first that fits counts.
pub type Phrases = &'static [(&'static str, &'static str)];

/// The sentence in the other language; none where it is not known.
pub fn translated(phrases: Phrases, words: Phrases, english: &str) -> Option<String> {
    let fits = |(pattern, other): &(&str, &'static str)| Some((holes(pattern, english)?, *other));
    let (holes, mut other) = phrases.iter().find_map(fits)?;
    let mut text = String::new();
    for hole in holes {
        let (before, rest) = other.split_once('{')?;
        let (_, after) = rest.split_once('}')?;
        let word = words.iter().find(|(word, _)| *word == hole).map_or(hole, |(_, word)| word);
        text.push_str(before);
        text.push_str(word);
        other = after;
    }
    text.push_str(other);
    Some(text)
}

/// What stands in the text for the pattern's holes; none where the text is another.
fn holes<'a>(mut pattern: &str, mut text: &'a str) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    while let Some((literal, rest)) = pattern.split_once('{') {
        let (kind, rest) = rest.split_once('}')?;
        text = text.strip_prefix(literal)?;
        let next = rest.split('{').next().unwrap_or_default();
        let end = if next.is_empty() { text.len() } else { text.find(next)? };
        let hole = &text[..end];
        if hole.is_empty() || (kind == "n" && !hole.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        found.push(hole);
        (pattern, text) = (rest, &text[end..]);
    }
    (text == pattern).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use valpero_domain::Language;

    use super::*;
    use crate::texts::Texts;

    /// Where requests are read. What is wrong with a message's template is said as by the engine that reads it, in English.
    const SOURCES: [&str; 5] =
        ["shared/auth/src", "shared/channels/src", "shared/domain/src", "shared/http/src", "functions"];

    /// How sentences begin that say what is wrong with a value.
    const BEGINNINGS: [&str; 12] = [
        "must ",
        "is required",
        "is not a ",
        "is not one ",
        "is named ",
        "is given ",
        "is the mark ",
        "is no ",
        "is set by ",
        "goes with ",
        "does not go ",
        "needs a ",
    ];

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    /// The texts between quotes, without comments and unit tests, lines that go on put together.
    fn literals(code: &str) -> Vec<String> {
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n").replace("\\\\", "\u{1}").replace("\\\"", "\u{2}");
        let texts = code.split('"').skip(1).step_by(2).map(|text| {
            let text = text.split("\\\n").map(str::trim_start).collect::<String>();
            text.replace('\u{1}', "\\").replace('\u{2}', "\"")
        });
        texts.collect()
    }

    /// A sentence with something in its holes.
    fn sample(text: &str) -> String {
        let mut parts = text.split('{');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| match part.split_once('}') {
            Some((_, rest)) => all + "7" + rest,
            None => all + "{" + part,
        })
    }

    #[test]
    fn a_phrase_has_the_same_holes_in_every_language() {
        let holes = |text: &str| text.split('{').skip(1).map(|part| part.starts_with('n')).collect::<Vec<bool>>();
        for language in Language::ALL {
            for (english, other) in Texts::of(language).faults {
                assert_eq!(holes(english), holes(other), "{language}: {english}");
            }
        }
    }

    #[test]
    fn everything_that_can_be_wrong_with_a_value_is_said_in_every_language() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace");
        let mut paths = Vec::new();
        for source in SOURCES {
            files(&root.join(source), &mut paths);
        }
        let is_read = |path: &PathBuf| {
            let path = path.display().to_string();
            !["/dashboard/", "/examples/", "channels/src/template"].iter().any(|other| path.contains(other))
                && !path.ends_with("/tests.rs")
        };
        let mut seen = 0;
        let mut missing: BTreeSet<String> = BTreeSet::new();
        for path in paths.iter().filter(|path| is_read(path)) {
            let code = fs::read_to_string(path).expect("a file");
            for text in literals(&code) {
                // Beginnings of sentences that a macro completes.
                let is_part = ["must be ", "must be the id of "].contains(&text.as_str());
                if is_part || !BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) {
                    continue;
                }
                seen += 1;
                for language in Language::ALL.into_iter().filter(|language| *language != Language::En) {
                    let english = sample(&text);
                    if Texts::of(language).fault(&english) == english {
                        missing.insert(format!("{language}: {english}"));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
        assert!(seen > 90, "the sentences are found: {seen}");
    }

    const PHRASES: Phrases = &[
        ("must be {n} to {n}", "pitää olla {n}–{n}"),
        ("must be {}, not {}", "pitää olla {}, ei {}"),
        ("is required", "on pakollinen"),
    ];

    #[test]
    fn a_phrase_is_said_with_what_stands_in_it() {
        let words: Phrases = &[("a string", "merkkijono")];
        let say = |english: &str| translated(PHRASES, words, english);
        assert_eq!(say("must be 1 to 65535").as_deref(), Some("pitää olla 1–65535"));
        assert_eq!(say("must be a string, not 7").as_deref(), Some("pitää olla merkkijono, ei 7"));
        assert_eq!(say("is required").as_deref(), Some("on pakollinen"));
        for unknown in ["must be one to 5", "is required.", "must be 1 to 5 bytes", "must be , not 7", ""] {
            assert_eq!(say(unknown), None, "{unknown}");
        }
    }
}
