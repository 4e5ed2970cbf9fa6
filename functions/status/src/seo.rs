//! What search engines read: which parts of a page they may visit, and where these are. Neither names another page.

use std::fmt::Write;

use valpero_domain::{Timestamp, pages::PageView};
use valpero_storage::PostRow;

use crate::frame::{Place, is_hidden, times};

/// Months of a page's history that the sitemap names, at most.
const MONTHS_MAX: usize = 24;

/// `robots.txt`.
pub fn robots(view: &PageView, place: &Place) -> String {
    if is_hidden(view) {
        return "User-agent: *\nDisallow: /\n".to_owned();
    }
    format!("User-agent: *\nAllow: /\n\nSitemap: {}/sitemap.xml\n", place.url)
}

/// `sitemap.xml`; none of a page that is not to be found.
pub fn sitemap(view: &PageView, place: &Place, posts: &[PostRow], now: Timestamp) -> Option<String> {
    if is_hidden(view) {
        return None;
    }
    let times = times(view);
    let mut urls = vec![(format!("{}/", place.url), Some(view.made_at))];
    let (first, mut month) = (times.month_of(view.created_at), times.month_of(now));
    urls.push((format!("{}/history", place.url), None));
    for _ in 0..MONTHS_MAX {
        if month <= first {
            break;
        }
        month = month.plus(-1);
        urls.push((format!("{}/history?month={month}", place.url), None));
    }
    urls.extend(posts.iter().map(|row| (format!("{}/posts/{}", place.url, row.id), Some(row.updated_at))));
    let mut text =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
            .to_owned();
    for (url, changed) in urls {
        // No address of ours has a character that XML escapes. Writing to a text never fails.
        let changed = changed.map(|at| format!("<lastmod>{at}</lastmod>")).unwrap_or_default();
        let _written = writeln!(text, "<url><loc>{url}</loc>{changed}</url>");
    }
    text.push_str("</urlset>\n");
    Some(text)
}
