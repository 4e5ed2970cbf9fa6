//! Texts as receivers take them: on one line or several, within a length, and with nothing in them that would be read as markup.

/// What ends a text that was cut.
const CUT: char = '…';

/// An invisible character that keeps what stands on both sides of it from being read as one.
pub(crate) const BREAK: char = '\u{200b}';

/// Control characters, and those that change the direction of what follows them.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The text on one line, without what would disturb its surroundings.
pub(crate) fn one_line(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c });
    let plain: String = spaced.filter(|c| !disturbs(*c)).collect();
    plain.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The text on its own lines, without what would disturb its surroundings.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(one_line).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Whether a character belongs to the one before it: it must not stand at the beginning of what is cut off.
fn clings(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// The text, cut so that the sizes of its characters add up to `max` at most, with a mark at its end where it was cut.
pub(crate) fn cut_by(text: &str, max: usize, size: impl Fn(char) -> usize) -> String {
    let mut whole = 0;
    if text.chars().all(|c| {
        whole += size(c);
        whole <= max
    }) {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(size(CUT));
    let mut kept: Vec<char> = Vec::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(size(c)) else {
            let mut next = c;
            while let Some(last) = kept.last().copied().filter(|last| clings(next) || *last == '\u{200d}') {
                kept.pop();
                next = last;
            }
            break;
        };
        left = rest;
        kept.push(c);
    }
    let kept: String = kept.into_iter().collect();
    if size(CUT) > max { String::new() } else { format!("{}{CUT}", kept.trim_end()) }
}

/// The text, cut to `max` characters. They are counted in UTF-16, the strictest of the ways in which receivers count.
pub(crate) fn cut(text: &str, max: usize) -> String {
    cut_by(text, max, char::len_utf16)
}

/// The text, cut to `max` bytes.
pub(crate) fn cut_bytes(text: &str, max: usize) -> String {
    cut_by(text, max, char::len_utf8)
}

/// The text, cut to `max` bytes as JSON writes it.
pub(crate) fn cut_json(text: &str, max: usize) -> String {
    cut_by(text, max, |c| match c {
        '"' | '\\' | '\n' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    })
}

/// The text with its characters escaped, cut so that the whole has `max` characters at most and no escape is torn.
pub(crate) fn escaped(text: &str, max: usize, escape: fn(&str) -> String) -> String {
    let text = cut(text, max);
    let mut room: usize = text.chars().map(char::len_utf16).sum();
    loop {
        let whole = escape(&cut(&text, room));
        let length: usize = whole.chars().map(char::len_utf16).sum();
        if length <= max || room == 0 {
            return whole;
        }
        // Escapes are of different lengths: what is too much is taken off as if each character had the shortest of them.
        room = room.saturating_sub(((length - max) / 6).max(1));
    }
}

/// A mention begins with an @ at the beginning of a word: a mail address has none.
pub(crate) fn unmention(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut before = None::<char>;
    for c in text.chars() {
        plain.push(c);
        if c == '@' && !before.is_some_and(char::is_alphanumeric) {
            plain.push(BREAK);
        }
        before = Some(c);
    }
    plain
}

/// A text as HTML, between tags or within an attribute.
pub fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// As Slack wants texts: the three characters that its own syntax is made of.
pub(crate) fn slack(text: &str) -> String {
    unmention(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// As Mattermost's Markdown, which takes a backslash before fewer characters: what it knows none for is parted from what follows.
pub(crate) fn mattermost(text: &str) -> String {
    let text = unmention(text);
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '>' | '#' | '+' | '-' | '!' | '|' | '~'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
        let parted = c == '<' || c == ':';
        if parted && letters.peek().is_some_and(|next| !next.is_whitespace()) {
            escaped.push(BREAK);
        }
    }
    escaped
}

/// As Discord's Markdown: each character that could be markup behind a backslash, and no mention.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in unmention(text).chars() {
        if matches!(
            c,
            '\\' | '`'
                | '*'
                | '_'
                | '{'
                | '}'
                | '['
                | ']'
                | '('
                | ')'
                | '<'
                | '>'
                | '#'
                | '+'
                | '-'
                | '!'
                | '|'
                | '~'
                | ':'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A URL as part of a link in someone's markup: what could end the link is encoded.
pub(crate) fn link(url: &str) -> String {
    let mut link = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => link.push_str("%28"),
            ')' => link.push_str("%29"),
            '<' => link.push_str("%3C"),
            '>' => link.push_str("%3E"),
            '|' => link.push_str("%7C"),
            '"' => link.push_str("%22"),
            c if c.is_whitespace() || c.is_control() => {}
            c => link.push(c),
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_keeps_what_belongs_together() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("a 👩‍👩‍👧 b", 6), "a…", "a family is not torn apart");
        assert_eq!(cut("ae\u{301}bc", 3), "a…", "nor is an accent from its letter");
        assert_eq!(cut("👍🏽👍🏽", 4), "…", "nor a hand from its colour");
        assert_eq!(cut_bytes("äöü", 5), "ä…");
        assert_eq!(cut_json("a\"\"\"", 6), "a\"…");
        assert_eq!((cut("ab", 0), cut_bytes("abcd", 2)), (String::new(), String::new()));
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(one_line(" a\r\nBcc: b\t c\u{202e}d\u{0} "), "a Bcc: b cd");
        assert_eq!(lines("a \r\n\r\n b\u{2066}\u{1b}[1m"), "a\n\nb [1m");
    }

    #[test]
    fn mail_addresses_are_no_mentions() {
        assert_eq!(unmention("@here ops@example.com (@all)"), "@\u{200b}here ops@example.com (@\u{200b}all)");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits(text in "[a-z<>&👍🏽\u{301}\u{200d}\\*]{0,60}", max in 1..80_usize) {
            let units = |text: &str| text.encode_utf16().count();
            prop_assert!(units(&cut(&text, max)) <= max);
            prop_assert!(cut_bytes(&text, max).len() <= max);
            prop_assert!(units(&escaped(&text, max, html)) <= max);
            prop_assert!(units(&escaped(&text, max, markdown)) <= max);
            prop_assert_eq!(units(&text) <= max, cut(&text, max) == text);
        }
    }
}
