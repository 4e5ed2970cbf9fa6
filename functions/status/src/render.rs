//! One thing of a page, rendered: its bytes, also compressed, and what goes with them.

use std::io::Write;

use axum::{body::Bytes, http::StatusCode};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use valpero_domain::{
    Timestamp,
    pages::{PageView, PostKind},
};
use valpero_http::Problem;
use valpero_storage::PostRow;

use crate::{
    asked::{Document, What},
    badge, calendar, feeds,
    frame::Place,
    html, json, seo,
};

/// Bytes below which compressing saves nothing.
const WORTH_IT: usize = 1_024;

/// Something of a page.
#[derive(Debug)]
pub struct Rendered {
    /// Its status.
    pub status: StatusCode,
    /// Its media type.
    pub kind: &'static str,
    /// As it is.
    pub plain: Bytes,
    /// Compressed by gzip, where that is worth it.
    pub gzip: Option<Bytes>,
    /// What tells it apart from other versions.
    pub etag: String,
}

impl Rendered {
    /// A document of this type.
    pub fn new(status: StatusCode, kind: &'static str, text: String) -> Self {
        let plain = text.into_bytes();
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&plain)[..16]));
        let gzip = (plain.len() >= WORTH_IT).then(|| compressed(&plain)).flatten().map(Bytes::from);
        Self { status, kind, plain: plain.into(), gzip, etag }
    }
}

fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What needs posts that the view does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posts {
    /// No posts.
    None,
    /// Those made between these times, the newest first.
    Between(Timestamp, Timestamp),
    /// The latest, of this kind where one is named, as many.
    Latest(Option<PostKind>, usize),
    /// One.
    One(valpero_domain::PostId),
}

/// Updates that a feed has, and incidents that Statuspage's lists have, at most.
const LATEST: usize = 50;

/// Which posts something needs beside the view.
pub fn needs(what: &What, view: &PageView, now: Timestamp) -> Option<Posts> {
    Some(match what {
        What::History(month) => {
            let times = crate::frame::times(view);
            let (from, until) = times.span(month.unwrap_or_else(|| times.month_of(now)))?;
            Posts::Between(from, until)
        }
        What::Post(id) => match view.posts.iter().any(|post| post.id == *id) {
            true => Posts::None,
            false => Posts::One(*id),
        },
        What::Atom | What::Rss | What::Sitemap => Posts::Latest(None, LATEST),
        What::Json(Document::Incidents) => Posts::Latest(Some(PostKind::Incident), LATEST),
        What::Calendar | What::Json(Document::Maintenances) => Posts::Latest(Some(PostKind::Maintenance), LATEST),
        _ => Posts::None,
    })
}

/// Renders something of a page; none where it has nothing of that kind.
///
/// # Errors
/// Where a template fails: a fault of ours.
pub fn render(
    what: &What,
    view: &PageView,
    place: &Place,
    posts: &[PostRow],
    now: Timestamp,
    stale: Option<Timestamp>,
) -> Result<Option<Rendered>, Problem> {
    let fault = |error: askama::Error| Problem::internal(&error);
    let ok = |kind: &'static str, text: String| Some(Rendered::new(StatusCode::OK, kind, text));
    Ok(match what {
        What::Front => ok(HTML, html::front(view, place, now, stale).map_err(fault)?),
        What::Embed => ok(HTML, html::embed(view, place, now, stale).map_err(fault)?),
        What::History(month) => ok(HTML, html::history(view, place, *month, posts, now, stale).map_err(fault)?),
        What::Post(id) => {
            let page = html::post(view, place, *id, posts, now, stale).map_err(fault)?;
            page.and_then(|page| ok(HTML, page))
        }
        What::Json(document) => ok(JSON, json::document(*document, view, place, posts, now).to_string()),
        What::Atom => ok("application/atom+xml; charset=utf-8", feeds::atom(view, place, posts, now).map_err(fault)?),
        What::Rss => ok("application/rss+xml; charset=utf-8", feeds::rss(view, place, posts, now).map_err(fault)?),
        What::Calendar => ok("text/calendar; charset=utf-8", calendar::calendar(view, place, posts, now)),
        What::Badge(asked) => {
            let kind = if asked.shields { JSON } else { "image/svg+xml" };
            let badge = badge::badge(view, asked, now).transpose().map_err(fault)?;
            badge.and_then(|badge| ok(kind, badge))
        }
        What::Robots => ok("text/plain; charset=utf-8", seo::robots(view, place)),
        What::Sitemap => seo::sitemap(view, place, posts, now).and_then(|text| ok("application/xml", text)),
        // These are answered elsewhere, and never kept.
        What::Password | What::Here(_) | What::Subscribe | What::Subscription(_) | What::Unsubscribe(_) => None,
    })
}
