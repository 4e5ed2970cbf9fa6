//! A JSON text as a table of its values, made in one pass without recursion: what is in a value is read when somebody asks for it, so
//! a number that no float holds, half a surrogate pair or a thousand levels trouble only who looks at them.

use std::{borrow::Cow, cmp::Ordering};

use memchr::memchr2;
use serde::de::IgnoredAny;

/// The place of a value in its document; those inside a value follow it.
pub(crate) type Id = u32;

/// What a node is. A member's name is a node of its own, just before the member's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    Text { escaped: bool },
    Name { escaped: bool },
    Array,
    Object,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where its text starts: of texts and names behind the quotation mark.
    start: u32,
    /// How long its text is; of arrays and objects, how many children there are.
    pub(crate) size: u32,
    /// The first node behind it and all that is in it.
    pub(crate) next: Id,
}

/// A JSON text (RFC 8259) and the table of its nodes.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    pub(crate) nodes: Vec<Node>,
}

/// A number, which is compared exactly.
#[derive(Debug, Clone)]
pub(crate) enum Number<'a> {
    Whole(i128),
    /// As JSON's grammar, or JSONPath's, writes it.
    Written(Cow<'a, str>),
    /// What is left of a number of a request that has more digits than a double.
    Rounded(f64),
}

/// Digits of which a double gives every one back.
const DIGITS_OF_A_DOUBLE: usize = 15;

impl<'a> Number<'a> {
    /// Reads what JSON's grammar, or JSONPath's, calls a number.
    pub(crate) fn read(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let whole = digits.len() < 39 && digits.bytes().all(|byte| byte.is_ascii_digit());
        match whole.then(|| text.parse()).and_then(Result::ok) {
            Some(whole) => Self::Whole(whole),
            None => Self::Written(text),
        }
    }

    /// A number of a request. One that is no integer of 64 bits has been read as a double.
    pub(crate) fn of(number: &serde_json::Number) -> Self {
        let text = number.to_string();
        match number.as_f64() {
            Some(real) if number.is_f64() && Decimal::of(&text).digits().count() > DIGITS_OF_A_DOUBLE => {
                Self::Rounded(real)
            }
            _ => Self::read(text),
        }
    }

    pub(crate) fn borrowed(&self) -> Number<'_> {
        match self {
            Self::Whole(whole) => Number::Whole(*whole),
            Self::Written(text) => Number::Written(Cow::Borrowed(text)),
            Self::Rounded(real) => Number::Rounded(*real),
        }
    }

    /// How many characters comparing it reads, if it is not a mere machine word.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Written(text) => text.len(),
            Self::Whole(_) | Self::Rounded(_) => 0,
        }
    }

    fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Whole(whole) => Cow::Owned(whole.to_string()),
            Self::Written(text) => Cow::Borrowed(text),
            Self::Rounded(real) => Cow::Owned(real.to_string()),
        }
    }

    /// Exactly, unless one of the two has been rounded already: then as doubles.
    pub(crate) fn compare(&self, other: &Number<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(left), Number::Whole(right)) => Some(left.cmp(right)),
            (Self::Rounded(_), _) | (_, Number::Rounded(_)) => {
                let real = |text: &str| text.parse().unwrap_or(f64::NAN);
                real(&self.written()).partial_cmp(&real(&other.written()))
            }
            (left, right) => Some(Decimal::of(&left.written()).cmp(&Decimal::of(&right.written()))),
        }
    }
}

/// A number as its digits and where they begin.
struct Decimal<'a> {
    is_negative: bool,
    /// The digits, a point among them.
    mantissa: &'a str,
    /// The power of ten of the first digit that is not zero.
    magnitude: i64,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Self {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        // An exponent that no 64 bits hold is as good as the largest that they do.
        let furthest = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
        let exponent: i64 = exponent.parse().unwrap_or(furthest).clamp(i64::MIN / 2, i64::MAX / 2);
        let whole = mantissa.split('.').next().unwrap_or_default().len();
        let zeros = mantissa.bytes().filter(u8::is_ascii_digit).take_while(|digit| *digit == b'0').count();
        let place = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
        Self { is_negative, mantissa, magnitude: exponent + place(whole) - place(zeros) }
    }

    /// The digits from the first that is not zero to the last that is not.
    fn digits(&self) -> impl Iterator<Item = u8> {
        let digits = self.mantissa.trim_end_matches(['0', '.']);
        // Zeros before a point, as in `100`, are as little significant as those behind it.
        digits.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0')
    }

    /// Less than zero, zero, or more.
    fn sign(&self) -> i8 {
        match (self.digits().next(), self.is_negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        }
    }

    fn cmp(&self, other: &Decimal<'_>) -> Ordering {
        let by_sign = self.sign().cmp(&other.sign());
        if by_sign != Ordering::Equal || self.sign() == 0 {
            return by_sign;
        }
        let by_size = self.magnitude.cmp(&other.magnitude).then_with(|| self.digits().cmp(other.digits()));
        if self.is_negative { by_size.reverse() } else { by_size }
    }
}

/// A body is far below what 32 bits count to, which `Document::read` makes sure of.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl<'a> Document<'a> {
    /// Reads a JSON text of any depth.
    ///
    /// # Errors
    /// Where it stops being JSON.
    pub fn read(text: &'a [u8]) -> Result<Self, String> {
        let place = |line: usize, column: usize| format!("line {line}, column {column}");
        let text = std::str::from_utf8(text).map_err(|error| {
            let before = &text[..error.valid_up_to()];
            let lines = before.split(|byte| *byte == b'\n');
            let (count, last) = lines.fold((0, 0), |(count, _), line| (count + 1, line.len()));
            place(count, last + 1)
        })?;
        if u32::try_from(text.len()).is_err() {
            return Err(place(1, 1));
        }
        // The library judges the grammar, and nothing that a number or a text means.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| place(error.line(), error.column()))?;
        Ok(Self { text, nodes: nodes(text.as_bytes()) })
    }

    pub(crate) fn node(&self, id: Id) -> Node {
        let none = Node { kind: Kind::Null, start: 0, size: 0, next: Id::MAX };
        self.nodes.get(id as usize).copied().unwrap_or(none)
    }

    /// A node's text as it is written, without quotation marks.
    pub(crate) fn raw(&self, node: Node) -> &'a str {
        let start = node.start as usize;
        self.text.get(start..start + node.size as usize).unwrap_or_default()
    }

    /// What a text or a name says.
    pub(crate) fn text(&self, node: Node) -> Cow<'a, str> {
        let raw = self.raw(node);
        match node.kind {
            Kind::Text { escaped: true } | Kind::Name { escaped: true } => Cow::Owned(unescape(raw)),
            _ => Cow::Borrowed(raw),
        }
    }

    /// The values in an array or object, each with its name where it is a member.
    pub(crate) fn children(&self, id: Id) -> impl Iterator<Item = (Option<Node>, Id)> {
        let parent = self.node(id);
        let is_object = parent.kind == Kind::Object;
        let mut at = if matches!(parent.kind, Kind::Array | Kind::Object) { id + 1 } else { parent.next };
        std::iter::from_fn(move || {
            if at >= parent.next {
                return None;
            }
            let name = is_object.then(|| self.node(at));
            let value = at + u32::from(is_object);
            at = self.node(value).next;
            Some((name, value))
        })
    }
}

/// The nodes of what is known to be JSON.
fn nodes(text: &[u8]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 16);
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let start = at;
        at += 1;
        let kind = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
            b':' => {
                // What came before it was a name: part of the member that follows.
                if let Some(Node { kind, .. }) = nodes.last_mut()
                    && let Kind::Text { escaped } = *kind
                {
                    *kind = Kind::Name { escaped };
                }
                if let Some(parent) = open.last().and_then(|parent| nodes.get_mut(*parent)) {
                    parent.size -= 1;
                }
                continue;
            }
            b']' | b'}' => {
                let next = small(nodes.len());
                if let Some(closed) = open.pop().and_then(|closed| nodes.get_mut(closed)) {
                    closed.next = next;
                }
                continue;
            }
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            b'"' => {
                let escaped;
                (at, escaped) = end_of_text(text, at);
                Kind::Text { escaped }
            }
            b'n' => (at += 3, Kind::Null).1,
            b't' => (at += 3, Kind::True).1,
            b'f' => (at += 4, Kind::False).1,
            _ => {
                let rest = text.get(at..).unwrap_or_default();
                let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
                at += rest.iter().take_while(|byte| is_part(byte)).count();
                Kind::Number
            }
        };
        if let Some(parent) = open.last().and_then(|parent| nodes.get_mut(*parent)) {
            parent.size += 1;
        }
        let (start, size) = match kind {
            Kind::Array | Kind::Object => (start, 0),
            Kind::Text { .. } => (start + 1, at - start - 2),
            _ => (start, at - start),
        };
        if matches!(kind, Kind::Array | Kind::Object) {
            open.push(nodes.len());
        }
        nodes.push(Node { kind, start: small(start), size: small(size), next: small(nodes.len() + 1) });
    }
    nodes
}

/// Where the text that starts here is over, behind its quotation mark, and whether anything in it is escaped.
fn end_of_text(text: &[u8], mut at: usize) -> (usize, bool) {
    let mut escaped = false;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return (at + 1, escaped);
        }
        escaped = true;
        at += 2;
    }
    (text.len(), escaped)
}

/// What a text says, half of a surrogate pair as U+FFFD.
pub(crate) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        let mut escaped = rest[place + 1..].chars();
        match escaped.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let (found, behind) = surrogates(escaped.as_str());
                text.push(found);
                rest = behind;
                continue;
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = escaped.as_str();
    }
    text.push_str(rest);
    text
}

/// The character whose UTF-16 is spelt here, behind the first `\u`, and what follows it.
fn surrogates(text: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let behind = |text| str::get(text, 4..).unwrap_or_default();
    let rest = behind(text);
    let first = unit(text).unwrap_or_default();
    let second = rest.strip_prefix("\\u");
    let pair = second.and_then(|second| char::decode_utf16([first, unit(second)?]).next()?.ok().zip(Some(second)));
    match pair {
        Some((found, second)) if (0xd800..0xdc00).contains(&first) => (found, behind(second)),
        _ => (char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER), rest),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A value as the library reads it.
    pub(crate) fn value(document: &Document<'_>, id: Id) -> Value {
        let node = document.node(id);
        let children = document.children(id).map(|(name, child)| (name, value(document, child)));
        match node.kind {
            Kind::Null => Value::Null,
            Kind::False => false.into(),
            Kind::True => true.into(),
            Kind::Number => serde_json::from_str(document.raw(node)).expect("a number"),
            Kind::Text { .. } | Kind::Name { .. } => document.text(node).into(),
            Kind::Array => children.map(|(_, child)| child).collect(),
            Kind::Object => {
                children.map(|(name, child)| (document.text(name.expect("a name")).into_owned(), child)).collect()
            }
        }
    }

    #[test]
    fn documents_say_what_the_library_reads() {
        for text in [
            r#" { "a" : [ 1 , -2.5e3 , "x\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é" ] , "" : { } , "b\n" : [ [ ] , null , true , false ] } "#,
            "0",
            "\"\"",
            "[]",
            "{\"a\":{\"a\":{\"a\":\"\\\\\"}}}",
        ] {
            let document = Document::read(text.as_bytes()).expect("JSON");
            let expected: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(value(&document, 0), expected, "{text}");
            assert!(
                document.nodes.iter().all(|node| node.next as usize <= document.nodes.len()),
                "{text}: {:?}",
                document.nodes
            );
        }
        let sizes = Document::read(br#"{"a":[1,[2,3],{}],"b":0}"#).expect("JSON");
        let sizes: Vec<u32> = sizes.nodes.iter().map(|node| node.size).collect();
        assert_eq!(sizes, [2, 1, 3, 1, 2, 1, 1, 0, 1, 1]);
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        for (text, place) in [
            (&b"{\"a\":}"[..], "line 1, column 6"),
            (b"", "line 1, column 0"),
            (b"[1]\n x", "line 2, column 2"),
            (b"[\n\"\xe9\"]", "line 2, column 2"),
            (b"[01]", "line 1, column 3"),
            (b"\"\x01\"", "line 1, column 1"),
            (b"{1:2}", "line 1, column 2"),
            (b"[1,]", "line 1, column 4"),
        ] {
            assert_eq!(Document::read(text).err().as_deref(), Some(place), "{text:?}");
        }
    }

    #[test]
    fn what_nobody_asks_for_is_no_fault() {
        let digits = "9".repeat(400);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for member in [r#""cut \ud83d""#, r#""\ude00\ud83d""#, "1e400", "-1E+999999999", &digits, &deep] {
            let text = format!(r#"{{"odd":{member},"status":"ok"}}"#);
            let document = Document::read(text.as_bytes()).expect("JSON");
            let last = document.children(0).last().map(|(_, id)| value(&document, id));
            assert_eq!(last, Some(json!("ok")), "{member:.40}");
        }
        for (raw, text) in
            [(r"\ud83d", "\u{fffd}"), (r"\ud83d\u0041", "\u{fffd}A"), (r"\ude00\ud83dx", "\u{fffd}\u{fffd}x")]
        {
            assert_eq!(unescape(raw), text);
        }
    }

    #[test]
    fn numbers_are_compared_exactly() {
        use Ordering::{Equal, Greater, Less};
        let nines = "9".repeat(400);
        let zeros = format!("1{}", "0".repeat(400));
        for (left, right, order) in [
            ("9007199254740993", "9007199254740992", Greater),
            ("18446744073709551616", "18446744073709551615", Greater),
            ("123456789012345678901234567890123456789012345", "123456789012345678901234567890123456789012344", Greater),
            ("3.0", "3", Equal),
            ("100", "1e2", Equal),
            ("100.00", "0.1E+3", Equal),
            ("0.000120", "12e-5", Equal),
            ("-0", "0", Equal),
            ("-0.0e9", "0", Equal),
            ("0.30000000000000004", "0.3", Greater),
            ("0.1000000000000000000000001", "0.1", Greater),
            ("-0.5", "-0.25", Less),
            ("-1", "1", Less),
            ("0", "-1e-400", Greater),
            ("9.99", "10", Less),
            ("0.09", "0.1", Less),
            ("1e400", "1e300", Greater),
            ("-1e400", "5", Less),
            ("1e99999999999999999999999", "1e400", Greater),
            ("1e-99999999999999999999999", "1e-400", Less),
            (&nines, "5", Greater),
            (&nines, &zeros, Less),
            ("1e400", &zeros, Equal),
        ] {
            assert_eq!(Number::read(left).compare(&Number::read(right)), Some(order), "{left} {right}");
            assert_eq!(Number::read(right).compare(&Number::read(left)), Some(order.reverse()), "{right} {left}");
        }
    }

    #[test]
    fn a_number_of_a_request_is_compared_as_far_as_it_was_read() {
        for (asked, seen, equal) in [
            ("0.3", "0.30000000000000004", false),
            ("0.1", "0.10", true),
            ("1e23", "100000000000000000000000", true),
            ("18446744073709551615", "18446744073709551614", false),
            // More digits than the reader of requests keeps.
            ("12345678901234567890123", "12345678901234567890123", true),
            ("0.12345678901234567890", "0.12345678901234567890", true),
            ("0.12345678901234567890", "0.1234567891", false),
        ] {
            let number: serde_json::Number = serde_json::from_str(asked).expect("a number");
            let order = Number::of(&number).compare(&Number::read(seen));
            assert_eq!(order == Some(Ordering::Equal), equal, "{asked} {seen}");
        }
    }
}
