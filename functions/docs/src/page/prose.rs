//! Descriptions of the document, which are Markdown, as far as they use it: headings, paragraphs, code and links.

use valpero_http::Code;

/// A piece of a paragraph.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Span<'a> {
    Text(&'a str),
    Code(&'a str),
    /// The code of a problem, which has its own place on the page.
    Problem(&'a str),
    Link {
        text: &'a str,
        to: &'a str,
    },
}

/// Paragraphs below a heading; the first section of a text may have none.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub title: &'a str,
    pub paragraphs: Vec<Vec<Span<'a>>>,
}

impl Section<'_> {
    /// Its place on the page.
    pub fn id(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }
}

/// The sections of a longer text. Tables are left out: the one of the problems has a section of its own on the page.
pub(super) fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section::default()];
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty() && !block.starts_with('|')) {
        if let Some(title) = block.strip_prefix("# ") {
            sections.push(Section { title, paragraphs: Vec::new() });
        } else if let Some(section) = sections.last_mut() {
            section.paragraphs.push(spans(block));
        }
    }
    sections
}

/// A paragraph in pieces.
pub(super) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            linked(part, &mut spans);
        } else if Code::ALL.iter().any(|code| code.as_str() == part) {
            spans.push(Span::Problem(part));
        } else {
            spans.push(Span::Code(part));
        }
    }
    spans
}

fn linked<'a>(mut rest: &'a str, spans: &mut Vec<Span<'a>>) {
    while let Some((before, text, to, after)) = next_link(rest) {
        spans.extend((!before.is_empty()).then_some(Span::Text(before)));
        spans.push(Span::Link { text, to });
        rest = after;
    }
    spans.extend((!rest.is_empty()).then_some(Span::Text(rest)));
}

/// What stands before the next `[text](address)`, its two parts, and what comes after it.
fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = text.split_once("](")?;
    let (to, after) = tail.split_once(')')?;
    let (before, text) = head.rsplit_once('[')?;
    Some((before, text, to, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_links_and_problems_are_told_apart() {
        let text = "See [the list](/x?a=1), `limit` or 409 `no_webhook`.";
        let expected = [
            Span::Text("See "),
            Span::Link { text: "the list", to: "/x?a=1" },
            Span::Text(", "),
            Span::Code("limit"),
            Span::Text(" or 409 "),
            Span::Problem("no_webhook"),
            Span::Text("."),
        ];
        assert_eq!(spans(text), expected);
        assert_eq!(spans("[a] (b)"), [Span::Text("[a] (b)")], "brackets alone are no link");
    }

    #[test]
    fn a_longer_text_has_sections_and_no_tables() {
        let found = sections("Lead.\n\n# The lists\n\nOne.\n\n| a | b |\n|---|---|\n\nTwo.\n");
        let shown: Vec<_> = found.iter().map(|section| (section.id(), section.paragraphs.len())).collect();
        assert_eq!(shown, [(String::new(), 1), ("the-lists".to_owned(), 2)]);
    }
}
