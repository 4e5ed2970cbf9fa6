//! Feeds: Atom (RFC 4287) and RSS 2.0, with an entry for each update, so that no reader misses one.

use std::time::{Duration, SystemTime};

use askama::Template;
use valpero_domain::{
    PostId, PostUpdateId, Timestamp,
    pages::{PageView, PostUpdate},
};
use valpero_statuspage::{Texts, texts};
use valpero_storage::PostRow;

use crate::{frame::Place, html::body};

/// Entries of a feed, at most.
const ENTRIES_MAX: usize = 50;

struct Entry {
    id: String,
    title: String,
    url: String,
    at: Timestamp,
    rfc_2822: String,
    html: String,
}

#[derive(Template)]
#[template(path = "feed.atom.xml", escape = "html")]
struct Atom<'a> {
    t: &'static Texts,
    id: String,
    title: &'a str,
    url: &'a str,
    updated: Timestamp,
    entries: Vec<Entry>,
}

#[derive(Template)]
#[template(path = "feed.rss.xml", escape = "html")]
struct Rss<'a> {
    t: &'static Texts,
    title: &'a str,
    url: &'a str,
    entries: Vec<Entry>,
}

/// The feed as Atom.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn atom(view: &PageView, place: &Place, posts: &[PostRow], _: Timestamp) -> Result<String, askama::Error> {
    let (entries, title) = (entries(view, place, posts), visible(view.spec.title.as_str()));
    let template = Atom {
        t: texts(view.spec.language),
        id: uuid(view.page_id.to_bytes()),
        title: &title,
        url: &place.url,
        updated: entries.first().map_or(view.created_at, |entry| entry.at),
        entries,
    };
    template.render()
}

/// The feed as RSS.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn rss(view: &PageView, place: &Place, posts: &[PostRow], _: Timestamp) -> Result<String, askama::Error> {
    let (t, title) = (texts(view.spec.language), visible(view.spec.title.as_str()));
    Rss { t, title: &title, url: &place.url, entries: entries(view, place, posts) }.render()
}

fn entries(view: &PageView, place: &Place, posts: &[PostRow]) -> Vec<Entry> {
    let t = texts(view.spec.language);
    let updates = posts.iter().flat_map(|row| row.post.updates.iter().map(move |update| (row, update)));
    let entry = |(row, update): (&PostRow, &PostUpdate)| Entry {
        id: uuid(update.id.to_bytes()),
        title: visible(&format!("{}: {}", row.post.title, t.state(update.state))),
        url: url(place, row.id, update.id),
        at: update.at,
        rfc_2822: rfc_2822(update.at),
        html: visible(&body(t, update.state, &update.body)),
    };
    let mut entries: Vec<Entry> = updates.map(entry).collect();
    entries.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| other.id.cmp(&one.id)));
    entries.truncate(ENTRIES_MAX);
    entries
}

/// A moment as RSS has it: RFC 2822, in UTC.
fn rfc_2822(at: Timestamp) -> String {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.seconds().unsigned_abs());
    httpdate::fmt_http_date(at)
}

fn url(place: &Place, post: PostId, update: PostUpdateId) -> String {
    format!("{}/posts/{post}#{update}", place.url)
}

/// The 16 bytes of an ID as a URN, which stays the same wherever the page is.
fn uuid(bytes: [u8; 16]) -> String {
    let hex = hex::encode(bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("urn:uuid:{}", parts.join("-"))
}

/// The text without characters that XML 1.0 cannot hold.
pub fn visible(text: &str) -> String {
    let may = |letter: &char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(may).collect()
}
