//! Reads the markup of receivers, to find what was not meant to be any.

/// What HTML there is beyond these tags; none where all is well. Attributes are those of our own.
pub fn stray_html(text: &str, tags: &[&str]) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let found = &rest[at..];
        if let Some(entity) = found.strip_prefix('&') {
            let known =
                ["amp;", "lt;", "gt;", "quot;", "#39;", "nbsp;"].iter().find(|known| entity.starts_with(**known));
            rest = &entity[known.map(|known| known.len())?.min(entity.len())..];
            continue;
        }
        let Some(tag) = found.strip_prefix('<') else { return Some(format!("stray > at {found:.40}")) };
        let Some(end) = tag.find('>') else { return Some(format!("open tag at {found:.40}")) };
        let name = tag[..end].trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !tags.contains(&name) {
            return Some(format!("a tag that is none of ours: {name}"));
        }
        rest = &tag[end + 1..];
    }
    None
}

/// Where the first character stands that Markdown would read as markup.
pub fn live_markdown(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '<'
            && text[place + 1..].chars().next().is_none_or(|next| next == '\u{200b}' || next.is_whitespace())
        {
            // Parted from what follows, it begins nothing.
        } else if "`*_[]()<>#|~{}".contains(c) {
            return Some(place);
        }
    }
    None
}

/// What there is of live Markdown but for links of our own at the end; none where all is well.
pub fn stray_markdown(text: &str) -> Option<String> {
    let links = &text[live_markdown(text)?..];
    let ours = links.split(" · ").all(|link| {
        let parts =
            link.strip_prefix('[').and_then(|link| link.strip_suffix(')')).and_then(|link| link.split_once("]("));
        parts.is_some_and(|(label, url)| {
            let known = ["Acknowledge", "View incident", "Open Valpero"].contains(&label);
            known && url.starts_with("https://valpero.example.com/") && !url.contains(['(', ')', '<', '>', ' ', '\n'])
        })
    });
    (!ours).then(|| format!("live Markdown: {links:.80}"))
}

/// A mention, by the receivers' own words for everybody or by a name at the beginning of a word.
pub fn mention(text: &str) -> Option<String> {
    let mut before = None::<char>;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let begins = !before.is_some_and(char::is_alphanumeric);
        if c == '@' && begins && letters.peek().is_some_and(|next| next.is_alphanumeric()) {
            return Some(format!("a mention in {text:.80}"));
        }
        before = Some(c);
    }
    None
}
