//! Markdown of posts as HTML: the one place whose result templates show unescaped. HTML in it is text, images are their descriptions, and
//! links lead to http, https and mailto alone.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// The text as HTML that is safe to show.
pub fn to_html(text: &str) -> String {
    let parser = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES);
    let mut safe = String::with_capacity(text.len() * 2);
    html::push_html(&mut safe, parser.filter_map(harmless));
    safe
}

/// The same part of the text, or what may stand in its place.
fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, .. }) => {
            // A title would be read as an attribute, which is escaped, but of no use.
            Event::Start(Tag::Link {
                link_type,
                // The library writes `mailto:` before an address of its own.
                dest_url: if link_type == LinkType::Email { dest_url } else { allowed(dest_url) },
                title: CowStr::Borrowed(""),
                id: CowStr::Borrowed(""),
            })
        }
        // What an image shows is said by its description; another site's image would tell that site who reads.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Strong),
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Strong),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        event => event,
    })
}

fn allowed(url: CowStr<'_>) -> CowStr<'_> {
    let scheme = url::Url::parse(&url).map(|url| url.scheme().to_owned());
    match scheme.as_deref() {
        Ok("http" | "https" | "mailto") => url,
        _ => CowStr::Borrowed("#"),
    }
}

/// The text without its marks, on one line, at most `max` characters: for descriptions and mails' subjects.
pub fn to_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => line.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => line.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= max { line } else { line.chars().take(max.saturating_sub(1)).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_and_nothing_else_gets_through() {
        for (text, html) in [
            ("**Down** for *now*", "<p><strong>Down</strong> for <em>now</em></p>\n"),
            ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
            ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
            ("[x](javascript:alert(1))", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](JaVaScRiPt:alert(1))", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](data:text/html,x)", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](/relative)", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](https://example.com/?a=1&b=\"2)", "<p><a href=\"https://example.com/?a=1&amp;b=%222\">x</a></p>\n"),
            ("![alt](https://example.com/i.png)", "<p>alt</p>\n"),
            ("<https://example.com>", "<p><a href=\"https://example.com\">https://example.com</a></p>\n"),
            ("<help@example.com>", "<p><a href=\"mailto:help@example.com\">help@example.com</a></p>\n"),
            ("# Big", "<strong>Big</strong>"),
            ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
            ("\"><img src=x onerror=y>", "<p>\"&gt;&lt;img src=x onerror=y&gt;</p>\n"),
        ] {
            assert_eq!(to_html(text), html, "{text}");
        }
    }

    #[test]
    fn a_line_has_the_words_alone() {
        assert_eq!(to_line("**We** are\nlooking.\n\n- `a`\n- b", 100), "We are looking. a b");
        assert_eq!(to_line("abcdef", 4), "abc…");
    }
}
