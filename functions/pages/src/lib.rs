//! Status pages: their settings, the status of components that is set by hand, and posts. What readers see is `functions/status`.

mod component;
mod domain;
mod pages;
mod posts;
mod subscribers;

use valpero_http::{Code, Problem, Routes, routes};
use valpero_runtime::Needs;
use valpero_storage::StoreError;

/// It names the URLs of pages, and tells the delivery worker where it could not make a page itself.
pub const NEEDS: Needs = Needs { queue: true, links: true, ..Needs::NONE };

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .with(routes!(pages::list::list, pages::create::create))
        .with(routes!(pages::read::read, pages::update::update, pages::delete::delete))
        .with(routes!(component::set, component::reset))
        .with(routes!(domain::read, domain::set, domain::remove))
        .with(routes!(posts::list::list, posts::create::create))
        .with(routes!(posts::read::read, posts::update::update, posts::delete::delete))
        .with(routes!(posts::add_update::add_update))
        .with(routes!(subscribers::list::list))
        .with(routes!(subscribers::remove::remove))
}

/// What a client is told that wanted a name.
fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::Taken => Problem::conflict(
            Code::PageSlugTaken,
            "Another status page of this deployment has this slug. Choose another one.",
        ),
        error => error.into(),
    }
}
