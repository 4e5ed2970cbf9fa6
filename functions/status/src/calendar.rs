//! Maintenance as a calendar that other calendars subscribe to (iCalendar, RFC 5545).

use valpero_domain::{
    Timestamp,
    pages::{PageView, PostKind, PostState},
};
use valpero_storage::PostRow;

use valpero_statuspage::{markdown, texts};

use crate::frame::Place;

/// The calendar of a page.
pub fn calendar(view: &PageView, place: &Place, posts: &[PostRow], now: Timestamp) -> String {
    let t = texts(view.spec.language);
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Valpero//Status page//EN".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        "METHOD:PUBLISH".to_owned(),
        format!("X-WR-CALNAME:{}", text(&format!("{}: {}", view.spec.title, t.planned))),
    ];
    for row in posts.iter().filter(|row| row.post.kind == PostKind::Maintenance) {
        let post = &row.post;
        let Some(scheduled) = post.scheduled else { continue };
        let called_off = post.state(now) == PostState::Completed && post.work(now).is_empty();
        let said = post.updates.first().map(|first| markdown::to_line(&first.body, 500)).unwrap_or_default();
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", row.id),
            format!("SEQUENCE:{}", row.updated_at.ms_since(row.created_at).max(0) / 1000),
            format!("DTSTAMP:{}", moment(row.updated_at)),
            format!("DTSTART:{}", moment(scheduled.from)),
            format!("DTEND:{}", moment(scheduled.until)),
            format!("SUMMARY:{}", text(&format!("{}: {}", view.spec.title, post.title))),
            format!("DESCRIPTION:{}", text(&said)),
            format!("URL:{}/posts/{}", place.url, row.id),
            format!("STATUS:{}", if called_off { "CANCELLED" } else { "CONFIRMED" }),
            "TRANSP:TRANSPARENT".to_owned(),
            "END:VEVENT".to_owned(),
        ]);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

/// A moment as a date and time in UTC.
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    format!("{}Z", whole.replace(['-', ':'], ""))
}

/// A text value: section 3.3.11.
fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A line with its end, folded after 75 bytes at most: section 3.1.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 8);
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > 75 {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(letter);
        length += letter.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_lines_folded() {
        assert_eq!(text("a;b,c\\d\ne\u{7}"), "a\\;b\\,c\\\\d\\ne");
        assert_eq!(moment("2026-11-29T12:05:06.789Z".parse().expect("a time")), "20261129T120506Z");
        let long = "ä".repeat(100);
        let folded = folded(&long);
        assert!(folded.lines().all(|line| line.len() <= 75));
        assert_eq!(folded.replace("\r\n ", "").trim_end(), long);
    }
}
