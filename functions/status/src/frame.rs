//! What every page has around its content, and where it is seen.

use valpero_domain::{
    Timestamp,
    pages::{PageView, Visibility},
};
use valpero_statuspage::{Texts, Time, Times, texts};

use crate::assets;

/// Where a page is seen: how links within it begin, and its whole address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// What links within the page begin with; empty at its own domain.
    pub base: String,
    /// The page's whole address, without a slash at its end.
    pub url: String,
    /// Whether it is a preview, which runs no script.
    pub is_preview: bool,
}

impl Place {
    /// Where somebody who edits the page sees it.
    pub fn preview(view: &PageView) -> Self {
        let base = format!("/status/{}", view.spec.slug);
        Self { url: base.clone(), base, is_preview: true }
    }
}

/// How a page writes times.
pub fn times(view: &PageView) -> Times {
    Times { language: view.spec.language, zone: view.spec.time_zone }
}

/// What every page has around its content.
pub struct Frame<'a> {
    /// The words.
    pub t: &'static Texts,
    /// Title of the document.
    pub title: String,
    /// Short description. Empty if there is none.
    pub description: String,
    /// The page's title.
    pub name: &'a str,
    /// URL of the page's logo.
    pub logo: Option<String>,
    /// What links within the page begin with.
    pub base: &'a str,
    /// The page's whole address.
    pub url: &'a str,
    /// URL of the icon.
    pub icon: String,
    /// URL of the style sheet.
    pub css: String,
    /// URL of the script, where there is one.
    pub js: Option<String>,
    /// Whether search engines are asked to leave it out.
    pub noindex: bool,
    /// Whether it names the product.
    pub powered_by: bool,
    /// When it was read, where the store fails since.
    pub stale: Option<Time>,
    /// Text of the link to the form that asks for a subscription, where there is one.
    pub subscribe: Option<&'static str>,
}

impl<'a> Frame<'a> {
    /// The frame of a page.
    pub fn of(view: &'a PageView, place: &'a Place, title: String, stale: Option<Timestamp>) -> Self {
        let spec = &view.spec;
        let t = texts(spec.language);
        let logo = spec.theme.logo_url.as_ref().map(ToString::to_string);
        Self {
            t,
            title,
            description: spec.description.clone().unwrap_or_default(),
            name: spec.title.as_str(),
            icon: logo.clone().unwrap_or_else(assets::icon_path),
            logo,
            base: &place.base,
            url: &place.url,
            css: assets::css_path(spec.theme.accent.as_ref()),
            js: (!place.is_preview).then(assets::js_path),
            noindex: is_hidden(view),
            powered_by: spec.show_powered_by,
            stale: stale.map(|at| times(view).time(at)),
            subscribe: spec.subscribers.then_some(t.subscribing.subscribe),
        }
    }

    /// The same of a page that is one person's alone: no search engine is to know it, and it leads to no subscription.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { description: String::new(), noindex: true, subscribe: None, ..self }
    }
}

/// Whether search engines are asked to leave the page out.
pub fn is_hidden(view: &PageView) -> bool {
    view.spec.noindex || view.spec.visibility != Visibility::Public
}
