//! Status pages as their readers see them, without a key: HTML, JSON in the shape of Atlassian Statuspage, feeds, badges, a calendar. A view
//! is one read of the store, is kept for ten seconds, and goes on being served while the store fails.

mod access;
mod answer;
mod asked;
mod assets;
mod badge;
mod bars;
mod calendar;
mod feeds;
mod forms;
mod frame;
mod html;
mod json;
mod kept;
mod password;
mod render;
mod seo;
mod subscribe;

use std::sync::Arc;

use axum::{Router, extract::Request};
use valpero_domain::{Timestamp, pages::PageView};
use valpero_http::front::finish_pages;
use valpero_runtime::{App, Needs};

pub use asked::host;
use kept::Kept;

/// It reads what pages show, and links to them. It keeps subscriptions, of which it tells the delivery worker, and asks for addresses only where
/// mail is sent.
pub const NEEDS: Needs = Needs { queue: true, links: true, subscriptions: true, ..Needs::NONE };

/// The state of the function.
#[derive(Debug, Clone)]
pub struct Status {
    app: App,
    kept: Arc<Kept>,
}

impl Status {
    /// The function around this store, with nothing kept yet.
    pub fn new(app: App) -> Self {
        Self { app, kept: Arc::new(Kept::default()) }
    }

    /// All that it answers: below `/status/SLUG`, and everything at a page's own domain.
    pub fn router(&self) -> Router {
        let status = self.clone();
        let pages = Router::new().fallback(move |request: Request| {
            let status = status.clone();
            async move { status.answer(request).await }
        });
        finish_pages(pages, self.app.clone())
    }

    /// Whether a page answers this path at this host, as its own domain. Kept as pages are. While the store fails, a host that was not seen
    /// before is none.
    pub async fn is_own_domain(&self, host: &str, path: &str) -> bool {
        let looks = path.starts_with("/.well-known/valpero-page/");
        self.kept.page_of(&self.app, host).await.is_ok_and(|found| found.is_some_and(|one| one.live || looks))
    }
}

/// All that it answers, for a function on AWS.
pub fn router(app: App) -> Router {
    Status::new(app).router()
}

/// A page's front as HTML, as it would be seen: for whoever edits it.
///
/// # Errors
/// Where the template fails: a fault of ours.
pub fn preview(view: &PageView, now: Timestamp) -> Result<String, askama::Error> {
    html::front(view, &frame::Place::preview(view), now, None)
}
