//! The DNS's text (RFC 1035, section 5.1): words, quoted strings and escapes, as zone files and dig spell them.

/// A word of a record: a string between quotes, or what stands between spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Without its quotes, with its escapes.
    pub text: &'a str,
    /// Whether it stood between quotes.
    pub quoted: bool,
}

/// The words of a record. Parentheses, which join lines, and comments behind `;` are left out. None where a quote is not closed.
pub(crate) fn words(text: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '(' | ')'));
        if let Some(comment) = rest.strip_prefix(';') {
            rest = comment.split_once('\n').map_or("", |(_, next)| next);
            continue;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let quoted = rest.strip_prefix('"');
        let body = quoted.unwrap_or(rest);
        let ends = |letter: char| match quoted {
            Some(_) => letter == '"',
            None => letter.is_ascii_whitespace() || matches!(letter, '"' | '(' | ')' | ';'),
        };
        let end = unescaped(body, ends);
        if quoted.is_some() && end == body.len() {
            return None;
        }
        words.push(Word { text: &body[..end], quoted: quoted.is_some() });
        rest = &body[end + usize::from(quoted.is_some())..];
    }
}

/// Where the first such character stands that has no backslash before it; the length, where there is none.
fn unescaped(text: &str, found: impl Fn(char) -> bool) -> usize {
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if found(letter) {
            return place;
        }
    }
    text.len()
}

/// The bytes that a text stands for: `\DDD` is the byte of that number, `\` before any other character is that character. None where
/// the number is above 255, or nothing follows the backslash.
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        match rest {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', behind @ ..] => {
                let number = [a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(**digit - b'0'));
                bytes.push(u8::try_from(number).ok()?);
                rest = behind;
            }
            [byte, behind @ ..] => {
                bytes.push(*byte);
                rest = behind;
            }
            [] => return None,
        }
    }
    Some(bytes)
}

/// A byte as its three-digit number.
pub(crate) fn numbered(byte: u8) -> String {
    format!("\\{byte:03}")
}

/// Bytes as one quoted string. What is valid UTF-8 stays legible; control characters and other bytes are numbers.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => text.extend(['\\', letter]),
                _ if letter.is_control() => {
                    text.extend(letter.encode_utf8(&mut [0; 4]).bytes().map(numbered));
                }
                _ => text.push(letter),
            }
        }
        text.extend(chunk.invalid().iter().copied().map(numbered));
    }
    text.push('"');
    text
}

/// What a text of a TXT record may mean. Between quotes it means one thing: its strings joined. Otherwise it is the text itself, and,
/// where it has backslashes or begins with a quote, also what a zone file would make of it.
pub(crate) fn meanings(text: &str) -> Vec<Vec<u8>> {
    let joined = |words: &[Word<'_>]| {
        let parts: Option<Vec<Vec<u8>>> = words.iter().map(|word| unescape(word.text)).collect();
        parts.map(|parts| parts.concat())
    };
    let words = words(text).unwrap_or_default();
    if !words.is_empty()
        && words.iter().all(|word| word.quoted)
        && let Some(bytes) = joined(&words)
    {
        return vec![bytes];
    }
    let mut found = vec![text.as_bytes().to_vec()];
    if text.contains('\\') {
        found.extend(unescape(text));
    }
    if words.first().is_some_and(|word| word.quoted) {
        found.extend(joined(&words));
    }
    found
}

/// What a TXT record contains, first of all meanings.
pub(crate) fn meaning(text: &str) -> Vec<u8> {
    meanings(text).into_iter().next().unwrap_or_default()
}

/// The spelling of a TXT record that was read: its text without quotes, where that can be read again; else one quoted string.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) && meaning(text) == bytes => {
            text.to_owned()
        }
        _ => quoted(bytes),
    }
}

/// The spelling of a TXT record that is expected: the same, but quotes stay where without them the text could mean something else too.
pub(crate) fn normal(text: &str) -> String {
    match meanings(text).as_slice() {
        [only] if only != text.as_bytes() => {
            let plain = shown(only);
            if meanings(&plain).len() == 1 { plain } else { quoted(only) }
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_words() {
        let found =
            |text| words(text).map(|words| words.into_iter().map(|word| (word.text, word.quoted)).collect::<Vec<_>>());
        for (text, expected) in [
            ("10 mail.t.", Some(vec![("10", false), ("mail.t.", false)])),
            ("\"a b\"c\\ d", Some(vec![("a b", true), ("c\\ d", false)])),
            ("( \"a\\\"b\" ; first\n\t\"c;)\" ) ; last", Some(vec![("a\\\"b", true), ("c;)", true)])),
            ("a\\;b;c", Some(vec![("a\\;b", false)])),
            ("", Some(vec![])),
            ("\"open", None),
            ("\"open\\\"", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn escapes_stand_for_bytes() {
        for (text, bytes) in [
            ("a\\\"b", Some(&b"a\"b"[..])),
            ("\\\\\\;\\1a", Some(b"\\;1a")),
            ("gr\\195\\188n", Some("grün".as_bytes())),
            ("\\000\\255", Some(b"\0\xff")),
            ("\\ü", Some("ü".as_bytes())),
            ("\\256", None),
            ("a\\", None),
        ] {
            assert_eq!(unescape(text).as_deref(), bytes, "{text}");
        }
        for bytes in [&b"a\"\\;b"[..], b"\xffgr\xc3\xbcn\x07", b"", "\u{85}".as_bytes()] {
            assert_eq!(meaning(&quoted(bytes)), bytes);
            assert_eq!(meaning(&shown(bytes)), bytes);
        }
        assert_eq!(quoted(b"\xffgr\xc3\xbcn\x07\""), "\"\\255grün\\007\\\"\"");
    }
}
