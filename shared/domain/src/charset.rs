//! The text of a body: its bytes, read in the character encoding that it is declared in.
//!
//! Which one that is say the WHATWG Encoding Standard and the HTML Standard (section 13.2.3, "The input byte stream"): a byte order
//! mark, then the `charset` of the Content-Type, then what the document says of itself within its first 1,024 bytes.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use memchr::memmem;

use crate::{
    prescan,
    probe::{Cause, ErrorCode},
};

/// What stands for characters that could not be read.
const LOST: char = char::REPLACEMENT_CHARACTER;

/// A body as text.
#[derive(Debug)]
pub struct BodyText<'a> {
    text: Cow<'a, str>,
    doubt: Option<Doubt>,
}

/// Why a text may not be what the body says.
#[derive(Debug)]
enum Doubt {
    /// Some of its bytes are no characters of its encoding.
    Lost(&'static Encoding),
    /// The header names an encoding that nobody knows.
    Unknown(String),
}

/// Whether something is in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Yes,
    No,
    /// It may be in what could not be read.
    Unclear,
}

impl<'a> BodyText<'a> {
    /// Reads a body; `content_type` is the value of its header, where it has one.
    pub fn read(content_type: Option<&str>, body: &'a [u8]) -> Self {
        if let Some((encoding, mark)) = Encoding::for_bom(body) {
            return Self::decode(encoding, &body[mark..]);
        }
        let label = content_type.and_then(charset);
        let declared = label.as_deref().and_then(|label| Encoding::for_label_no_replacement(label.as_bytes()));
        if let Some(encoding) = declared {
            return Self::decode(encoding, body);
        }
        let kind = Kind::of(content_type);
        let own = match kind {
            Kind::Html => prescan::html(body),
            Kind::Xml => prescan::xml(body),
            Kind::Json | Kind::Other => None,
        };
        if let Some(encoding) = own {
            return Self::decode(encoding, body);
        }
        let mut read = match kind {
            // RFC 8259, section 8.1, and XML 1.0, section 4.3.3: they are in UTF-8.
            Kind::Json | Kind::Xml => Self::decode(UTF_8, body),
            // The HTML Standard's encoding for documents that say nothing, in most languages.
            Kind::Html | Kind::Other if std::str::from_utf8(body).is_err() => Self::decode(WINDOWS_1252, body),
            Kind::Html | Kind::Other => Self::decode(UTF_8, body),
        };
        if let Some(label) = label {
            read.doubt = Some(Doubt::Unknown(label));
        }
        read
    }

    fn decode(encoding: &'static Encoding, body: &'a [u8]) -> Self {
        let (text, lost) = encoding.decode_without_bom_handling(body);
        Self { text, doubt: lost.then_some(Doubt::Lost(encoding)) }
    }

    /// Whether a text is in it.
    pub(crate) fn has(&self, wanted: &str) -> Found {
        let in_text = |text: &str, wanted: &str| memmem::find(text.as_bytes(), wanted.as_bytes()).is_some();
        match &self.doubt {
            _ if in_text(&self.text, wanted) => Found::Yes,
            None => Found::No,
            Some(Doubt::Lost(encoding)) if encoding.is_ascii_compatible() => {
                // Decoders of such encodings lose no byte of ASCII: what was lost lies between those that are there.
                if in_text(&outline(&self.text), &outline(wanted)) { Found::Unclear } else { Found::No }
            }
            Some(_) => Found::Unclear,
        }
    }

    /// Why it cannot be told whether a text is in it.
    pub(crate) fn unclear(&self, wanted: &str) -> Cause {
        let why = match &self.doubt {
            Some(Doubt::Unknown(label)) => {
                let label: String = label.chars().take(40).collect();
                format!("Its Content-Type says charset={label:?}, which is no encoding of the WHATWG Encoding Standard")
            }
            Some(Doubt::Lost(encoding)) => {
                format!("Some of its bytes are no {}, which it is declared to be", encoding.name())
            }
            None => "It can be read".to_owned(),
        };
        Cause::seen(ErrorCode::BodyCharset, format!("It cannot be told whether the body contains {wanted:?}. {why}."))
    }
}

/// A text with one sign for each run of characters beyond ASCII, whichever they are.
fn outline(text: &str) -> String {
    let mut outline = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            outline.push(c);
        } else if !outline.ends_with(LOST) {
            outline.push(LOST);
        }
    }
    outline
}

/// What a body is, as far as that says how it declares its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Xml,
    Json,
    Other,
}

impl Kind {
    fn of(content_type: Option<&str>) -> Self {
        let essence =
            content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            // Of a type that is not told, browsers think of HTML first.
            "" | "text/html" => Self::Html,
            "text/xml" | "application/xml" => Self::Xml,
            "application/json" | "text/json" => Self::Json,
            other if other.ends_with("+xml") => Self::Xml,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// The `charset` of a Content-Type, bare or in quotes (RFC 9110, section 8.3.1); the first one where there are several.
fn charset(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|one| one.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let value = value.trim();
    let bare = value.strip_prefix('"').map_or(value, |rest| rest.split('"').next().unwrap_or_default());
    (!bare.is_empty()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, GBK, SHIFT_JIS};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const WORDS: &str = "Störung für 3 €";

    fn found(content_type: Option<&str>, body: &[u8], wanted: &str) -> Found {
        BodyText::read(content_type, body).has(wanted)
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn characters_are_compared_in_whatever_encoding_is_declared() {
        let latin: &[u8] = b"St\xf6rung f\xfcr 3 \x80";
        for content_type in [
            "text/html; charset=ISO-8859-1",
            "text/plain;charset=\"windows-1252\"",
            "text/html; boundary=x; Charset=latin1; charset=utf-8",
        ] {
            assert_eq!(found(Some(content_type), latin, WORDS), Found::Yes, "{content_type}");
        }
        for (label, encoding, text) in [
            ("gbk", GBK, "服务中断"),
            ("gb2312", GBK, "服务"),
            ("Shift_JIS", SHIFT_JIS, "障害発生"),
            ("euc-kr", EUC_KR, "장애"),
        ] {
            let body = encoding.encode(text).0;
            let content_type = format!("text/html; charset={label}");
            assert_eq!(found(Some(&content_type), &body, text), Found::Yes, "{label}");
            assert_eq!(found(Some(&content_type), &body, "up"), Found::No, "{label}");
        }
        assert_eq!(found(Some("text/plain; charset=utf-16"), &utf16(WORDS, u16::to_le_bytes), WORDS), Found::Yes);
        assert_eq!(found(Some("text/plain; charset=UTF-16BE"), &utf16(WORDS, u16::to_be_bytes), WORDS), Found::Yes);
    }

    #[test]
    fn a_byte_order_mark_is_believed_before_the_header_and_the_header_before_the_document() {
        let marked = [b"\xef\xbb\xbf", WORDS.as_bytes()].concat();
        assert_eq!(found(Some("text/html; charset=iso-8859-1"), &marked, WORDS), Found::Yes);
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let marked = utf16(&format!("\u{feff}{WORDS}"), order);
            assert_eq!(found(None, &marked, WORDS), Found::Yes);
            assert_eq!(found(Some("text/html; charset=utf-8"), &marked, WORDS), Found::Yes);
        }
        let page = b"<meta charset=utf-8><p>St\xf6rung";
        assert_eq!(found(Some("text/html; charset=latin1"), page, "Störung"), Found::Yes);
        let page = b"<meta charset=iso-8859-2><p>\xb1";
        assert_eq!(found(Some("text/html"), page, "ą"), Found::Yes);
        assert_eq!(found(None, page, "ą"), Found::Yes);
        assert_eq!(found(Some("text/html; charset=nonsense"), page, "ą"), Found::Yes, "what is unknown says nothing");
        assert_eq!(found(Some("text/plain"), page, "ą"), Found::No, "a plain text has no markup");
        let feed = b"<?xml version='1.0' encoding='ISO-8859-2'?><a>\xb1</a>";
        assert_eq!(found(Some("application/rss+xml"), feed, "ą"), Found::Yes);
    }

    #[test]
    fn what_declares_nothing_is_utf_8_or_windows_1252() {
        for content_type in [None, Some("text/html"), Some("text/plain")] {
            assert_eq!(found(content_type, WORDS.as_bytes(), WORDS), Found::Yes);
            assert_eq!(found(content_type, b"St\xf6rung f\xfcr 3 \x80", WORDS), Found::Yes, "{content_type:?}");
        }
        // These are in UTF-8, or damaged.
        for content_type in ["application/json", "application/problem+json", "text/xml"] {
            assert_eq!(found(Some(content_type), b"St\xf6rung", "Störung"), Found::Unclear, "{content_type}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_no_proof_that_something_is_absent() {
        let utf8 = Some("text/html; charset=utf-8");
        let page = b"St\xf6rung behoben, gr\xfc\xdfe";
        assert_eq!(found(utf8, page, "behoben"), Found::Yes, "what can be read is found");
        for unclear in ["Störung", "grüße", "öru", "ü"] {
            assert_eq!(found(utf8, page, unclear), Found::Unclear, "{unclear}");
        }
        for absent in ["error", "Stxrung", "Störungen", "große", "Strung"] {
            assert_eq!(found(utf8, page, absent), Found::No, "{absent}");
        }
        for label in ["utf-32", "iso-2022-kr", "none"] {
            let content_type = format!("text/html; charset={label}");
            assert_eq!(found(Some(&content_type), b"all good", "good"), Found::Yes, "{label}");
            assert_eq!(found(Some(&content_type), b"all good", "error"), Found::Unclear, "{label}");
        }
        assert_eq!(found(Some("text/plain; charset=utf-16le"), b"\x00\xd8o\x00k\x00", "error"), Found::Unclear);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(
            start in "(<meta |<!--|<\\?xml |<a |</|\u{feff})?[-<>=/'\" a-zé]{0,40}",
            body in vec(any::<u8>(), 0..200),
            content_type in "(text/html|text/xml|a)?(; ?charset=\"?(utf-8|gbk|utf-16|iso-2022-jp|[a-z\"]{0,5}))?",
        ) {
            let body = [start.as_bytes(), &body].concat();
            let read = BodyText::read(Some(&content_type), &body);
            prop_assert!(read.text.len() <= 3 * body.len());
            prop_assert!(read.doubt.is_some() || read.has("Störung") != Found::Unclear);
        }
    }

    #[test]
    fn the_reason_names_the_encoding() {
        let said = |content_type, body| BodyText::read(Some(content_type), body).unclear("x").detail;
        assert!(said("text/html; charset=utf-9", b"").contains("charset=\"utf-9\""));
        assert!(said("text/html; charset=utf8", b"\xff").contains("UTF-8"));
    }
}
