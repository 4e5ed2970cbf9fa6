//! The encoding that a document declares within itself (HTML Standard, "prescan a byte stream to determine its encoding").

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// Documents are looked through up to here.
const LENGTH: usize = 1024;

/// Of an HTML document: its `<meta>`, else its XML declaration.
pub(crate) fn html(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(LENGTH)];
    wide(head).or_else(|| Scan { bytes: head, at: 0 }.meta()).or_else(|| declaration(head))
}

/// Of an XML document: its declaration.
pub(crate) fn xml(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(LENGTH)];
    wide(head).or_else(|| declaration(head))
}

/// A declaration in UTF-16, without a byte order mark.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [b'<', 0, b'?', 0, b'x', 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, b'?', 0, b'x', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// `<?xml … encoding="…"`.
fn declaration(head: &[u8]) -> Option<&'static Encoding> {
    let inner = head.strip_prefix(b"<?xml")?;
    let inner = &inner[..inner.iter().position(|byte| *byte == b'>')?];
    let place = memchr::memmem::find(inner, b"encoding")?;
    let rest = inner[place + b"encoding".len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, rest) = rest.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    supported(&rest[..rest.iter().position(|byte| byte == quote)?])
}

/// The encoding of a label that stands in the document: who can read that it is UTF-16 reads no UTF-16.
fn supported(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(label)?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    })
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// A place in a document.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    /// The first `<meta>` that declares an encoding which is known.
    fn meta(mut self) -> Option<&'static Encoding> {
        loop {
            let rest = self.rest();
            let name = rest.get(1..5).unwrap_or_default();
            let behind = rest.get(5).copied().unwrap_or_default();
            match rest {
                [] => return None,
                [b'<', b'!', b'-', b'-', ..] => {
                    // The hyphens of its beginning may be those of its end.
                    self.at += 2;
                    self.at += memchr::memmem::find(self.rest(), b"-->")? + 3;
                }
                [b'<', ..] if name.eq_ignore_ascii_case(b"meta") && (is_space(behind) || behind == b'/') => {
                    self.at += 5;
                    if let Some(encoding) = self.declared() {
                        return Some(encoding);
                    }
                }
                [b'<', b'/', letter, ..] | [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                    self.skip_while(|byte| !is_space(byte) && byte != b'>');
                    while self.attribute().is_some() {}
                }
                [b'<', b'!' | b'/' | b'?', ..] => self.skip_while(|byte| byte != b'>'),
                [_, others @ ..] => {
                    self.at += 1 + others.iter().position(|byte| *byte == b'<').unwrap_or(others.len());
                }
            }
        }
    }

    /// What the attributes of one `<meta>` declare.
    fn declared(&mut self) -> Option<&'static Encoding> {
        let mut seen: Vec<String> = Vec::new();
        let mut is_pragma = false;
        let mut needs_pragma = None;
        let mut charset = None;
        while let Some((name, value)) = self.attribute() {
            if seen.contains(&name) {
                continue;
            }
            match name.as_str() {
                "http-equiv" => is_pragma = value == "content-type",
                "content" if charset.is_none() => {
                    if let Some(encoding) = within(&value) {
                        (charset, needs_pragma) = (Some(encoding), Some(true));
                    }
                }
                "charset" => (charset, needs_pragma) = (supported(value.as_bytes()), Some(false)),
                _ => {}
            }
            seen.push(name);
        }
        charset.filter(|_| needs_pragma.is_some_and(|needed| !needed || is_pragma))
    }

    /// The next attribute's name and value, in lower case; none where the tag, or what is looked at, ends.
    fn attribute(&mut self) -> Option<(String, String)> {
        self.skip_while(|byte| is_space(byte) || byte == b'/');
        if matches!(self.peek(), None | Some(b'>')) {
            return None;
        }
        let start = self.at;
        self.at += 1;
        self.skip_while(|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        let name = self.lower(start, self.at);
        self.skip_while(is_space);
        if self.peek() != Some(b'=') {
            return Some((name, String::new()));
        }
        self.at += 1;
        self.skip_while(is_space);
        let value = match self.peek()? {
            quote @ (b'"' | b'\'') => {
                let start = self.at + 1;
                self.at = start;
                self.skip_while(|byte| byte != quote);
                // A value that does not end within what is looked at is none.
                self.peek()?;
                self.at += 1;
                self.lower(start, self.at - 1)
            }
            _ => {
                let start = self.at;
                self.skip_while(|byte| !is_space(byte) && byte != b'>');
                self.lower(start, self.at)
            }
        };
        Some((name, value))
    }

    fn lower(&self, from: usize, to: usize) -> String {
        String::from_utf8_lossy(&self.bytes[from..to]).to_ascii_lowercase()
    }
}

/// The encoding in a `content`, such as `text/html; charset=utf-8` (HTML Standard, "extracting a character encoding from a meta
/// element").
fn within(content: &str) -> Option<&'static Encoding> {
    let mut rest = content;
    loop {
        let (_, behind) = rest.split_once("charset")?;
        rest = behind;
        let Some(value) = behind.trim_ascii_start().strip_prefix('=') else { continue };
        let value = value.trim_ascii_start();
        let label = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split_once(quote)?.0,
            _ => value.split(|c: char| c == ';' || c.is_ascii_whitespace()).next()?,
        };
        return supported(label.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_say_what_they_are_in() {
        for (document, declared) in [
            ("<!doctype html><html><head><meta charset=\"GBK\">", Some("GBK")),
            ("<META CHARSET=latin1>", Some("windows-1252")),
            ("<meta/charset='Shift_JIS'/>", Some("Shift_JIS")),
            ("<meta http-equiv=Content-Type content=\"text/html; charset=euc-kr\">", Some("EUC-KR")),
            ("<meta content='text/html; charset = \"big5\"' http-equiv='content-type'>", Some("Big5")),
            ("<meta content='text/html; charset=big5'>", None),
            ("<meta name=x content='charset'><meta charset=koi8-r>", Some("KOI8-R")),
            ("<!-- <meta charset=gbk> --><meta charset=koi8-r>", Some("KOI8-R")),
            ("<!--><meta charset=gbk>", Some("GBK")),
            ("<a title='<meta charset=gbk>'><meta charset=koi8-r>", Some("KOI8-R")),
            ("<metadata charset=gbk>", None),
            ("<meta charset=nonsense><meta charset=gbk>", Some("GBK")),
            ("<meta charset=utf-16le>", Some("UTF-8")),
            ("<meta charset=x-user-defined>", Some("windows-1252")),
            ("<?xml version=\"1.0\" encoding=\"iso-8859-2\"?><html>", Some("ISO-8859-2")),
            ("<meta charset='gbk", None),
            ("a < b <", None),
            ("", None),
        ] {
            assert_eq!(html(document.as_bytes()).map(Encoding::name), declared, "{document}");
        }
        for (document, declared) in [
            ("<?xml version='1.0' encoding = 'koi8-r' ?>", Some("KOI8-R")),
            ("<?xml version='1.0'?><a encoding='koi8-r'/>", None),
            (" <?xml version='1.0' encoding='koi8-r'?>", None),
            ("<a/>", None),
        ] {
            assert_eq!(xml(document.as_bytes()).map(Encoding::name), declared, "{document}");
        }
        assert_eq!(xml(b"<\0?\0x\0m\0l\0"), Some(UTF_16LE));
        assert_eq!(xml(b"\0<\0?\0x\0m\0l"), Some(UTF_16BE));
    }

    #[test]
    fn only_the_beginning_is_looked_through() {
        for (filler, declared) in [(900, Some("GBK")), (1020, None)] {
            let document = format!("<p>{}</p><meta charset=gbk>", "x".repeat(filler));
            assert_eq!(html(document.as_bytes()).map(Encoding::name), declared, "{filler}");
        }
    }
}
